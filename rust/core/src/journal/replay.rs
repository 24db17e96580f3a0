//! What a journal says of runs before this one.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use uuid::Uuid;

use super::record::{Record, RunRecord, UserRecord};
use crate::identity::{Target, UserId};
use crate::outcome::Status;

/// A keyed hash of an object id or a folded UPN, so that a long journal needs little memory.
type Fingerprint = [u64; 2];

/// Whom earlier runs revoked, and whom they left open.
#[derive(Debug, Default)]
pub struct Replay {
    revoked: HashMap<Fingerprint, Timestamp>,
    hashers: (RandomState, RandomState),
    latest_run: Option<RunRecord>,
    /// Users of that run that have an intent and no outcome.
    open: HashSet<Fingerprint>,
}

impl Replay {
    /// Takes note of one record; they come in the order of the file.
    pub(super) fn note(&mut self, record: Record) {
        match record {
            Record::Run(run) => {
                self.latest_run = Some(run);
                self.open.clear();
            }
            Record::Intent(intent) => {
                // The object id where there is one: a user counts once.
                self.open.extend(self.prints(&intent.user).next());
            }
            Record::Outcome(outcome) => {
                for print in self.prints(&outcome.user) {
                    self.open.remove(&print);
                    // The latest word on a user counts, and a revocation that was seen to have changed nothing is none.
                    if outcome.status == Status::Revoked && outcome.verified != Some(false) {
                        self.revoked.insert(print, outcome.at);
                    } else if outcome.status != Status::Skipped {
                        self.revoked.remove(&print);
                    }
                }
            }
            Record::End(_) => {}
        }
    }

    /// When an earlier run revoked the user, if one did.
    pub(crate) fn revoked_at(&self, target: &Target) -> Option<Timestamp> {
        let print = match target {
            Target::User(UserId::ObjectId { id, .. }) => self.of_id(*id),
            Target::User(UserId::Upn(upn)) => self.of_upn(&upn.folded()),
            Target::Me(user) => self.of_id(user.as_ref()?.object_id()?),
        };
        self.revoked.get(&print).copied()
    }

    /// The run before this one.
    pub(super) fn latest_run(&self) -> Option<&RunRecord> {
        self.latest_run.as_ref()
    }

    /// Users of that run whose outcome is not known: they are revoked again.
    pub(super) fn left_open(&self) -> usize {
        self.open.len()
    }

    fn prints(&self, user: &UserRecord) -> impl Iterator<Item = Fingerprint> + use<> {
        let id = user.user_id.map(|id| self.of_id(id));
        let upn = user.user_principal_name.as_ref().map(|upn| self.of_upn(&upn.to_ascii_lowercase()));
        id.into_iter().chain(upn)
    }

    fn of_id(&self, id: Uuid) -> Fingerprint {
        self.hash(id.as_bytes())
    }

    fn of_upn(&self, folded: &str) -> Fingerprint {
        self.hash(folded.as_bytes())
    }

    fn hash(&self, name: &[u8]) -> Fingerprint {
        [self.hashers.0.hash_one(name), self.hashers.1.hash_one(name)]
    }
}
