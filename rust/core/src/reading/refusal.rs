//! What a refusal of a read means, and what to do about it.

use crate::error::{ErrorDetail, ErrorId};
use crate::graph::answer::Verdict;
use crate::graph::error_body::GraphError;

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Users by a query.
    Users,
    /// A user by id.
    User,
    /// The signed-in user.
    Me,
    /// The sign-in log.
    SignIns,
}

/// The code for a tenant whose licence does not let Graph give the log.
///
/// Source: Microsoft Graph known issues, "License check errors for Microsoft Entra activity reports".
const NOT_PREMIUM: &str = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";

const READ_USERS: &str =
    "The least permission is User.Read.All, granted by an administrator; Get-RsContext shows what the sign-in has.";
const READ_ME: &str = "The least permission is User.Read; Get-RsContext shows what the sign-in has.";
const READ_LOG: &str = "The least permission is AuditLog.Read.All, granted by an administrator. A signed-in user also needs a role that may read the log, such as Reports Reader or Security Reader. Get-RsContext shows what the sign-in has.";
const LICENSE: &str = "Reading the sign-in log through Graph needs Microsoft Entra ID P1 or P2 in the tenant.";
const CORRECT: &str = "Correct -Filter, or -Search where there is one; https://learn.microsoft.com/graph/filter-query-parameter tells what Graph understands.";
const AGAIN: &str = "Run again. If it fails again, the request id in the output of -Verbose identifies the request for Microsoft support.";
const LATER: &str = "Run again later: Graph refuses because too much was asked of it.";

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Users => "the users",
            Self::User => "the user",
            Self::Me => "the signed-in user",
            Self::SignIns => "the sign-in log",
        }
    }

    /// A verdict that no repetition changes. `who` is the user that was asked for, if it was one.
    pub(super) fn refused(self, verdict: &Verdict, who: Option<&str>) -> ErrorDetail {
        let name = who.unwrap_or(self.name());
        match verdict {
            Verdict::Denied(error) | Verdict::Rejected { error, .. } if code(error.as_ref()) == Some(NOT_PREMIUM) => {
                let why = words(error.as_ref());
                ErrorId::LicenseRequired
                    .with_message(format!("Graph does not give {name} of this tenant: {why}"))
                    .with_advice(Some(LICENSE))
            }
            Verdict::Denied(error) => {
                let advice = match self {
                    Self::Users | Self::User => READ_USERS,
                    Self::Me => READ_ME,
                    Self::SignIns => READ_LOG,
                };
                ErrorId::AccessDenied
                    .with_message(format!("Graph refused to show {name}: {}", words(error.as_ref())))
                    .with_advice(Some(advice))
            }
            Verdict::NotFound(_) if self == Self::User => {
                ErrorId::UserNotFound.with_message(format!("There is no user '{name}' in this tenant."))
            }
            Verdict::NotFound(error) => rejected(name, 404, error.as_ref()),
            Verdict::Rejected { status: 400, error } if matches!(self, Self::Users | Self::SignIns) => {
                rejected(name, 400, error.as_ref()).with_advice(Some(CORRECT))
            }
            Verdict::Rejected { status, error } => rejected(name, *status, error.as_ref()),
            Verdict::Redirected { status } => ErrorId::InvalidAnswer.with_message(format!(
                "The answer to the request for {name} was a redirection (status {status}), which is never followed."
            )),
            Verdict::Unauthorized { error, .. } => {
                ErrorId::AuthenticationFailed.with_message(format!("Signing in failed: {}", words(error.as_ref())))
            }
            _ => self.unreadable("it is not what Graph documents"),
        }
    }

    /// An answer that came, and cannot be used.
    pub(super) fn unreadable(self, why: &str) -> ErrorDetail {
        ErrorId::InvalidAnswer.with_message(format!("The answer of Graph for {} cannot be used: {why}.", self.name()))
    }

    /// No connection came about for too long.
    pub(super) fn unreachable(self, why: &str) -> ErrorDetail {
        let message =
            format!("{} cannot be read, because Microsoft Graph cannot be reached: {why}.", capital(self.name()));
        ErrorId::GraphUnreachable.with_message(message)
    }

    /// Nothing came back, time after time.
    pub(super) fn unanswered(self, why: &str, times: u32) -> ErrorDetail {
        let message = format!("{} cannot be read: {why}, {times} times.", capital(self.name()));
        ErrorId::GraphUnreachable.with_message(message).with_advice(Some(AGAIN))
    }

    /// Graph asks to wait for longer than anybody would.
    pub(super) fn throttled(self, seconds: u64) -> ErrorDetail {
        let message = format!("Graph asked to wait for {seconds} s before {} can be read.", self.name());
        ErrorId::Throttled.with_message(message).with_advice(Some(LATER))
    }
}

fn rejected(name: &str, status: u16, error: Option<&GraphError>) -> ErrorDetail {
    ErrorId::RequestRejected
        .with_message(format!("Graph rejected the request for {name} with status {status}: {}", words(error)))
}

/// Graph's code, where it gave one.
pub(super) fn code(error: Option<&GraphError>) -> Option<&str> {
    error.map(|error| error.code.as_str())
}

/// Graph's own words, or that there are none.
fn words(error: Option<&GraphError>) -> &str {
    match error {
        Some(error) if !error.message.is_empty() => &error.message,
        Some(error) if !error.code.is_empty() => &error.code,
        _ => "no reason given",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
