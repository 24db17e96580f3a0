//! The answer to a batch: nothing in it may make a user revoked who is not.

use jiff::Timestamp;
use revoke_session_core::fuzzing::{Step, decode_batch};
use revoke_session_core::retry_after::LONGEST;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One step, some, and as many as a batch can have.
const STEPS: [usize; 3] = [1, 3, 20];

/// The body of the answer.
pub fn fuzz_one(data: &[u8]) {
    for steps in STEPS {
        let Some(answers) = decode_batch(data, steps, now()) else { continue };
        assert_eq!(answers.len(), steps, "answers beyond the steps");
        let json = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
        let said: Option<Value> = serde_json::from_slice(json).ok();
        for (index, answer) in answers.iter().enumerate() {
            let Some(answer) = answer else { continue };
            assert!(answer.wait.is_none_or(|wait| wait <= LONGEST));
            // A body that a stricter reader refuses altogether has nothing to compare with.
            if let Some(said) = &said {
                was_said(said, &(index + 1).to_string(), answer, json);
            }
        }
    }
}

/// The instant at which all inputs are read, so that dates mean the same every time.
pub(crate) fn now() -> Timestamp {
    // 2026-11-21T08:00:00Z
    Timestamp::constant(1_795_248_000, 0)
}

/// Somebody said `answer` about the step `id`, and nobody readable said otherwise.
fn was_said(said: &Value, id: &str, answer: &Step, json: &[u8]) {
    let responses = said["responses"].as_array().expect("a decoded answer has a list of responses");
    let about = || responses.iter().filter(|response| response["id"].as_str() == Some(id));
    let agreeing = about().filter(|response| response["status"].as_u64() == Some(answer.status.into()));
    let bodies: Vec<&Value> = agreeing.map(|response| &response["body"]).collect();
    assert!(!bodies.is_empty(), "nobody said {answer:?} about step {id}");
    if answer.revoked {
        assert!((200..300).contains(&answer.status), "{answer:?} without a success");
        let confirms = |body: &Value| match body {
            Value::Null => true,
            Value::Object(fields) => fields.get("value").is_none_or(|value| value == &Value::Bool(true)),
            _ => false,
        };
        assert!(bodies.iter().any(|body| confirms(body)), "step {id} is revoked by {bodies:?}");
    }
    if answer.not_found {
        assert_eq!(answer.status, 404);
    }
    let doubted = bare_answers(json).any(|(about, status)| about == id && status != answer.status);
    assert!(!doubted, "step {id} has answers that disagree, and one was believed");
}

/// The answers that have an id and a status and nothing else, which makes them readable beyond doubt.
fn bare_answers(json: &[u8]) -> impl Iterator<Item = (String, u16)> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        responses: Vec<&'a RawValue>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Bare {
        id: String,
        status: u16,
    }
    let envelope: Option<Envelope<'_>> = serde_json::from_slice(json).ok();
    let objects = envelope.into_iter().flat_map(|envelope| envelope.responses).map(RawValue::get);
    objects
        .filter(|text| text.starts_with('{'))
        .filter_map(|text| serde_json::from_str::<Bare>(text).ok())
        .map(|bare| (bare.id, bare.status))
}
