//! The last word of a journal on each user.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use uuid::Uuid;

use super::entries::Entry;
use super::record::{OutcomeRecord, UserRecord};
use crate::outcome::Status;

/// A keyed hash of a name, as [`Replay`](super::Replay) has it, so that a long journal needs little memory.
type Fingerprint = [u64; 2];

/// Finds the last word on each user. Entries are known by their number, in the order of the journal from zero.
#[derive(Debug, Default)]
pub struct LastWords {
    seen: u64,
    words: Vec<Word>,
    places: HashMap<Fingerprint, usize>,
    hashers: (RandomState, RandomState),
}

#[derive(Debug, Clone, Copy)]
struct Word {
    number: u64,
    run: Uuid,
    status: Status,
    disproved: bool,
    user: Option<Uuid>,
    /// Whether it turned out to be about the same user as another.
    merged: bool,
}

impl LastWords {
    /// Takes note of the next entry.
    pub fn note(&mut self, entry: &Entry) {
        let number = self.seen;
        self.seen += 1;
        let outcome = &entry.outcome;
        let word = Word {
            number,
            run: outcome.run,
            status: outcome.status,
            disproved: outcome.verified == Some(false),
            user: outcome.user.user_id,
            merged: false,
        };
        let place = self.place(&outcome.user).unwrap_or(self.words.len());
        match self.words.get_mut(place) {
            None => self.words.push(word),
            Some(before) if is_newer(before, outcome) => *before = Word { user: word.user.or(before.user), ..word },
            Some(before) => before.user = before.user.or(word.user),
        }
        for print in self.prints(&outcome.user) {
            self.places.insert(print, place);
        }
    }

    /// The numbers of the entries that are the last word on their user.
    pub fn numbers(self) -> HashSet<u64> {
        self.words.into_iter().filter(|word| !word.merged).map(|word| word.number).collect()
    }

    /// Where the user is known from, by either name. Two places that turn out to be one user become one.
    fn place(&mut self, user: &UserRecord) -> Option<usize> {
        let by_id = user.user_id.and_then(|id| self.places.get(&self.hash(id.as_bytes())).copied());
        // A name can go over from one user to another; an object id cannot.
        let by_name = self
            .name(user)
            .and_then(|name| self.places.get(&name).copied())
            .filter(|place| self.words[*place].user.is_none_or(|id| user.user_id.is_none_or(|ours| ours == id)));
        match (by_id, by_name) {
            (Some(one), Some(other)) if one != other => {
                let (older, newer) = if self.words[one].number < self.words[other].number {
                    (self.words[one], self.words[other])
                } else {
                    (self.words[other], self.words[one])
                };
                self.words[one] = if hides(&older, newer.status) { older } else { newer };
                self.words[one].user = user.user_id;
                self.words[other].merged = true;
                Some(one)
            }
            (one, other) => one.or(other),
        }
    }

    fn prints(&self, user: &UserRecord) -> impl Iterator<Item = Fingerprint> + use<> {
        user.user_id.map(|id| self.hash(id.as_bytes())).into_iter().chain(self.name(user))
    }

    fn name(&self, user: &UserRecord) -> Option<Fingerprint> {
        match (&user.user_principal_name, user.user_id) {
            (Some(upn), _) => Some(self.hash(upn.to_ascii_lowercase().as_bytes())),
            // The signed-in user is one even without a name. Inputs that named nobody stay apart.
            (None, None) if user.me => Some(self.hash(b"/me")),
            (None, _) => None,
        }
    }

    fn hash(&self, name: &[u8]) -> Fingerprint {
        [self.hashers.0.hash_one(name), self.hashers.1.hash_one(name)]
    }
}

/// Whether an outcome says more of its user than the word before it.
fn is_newer(before: &Word, outcome: &OutcomeRecord) -> bool {
    // A user who is given twice is answered from the first request, with less to tell.
    let repeated = outcome.run == before.run && outcome.status == before.status && outcome.attempts == 0;
    !repeated && !hides(before, outcome.status)
}

/// Whether a word stands although a later one came: that nothing was done again takes no revocation back.
fn hides(before: &Word, after: Status) -> bool {
    after == Status::Skipped && before.status == Status::Revoked && !before.disproved
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::record::Record;
    use super::super::sample::{outcome, run, user};
    use super::*;

    /// The numbers of the last words among these.
    fn latest(outcomes: Vec<OutcomeRecord>) -> Vec<u64> {
        let Record::Run(run) = run(1, 0) else { return Vec::new() };
        let run = Arc::new(run);
        let mut words = LastWords::default();
        for outcome in outcomes {
            words.note(&Entry { run: Arc::clone(&run), outcome });
        }
        let mut numbers: Vec<u64> = words.numbers().into_iter().collect();
        numbers.sort_unstable();
        numbers
    }

    fn named(n: u128) -> UserRecord {
        UserRecord { user_id: None, ..user(n) }
    }

    fn numbered(n: u128) -> UserRecord {
        UserRecord { user_principal_name: None, ..user(n) }
    }

    #[test]
    fn the_last_outcome_counts_and_each_user_once() {
        let outcomes = vec![
            outcome(1, 1, user(1), Status::Throttled),
            outcome(1, 1, user(2), Status::Revoked),
            outcome(2, 2, user(1), Status::Revoked),
            outcome(2, 2, user(3), Status::Denied),
        ];
        assert_eq!(latest(outcomes), [1, 2, 3]);
    }

    #[test]
    fn that_a_user_was_skipped_hides_no_revocation() {
        let mut unproven = outcome(1, 1, user(2), Status::Revoked);
        unproven.verified = Some(false);
        let outcomes = vec![
            outcome(1, 1, user(1), Status::Revoked),
            unproven,
            outcome(1, 1, user(3), Status::Failed),
            outcome(2, 2, user(1), Status::Skipped),
            outcome(2, 2, user(2), Status::Skipped),
            outcome(2, 2, user(3), Status::Skipped),
        ];
        assert_eq!(latest(outcomes), [0, 4, 5]);
    }

    #[test]
    fn a_user_who_was_given_twice_has_the_answer_that_tells_more() {
        let mut again = outcome(1, 2, user(1), Status::Revoked);
        again.attempts = 0;
        assert_eq!(latest(vec![outcome(1, 1, user(1), Status::Revoked), again]), [0]);
    }

    #[test]
    fn a_user_is_known_by_either_name() {
        let outcomes = vec![
            outcome(1, 1, named(1), Status::Failed),
            outcome(1, 1, numbered(1), Status::Throttled),
            outcome(1, 1, user(1), Status::Revoked),
            outcome(2, 2, named(1), Status::Skipped),
            outcome(2, 2, numbered(1), Status::Skipped),
        ];
        assert_eq!(latest(outcomes), [2]);
    }

    #[test]
    fn users_who_are_not_the_same_stay_apart() {
        let renamed = UserRecord { user_principal_name: named(1).user_principal_name, ..user(2) };
        let nobody = UserRecord::default();
        let outcomes = vec![
            outcome(1, 1, user(1), Status::Revoked),
            outcome(1, 1, renamed, Status::Revoked),
            outcome(1, 1, nobody.clone(), Status::Failed),
            outcome(1, 1, nobody, Status::Failed),
            outcome(1, 1, UserRecord { me: true, ..UserRecord::default() }, Status::Failed),
            outcome(1, 1, UserRecord { me: true, ..UserRecord::default() }, Status::Failed),
        ];
        assert_eq!(latest(outcomes), [0, 1, 2, 3, 5]);
    }
}
