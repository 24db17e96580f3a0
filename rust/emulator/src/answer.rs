//! An answer before it is known whether it travels alone or inside a batch.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

/// The content type of Graph's JSON.
pub(crate) const GRAPH_JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Status, headers beside the usual ones, and body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Content,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Empty,
    /// Well-formed JSON.
    Json(Bytes),
    /// Anything else.
    Text(Bytes),
}

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: Content::Json(body.into()) }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A made-up body: a string goes out as it is, anything else as JSON.
    pub(crate) fn content(body: Option<Value>) -> Content {
        match body {
            None => Content::Empty,
            Some(Value::String(text)) => Content::Text(text.into()),
            Some(value) => Content::Json(value.to_string().into()),
        }
    }
}

/// An answer and what becomes of it on its way out.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) ending: Ending,
    /// How long the answer is held back beyond the usual latency.
    pub(crate) delay: Duration,
    /// Until when the client is told to wait.
    pub(crate) wait_until: Option<Instant>,
}

/// How the connection fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The whole answer goes out.
    Whole,
    /// The connection is closed without an answer.
    Close,
    /// The connection is closed after so many bytes of the body.
    Truncate(usize),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, ending: Ending::Whole, delay: Duration::ZERO, wait_until: None }
    }
}

impl Reply {
    /// A connection that is closed without an answer.
    pub(crate) fn closed() -> Self {
        let nothing = Answer { status: 0, headers: Vec::new(), body: Content::Empty };
        Self { ending: Ending::Close, ..nothing.into() }
    }

    /// Takes over what befell a part of this reply.
    pub(crate) fn absorb(&mut self, ending: Ending, delay: Duration, wait_until: Option<Instant>) {
        if ending != Ending::Whole && self.ending != Ending::Close {
            self.ending = ending;
        }
        self.delay = self.delay.max(delay);
        self.wait_until = self.wait_until.max(wait_until);
    }
}
