//! What came of a journal in numbers: each user counts once, by the last word on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::error::ErrorId;
use crate::journal::record::{OutcomeRecord, RunRecord};
use crate::journal::{Entry, Met};
use crate::outcome::Status;

/// The most reasons for skipping that are told apart.
const MOST_REASONS: usize = 8;

/// Where a user belongs in the report; the order is that of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Not revoked, by cause. An error that this version does not know has no name.
    Failed(Option<ErrorId>),
    /// Revoked, but reading back showed no change.
    Disproved,
    /// Nothing was to be revoked.
    Skipped,
    /// Revoked.
    Revoked,
}

impl Group {
    /// The group that an outcome puts its user into.
    pub(super) fn of(outcome: &OutcomeRecord) -> Self {
        match outcome.status {
            Status::Revoked if outcome.verified == Some(false) => Self::Disproved,
            Status::Revoked => Self::Revoked,
            Status::Skipped => Self::Skipped,
            _ => Self::Failed(outcome.error.as_deref().and_then(ErrorId::named)),
        }
    }
}

/// The users of a journal in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Users in all.
    pub users: u64,
    /// Revoked, proven or not.
    pub revoked: u64,
    /// Revoked, and reading back proved it.
    pub proven: u64,
    /// Revoked according to Graph, and reading back showed no change.
    pub disproved: u64,
    /// Skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Not revoked, by the id of the error; those of an error that this version does not know at the end.
    pub failed: Vec<(Option<ErrorId>, u64)>,
}

impl Summary {
    /// Counts the last word on a user.
    pub fn count(&mut self, outcome: &OutcomeRecord) {
        self.users += 1;
        match Group::of(outcome) {
            Group::Revoked => {
                self.revoked += 1;
                self.proven += u64::from(outcome.verified == Some(true));
            }
            Group::Disproved => {
                self.revoked += 1;
                self.disproved += 1;
            }
            Group::Skipped => {
                let told = outcome.note.as_deref().unwrap_or("No reason was given.");
                let known = self.skipped.len() < MOST_REASONS || self.skipped.contains_key(told);
                *self.skipped.entry(if known { told } else { "Other reasons." }.to_owned()).or_default() += 1;
            }
            Group::Failed(cause) => match self.failed.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, count)) => *count += 1,
                None => self.failed.push((cause, 1)),
            },
        }
    }

    /// Puts the most frequent cause first.
    pub fn finish(&mut self) {
        self.failed.sort_by_key(|(cause, count)| (cause.is_none(), std::cmp::Reverse(*count)));
    }

    /// Users whose sessions were not revoked although they should have been.
    pub fn not_revoked(&self) -> u64 {
        self.failed.iter().map(|(_, count)| count).sum()
    }

    /// Users for whom nothing was to be done.
    pub fn not_to_be_revoked(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// The groups that have users, and how many.
    pub(super) fn groups(&self) -> Vec<(Group, u64)> {
        let failed = self.failed.iter().map(|(cause, count)| (Group::Failed(*cause), *count));
        let rest = [
            (Group::Disproved, self.disproved),
            (Group::Skipped, self.not_to_be_revoked()),
            (Group::Revoked, self.revoked - self.disproved),
        ];
        failed.chain(rest).filter(|(_, count)| *count > 0).collect()
    }
}

/// One run, as the journal shows it.
#[derive(Debug, Clone)]
pub(super) struct RunFacts {
    pub record: Arc<RunRecord>,
    /// When the last thing happened in it.
    pub last: Timestamp,
    /// When it came to its end, if it did.
    pub ended: Option<Timestamp>,
    /// Inputs that were answered in it.
    pub inputs: u64,
}

/// Takes note of what is met, in the order of the journal.
pub(super) fn note(runs: &mut Vec<RunFacts>, met: &Met) {
    match met {
        Met::Run(record) => {
            runs.push(RunFacts { record: Arc::clone(record), last: record.at, ended: None, inputs: 0 });
        }
        Met::Entry(entry) => {
            if let Some(run) = runs.last_mut() {
                run.inputs += 1;
                run.last = run.last.max(entry.outcome.at);
            }
        }
        Met::End(at) => {
            if let Some(run) = runs.last_mut() {
                run.last = run.last.max(*at);
                run.ended = Some(*at);
            }
        }
    }
}

/// Whether something came of the input in its own run, rather than being told again of an earlier one.
pub(super) fn happened(entry: &Entry) -> bool {
    entry.outcome.at >= entry.run.at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::{outcome, user};

    #[test]
    fn each_user_is_in_one_group_and_the_numbers_add_up() {
        let mut summary = Summary::default();
        let mut count = |status, verified, error: Option<&str>, note: Option<&str>| {
            let mut outcome = outcome(1, 1, user(1), status);
            outcome.verified = verified;
            outcome.error = error.map(str::to_owned);
            outcome.note = note.map(str::to_owned);
            summary.count(&outcome);
        };
        count(Status::Revoked, Some(true), None, None);
        count(Status::Revoked, Some(false), None, None);
        count(Status::Revoked, None, None, None);
        count(Status::Skipped, None, None, Some("A guest."));
        count(Status::Skipped, None, None, None);
        count(Status::NotFound, None, Some("UserNotFound"), None);
        count(Status::Denied, None, Some("AccessDenied"), None);
        count(Status::Denied, None, Some("AccessDenied"), None);
        count(Status::Failed, None, Some("OfTomorrow"), None);
        count(Status::Failed, None, None, None);
        summary.finish();
        assert_eq!((summary.users, summary.revoked, summary.proven, summary.disproved), (10, 3, 1, 1));
        assert_eq!((summary.not_to_be_revoked(), summary.not_revoked()), (2, 5));
        assert_eq!(summary.skipped["A guest."], 1);
        let causes = [(Some(ErrorId::AccessDenied), 2), (Some(ErrorId::UserNotFound), 1), (None, 2)];
        assert_eq!(summary.failed, causes);
        let groups = summary.groups();
        assert_eq!(groups.first(), Some(&(Group::Failed(Some(ErrorId::AccessDenied)), 2)));
        assert_eq!(groups.last(), Some(&(Group::Revoked, 2)));
        assert_eq!(groups.iter().map(|(_, count)| count).sum::<u64>(), summary.users);
    }

    #[test]
    fn a_journal_cannot_fill_the_page_with_reasons() {
        let mut summary = Summary::default();
        for n in 0..1000 {
            let mut outcome = outcome(1, 1, user(1), Status::Skipped);
            outcome.note = Some(format!("reason {n}"));
            summary.count(&outcome);
        }
        assert_eq!((summary.skipped.len(), summary.not_to_be_revoked()), (MOST_REASONS + 1, 1000));
    }
}
