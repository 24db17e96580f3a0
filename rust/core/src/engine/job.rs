//! One user on its way, from its first request to its outcome.

use std::cmp::Ordering;

use tokio::time::Instant;
use uuid::Uuid;

use super::ledger::Key;
use super::verify::Before;
use crate::auth::Rejection;

/// A user that is still to be revoked. The inputs that wait for it are in the ledger.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, not a state")]
pub(super) struct Job {
    pub key: Key,
    pub path: String,
    /// Requests made so far.
    pub attempts: u32,
    /// Requests that ended without an answer to trust. Any of them may have revoked the sessions.
    pub doubtful: u32,
    /// When the first request was made.
    pub first_sent: Option<Instant>,
    /// Whether the latest answer was a throttled one.
    pub throttled: bool,
    /// Whether a token was renewed for this user.
    pub renewed: bool,
    /// What Graph said of the token that it refused for this user.
    pub rejection: Option<Rejection>,
    /// What was read of the stamp before.
    pub before: Before,
    /// Whether the account is known to belong to another tenant.
    pub guest: bool,
    /// Whether it must travel alone.
    pub alone: bool,
    /// Whether the next request must not meet a pooled connection.
    pub fresh_connection: bool,
    /// Graph's id of the latest answer.
    pub request_id: Option<Uuid>,
    /// What went wrong last, for the message in the end.
    pub trouble: Option<String>,
}

impl Job {
    pub(super) fn new(key: Key, path: String, alone: bool) -> Self {
        Self {
            key,
            path,
            attempts: 0,
            doubtful: 0,
            first_sent: None,
            throttled: false,
            renewed: false,
            rejection: None,
            before: Before::NotAsked,
            guest: false,
            alone,
            fresh_connection: false,
            request_id: None,
            trouble: None,
        }
    }
}

impl Job {
    /// The address of the user, without what is done there.
    pub(super) fn user_path(&self) -> &str {
        self.path.strip_suffix("/revokeSignInSessions").unwrap_or(&self.path)
    }
}

/// A job that may not be sent before an instant. Ordered so that a heap gives the earliest first.
#[derive(Debug)]
pub(super) struct Delayed {
    pub until: Instant,
    /// Keeps jobs of one instant in the order in which they came.
    pub order: u64,
    pub job: Job,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Delayed {}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.until, other.order).cmp(&(self.until, self.order))
    }
}
