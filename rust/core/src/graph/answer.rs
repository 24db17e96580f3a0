//! What one answer, alone or as a step of a batch, says about one revocation.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use super::error_body::{self, GraphError};
use super::{read_object, retry_after};
use crate::auth::challenge;
use crate::pacing::Usage;

/// The header that tells how much of a limit is used, from 0.8 on.
pub(crate) const THROTTLE_PERCENTAGE: &str = "x-ms-throttle-limit-percentage";

/// The header that tells whose limit that is.
pub(crate) const THROTTLE_SCOPE: &str = "x-ms-throttle-scope";

/// The parts of an answer that decide, from a single request or from a step of a batch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer<'a> {
    pub status: u16,
    pub retry_after: Option<Cow<'a, str>>,
    pub request_id: Option<Uuid>,
    /// The `WWW-Authenticate` header.
    pub challenge: Option<Cow<'a, str>>,
    /// The body as it came; `None` where the answer says itself that it has none.
    pub body: Option<&'a [u8]>,
    /// What the server says of the quota.
    pub usage: Option<Usage>,
}

impl Verdict {
    /// The id of the request, where the error object tells it.
    pub(crate) fn request_id(&self) -> Option<Uuid> {
        match self {
            Self::NotFound(error)
            | Self::Denied(error)
            | Self::Unauthorized { error, .. }
            | Self::Rejected { error, .. } => error.as_ref().and_then(|error| error.request_id),
            _ => None,
        }
    }
}

/// What an answer means for the user it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Graph says that it revoked the sessions.
    Revoked,
    /// Graph says that it did not, with `{"value": false}`.
    Refused,
    /// There is no such user.
    NotFound(Option<GraphError>),
    /// Not allowed.
    Denied(Option<GraphError>),
    /// The token was not accepted; `claims` are those that the next one must be asked for with, as JSON.
    Unauthorized { error: Option<GraphError>, claims: Option<Arc<str>> },
    /// Another refusal that a repetition would not change.
    Rejected { status: u16, error: Option<GraphError> },
    /// Too many requests; nothing was done.
    Throttled { wait: Option<Duration> },
    /// A passing failure of the service; whether something was done is not known.
    Unavailable { status: u16, wait: Option<Duration> },
    /// Nothing that can be trusted, and a repetition may do better.
    Untrusted(&'static str),
    /// A redirection, which is never followed and not worth repeating.
    Redirected { status: u16 },
}

impl Answer<'_> {
    /// Judges the answer. `now` is what dates in `Retry-After` are compared with.
    pub(crate) fn verdict(&self, now: Timestamp) -> Verdict {
        let wait = || self.retry_after.as_deref().and_then(|text| retry_after::parse(text, now));
        let error = || self.body.and_then(error_body::parse);
        match self.status {
            200..=299 => self.success(),
            300..=399 => Verdict::Redirected { status: self.status },
            401 => {
                Verdict::Unauthorized { error: error(), claims: self.challenge.as_deref().and_then(challenge::claims) }
            }
            403 => Verdict::Denied(error()),
            // A 404 that does not come from Graph itself says nothing about a user.
            404 => match error() {
                Some(error) => Verdict::NotFound(Some(error)),
                None if self.body.is_none() => Verdict::NotFound(None),
                None => Verdict::Untrusted("a 404 without Graph's error object"),
            },
            429 => Verdict::Throttled { wait: wait() },
            408 | 500..=599 => Verdict::Unavailable { status: self.status, wait: wait() },
            400..=499 => Verdict::Rejected { status: self.status, error: error() },
            _ => Verdict::Untrusted("a status that HTTP does not know"),
        }
    }

    /// Any 2xx is success, but a body must be what Graph sends: a page of a captive portal is none.
    fn success(&self) -> Verdict {
        #[derive(Deserialize)]
        struct ActionResult {
            #[serde(default, deserialize_with = "present")]
            value: Option<Value>,
        }
        let Some(body) = self.body else { return Verdict::Revoked };
        match read_object::<ActionResult>(body) {
            Some(result) => match result.value {
                None | Some(Value::Bool(true)) => Verdict::Revoked,
                Some(Value::Bool(false)) => Verdict::Refused,
                Some(_) => Verdict::Untrusted("a success whose value is neither true nor false"),
            },
            None => Verdict::Untrusted("a success whose body is not Graph's"),
        }
    }
}

/// Keeps a `null` that is there apart from a field that is not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: Option<&str>) -> Verdict {
        let answer = Answer {
            status,
            retry_after: Some("7".into()),
            challenge: None,
            request_id: None,
            usage: None,
            body: body.map(str::as_bytes),
        };
        answer.verdict(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn success_is_any_2xx_with_a_body_of_graphs_or_none() {
        for (status, body) in
            [(200, Some(r#"{"@odata.context":"c","value":true}"#)), (200, Some("{}")), (204, None), (202, None)]
        {
            assert_eq!(verdict(status, body), Verdict::Revoked, "{status} {body:?}");
        }
        assert_eq!(verdict(200, Some(r#"{"value": false}"#)), Verdict::Refused);
        for body in [
            "",
            "<html>welcome</html>",
            "true",
            "[]",
            r#"{"value":"true"}"#,
            r#"{"value":null}"#,
            r#"{"value":true,"#,
            r#"{"value":true}x"#,
            r#"{"value":true,"value":false}"#,
        ] {
            assert!(matches!(verdict(200, Some(body)), Verdict::Untrusted(_)), "{body}");
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        let body = Some(r#"{"error":{"code":"C","message":"m"}}"#);
        let error = Some(GraphError { code: "C".into(), message: "m".into(), request_id: None });
        assert_eq!(verdict(404, body), Verdict::NotFound(error.clone()));
        assert_eq!(verdict(403, body), Verdict::Denied(error.clone()));
        assert_eq!(verdict(401, body), Verdict::Unauthorized { error: error.clone(), claims: None });
        assert_eq!(verdict(400, body), Verdict::Rejected { status: 400, error });
        assert!(matches!(verdict(404, Some("<html>")), Verdict::Untrusted(_)));
        let wait = Some(Duration::from_secs(7));
        assert_eq!(verdict(429, None), Verdict::Throttled { wait });
        for status in [408, 500, 502, 503, 504, 599] {
            assert_eq!(verdict(status, body), Verdict::Unavailable { status, wait });
        }
        assert_eq!(verdict(307, None), Verdict::Redirected { status: 307 });
        for status in [0, 99, 199, 600, 65535] {
            assert!(matches!(verdict(status, body), Verdict::Untrusted(_)), "{status}");
        }
    }
}
