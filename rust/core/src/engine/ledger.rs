//! Who was asked for, by which inputs, and what became of it: one call a user, one answer an input.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use slab::Slab;
use uuid::Uuid;

use crate::error::ErrorId;
use crate::identity::{Target, UserId};
use crate::outcome::{Failure, Outcome, Status};

/// The identity of a user within a run: a keyed hash of the object id or of the folded UPN.
///
/// 96 bits keep the memory of a million users small. That two of a million users share them has a
/// chance of one in 10^17, and the keys are drawn anew for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 12]);

/// What became of a user.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub status: Status,
    pub failure: Option<Failure>,
    pub request_id: Option<Uuid>,
    pub attempts: u32,
    pub at: Timestamp,
    /// Whether reading the user showed that the account belongs to another tenant.
    pub guest: bool,
    pub sessions_valid_from: Option<Timestamp>,
    pub verified: Option<bool>,
    /// What the proof is worth.
    pub note: Option<Cow<'static, str>>,
}

impl Settled {
    /// How a user ended, without any proof.
    pub(super) fn new(status: Status, failure: Option<Failure>, at: Timestamp) -> Self {
        Self {
            status,
            failure,
            request_id: None,
            attempts: 0,
            at,
            guest: false,
            sessions_valid_from: None,
            verified: None,
            note: None,
        }
    }
}

/// What is kept of a user for the length of the run, in four bytes.
#[derive(Debug, Clone, Copy)]
enum Record {
    /// The place of the waiting inputs.
    Open(Place),
    /// How it ended. The details went out with the outcomes of those who waited.
    Closed(Status, Option<ErrorId>),
}

/// A place in the list of waiting inputs; there are never more of them than a run has room for.
#[derive(Debug, Clone, Copy)]
struct Place([u8; 3]);

impl Place {
    fn new(index: usize) -> Self {
        let [a, b, c, ..] = index.to_le_bytes();
        debug_assert!(index < 1 << 24, "a run has room for thousands of inputs, not millions");
        Self([a, b, c])
    }

    fn index(self) -> usize {
        let [a, b, c] = self.0;
        usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16
    }
}

/// What the ledger says to a new input.
#[derive(Debug)]
pub(super) enum Admission {
    /// A user not seen before.
    New(Key),
    /// A user that is on its way; the input waits for its outcome.
    Waiting,
    /// A user that has been dealt with.
    Answered(Box<Outcome>),
}

/// All users of a run.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    records: HashMap<Key, Record>,
    waiting: Slab<Vec<(u64, Target)>>,
    hashers: (RandomState, RandomState),
}

const DUPLICATE: &str = "The same user was given more than once in this run; one request was made for all of them.";
const GUEST: &str = "A guest's sessions belong to the home tenant and are not ended by this call. Graph accepted the request all the same.";

