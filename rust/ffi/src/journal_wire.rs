//! The records that journals and their reports cross the boundary in.

use std::sync::Arc;

use interoptopus::ffi;
use jiff::Timestamp;
use revoke_session_core as core;
use revoke_session_core::journal::Entry;
use revoke_session_core::journal::record::RunRecord;

use crate::wire::{ErrorDetail, RevocationStatus};

/// Which journal to read.
#[ffi]
#[derive(Debug, Clone)]
pub struct JournalReadRequest {
    /// The absolute path of the file.
    pub path: String,
    /// Whether only the last word on each user is wanted.
    pub latest: bool,
}

/// Some entries of a journal.
#[ffi]
#[derive(Debug, Clone)]
pub struct JournalPage {
    /// The runs that they belong to.
    pub runs: Vec<JournalRun>,
    /// The entries, in the order of the journal.
    pub entries: Vec<JournalLine>,
    /// What the user should know of the journal.
    pub warning: Option<String>,
    /// Set when it cannot be read any further.
    pub error: Option<ErrorDetail>,
    /// Whether this was the last page.
    pub finished: bool,
}

/// A run, as far as its entries tell of it.
#[ffi]
#[derive(Debug, Clone)]
pub struct JournalRun {
    /// Its id.
    pub run_id: String,
    /// UPN of the signed-in user, or display name of the application.
    pub account: Option<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The version of the module.
    pub module_version: String,
}

/// What a journal tells of one input.
#[ffi]
#[derive(Debug, Clone)]
pub struct JournalLine {
    /// The place of its run among those of the page.
    pub run: u32,
    /// How it ended.
    pub status: RevocationStatus,
    /// Object id, where known.
    pub user_id: Option<String>,
    /// UPN, where known.
    pub user_principal_name: Option<String>,
    /// Whether the sessions were revoked.
    pub revoked: bool,
    /// What Graph does not tell by itself.
    pub note: Option<String>,
    /// The code that Graph gave, or else the id of the error.
    pub error_code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
    /// Graph's `request-id`, for Microsoft support.
    pub request_id: Option<String>,
    /// How many requests were made for this user.
    pub attempts: u32,
    /// When the outcome was known, in milliseconds since 1970-01-01 UTC.
    pub timestamp: i64,
    /// The stamp from which on the user's sessions are valid, where it was read back; milliseconds likewise.
    pub sessions_valid_from: Option<i64>,
    /// Whether the stamp has moved, where that is known.
    pub verified: Option<bool>,
}

/// What report to make.
#[ffi]
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// The absolute path of the journal.
    pub journal_path: String,
    /// The absolute path of the page.
    pub output_path: String,
    /// Its title, if it is to have another than every page.
    pub title: Option<String>,
    /// Whether a file that is there already is replaced.
    pub replace: bool,
}

/// How far a report is.
#[ffi]
#[derive(Debug, Clone)]
pub struct ReportStep {
    /// Set when there will be no report.
    pub error: Option<ErrorDetail>,
    /// What the user should know of the journal.
    pub warning: Option<String>,
    /// Whether there is nothing more to do.
    pub finished: bool,
}

impl From<Vec<Entry>> for JournalPage {
    fn from(entries: Vec<Entry>) -> Self {
        let mut page = Self { runs: Vec::new(), entries: Vec::new(), warning: None, error: None, finished: false };
        let mut latest: Option<Arc<RunRecord>> = None;
        let mut run = 0;
        for Entry { run: record, outcome } in entries {
            if latest.as_ref().is_none_or(|latest| !Arc::ptr_eq(latest, &record)) {
                run = u32::try_from(page.runs.len()).unwrap_or(u32::MAX);
                page.runs.push(JournalRun::from(&*record));
                latest = Some(record);
            }
            page.entries.push(JournalLine {
                run,
                status: outcome.status.into(),
                user_id: outcome.user.user_id.map(|id| id.to_string()),
                user_principal_name: outcome.user.user_principal_name,
                revoked: outcome.status == core::Status::Revoked,
                note: outcome.note,
                error_code: outcome.error_code.or(outcome.error),
                message: outcome.message,
                request_id: outcome.request_id.map(|id| id.to_string()),
                attempts: outcome.attempts,
                timestamp: outcome.at.as_millisecond(),
                sessions_valid_from: outcome.sessions_valid_from.map(Timestamp::as_millisecond),
                verified: outcome.verified,
            });
        }
        page
    }
}

impl From<&RunRecord> for JournalRun {
    fn from(run: &RunRecord) -> Self {
        Self {
            run_id: run.run.to_string(),
            account: run.account.clone(),
            tenant_id: run.tenant_id.clone(),
            module_version: run.module_version.clone(),
        }
    }
}
