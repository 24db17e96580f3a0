//! The lines of a journal: one JSON object each, in UTF-8, ended by a line feed.
//!
//! Every line has `type`. A `run` line opens the lines of one run, which the others name by `run`. An `intent`
//! line stands before the request for a user may leave, an `outcome` line before its result is told, and an `end`
//! line closes a run that came to its end. Times are RFC 3339 in UTC. There is never a secret in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::{Target, UserId};
use crate::outcome::{Outcome, Status};

/// The version of this schema. A reader refuses a journal of a later one.
pub const SCHEMA: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Record {
    /// A run begins.
    Run(RunRecord),
    /// A user is about to be revoked.
    Intent(IntentRecord),
    /// A user has its outcome.
    Outcome(OutcomeRecord),
    /// A run has come to its end.
    End(EndRecord),
}

/// Who revokes, where and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The id of the run.
    pub run: Uuid,
    /// When it began.
    pub at: Timestamp,
    /// The version of the module.
    pub module_version: String,
    /// Tenant id, or the name it was given by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The cloud.
    pub environment: String,
    /// The Graph endpoint.
    pub graph_endpoint: String,
    /// UPN of the signed-in user, or display name of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Application (client) id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `AppOnly`, `Delegated` or `Unknown`.
    pub auth_type: String,
}

/// A user, as the input named it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRecord {
    /// Object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    /// User principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<String>,
    /// Set for the signed-in user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub me: bool,
}

/// A user is about to be revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntentRecord {
    /// The id of the run.
    pub run: Uuid,
    /// When.
    pub at: Timestamp,
    /// Whom.
    #[serde(flatten)]
    pub user: UserRecord,
}

/// A user has its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeRecord {
    /// The id of the run.
    pub run: Uuid,
    /// When it was known.
    pub at: Timestamp,
    /// Whom.
    #[serde(flatten)]
    pub user: UserRecord,
    /// `Revoked`, `NotFound`, `Denied`, `Throttled`, `Failed`, `Unknown` or `Skipped`.
    pub status: Status,
    /// The id of the error, such as `UserNotFound`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Graph's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// What happened, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What Graph does not tell by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Graph's `request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
    /// Requests made for this user.
    pub attempts: u32,
    /// The stamp from which on the user's sessions are valid, where it was read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_valid_from: Option<Timestamp>,
    /// Whether the stamp has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// A run has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndRecord {
    /// The id of the run.
    pub run: Uuid,
    /// When.
    pub at: Timestamp,
}

impl From<&Target> for UserRecord {
    fn from(target: &Target) -> Self {
        let user = target.user();
        Self {
            user_id: user.and_then(UserId::object_id),
            user_principal_name: user.and_then(UserId::upn).map(|upn| upn.as_str().to_owned()),
            me: matches!(target, Target::Me(_)),
        }
    }
}

impl OutcomeRecord {
    /// The line for an outcome of `run`.
    pub fn new(run: Uuid, outcome: &Outcome) -> Self {
        let failure = outcome.failure.as_ref();
        Self {
            run,
            at: outcome.at,
            user: outcome.target.as_ref().map(UserRecord::from).unwrap_or_default(),
            status: outcome.status,
            error: failure.map(|failure| failure.detail.id.name().to_owned()),
            error_code: failure.and_then(|failure| failure.graph_code.clone()),
            message: failure.map(|failure| failure.detail.message.clone()),
            note: outcome.note.as_deref().map(str::to_owned),
            request_id: outcome.request_id,
            attempts: outcome.attempts,
            sessions_valid_from: outcome.sessions_valid_from,
            verified: outcome.verified,
        }
    }
}
