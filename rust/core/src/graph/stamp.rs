//! The stamp from which on a user's sessions are valid, as it is read back.

use jiff::Timestamp;
use serde::Deserialize;

use super::answer::{Answer, Verdict};
use super::read_object;

/// What is asked for; Graph returns the stamp only when it is selected.
///
/// Source: Microsoft Learn, "user resource type", `signInSessionsValidFromDateTime`.
pub(crate) const QUERY: &str = "$select=id,userType,signInSessionsValidFromDateTime";

/// What Graph says of a user's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Sessions that began earlier are not valid.
    pub valid_from: Timestamp,
    /// Whether the account belongs to another tenant.
    pub is_guest: bool,
}

/// What an answer to a reading means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The stamp.
    Stamp(Stamp),
    /// The permission to read is missing.
    Denied,
    /// Nothing now, and another reading may do better.
    Later(Option<std::time::Duration>),
    /// Nothing, for this reason, and never will be.
    Nothing(&'static str),
}

impl Answer<'_> {
    /// Judges the answer to a reading. `now` is what dates in `Retry-After` are compared with.
    pub(crate) fn reading(&self, now: Timestamp) -> Reading {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct User {
            sign_in_sessions_valid_from_date_time: Option<Timestamp>,
            user_type: Option<String>,
        }
        if self.status == 200 {
            return match self.body.and_then(read_object::<User>) {
                Some(User { sign_in_sessions_valid_from_date_time: Some(valid_from), user_type }) => {
                    let is_guest = user_type.is_some_and(|kind| kind.eq_ignore_ascii_case("guest"));
                    Reading::Stamp(Stamp { valid_from, is_guest })
                }
                Some(_) => Reading::Nothing("Graph tells no stamp for this user"),
                None => Reading::Later(None),
            };
        }
        match self.verdict(now) {
            Verdict::Denied(_) => Reading::Denied,
            Verdict::NotFound(_) => Reading::Nothing("Graph finds no such user to read"),
            Verdict::Throttled { wait } | Verdict::Unavailable { wait, .. } => Reading::Later(wait),
            Verdict::Unauthorized { .. } | Verdict::Untrusted(_) => Reading::Later(None),
            _ => Reading::Nothing("Graph rejected the reading"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(status: u16, body: &str) -> Reading {
        let answer = Answer { status, body: Some(body.as_bytes()), ..Answer::default() };
        answer.reading(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_what_graph_says_counts_as_a_stamp() {
        let at: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let body = r#"{"id":"x","userType":"Guest","signInSessionsValidFromDateTime":"2026-11-21T08:00:00Z"}"#;
        assert_eq!(reading(200, body), Reading::Stamp(Stamp { valid_from: at, is_guest: true }));
        let body = r#"{"signInSessionsValidFromDateTime":"2026-11-21T08:00:00.0000000Z","userType":null}"#;
        assert_eq!(reading(200, body), Reading::Stamp(Stamp { valid_from: at, is_guest: false }));
        assert!(matches!(reading(200, r#"{"signInSessionsValidFromDateTime":null}"#), Reading::Nothing(_)));
        assert!(matches!(reading(200, "{}"), Reading::Nothing(_)));
        assert_eq!(reading(200, "<html>"), Reading::Later(None));
        assert_eq!(reading(200, r#"{"signInSessionsValidFromDateTime":"yesterday"}"#), Reading::Later(None));
        assert_eq!(reading(403, r#"{"error":{"code":"Authorization_RequestDenied"}}"#), Reading::Denied);
        assert_eq!(reading(503, ""), Reading::Later(None));
        let gone = r#"{"error":{"code":"Request_ResourceNotFound","message":"gone"}}"#;
        assert!(matches!(reading(404, gone), Reading::Nothing(_)));
    }
}
