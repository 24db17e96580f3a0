//! What a journal tells of each user: one entry for every outcome, and one for every intent that has none.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Read;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::JournalError;
use super::record::{IntentRecord, OutcomeRecord, Record, RunRecord, UserRecord};
use super::records::{Records, Tail};
use crate::error::ErrorId;
use crate::outcome::Status;

const CUT_OFF: &str = "The run ended before the outcome was known: a request may have been sent.";
const UNDER_WAY: &str = "The run was still going on when the journal was read, and the outcome not known yet.";

/// The outcome of one input, and the run it belongs to.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The run.
    pub run: Arc<RunRecord>,
    /// What became of the input.
    pub outcome: OutcomeRecord,
}

/// What is met on the way through a journal.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are entries")]
pub enum Met {
    /// A run begins.
    Run(Arc<RunRecord>),
    /// An input and what became of it.
    Entry(Entry),
    /// The last run met has come to its end, with all its inputs answered.
    End(Timestamp),
}

/// Goes through a journal in its order. An intent without an outcome is told where its run ends.
///
/// # Errors
/// As [`Records`] has them, and [`JournalError::Corrupt`] for a line of no run.
#[derive(Debug)]
pub struct Entries<R> {
    records: Records<R>,
    run: Option<Arc<RunRecord>>,
    open: OpenIntents,
    ready: VecDeque<Met>,
    /// Whether the last run may still write the outcomes that are missing.
    written: bool,
}

impl<R: Read> Entries<R> {
    /// Reads from the beginning of `source`; `written` says whether a run is writing to it meanwhile.
    pub fn new(source: R, written: bool) -> Self {
        Self { records: Records::new(source), run: None, open: OpenIntents::default(), ready: VecDeque::new(), written }
    }

    /// What was found so far besides the entries; all there is once the iterator has ended.
    pub fn tail(&self) -> Tail {
        self.records.tail()
    }

    fn take(&mut self, record: Record) -> Result<(), JournalError> {
        match record {
            Record::Run(run) => {
                self.close(CUT_OFF);
                let run = Arc::new(run);
                self.run = Some(Arc::clone(&run));
                self.ready.push_back(Met::Run(run));
            }
            Record::Intent(intent) => {
                self.run_of(intent.run)?;
                self.open.enter(intent);
            }
            Record::Outcome(outcome) => {
                let run = self.run_of(outcome.run)?;
                self.open.answer(&outcome.user);
                self.ready.push_back(Met::Entry(Entry { run, outcome }));
            }
            Record::End(end) => {
                self.run_of(end.run)?;
                self.close(CUT_OFF);
                self.ready.push_back(Met::End(end.at));
            }
        }
        Ok(())
    }

    fn run_of(&self, run: Uuid) -> Result<Arc<RunRecord>, JournalError> {
        let current = self.run.as_ref().filter(|current| current.run == run);
        current.cloned().ok_or(JournalError::Corrupt { line: self.records.line() })
    }

    /// Tells of the intents that have no outcome, and will have none.
    fn close(&mut self, note: &str) {
        if let Some(run) = &self.run {
            let entry = |intent| Met::Entry(Entry { run: Arc::clone(run), outcome: unknown(intent, note) });
            self.ready.extend(self.open.drain().map(entry));
        }
    }
}

impl<R: Read> Iterator for Entries<R> {
    type Item = Result<Met, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(met) = self.ready.pop_front() {
                return Some(Ok(met));
            }
            match self.records.next() {
                Some(Ok(record)) => {
                    if let Err(error) = self.take(record) {
                        return Some(Err(error));
                    }
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.close(if self.written { UNDER_WAY } else { CUT_OFF });
                    return self.ready.pop_front().map(Ok);
                }
            }
        }
    }
}

fn unknown(intent: IntentRecord, note: &str) -> OutcomeRecord {
    OutcomeRecord {
        run: intent.run,
        at: intent.at,
        user: intent.user,
        status: Status::Unknown,
        error: Some(ErrorId::OutcomeUnknown.name().to_owned()),
        error_code: None,
        message: None,
        note: Some(note.to_owned()),
        request_id: None,
        attempts: 0,
        sessions_valid_from: None,
        verified: None,
    }
}

/// The intents of one run that wait for their outcome. There are never more than the run had room for.
#[derive(Debug, Default)]
struct OpenIntents {
    waiting: BTreeMap<u64, IntentRecord>,
    places: HashMap<Name, u64>,
    latest: u64,
}

