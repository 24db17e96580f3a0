//! A Graph in memory that answers by a rule, and remembers what it was asked when.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use revoke_session_core::auth::{AuthError, BearerToken, Rejection, TokenSource};
use revoke_session_core::reading::{ReadEvent, Reading};
use revoke_session_core::transport::{GraphRequest, GraphResponse, Method, Transport, TransportError};
use revoke_session_core::{
    Clock, Endpoints, Environment, ErrorDetail, ErrorId, Named, SeededEntropy, Session, SessionParts, WriteQuota,
};
use serde_json::{Value, json};
use tokio::time::Instant;

pub const GRAPH: &str = "https://graph.microsoft.com/v1.0/";

#[derive(Debug)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn utc(&self) -> Timestamp {
        "2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap() + self.0.elapsed()
    }
}

/// What becomes of one request.
pub enum Act {
    Answer(u16, Vec<(&'static str, String)>, Value),
    Raw(u16, &'static str),
    NotSent,
    Lost,
    Hang,
}

pub fn ok(body: Value) -> Act {
    Act::Answer(200, vec![], body)
}

pub fn error(status: u16, code: &str) -> Act {
    Act::Answer(status, vec![], json!({"error": {"code": code, "message": format!("{code} happened.")}}))
}

pub fn throttled(wait: &str) -> Act {
    Act::Answer(429, vec![("retry-after", wait.to_owned())], json!({}))
}

/// A page of users with these ids.
pub fn page(ids: &[&str], next: Option<&str>) -> Act {
    let users: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
    let mut body = json!({"value": users});
    if let Some(next) = next {
        body["@odata.nextLink"] = json!(next);
    }
    ok(body)
}

#[derive(Debug, Clone)]
pub struct Seen {
    pub at: Instant,
    pub path: String,
    pub steps: Vec<String>,
    pub eventual: bool,
    pub fresh: bool,
    pub token: String,
}

type Rule = Box<dyn FnMut(usize, &Seen) -> Act + Send>;

pub struct MemoryGraph(Mutex<(Vec<Seen>, Rule)>);

impl Debug for MemoryGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryGraph")
    }
}

impl MemoryGraph {
    pub fn new(rule: impl FnMut(usize, &Seen) -> Act + Send + 'static) -> Arc<Self> {
        Arc::new(Self(Mutex::new((Vec::new(), Box::new(rule)))))
    }

    /// Answers from a list.
    pub fn scripted(acts: impl IntoIterator<Item = Act, IntoIter: Send + 'static>) -> Arc<Self> {
        let mut acts = acts.into_iter();
        Self::new(move |_, seen| acts.next().unwrap_or_else(|| panic!("nobody expected {}", seen.path)))
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().0.clone()
    }

    pub fn session(self: &Arc<Self>) -> Session {
        self.session_of(r#"{"appid":"app","roles":["User.Read.All"]}"#)
    }

    pub fn session_of(self: &Arc<Self>, claims: &str) -> Session {
        Session::from_parts(SessionParts {
            endpoints: Endpoints::new(Environment::Global, None, None).unwrap(),
            tokens: Arc::new(Tokens { claims: claims.to_owned(), current: Mutex::new((1, token(1, claims))) }),
            transport: Arc::clone(self) as _,
            clock: Arc::new(PausedClock(Instant::now())),
            entropy: Arc::new(SeededEntropy::new(42)),
            quota: WriteQuota::NONE,
            credential_type: "AccessToken",
            named: Named::default(),
        })
    }
}

#[async_trait]
impl Transport for MemoryGraph {
    async fn send(&self, request: GraphRequest) -> Result<GraphResponse, TransportError> {
        use secrecy::ExposeSecret;
        let batch: Value = request.body.as_deref().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        let steps = batch["requests"].as_array().into_iter().flatten();
        assert_eq!(request.method == Method::Post, !batch.is_null());
        let seen = Seen {
            at: Instant::now(),
            path: request.path.clone(),
            steps: steps.map(|step| step["url"].as_str().unwrap().to_owned()).collect(),
            eventual: request.eventual,
            fresh: request.fresh_connection,
            token: request.token.secret().expose_secret().rsplit('.').next().unwrap().to_owned(),
        };
        let act = {
            let mut state = self.0.lock().unwrap();
            let number = state.0.len();
            state.0.push(seen.clone());
            (state.1)(number, &seen)
        };
        let (status, headers, body) = match act {
            Act::Answer(status, headers, body) => (status, headers, body.to_string()),
            Act::Raw(status, body) => (status, vec![], body.to_owned()),
            Act::NotSent => return Err(TransportError::NotSent("connection refused".to_owned())),
            Act::Lost => return Err(TransportError::Lost("connection reset".to_owned())),
            Act::Hang => std::future::pending().await,
        };
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Ok(GraphResponse { status, headers, body: Some(body.into()) })
    }
}

#[derive(Debug)]
struct Tokens {
    claims: String,
    current: Mutex<(u32, BearerToken)>,
}

fn token(number: u32, claims: &str) -> BearerToken {
    use base64::Engine;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    BearerToken::new(format!("e30.{claims}.{number}").into(), None)
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        let mut current = self.current.lock().unwrap();
        if let Some(rejection) = rejection.filter(|rejection| rejection.token.is_same(&current.1)) {
            // The challenge is answered by a number of its own, so that the test can see it.
            current.0 += if rejection.claims.is_some() { 100 } else { 1 };
            current.1 = token(current.0, &self.claims);
        }
        Ok(current.1.clone())
    }

    fn current(&self) -> Option<BearerToken> {
        Some(self.current.lock().unwrap().1.clone())
    }
}

/// Everything that was read.
#[derive(Debug)]
pub struct Read<T> {
    pub items: Vec<T>,
    pub failures: Vec<(Option<usize>, ErrorDetail)>,
    pub warnings: Vec<String>,
    pub notices: Vec<String>,
}

impl<T> Read<T> {
    pub fn error_ids(&self) -> Vec<ErrorId> {
        self.failures.iter().map(|(_, detail)| detail.id).collect()
    }
}

pub async fn read<T>(mut reading: Reading<T>) -> Read<T> {
    let mut all = Read { items: vec![], failures: vec![], warnings: vec![], notices: vec![] };
    while let Some(events) = reading.next(7).await {
        assert!(!events.is_empty() && events.len() <= 7);
        for event in events {
            match event {
                ReadEvent::Item(item) => all.items.push(item),
                ReadEvent::Failed { detail, about } => all.failures.push((about, detail)),
                ReadEvent::Warning(text) => all.warnings.push(text),
                ReadEvent::Notice(text) => all.notices.push(text),
            }
        }
    }
    assert!(reading.next(7).await.is_none(), "the end stays the end");
    all
}

/// A batch answered by a rule for each step; a status of zero leaves the step out.
pub fn batch(seen: &Seen, rule: impl Fn(&str) -> (u16, Value)) -> Act {
    let answers: Vec<_> = seen
        .steps
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(place, path)| {
            let (status, mut body) = rule(path);
            let headers: HashMap<String, Value> =
                body["headers"].take().as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
            (status != 0)
                .then(|| json!({"id": (place + 1).to_string(), "status": status, "headers": headers, "body": body}))
        })
        .collect();
    ok(json!({"responses": answers}))
}
