//! What became of each input.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ErrorDetail;
use crate::identity::Target;

/// How one input ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Graph confirmed that it revoked the sessions.
    Revoked,
    /// There is no such user.
    NotFound,
    /// Graph refused for lack of permission.
    Denied,
    /// Graph asked to wait for longer than the run could.
    Throttled,
    /// The sessions were not revoked, and it is known why.
    Failed,
    /// A request was sent and no trustworthy answer came.
    Unknown,
    /// Nothing was to be revoked here.
    Skipped,
}

/// Why an input did not end as revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error as people are shown it.
    pub detail: ErrorDetail,
    /// Graph's own code, such as `Request_ResourceNotFound`.
    pub graph_code: Option<String>,
}

/// The one outcome of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The caller's number of the input.
    pub tag: u64,
    /// The user, unless the input named none.
    pub target: Option<Target>,
    /// How it ended.
    pub status: Status,
    /// What Graph does not tell by itself.
    pub note: Option<Cow<'static, str>>,
    /// Whether the note deserves a warning.
    pub warn: bool,
    /// Set for every status but [`Status::Revoked`] and [`Status::Skipped`].
    pub failure: Option<Failure>,
    /// Graph's `request-id` of the last answer, for Microsoft support.
    pub request_id: Option<Uuid>,
    /// How many requests were made for this user.
    pub attempts: u32,
    /// When the outcome was known.
    pub at: Timestamp,
    /// The stamp from which on the user's sessions are valid, where it was read back.
    pub sessions_valid_from: Option<Timestamp>,
    /// Whether the stamp has moved: proof, no proof, or nothing that could be read.
    pub verified: Option<bool>,
}