impl Ledger {
    /// Enters an input. `now` is when an answer would be given at once.
    pub(super) fn admit(&mut self, tag: u64, target: Target, now: Timestamp) -> Admission {
        let key = self.key(&target);
        match self.records.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(Record::Open(Place::new(self.waiting.insert(vec![(tag, target)]))));
                Admission::New(key)
            }
            Entry::Occupied(occupied) => match *occupied.get() {
                Record::Open(place) => {
                    if let Some(waiting) = self.waiting.get_mut(place.index()) {
                        waiting.push((tag, target));
                    }
                    Admission::Waiting
                }
                Record::Closed(status, error) => {
                    let again = again(&target, status, error, now);
                    Admission::Answered(Box::new(outcome(tag, target, &again, true)))
                }
            },
        }
    }

    /// Settles a user and gives the outcomes of all inputs that waited for it.
    pub(super) fn settle(&mut self, key: Key, settled: Settled) -> impl Iterator<Item = Outcome> {
        let closed = Record::Closed(settled.status, settled.failure.as_ref().map(|failure| failure.detail.id));
        let waiting = match self.records.insert(key, closed) {
            Some(Record::Open(place)) => self.waiting.try_remove(place.index()).unwrap_or_default(),
            // A user is settled once; a second time finds nobody waiting.
            _ => Vec::new(),
        };
        waiting.into_iter().enumerate().map(move |(place, (tag, target))| outcome(tag, target, &settled, place > 0))
    }

    /// Gives up on everybody: all inputs that wait, in the order of their numbers.
    pub(super) fn abandon(&mut self) -> Vec<(u64, Target)> {
        let mut waiting: Vec<_> = self.waiting.drain().flatten().collect();
        waiting.sort_by_key(|(tag, _)| *tag);
        waiting
    }

    /// The user that the first input for `key` named, for messages.
    pub(super) fn name(&self, key: Key) -> String {
        match self.records.get(&key) {
            Some(Record::Open(place)) => {
                let first = self.waiting.get(place.index()).and_then(|waiting| waiting.first());
                first.map(|(_, target)| target.to_string()).unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    fn key(&self, target: &Target) -> Key {
        let hash = |name: &[u8]| {
            let mut key = [0; 12];
            key[..8].copy_from_slice(&self.hashers.0.hash_one(name).to_le_bytes());
            key[8..].copy_from_slice(&self.hashers.1.hash_one(name).to_le_bytes()[..4]);
            Key(key)
        };
        match target {
            Target::User(UserId::ObjectId { id, .. }) => hash(id.as_bytes()),
            Target::User(UserId::Upn(upn)) => hash(upn.folded().as_bytes()),
            Target::Me(_) => hash(b"/me"),
        }
    }
}

/// What a late input for a user that is dealt with is told. No request was made for it.
fn again(target: &Target, status: Status, error: Option<ErrorId>, at: Timestamp) -> Settled {
    let failure = error.map(|id| Failure {
        detail: id.with_message(format!("{target} was given before in this run, and ended then as {status:?}.")),
        graph_code: None,
    });
    Settled::new(status, failure, at)
}

fn outcome(tag: u64, target: Target, settled: &Settled, duplicate: bool) -> Outcome {
    let is_guest = settled.guest || target.user().is_some_and(UserId::is_guest);
    // Graph answers success for a guest although nothing is revoked, so success is not repeated here.
    let for_naught = is_guest && settled.status == Status::Revoked;
    Outcome {
        tag,
        target: Some(target),
        status: if for_naught { Status::Skipped } else { settled.status },
        note: if for_naught {
            Some(GUEST.into())
        } else {
            settled.note.clone().or_else(|| duplicate.then(|| DUPLICATE.into()))
        },
        warn: for_naught,
        failure: settled.failure.clone(),
        request_id: settled.request_id,
        attempts: settled.attempts,
        at: settled.at,
        sessions_valid_from: settled.sessions_valid_from,
        verified: settled.verified.filter(|_| !for_naught),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> Target {
        Target::User(UserId::parse(Some(id), None).unwrap())
    }

    fn ended(status: Status) -> Settled {
        let failure = (status != Status::Revoked)
            .then(|| Failure { detail: ErrorId::UserNotFound.with_message("gone"), graph_code: None });
        Settled { attempts: 1, ..Settled::new(status, failure, Timestamp::UNIX_EPOCH) }
    }

    fn admit(ledger: &mut Ledger, tag: u64, id: &str) -> Admission {
        ledger.admit(tag, user(id), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn one_user_is_admitted_once_and_every_input_is_answered() {
        let mut ledger = Ledger::default();
        let Admission::New(key) = admit(&mut ledger, 1, "Adele@contoso.com") else { panic!("first is new") };
        assert!(matches!(admit(&mut ledger, 2, "adele@CONTOSO.com"), Admission::Waiting));
        let outcomes: Vec<_> = ledger.settle(key, ended(Status::Revoked)).collect();
        assert_eq!(
            outcomes.iter().map(|o| (o.tag, o.note.as_deref())).collect::<Vec<_>>(),
            [(1, None), (2, Some(DUPLICATE))]
        );
        let Admission::Answered(late) = admit(&mut ledger, 3, "adele@contoso.com") else { panic!("late is answered") };
        assert_eq!(
            (late.tag, late.status, late.note.as_deref(), late.attempts),
            (3, Status::Revoked, Some(DUPLICATE), 0)
        );
        assert_eq!(ledger.settle(key, ended(Status::Revoked)).count(), 0);
    }

    #[test]
    fn a_late_input_for_a_user_that_failed_fails_the_same_way() {
        let mut ledger = Ledger::default();
        let Admission::New(key) = admit(&mut ledger, 1, "gone@contoso.com") else { panic!("first is new") };
        assert_eq!(ledger.settle(key, ended(Status::NotFound)).count(), 1);
        let Admission::Answered(late) = admit(&mut ledger, 2, "gone@contoso.com") else { panic!("late is answered") };
        assert_eq!(late.status, Status::NotFound);
        assert_eq!(late.failure.map(|failure| failure.detail.id), Some(ErrorId::UserNotFound));
    }

    #[test]
    fn different_users_are_not_taken_for_one() {
        let mut ledger = Ledger::default();
        let ids = ["zoë@contoso.com", "zoË@contoso.com", "zoe@contoso.com", "6e7b768e-07e2-4810-8459-485f84f8f204"];
        for (tag, id) in ids.into_iter().enumerate() {
            assert!(matches!(admit(&mut ledger, tag as u64, id), Admission::New(_)), "{id}");
        }
        assert!(matches!(ledger.admit(9, Target::Me(None), Timestamp::UNIX_EPOCH), Admission::New(_)));
        assert!(matches!(admit(&mut ledger, 10, "6E7B768E-07E2-4810-8459-485F84F8F204"), Admission::Waiting));
    }

    #[test]
    fn a_guest_is_never_said_to_be_revoked() {
        let mut ledger = Ledger::default();
        let guest = "megan_fabrikam.com#EXT#@contoso.com";
        let Admission::New(key) = admit(&mut ledger, 1, guest) else { panic!("first is new") };
        let outcome = ledger.settle(key, ended(Status::Revoked)).next().unwrap();
        assert_eq!((outcome.status, outcome.note.as_deref(), outcome.warn), (Status::Skipped, Some(GUEST), true));
        let Admission::Answered(late) = admit(&mut ledger, 2, guest) else { panic!("late is answered") };
        assert_eq!(late.status, Status::Skipped);
    }

    #[test]
    fn a_user_takes_sixteen_bytes() {
        assert_eq!(size_of::<(Key, Record)>(), 16);
    }
}
