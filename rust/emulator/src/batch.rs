//! `POST /$batch`: up to twenty requests in one.
//!
//! See <https://learn.microsoft.com/graph/json-batching>.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Content, Ending, GRAPH_JSON, Reply};
use crate::error_body::{Ids, bad_request, graph_error};
use crate::fault_effect::apply;
use crate::faults::{Effect, FaultPoint};
use crate::graph::{Call, Target, route};
use crate::ledger::count;

const MOST_STEPS: usize = 20;

/// A batch as it came in.
#[derive(Deserialize)]
pub(crate) struct Batch<'a> {
    #[serde(borrow)]
    requests: Vec<Step<'a>>,
}

#[derive(Deserialize)]
struct Step<'a> {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(rename = "dependsOn", default)]
    depends_on: Option<Vec<String>>,
}

impl<'a> Batch<'a> {
    /// Reads a batch; the message is Graph's when it is none.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|_| "Invalid batch payload format.".to_owned())
    }

    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether a step is for the user that a fault names.
    pub(crate) fn concerns(&self, is_meant: impl Fn(&Target<'_>) -> bool) -> bool {
        self.requests.iter().any(|step| is_meant(&step.target("v1.0")))
    }

    /// One bad step condemns the whole batch: none of its steps is done.
    fn validate(&self) -> Result<(), String> {
        if self.requests.is_empty() {
            return Err("Invalid batch payload format.".to_owned());
        }
        if self.requests.len() > MOST_STEPS {
            return Err(format!("Number of batch request steps exceeds the maximum value of {MOST_STEPS}."));
        }
        for (position, step) in self.requests.iter().enumerate() {
            let before = &self.requests[..position];
            step.validate(before)?;
        }
        Ok(())
    }
}

impl Step<'_> {
    fn validate(&self, before: &[Self]) -> Result<(), String> {
        let id = &self.id;
        if id.is_empty() || self.method.is_empty() || self.url.is_empty() {
            return Err("Invalid batch payload format.".to_owned());
        }
        if before.iter().any(|step| step.id == *id) {
            return Err(format!("Request Id {id} is not unique within the batch."));
        }
        if self.url.contains("://") {
            return Err(format!("Request id : {id} has an absolute url. Only relative urls are supported."));
        }
        let writes = ["POST", "PUT", "PATCH"].iter().any(|method| self.method.eq_ignore_ascii_case(method));
        if (writes && self.body.is_none()) || (self.body.is_some() && self.header("content-type").is_none()) {
            return Err(format!("Write request id : {id} does not contain Content-Type header or body."));
        }
        let mut needed = self.depends_on.iter().flatten();
        if let Some(unknown) = needed.find(|needed| before.iter().all(|step| step.id != **needed)) {
            return Err(format!("Request id : {id} depends on {unknown}, which is not a request before it."));
        }
        Ok(())
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn target(&self, version: &str) -> Target<'_> {
        // What follows a number sign is a fragment, which a server never sees.
        let url = self.url.split('#').next().unwrap_or_default();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        Target::new(&self.method, &format!("/{version}/{}", path.trim_start_matches('/')), query)
    }
}

/// Does every step and gathers the answers, in an order that is not that of the steps.
pub(crate) fn run(call: &Call<'_>, batch: &Result<Batch<'_>, String>) -> Reply {
    let batch = match batch {
        Ok(batch) => batch,
        Err(message) => return bad_request(message, call.ids).into(),
    };
    if let Err(message) = batch.validate() {
        return bad_request(&message, call.ids).into();
    }
    let mut outer = Reply::from(Answer::json(200, ""));
    let mut written = Vec::with_capacity(batch.len() * 384);
    let mut answers: Vec<Range<usize>> = Vec::with_capacity(batch.len());
    let mut failed: Vec<&str> = Vec::new();
    for step in &batch.requests {
        let (reply, copies) = run_step(call, step, &failed);
        outer.absorb(reply.ending, reply.delay, reply.wait_until);
        if reply.answer.status >= 400 {
            failed.push(&step.id);
        }
        if reply.ending != Ending::Close && copies > 0 {
            let start = written.len();
            write_answer(&mut written, &step.id, &reply.answer);
            answers.extend((0..copies).map(|_| start..written.len()));
        }
    }
    call.shared.random().shuffle(&mut answers);
    let mut body = Vec::with_capacity(written.len() + answers.len() + 16);
    body.extend_from_slice(b"{\"responses\":[");
    for (position, range) in answers.into_iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&written[range]);
    }
    body.extend_from_slice(b"]}");
    outer.answer = Answer::json(200, body);
    outer
}

/// Does one step; the number says how many copies of its answer there are.
fn run_step(outer: &Call<'_>, step: &Step<'_>, failed: &[&str]) -> (Reply, usize) {
    let client = step.header("client-request-id").or(outer.ids.client);
    let eventual = step.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    let call = Call { ids: Ids { request: outer.shared.next_id(), client }, eventual, ..*outer };
    if step.depends_on.iter().flatten().any(|needed| failed.contains(&needed.as_str())) {
        let message = "One or more dependencies of this request failed.";
        return (graph_error(424, "FailedDependency", message, call.ids).into(), 1);
    }
    let target = step.target(call.version);
    target.count(&call.shared.ledger);
    let points: &[FaultPoint] = match target.point() {
        Some(FaultPoint::Revoke) if target.is_me() => &[FaultPoint::Step, FaultPoint::Revoke, FaultPoint::Me],
        Some(FaultPoint::Revoke) => &[FaultPoint::Step, FaultPoint::Revoke],
        Some(FaultPoint::Users) => &[FaultPoint::Step, FaultPoint::Users],
        Some(FaultPoint::Me) => &[FaultPoint::Step, FaultPoint::Me],
        Some(FaultPoint::SignIns) => &[FaultPoint::Step, FaultPoint::SignIns],
        _ => &[FaultPoint::Step],
    };
    let effect = call.shared.faults.strike(points, |user| target.names(call.shared, user));
    let copies = match effect {
        Some(Effect::DropStep(true)) => 0,
        Some(Effect::DuplicateStep(true)) => 2,
        _ => 1,
    };
    let reply = apply(effect, call.ids, || route(&call, &target));
    if reply.answer.status == 429 {
        count(&call.shared.ledger.throttled);
    }
    (reply, copies)
}

fn write_answer(out: &mut Vec<u8>, id: &str, answer: &Answer) {
    let mut text = |part: &str| out.extend_from_slice(part.as_bytes());
    text("{\"id\":");
    text(&json_text(id));
    text(",\"status\":");
    text(&answer.status.to_string());
    text(",\"headers\":{\"Cache-Control\":\"no-cache\"");
    for (name, value) in &answer.headers {
        text(",");
        text(&json_text(name));
        text(":");
        text(&json_text(value));
    }
    match &answer.body {
        Content::Empty => text("}}"),
        Content::Json(body) => {
            text(",\"x-ms-resource-unit\":\"1\",\"OData-Version\":\"4.0\"");
            if !answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                text(",\"Content-Type\":\"");
                text(GRAPH_JSON);
                text("\"");
            }
            text("},\"body\":");
            out.extend_from_slice(body);
            out.push(b'}');
        }
        Content::Text(body) => {
            text("},\"body\":");
            text(&json_text(&String::from_utf8_lossy(body)));
            text("}");
        }
    }
}

fn json_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    crate::error_body::quote(&mut quoted, text);
    quoted
}
