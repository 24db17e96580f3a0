//! A Graph in memory on a paused clock: answers by a rule, and remembers what it was asked when.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use revoke_session_core::auth::{AuthError, BearerToken, Rejection, TokenSource};
use revoke_session_core::transport::{GraphRequest, GraphResponse, Transport, TransportError};
use revoke_session_core::{
    Clock, Endpoints, Environment, ErrorId, Input, Named, Outcome, RunOptions, SeededEntropy, Session, SessionParts,
    Status, WriteQuota, start,
};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

/// The wall clock follows tokio's paused one.
#[derive(Debug)]
pub struct PausedClock {
    origin: Instant,
}

impl PausedClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { origin: Instant::now() })
    }
}

impl Clock for PausedClock {
    fn utc(&self) -> Timestamp {
        "2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap() + self.origin.elapsed()
    }
}

/// A wall clock that somebody sets anew in the middle of a run.
#[derive(Debug)]
pub struct JumpingClock {
    origin: Instant,
    after: Duration,
    jump: SignedDuration,
}

impl JumpingClock {
    pub fn new(after: Duration, jump: SignedDuration) -> Arc<Self> {
        Arc::new(Self { origin: Instant::now(), after, jump })
    }
}

impl Clock for JumpingClock {
    fn utc(&self) -> Timestamp {
        let right = "2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap() + self.origin.elapsed();
        if self.origin.elapsed() < self.after { right } else { right + self.jump }
    }
}

/// What the server says to one revocation, alone or as a step.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Reply {
    pub fn revoked() -> Self {
        Self { status: 200, headers: vec![], body: Some(json!({"value": true})) }
    }

    pub fn error(status: u16, code: &str) -> Self {
        Self {
            status,
            headers: vec![],
            body: Some(json!({"error": {"code": code, "message": format!("{code} happened.")}})),
        }
    }

    pub fn throttled(wait: Option<&str>) -> Self {
        let headers = wait.map(|wait| ("Retry-After", wait.to_owned())).into_iter().collect();
        Self { headers, ..Self::error(429, "TooManyRequests") }
    }
}

/// What becomes of one request as a whole.
pub enum Act {
    /// Each user gets the reply of the rule below.
    Each(Box<dyn Fn(&str) -> Reply + Send>),
    /// The request as a whole is answered so.
    Whole(Reply),
    /// The request as a whole is answered with these very bytes.
    Raw(u16, Vec<u8>),
    /// No connection.
    NotSent,
    /// Sent, and no answer.
    Lost,
    /// No answer ever.
    Hang,
    /// A defect of the library itself.
    Panic,
}

impl Act {
    pub fn each(reply: impl Fn(&str) -> Reply + Send + 'static) -> Self {
        Self::Each(Box::new(reply))
    }

    pub fn revoked() -> Self {
        Self::each(|_| Reply::revoked())
    }
}

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub at: Instant,
    /// `$batch`, or the path of the one user.
    pub path: String,
    /// The paths of all users in it.
    pub users: Vec<String>,
    pub token: BearerToken,
}

type Rule = Box<dyn FnMut(usize, &Seen) -> Act + Send>;

pub struct MemoryGraph {
    latency: Duration,
    state: Mutex<(Vec<Seen>, Rule)>,
}

impl Debug for MemoryGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryGraph")
    }
}

impl MemoryGraph {
    /// `rule` is asked for each request, with its number counted from zero.
    pub fn new(rule: impl FnMut(usize, &Seen) -> Act + Send + 'static) -> Arc<Self> {
        Arc::new(Self { latency: Duration::from_millis(100), state: Mutex::new((Vec::new(), Box::new(rule))) })
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().0.clone()
    }
}