/// How a run tells its users apart: by the object id where there is one.
type Name = (bool, Option<Uuid>, Option<String>);

impl OpenIntents {
    fn enter(&mut self, intent: IntentRecord) {
        self.latest += 1;
        if let Some(before) = self.places.insert(name(&intent.user), self.latest) {
            self.waiting.remove(&before);
        }
        self.waiting.insert(self.latest, intent);
    }

    fn answer(&mut self, user: &UserRecord) {
        if let Some(place) = self.places.remove(&name(user)) {
            self.waiting.remove(&place);
        }
    }

    /// All of them, in their order.
    fn drain(&mut self) -> impl Iterator<Item = IntentRecord> + use<> {
        self.places.clear();
        std::mem::take(&mut self.waiting).into_values()
    }
}

fn name(user: &UserRecord) -> Name {
    let upn = user.user_principal_name.as_ref().filter(|_| user.user_id.is_none());
    (user.me, user.user_id, upn.map(|upn| upn.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{end, intent, run, text, told, user};
    use super::*;

    fn entries(records: &[Record], written: bool) -> Vec<OutcomeRecord> {
        let text = text(records);
        let met = Entries::new(text.as_slice(), written).map(Result::unwrap);
        met.filter_map(|met| if let Met::Entry(entry) = met { Some(entry.outcome) } else { None }).collect()
    }

    fn by_name(n: u128) -> UserRecord {
        UserRecord { user_id: None, ..user(n) }
    }

    #[test]
    fn an_intent_without_an_outcome_is_told_where_its_run_ends() {
        let records = [
            run(1, 0),
            intent(1, 1, user(1)),
            intent(1, 1, by_name(2)),
            intent(1, 2, user(3)),
            told(1, 3, user(1), Status::Revoked),
            run(2, 10),
            intent(2, 11, user(4)),
        ];
        let told: Vec<_> =
            entries(&records, false).into_iter().map(|outcome| (outcome.user, outcome.status, outcome.note)).collect();
        let cut_off = || Some(CUT_OFF.to_owned());
        let expected = [
            (user(1), Status::Revoked, None),
            (by_name(2), Status::Unknown, cut_off()),
            (user(3), Status::Unknown, cut_off()),
            (user(4), Status::Unknown, cut_off()),
        ];
        assert_eq!(told, expected);
        // The last run may still be at work; the one before it is not.
        let notes: Vec<_> = entries(&records, true).into_iter().filter_map(|outcome| outcome.note).collect();
        assert_eq!(notes, [CUT_OFF, CUT_OFF, UNDER_WAY]);
    }

    #[test]
    fn an_outcome_answers_its_intent_however_the_input_spelt_the_name() {
        let shouted = UserRecord { user_principal_name: Some("USER2@CONTOSO.COM".to_owned()), ..by_name(2) };
        let me = UserRecord { me: true, ..user(1) };
        let records = [
            run(1, 0),
            intent(1, 1, by_name(2)),
            intent(1, 1, user(1)),
            intent(1, 1, me.clone()),
            told(1, 2, shouted, Status::Revoked),
            told(1, 2, UserRecord { user_principal_name: None, ..user(1) }, Status::Revoked),
            told(1, 2, user(1), Status::Revoked),
            end(1, 3),
        ];
        let open: Vec<_> = entries(&records, false).into_iter().filter(|o| o.status == Status::Unknown).collect();
        assert_eq!(open.into_iter().map(|outcome| outcome.user).collect::<Vec<_>>(), [me]);
    }

    #[test]
    fn a_line_of_no_run_is_no_line_of_a_journal() {
        for records in [vec![told(1, 0, user(1), Status::Revoked)], vec![run(1, 0), intent(2, 1, user(1))]] {
            let text = text(&records);
            let error = Entries::new(text.as_slice(), false).find_map(Result::err);
            assert!(matches!(error, Some(JournalError::Corrupt { line }) if line == records.len() as u64), "{error:?}");
        }
    }

    #[test]
    fn open_intents_take_no_more_room_than_there_are() {
        let mut open = OpenIntents::default();
        for n in 0..10_000 {
            let Record::Intent(one) = intent(1, 1, user(n)) else { return };
            open.enter(one);
            open.answer(&user(n));
        }
        assert_eq!((open.waiting.len(), open.places.len()), (0, 0));
    }
}
