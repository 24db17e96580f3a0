//! JSON batching: many revocations in one request.
//!
//! Source: Microsoft Learn, "Combine multiple HTTP requests using JSON batching".

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;
use uuid::Uuid;

use super::answer::{Answer, THROTTLE_PERCENTAGE, THROTTLE_SCOPE};
use super::read_object;
use crate::pacing::Usage;
use crate::transport::Method;

/// The most steps that Graph takes in one batch.
pub(crate) const MAX_STEPS: usize = 20;

/// The path of the batch endpoint below the API version.
pub(crate) const PATH: &str = "$batch";

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: String,
    method: &'static str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<StepHeaders>,
    /// Graph refuses a POST step that has no body at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Empty>,
}

#[derive(Serialize)]
struct StepHeaders {
    #[serde(rename = "Content-Type")]
    content_type: &'static str,
}

#[derive(Serialize)]
struct Empty {}

/// Writes a batch of body-less POSTs, or of GETs. The id of each step is its place in `paths`, counted from one.
pub(crate) fn encode(method: Method, paths: &[String]) -> Vec<u8> {
    debug_assert!(!paths.is_empty() && paths.len() <= MAX_STEPS);
    let requests = paths
        .iter()
        .enumerate()
        .map(|(index, path)| Step {
            id: (index + 1).to_string(),
            method: match method {
                Method::Get => "GET",
                Method::Post => "POST",
            },
            url: path,
            headers: (method == Method::Post).then_some(StepHeaders { content_type: "application/json" }),
            body: (method == Method::Post).then_some(Empty {}),
        })
        .collect();
    serde_json::to_vec(&Batch { requests }).expect("strings and numbers always serialise")
}

/// Why nothing in the answer to a batch can be used.
#[derive(Debug, Error)]
#[error("the answer to the batch is not a batch response")]
pub(crate) struct NotABatchResponse;

/// Reads the answers to a batch of `steps` steps, by their place in the request.
///
/// Every step is decoded on its own, so that one odd step cannot lose the others. A place stays
/// `None` when no answer came for it, when its answer cannot be read, and when several came that
/// disagree: none of these proves anything about the user.
///
/// # Errors
/// [`NotABatchResponse`] when there is no list of responses at all.
pub(crate) fn decode(body: &[u8], steps: usize) -> Result<Vec<Option<StepAnswer<'_>>>, NotABatchResponse> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        responses: Vec<&'a RawValue>,
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let envelope: Envelope<'_> = read_object(body).ok_or(NotABatchResponse)?;
    let mut answers: Vec<Option<StepAnswer<'_>>> = Vec::new();
    answers.resize_with(steps, || None);
    let mut doubtful = vec![false; steps];
    for response in envelope.responses {
        let Some(step) = read_object::<StepAnswer<'_>>(response.get().as_bytes()) else { continue };
        let Some(place) = step.place(steps) else { continue };
        match &answers[place] {
            Some(earlier) if !earlier.agrees_with(&step) => doubtful[place] = true,
            Some(_) => {}
            None => answers[place] = Some(step),
        }
    }
    for (answer, doubtful) in answers.iter_mut().zip(doubtful) {
        if doubtful {
            *answer = None;
        }
    }
    Ok(answers)
}

/// The answer to one step.
#[derive(Debug, Deserialize)]
pub(crate) struct StepAnswer<'a> {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<serde_json::Map<String, Value>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