#[async_trait]
impl Transport for MemoryGraph {
    async fn send(&self, request: GraphRequest) -> Result<GraphResponse, TransportError> {
        let steps: Option<Value> = request.body.as_deref().map(|body| serde_json::from_slice(body).unwrap());
        let users: Vec<(Option<String>, String)> = match &steps {
            Some(batch) => batch["requests"]
                .as_array()
                .unwrap()
                .iter()
                .map(|step| (Some(text(&step["id"])), text(&step["url"])))
                .collect(),
            None => vec![(None, request.path.clone())],
        };
        let seen = Seen {
            at: Instant::now(),
            path: request.path.clone(),
            users: users.iter().map(|(_, path)| path.clone()).collect(),
            token: request.token.clone(),
        };
        let act = {
            let mut state = self.state.lock().unwrap();
            let number = state.0.len();
            state.0.push(seen.clone());
            (state.1)(number, &seen)
        };
        tokio::time::sleep(self.latency).await;
        match act {
            Act::Each(reply) if steps.is_none() => Ok(respond(&reply(&users[0].1))),
            Act::Each(reply) => Ok(answer_steps(&users, &*reply)),
            Act::Whole(reply) => Ok(respond(&reply)),
            Act::Raw(status, body) => {
                Ok(GraphResponse { status, headers: HeaderMap::default(), body: Some(body.into()) })
            }
            Act::NotSent => Err(TransportError::NotSent("connection refused".to_owned())),
            Act::Lost => Err(TransportError::Lost("connection reset".to_owned())),
            Act::Hang => std::future::pending().await,
            Act::Panic => panic!("a defect, on purpose"),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Answers in another order than asked. A status of zero stands for a step that is left out.
fn answer_steps(users: &[(Option<String>, String)], reply: &dyn Fn(&str) -> Reply) -> GraphResponse {
    let step = |(id, path): &(Option<String>, String)| {
        let reply = reply(path);
        let headers: HashMap<_, _> = reply.headers.iter().cloned().collect();
        (reply.status != 0).then(|| json!({"id": id, "status": reply.status, "headers": headers, "body": reply.body}))
    };
    let responses: Vec<_> = users.iter().rev().filter_map(step).collect();
    respond(&Reply { status: 200, headers: vec![], body: Some(json!({"responses": responses})) })
}

fn respond(reply: &Reply) -> GraphResponse {
    let headers = reply.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    GraphResponse { status: reply.status, headers, body: reply.body.as_ref().map(|body| Bytes::from(body.to_string())) }
}

/// Gives `token 1`, and a new one whenever the latest was rejected.
#[derive(Debug)]
pub struct Tokens {
    current: Mutex<(u32, BearerToken)>,
    pub renewable: bool,
    app: bool,
}

impl Tokens {
    pub fn new() -> Arc<Self> {
        Self::with(true, true)
    }

    pub fn with(renewable: bool, app: bool) -> Arc<Self> {
        Arc::new(Self { current: Mutex::new((1, token(1, app))), renewable, app })
    }

    pub fn given(&self) -> u32 {
        self.current.lock().unwrap().0
    }
}

fn token(number: u32, app: bool) -> BearerToken {
    use base64::Engine;
    let claims = if app {
        r#"{"appid":"app","roles":["User.RevokeSessions.All"]}"#
    } else {
        r#"{"scp":"User.RevokeSessions.All","upn":"adele@contoso.com","oid":"6e7b768e-07e2-4810-8459-485f84f8f204"}"#
    };
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    BearerToken::new(format!("e30.{claims}.{number}").into(), None)
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        let mut current = self.current.lock().unwrap();
        if rejection.is_some_and(|rejection| rejection.token.is_same(&current.1)) {
            if !self.renewable {
                return Err(AuthError::CannotRenew);
            }
            current.0 += 1;
            current.1 = token(current.0, self.app);
        }
        Ok(current.1.clone())
    }

    fn current(&self) -> Option<BearerToken> {
        Some(self.current.lock().unwrap().1.clone())
    }
}

pub fn session_with(graph: &Arc<MemoryGraph>, tokens: Arc<Tokens>, tenant: Option<&str>) -> Session {
    session_of(graph, tokens, tenant, WriteQuota::NONE)
}

/// A session that keeps to `quota`.
pub fn session_of(graph: &Arc<MemoryGraph>, tokens: Arc<Tokens>, tenant: Option<&str>, quota: WriteQuota) -> Session {
    Session::from_parts(parts(graph, tokens, tenant, quota, PausedClock::new()))
}

/// A session with a clock of its own.
pub fn session_at(graph: &Arc<MemoryGraph>, clock: Arc<dyn Clock>) -> Session {
    Session::from_parts(parts(graph, Tokens::new(), None, WriteQuota::NONE, clock))
}

pub fn parts(
    graph: &Arc<MemoryGraph>,
    tokens: Arc<Tokens>,
    tenant: Option<&str>,
    quota: WriteQuota,
    clock: Arc<dyn Clock>,
) -> SessionParts {
    SessionParts {
        endpoints: Endpoints::new(Environment::Global, None, None).unwrap(),
        tokens,
        transport: Arc::clone(graph) as _,
        clock,
        entropy: Arc::new(SeededEntropy::new(42)),
        quota,
        credential_type: "AccessToken",
        named: tenant.map(|tenant| Named::application("app", tenant)).unwrap_or_default(),
    }
}

pub fn session(graph: &Arc<MemoryGraph>) -> Session {
    session_with(graph, Tokens::new(), None)
}

pub fn users(count: u64) -> Vec<Input> {
    (0..count).map(|n| Input::parse(n, Some(&format!("user{n}@contoso.com")), None)).collect()
}

/// The path under which the server sees user number `n` of [`users`].
pub fn path(n: u64) -> String {
    format!("users('user{n}%40contoso.com')/revokeSignInSessions")
}

/// Runs to the end and gives the outcomes in the order of their tags.
pub async fn revoke(session: &Session, options: RunOptions, inputs: Vec<Input>) -> Vec<Outcome> {
    start(session, options).collect(inputs).await.outcomes
}

/// How many inputs ended how.
pub fn statuses(outcomes: &[Outcome]) -> HashMap<Status, usize> {
    outcomes.iter().fold(HashMap::new(), |mut counts, outcome| {
        *counts.entry(outcome.status).or_default() += 1;
        counts
    })
}

/// The error of an outcome.
pub fn error(outcome: &Outcome) -> Option<ErrorId> {
    outcome.failure.as_ref().map(|failure| failure.detail.id)
}
