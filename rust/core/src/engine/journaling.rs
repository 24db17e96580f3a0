//! The journal of a run: jobs wait for their intent to be on disk, and outcomes for themselves.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::dispatch::Engine;
use super::job::Job;
use crate::error::ErrorId;
use crate::identity::Target;
use crate::journal::record::{EndRecord, IntentRecord, OutcomeRecord, Record, UserRecord};
use crate::journal::{Journal, Replay, Writer, Written};
use crate::outcome::{Outcome, Status};
use uuid::Uuid;

/// What waits for its line to be on disk.
#[derive(Debug)]
pub(super) enum Held {
    /// The first and the last line of a run hold nothing up.
    Nothing,
    /// Not to be sent before.
    Job(Job),
    /// Not to be told before.
    Outcome(Box<Outcome>),
}

/// The journal of the run.
#[derive(Debug)]
pub(super) struct Log {
    run: Uuid,
    replay: Replay,
    writer: Writer<Held>,
    /// Why nothing can be written any more.
    failure: Option<Arc<str>>,
}

/// Acknowledgements of the journal, if there is one.
pub(super) type Acknowledged = Option<UnboundedReceiver<Written<Held>>>;

/// Waits for the next one; for ever where there is no journal.
pub(super) async fn next(acknowledged: &mut Acknowledged) -> Written<Held> {
    if let Some(receiver) = acknowledged
        && let Some(written) = receiver.recv().await
    {
        return written;
    }
    std::future::pending().await
}

impl Engine {
    /// Opens the lines of this run.
    pub(super) fn open_log(&mut self, journal: Option<Journal>) -> Acknowledged {
        let journal = journal?;
        let opening = journal.opening();
        let Journal { run, replay, sink, warnings, .. } = journal;
        for warning in warnings {
            self.warn(warning);
        }
        let (writer, acknowledged) = Writer::start(sink);
        writer.write(opening, Held::Nothing);
        self.log = Some(Log { run, replay, writer, failure: None });
        Some(acknowledged)
    }

    /// Closes them, and lets the file go.
    pub(super) async fn close_log(&mut self) {
        if let Some(log) = self.log.take() {
            log.writer.write(Record::End(EndRecord { run: log.run, at: self.utc() }), Held::Nothing);
            log.writer.finish().await;
        }
    }

    /// The outcome of a user whom an earlier run of this journal has revoked.
    pub(super) fn answer_of_journal(&self, tag: u64, target: &Target) -> Option<Outcome> {
        let at = self.log.as_ref()?.replay.revoked_at(target)?;
        Some(Outcome {
            tag,
            target: Some(target.clone()),
            status: Status::Skipped,
            note: Some("Revoked at this time by an earlier run with this journal, and not again.".into()),
            warn: false,
            failure: None,
            request_id: None,
            attempts: 0,
            at,
            sessions_valid_from: None,
            verified: None,
        })
    }

    /// Makes a new job ready, once its intent is on disk where there is a journal.
    pub(super) fn intend(&mut self, job: Job, user: Option<UserRecord>) {
        match &self.log {
            Some(Log { failure: None, run, writer, .. }) => {
                let intent = IntentRecord { run: *run, at: self.utc(), user: user.unwrap_or_default() };
                writer.write(Record::Intent(intent), Held::Job(job));
            }
            Some(Log { failure: Some(why), .. }) => {
                let why = Arc::clone(why);
                self.refuse_without_journal(&job, &why);
            }
            None => self.enter(job),
        }
    }

    /// Tells an outcome, once it is on disk where there is a journal.
    pub(super) fn answer(&mut self, outcome: Outcome) {
        match &self.log {
            Some(Log { failure: None, run, writer, .. }) => {
                let line = Record::Outcome(OutcomeRecord::new(*run, &outcome));
                writer.write(line, Held::Outcome(Box::new(outcome)));
            }
            _ => self.tell(outcome),
        }
    }

    /// Goes on with what is on disk, or is not and never will be.
    pub(super) fn acknowledge(&mut self, written: Written<Held>) {
        let Written { carried, failure } = written;
        if let (Some(why), Some(log)) = (&failure, &mut self.log)
            && log.failure.is_none()
        {
            log.failure = Some(Arc::clone(why));
            self.warn(format!(
                "The journal cannot be written: {why}. Nothing more is sent for users whose intent is not in it, and outcomes from here on are not in it."
            ));
        }
        for held in carried {
            match (held, &failure) {
                (Held::Nothing, _) => {}
                (Held::Job(job), None) => self.enter(job),
                (Held::Job(job), Some(why)) => self.refuse_without_journal(&job, why),
                (Held::Outcome(outcome), _) => self.tell(*outcome),
            }
        }
    }

    fn refuse_without_journal(&mut self, job: &Job, why: &str) {
        let detail = ErrorId::JournalUnavailable.with_message(format!(
            "Nothing was sent for {}, because the journal cannot be written: {why}.",
            self.ledger.name(job.key)
        ));
        self.fail(job, Status::Failed, detail, None);
    }
}