impl StepAnswer<'_> {
    /// The place that the id names, written exactly as [`encode`] wrote it.
    fn place(&self, steps: usize) -> Option<usize> {
        let number: usize = self.id.parse().ok()?;
        (number >= 1 && number <= steps && number.to_string() == self.id).then(|| number - 1)
    }

    fn agrees_with(&self, other: &Self) -> bool {
        self.status == other.status && self.body.map(RawValue::get) == other.body.map(RawValue::get)
    }

    /// Numbers count as their text, since a step's headers are JSON and some gateways write them so.
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let headers = self.headers.as_ref()?;
        let (_, value) = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        match value {
            Value::String(text) => Some(text.into()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        }
    }

    /// The parts that decide.
    pub(crate) fn answer(&self) -> Answer<'_> {
        Answer {
            status: self.status,
            retry_after: self.header("retry-after"),
            challenge: self.header("www-authenticate"),
            request_id: self.header("request-id").and_then(|text| Uuid::try_parse(&text).ok()),
            body: self.body.map(|body| body.get().as_bytes()),
            usage: Usage::parse(self.header(THROTTLE_PERCENTAGE).as_deref(), self.header(THROTTLE_SCOPE).as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statuses(body: &str, steps: usize) -> Vec<Option<u16>> {
        decode(body.as_bytes(), steps).unwrap().iter().map(|a| a.as_ref().map(|a| a.status)).collect()
    }

    #[test]
    fn a_step_carries_a_body_and_its_type() {
        let json: Value =
            serde_json::from_slice(&encode(Method::Post, &["users/a".into(), "users('b')".into()])).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"requests": [
                {"id": "1", "method": "POST", "url": "users/a", "headers": {"Content-Type": "application/json"}, "body": {}},
                {"id": "2", "method": "POST", "url": "users('b')", "headers": {"Content-Type": "application/json"}, "body": {}},
            ]})
        );
    }

    #[test]
    fn answers_are_matched_by_id_in_any_order() {
        assert_eq!(
            statuses(r#"{"responses":[{"id":"2","status":404},{"id":"1","status":200}]}"#, 2),
            [Some(200), Some(404)]
        );
    }

    #[test]
    fn one_odd_step_does_not_lose_the_others() {
        let odd = [
            r#"{"id":2,"status":200}"#,
            r#"{"id":"2","status":"200"}"#,
            r#"{"id":"2","status":70000}"#,
            r#"{"id":"2","status":-1}"#,
            r#"{"id":"2"}"#,
            r#"{"id":"2","id":"2","status":200}"#,
            r#"{"id":"02","status":200}"#,
            r#"{"id":"3","status":200}"#,
            r#"{"id":"0","status":200}"#,
            r#"{"id":"2","status":200,"headers":7}"#,
            "7",
            "null",
            r#"["2",200]"#,
            r#"{"id":"\ud800","status":200}"#,
        ];
        for step in odd {
            let body = format!(r#"{{"responses":[{step},{{"id":"1","status":204}}]}}"#);
            assert_eq!(statuses(&body, 2), [Some(204), None], "{step}");
        }
    }

    #[test]
    fn doubled_answers_count_only_when_they_agree() {
        let twice = |a: &str, b: &str| statuses(&format!(r#"{{"responses":[{a},{b}]}}"#), 1);
        assert_eq!(twice(r#"{"id":"1","status":200}"#, r#"{"id":"1","status":200}"#), [Some(200)]);
        assert_eq!(twice(r#"{"id":"1","status":200}"#, r#"{"id":"1","status":404}"#), [None]);
    }

    #[test]
    fn what_is_no_batch_response_is_refused() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"responses":null}"#,
            r#"{"responses":{}}"#,
            r#"{"responses":[]}x"#,
            r#"{"responses":[],"responses":[]}"#,
            "[]",
            "[[]]",
        ] {
            assert!(decode(body.as_bytes(), 1).is_err(), "{body}");
        }
        assert_eq!(statuses("\u{feff}{\"responses\":[]}", 1), [None]);
        let deep = format!(r#"{{"responses":[{}{}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(decode(deep.as_bytes(), 1).is_ok_and(|answers| answers[0].is_none()));
    }

    #[test]
    fn headers_of_a_step_are_found_in_any_case() {
        let body = r#"{"responses":[{"id":"1","status":429,"headers":{"retry-AFTER":"3","Request-Id":"6e7b768e-07e2-4810-8459-485f84f8f204"}}]}"#;
        let answers = decode(body.as_bytes(), 1).unwrap();
        let answer = answers[0].as_ref().unwrap().answer();
        assert_eq!(answer.retry_after.as_deref(), Some("3"));
        assert!(answer.request_id.is_some());
    }

    proptest! {
        #[test]
        fn decoding_never_panics(body in any::<Vec<u8>>(), steps in 1usize..=20) {
            let _ = decode(&body, steps);
        }
    }
}
