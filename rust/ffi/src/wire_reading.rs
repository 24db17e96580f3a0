//! The records of the two cmdlets that read.

use interoptopus::ffi;

use crate::wire::{ErrorDetail, Notice, UserInput};

/// Which users to read.
#[ffi]
#[derive(Debug, Clone)]
pub struct UserRequest {
    /// The users themselves; where there are any, the query is not looked at.
    pub users: Vec<UserInput>,
    /// `$filter`.
    pub filter: Option<String>,
    /// `$search`.
    pub search: Option<String>,
    /// How many users at most.
    pub top: Option<u64>,
    /// Whether all users are read, where `top` is not given.
    pub all: bool,
    /// Whether it tells of requests, waits and repetitions.
    pub verbose: bool,
}

/// A user and the moment from which its sign-in sessions count.
#[ffi]
#[derive(Debug, Clone)]
pub struct UserRecord {
    /// Object id.
    pub id: String,
    /// User principal name.
    pub user_principal_name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
    /// Sessions before this moment are no longer good; in milliseconds since 1970-01-01 UTC.
    pub sessions_valid_from: Option<i64>,
    /// Whether the user may sign in.
    pub account_enabled: Option<bool>,
    /// `Member` or `Guest`.
    pub user_type: Option<String>,
    /// Where the user works.
    pub department: Option<String>,
}

/// A user that was read, or why one was not.
#[ffi]
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// The user.
    pub user: Option<UserRecord>,
    /// Set where there is none.
    pub error: Option<ErrorDetail>,
    /// The place of the input that the error is about, where it is about one.
    pub about: Option<u32>,
}

/// What was read since the last report.
#[ffi]
#[derive(Debug, Clone)]
pub struct UserReport {
    /// Users and errors, in order.
    pub entries: Vec<UserEntry>,
    /// Lines for the verbose and the warning stream, in order.
    pub notices: Vec<Notice>,
    /// Whether this was the last report.
    pub finished: bool,
}

/// Which entries of the sign-in log to read.
#[ffi]
#[derive(Debug, Clone)]
pub struct SignInRequest {
    /// Addresses and ranges, as given.
    pub addresses: Vec<String>,
    /// Users, as given.
    pub users: Vec<UserInput>,
    /// The earliest moment, in milliseconds since 1970-01-01 UTC.
    pub since: Option<i64>,
    /// The latest moment, in milliseconds since 1970-01-01 UTC.
    pub until: Option<i64>,
    /// The application.
    pub app_id: Option<String>,
    /// How the sign-in ended.
    pub status: SignInChoice,
    /// A further `$filter`.
    pub filter: Option<String>,
    /// How many entries at most.
    pub top: Option<u64>,
    /// Whether the log is read as far back as it goes, where `since` is not given.
    pub all: bool,
    /// Whether it tells of requests, waits and repetitions.
    pub verbose: bool,
}

/// Which endings of a sign-in are wanted.
#[ffi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInChoice {
    /// Either.
    Any,
    /// Error code zero.
    Success,
    /// Any other error code.
    Failure,
}

/// An entry of the sign-in log.
#[ffi]
#[derive(Debug, Clone)]
pub struct SignInRecord {
    /// The id of the entry.
    pub id: String,
    /// Object id of the user.
    pub user_id: Option<String>,
    /// User principal name.
    pub user_principal_name: Option<String>,
    /// The name that people see.
    pub user_display_name: Option<String>,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub created: i64,
    /// The address of the client.
    pub ip_address: Option<String>,
    /// The application.
    pub app_id: Option<String>,
    /// Its name.
    pub app_display_name: Option<String>,
    /// The kind of client.
    pub client_app_used: Option<String>,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// The number behind `AADSTS`, or zero.
    pub error_code: i32,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// The city of the address.
    pub city: Option<String>,
    /// Its country or region.
    pub country_or_region: Option<String>,
    /// Whether somebody typed or touched something.
    pub is_interactive: Option<bool>,
}

/// An entry that was read, or why something was not.
#[ffi]
#[derive(Debug, Clone)]
pub struct SignInEntry {
    /// The entry.
    pub sign_in: Option<SignInRecord>,
    /// Set where there is none.
    pub error: Option<ErrorDetail>,
    /// The place of the input that the error is about: the addresses first, then the users.
    pub about: Option<u32>,
}

/// What was read since the last report.
#[ffi]
#[derive(Debug, Clone)]
pub struct SignInReport {
    /// Entries and errors, in order.
    pub entries: Vec<SignInEntry>,
    /// Lines for the verbose and the warning stream, in order.
    pub notices: Vec<Notice>,
    /// Whether this was the last report.
    pub finished: bool,
}
