//! Errors in the form Graph gives them.

use std::fmt::Write as _;

use uuid::Uuid;

use crate::answer::Answer;
use crate::clock::graph_error_date;

/// The ids that a request and its answer share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids<'a> {
    pub(crate) request: Uuid,
    /// The id the client chose; Graph falls back to its own.
    pub(crate) client: Option<&'a str>,
}

/// A Graph error: `{"error":{"code","message","innerError":{…}}}`.
pub(crate) fn graph_error(status: u16, code: &str, message: &str, ids: Ids<'_>) -> Answer {
    let request = ids.request.hyphenated().to_string();
    let mut body = String::with_capacity(320);
    body.push_str("{\"error\":{\"code\":");
    quote(&mut body, code);
    body.push_str(",\"message\":");
    quote(&mut body, message);
    // Writing to a String cannot fail.
    let _ = write!(body, ",\"innerError\":{{\"date\":\"{}\",\"request-id\":\"{request}\"", graph_error_date());
    body.push_str(",\"client-request-id\":");
    quote(&mut body, ids.client.unwrap_or(&request));
    body.push_str("}}}");
    Answer::json(status, body)
}

/// Appends `text` as a JSON string.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

/// 400 `BadRequest`.
pub(crate) fn bad_request(message: &str, ids: Ids<'_>) -> Answer {
    graph_error(400, "BadRequest", message, ids)
}

/// 400 for a query option that the directory does not support.
pub(crate) fn unsupported_query(message: &str, ids: Ids<'_>) -> Answer {
    graph_error(400, "Request_UnsupportedQuery", message, ids)
}

/// 403 for a caller without the permission, or for a target above it.
pub(crate) fn denied(ids: Ids<'_>) -> Answer {
    graph_error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", ids)
}

/// 404 for an object that is not there.
pub(crate) fn not_found(key: &str, ids: Ids<'_>) -> Answer {
    let message =
        format!("Resource '{key}' does not exist or one of its queried reference-property objects are not present.");
    graph_error(404, "Request_ResourceNotFound", &message, ids)
}

/// 405 for a method that the address does not have.
pub(crate) fn method_not_allowed(ids: Ids<'_>) -> Answer {
    graph_error(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.", ids)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use uuid::Uuid;

    use super::{Ids, not_found};
    use crate::answer::Content;

    #[test]
    fn an_error_is_json_whatever_the_client_sent() {
        let ids = Ids { request: Uuid::nil(), client: Some("a\"b\\c\u{1}é") };
        let Content::Json(body) = not_found("o'hara\"@x", ids).body else { panic!("an error has a body") };
        let error: Value = serde_json::from_slice(&body).expect("valid JSON");
        assert_eq!(error["error"]["code"], "Request_ResourceNotFound");
        assert_eq!(error["error"]["innerError"]["client-request-id"], "a\"b\\c\u{1}é");
        assert_eq!(error["error"]["innerError"]["request-id"], Uuid::nil().to_string());
    }
}
