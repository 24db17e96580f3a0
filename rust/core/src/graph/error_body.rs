//! The error object that Graph puts into refusals.
//!
//! Source: Microsoft Learn, "Microsoft Graph error responses and resource types".

use serde::Deserialize;
use uuid::Uuid;

use super::read_object;

/// The longest message that is passed on, in characters.
const LONGEST_MESSAGE: usize = 1000;

/// `code` and `message` of an error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub code: String,
    pub message: String,
    /// The id of the request, which a step of a batch tells here only.
    pub request_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Envelope {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default, rename = "innerError")]
    nested: Option<InnerError>,
}

#[derive(Deserialize)]
struct InnerError {
    #[serde(default, rename = "request-id")]
    request_id: Option<String>,
}

/// Reads the error object, or nothing where the body is not one.
pub(crate) fn parse(body: &[u8]) -> Option<GraphError> {
    let Envelope { error } = read_object(body)?;
    let message = error.message.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    let request_id = error.nested.and_then(|inner| inner.request_id).and_then(|id| Uuid::try_parse(&id).ok());
    Some(GraphError { code: error.code, message, request_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_graphs_error_and_nothing_else() {
        let body = br#"{"error":{"code":"Request_ResourceNotFound","message":"Resource 'x' does not\u001b exist","innerError":{"date":"d","request-id":"6e7b768e-07e2-4810-8459-485f84f8f204"}}}"#;
        let error = parse(body).unwrap();
        assert_eq!(error.code, "Request_ResourceNotFound");
        assert!(error.request_id.is_some());
        assert_eq!(error.message, "Resource 'x' does not exist");
        for other in [&b"<html>"[..], b"", b"{}", br#"{"error":"x"}"#, br#"{"error":{"message":"m"}}"#] {
            assert_eq!(parse(other), None);
        }
    }
}
