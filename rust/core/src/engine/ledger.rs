//! Who was asked for, by which inputs, and what became of it: one call a user, one answer an input.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use uuid::Uuid;

use crate::identity::{Target, UserId};
use crate::outcome::{Failure, Outcome, Status};

/// The identity of a user within a run: the object id, or a keyed hash of the folded UPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

/// What became of a user.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub status: Status,
    pub failure: Option<Failure>,
    pub request_id: Option<Uuid>,
    pub attempts: u32,
    pub at: Timestamp,
}

#[derive(Debug)]
enum Record {
    Open(Vec<(u64, Target)>),
    Settled(Box<Settled>),
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
    hashers: (RandomState, RandomState),
}

const DUPLICATE: &str = "The same user was given more than once in this run; one request was made for all of them.";
const GUEST: &str = "A guest's sessions belong to the home tenant and are not ended by this call. Graph accepted the request all the same.";

impl Ledger {
    /// Enters an input.
    pub(super) fn admit(&mut self, tag: u64, target: Target) -> Admission {
        let key = self.key(&target);
        match self.records.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(Record::Open(vec![(tag, target)]));
                Admission::New(key)
            }
            Entry::Occupied(mut occupied) => match occupied.get_mut() {
                Record::Open(waiting) => {
                    waiting.push((tag, target));
                    Admission::Waiting
                }
                Record::Settled(settled) => Admission::Answered(Box::new(outcome(tag, target, settled, true))),
            },
        }
    }

    /// Settles a user and gives the outcomes of all inputs that waited for it.
    pub(super) fn settle(&mut self, key: Key, settled: Settled) -> impl Iterator<Item = Outcome> {
        let settled = Box::new(settled);
        let waiting = match self.records.insert(key, Record::Settled(settled.clone())) {
            Some(Record::Open(waiting)) => waiting,
            // A user is settled once; a second time finds nobody waiting.
            _ => Vec::new(),
        };
        waiting.into_iter().enumerate().map(move |(place, (tag, target))| outcome(tag, target, &settled, place > 0))
    }

    /// The user that the first input for `key` named, for messages.
    pub(super) fn name(&self, key: Key) -> String {
        match self.records.get(&key) {
            Some(Record::Open(waiting)) => waiting.first().map(|(_, target)| target.to_string()).unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn key(&self, target: &Target) -> Key {
        let hash = |text: &str| {
            let halves = (self.hashers.0.hash_one(text), self.hashers.1.hash_one(text));
            Key(u128::from(halves.0) << 64 | u128::from(halves.1))
        };
        match target {
            Target::User(UserId::ObjectId { id, .. }) => Key(id.as_u128()),
            Target::User(UserId::Upn(upn)) => hash(&upn.folded()),
            Target::Me => hash("/me"),
        }
    }
}

fn outcome(tag: u64, target: Target, settled: &Settled, duplicate: bool) -> Outcome {
    let is_guest = matches!(&target, Target::User(user) if user.is_guest());
    // Graph answers success for a guest although nothing is revoked, so success is not repeated here.
    let for_naught = is_guest && settled.status == Status::Revoked;
    Outcome {
        tag,
        target: Some(target),
        status: if for_naught { Status::Skipped } else { settled.status },
        note: if for_naught { Some(GUEST) } else { duplicate.then_some(DUPLICATE) },
        warn: for_naught,
        failure: settled.failure.clone(),
        request_id: settled.request_id,
        attempts: settled.attempts,
        at: settled.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> Target {
        Target::User(UserId::parse(Some(id), None).unwrap())
    }

    fn revoked() -> Settled {
        Settled { status: Status::Revoked, failure: None, request_id: None, attempts: 1, at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn one_user_is_admitted_once_and_every_input_is_answered() {
        let mut ledger = Ledger::default();
        let Admission::New(key) = ledger.admit(1, user("Adele@contoso.com")) else { panic!("first is new") };
        assert!(matches!(ledger.admit(2, user("adele@CONTOSO.com")), Admission::Waiting));
        let outcomes: Vec<_> = ledger.settle(key, revoked()).collect();
        assert_eq!(outcomes.iter().map(|o| (o.tag, o.note)).collect::<Vec<_>>(), [(1, None), (2, Some(DUPLICATE))]);
        let Admission::Answered(late) = ledger.admit(3, user("adele@contoso.com")) else { panic!("late is answered") };
        assert_eq!((late.tag, late.status, late.note), (3, Status::Revoked, Some(DUPLICATE)));
        assert_eq!(ledger.settle(key, revoked()).count(), 0);
    }

    #[test]
    fn different_users_are_not_taken_for_one() {
        let mut ledger = Ledger::default();
        for (tag, id) in
            ["zoë@contoso.com", "zoË@contoso.com", "zoe@contoso.com", "6e7b768e-07e2-4810-8459-485f84f8f204"]
                .into_iter()
                .enumerate()
        {
            assert!(matches!(ledger.admit(tag as u64, user(id)), Admission::New(_)), "{id}");
        }
        assert!(matches!(ledger.admit(9, Target::Me), Admission::New(_)));
        assert!(matches!(ledger.admit(10, user("6E7B768E-07E2-4810-8459-485F84F8F204")), Admission::Waiting));
    }

    #[test]
    fn a_guest_is_never_said_to_be_revoked() {
        let mut ledger = Ledger::default();
        let Admission::New(key) = ledger.admit(1, user("megan_fabrikam.com#EXT#@contoso.com")) else {
            panic!("first is new")
        };
        let outcome = ledger.settle(key, revoked()).next().unwrap();
        assert_eq!((outcome.status, outcome.note, outcome.warn), (Status::Skipped, Some(GUEST), true));
    }
}
