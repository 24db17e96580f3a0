//! One request, repeated until Graph has said something final.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::events::Notices;
use super::refusal::Subject;
use crate::auth::{AuthError, BearerToken, Rejection};
use crate::error::ErrorDetail;
use crate::graph::answer::{Answer, Verdict};
use crate::pacing::{Gate, backoff};
use crate::session::Session;
use crate::transport::{GraphRequest, GraphResponse, Method, TransportError};

/// How long one request may take. The log of a large tenant is searched for longer than a user is read.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(100);

/// How long one request is repeated for, waits included.
const BUDGET: Duration = Duration::from_mins(10);

/// After so many requests without an answer to trust a read is given up.
const MAX_DOUBTFUL: u32 = 6;

/// How long Graph may be out of reach.
const OUTAGE_LIMIT: Duration = Duration::from_secs(30);

/// What the requests of one reading have in common.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub session: Session,
    pub subject: Subject,
    pub notices: Notices,
    /// Closed while Graph asks to wait. Writes have their own, because their quota is another one.
    gate: Arc<Gate>,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Request {
    /// The path below the API version, or that of the batch.
    pub path: String,
    /// The batch, if it is one.
    pub batch: Option<Bytes>,
    pub eventual: bool,
}

/// How the repetitions of one request went so far.
#[derive(Debug)]
pub(super) struct Trials {
    begun: Instant,
    doubtful: u32,
    unreachable: Option<(Instant, u32)>,
    /// The token of the latest request.
    token: Option<BearerToken>,
    rejection: Option<Rejection>,
    fresh_connection: bool,
}

/// Something final.
#[derive(Debug)]
pub(super) enum Answered {
    /// A success and what came with it.
    Body(Bytes),
    /// A refusal that a repetition would not change.
    Refused(Verdict),
}

/// Something that a repetition may end.
#[derive(Debug)]
pub(super) enum Trouble {
    NoToken(AuthError),
    NotSent(String),
    Unanswered { why: String, wait: Option<Duration>, fresh_connection: bool },
    Unreadable(&'static str),
    Throttled { wait: Option<Duration> },
    Unauthorized(Verdict),
}

impl Reader {
    pub(super) fn new(session: &Session, subject: Subject, notices: Notices) -> Self {
        Self { session: session.clone(), subject, notices, gate: Arc::default() }
    }

    pub(super) fn trials(&self) -> Trials {
        Trials {
            begun: self.session.parts().clock.now(),
            doubtful: 0,
            unreachable: None,
            token: None,
            rejection: None,
            fresh_connection: false,
        }
    }

    /// Asks until there is something final.
    ///
    /// # Errors
    /// What there is to tell when it was given up.
    pub(super) async fn ask(&self, request: &Request, trials: &mut Trials) -> Result<Answered, ErrorDetail> {
        loop {
            while let Some(opens) = self.gate.closed_until(self.session.parts().clock.now()) {
                tokio::time::sleep_until(opens).await;
            }
            match self.send(request, trials).await {
                Ok(answered) => return Ok(answered),
                Err(trouble) => self.repeat_after(trouble, trials).await?,
            }
        }
    }

    async fn send(&self, request: &Request, trials: &mut Trials) -> Result<Answered, Trouble> {
        let parts = self.session.parts();
        let token = parts.tokens.token(trials.rejection.as_ref()).await.map_err(|error| match error {
            AuthError::Unreachable(why) => Trouble::NotSent(why),
            error => Trouble::NoToken(error),
        })?;
        trials.token = Some(token.clone());
        let client_request_id = parts.entropy.uuid();
        let sending = parts.transport.send(GraphRequest {
            method: if request.batch.is_some() { Method::Post } else { Method::Get },
            path: request.path.clone(),
            token,
            client_request_id,
            body: request.batch.clone(),
            timeout: REQUEST_TIMEOUT,
            fresh_connection: trials.fresh_connection,
            eventual: request.eventual,
        });
        // A transport of a caller's own may not keep to the time by itself.
        let sent = tokio::time::timeout(REQUEST_TIMEOUT, sending).await;
        let unanswered = |why: String| Trouble::Unanswered { why, wait: None, fresh_connection: false };
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(TransportError::NotSent(why))) => return Err(Trouble::NotSent(why)),
            Ok(Err(TransportError::Lost(why))) => return Err(unanswered(format!("the connection was lost ({why})"))),
            Err(_) => return Err(unanswered(format!("no answer came within {} s", REQUEST_TIMEOUT.as_secs()))),
        };
        tracing::debug!(%client_request_id, status = response.status, "Read");
        self.notices.tell(|| {
            let id = response.request_id().map_or_else(|| "none".to_owned(), |id| id.to_string());
            format!(
                "Graph answered with status {} (client-request-id {client_request_id}, request-id {id}).",
                response.status
            )
        });
        trials.unreachable = None;
        trials.fresh_connection = false;
        let answered = self.judge(response)?;
        self.gate.passed(parts.clock.now());
        Ok(answered)
    }

    fn judge(&self, response: GraphResponse) -> Result<Answered, Trouble> {
        if (200..300).contains(&response.status) {
            return response.body.map(Answered::Body).ok_or(Trouble::Unreadable("it has no body"));
        }
        let answer = Answer {
            status: response.status,
            retry_after: response.header("retry-after").map(Into::into),
            request_id: response.request_id(),
            challenge: response.header("www-authenticate").map(Into::into),
            body: response.body.as_deref(),
            usage: None,
        };
        settle(answer.verdict(self.session.parts().clock.utc())).map(Answered::Refused)
    }

    /// Waits until the request may be repeated.
    ///
    /// # Errors
    /// What there is to tell when it is not worth it any more.
    pub(super) async fn repeat_after(&self, trouble: Trouble, trials: &mut Trials) -> Result<(), ErrorDetail> {
        let parts = self.session.parts();
        let now = parts.clock.now();
        let chance = parts.entropy.fraction();
        match trouble {
            Trouble::NoToken(error) => return Err(error.detail()),
            Trouble::NotSent(why) => {
                let (since, failures) = trials.unreachable.unwrap_or((now, 0));
                if now.duration_since(since) >= OUTAGE_LIMIT {
                    return Err(self.subject.unreachable(&why));
                }
                trials.unreachable = Some((since, failures + 1));
                self.pause(backoff::wait((failures + 1).min(4), chance), &why).await;
            }
            Trouble::Unanswered { why, wait, fresh_connection } => {
                trials.doubtful += 1;
                trials.fresh_connection = fresh_connection;
                let pause = backoff::wait(trials.doubtful, chance).max(wait.unwrap_or_default());
                if trials.doubtful >= MAX_DOUBTFUL || !trials.allows(now, pause) {
                    return Err(self.subject.unanswered(&why, trials.doubtful));
                }
                self.pause(pause, &why).await;
            }
            Trouble::Unreadable(why) => {
                trials.doubtful += 1;
                let pause = backoff::wait(trials.doubtful, chance);
                if trials.doubtful >= MAX_DOUBTFUL || !trials.allows(now, pause) {
                    return Err(self.subject.unreadable(why));
                }
                self.pause(pause, why).await;
            }
            Trouble::Throttled { wait } => {
                self.close_gate(wait);
                let pause = self.gate.closed_until(now).map_or(Duration::ZERO, |opens| opens - now);
                if !trials.allows(now, pause) {
                    return Err(self.subject.throttled(pause.as_secs()));
                }
                self.pause(pause, "Graph asked to wait").await;
            }
            Trouble::Unauthorized(verdict) => {
                let Verdict::Unauthorized { claims, .. } = &verdict else { return Ok(()) };
                match trials.token.take() {
                    Some(token) if trials.rejection.is_none() => {
                        trials.rejection = Some(Rejection { token, claims: claims.clone() });
                    }
                    _ => return Err(self.subject.refused(&verdict, None)),
                }
            }
        }
        Ok(())
    }

    /// Nothing of this reading passes before the server allows it.
    pub(super) fn close_gate(&self, wait: Option<Duration>) {
        let parts = self.session.parts();
        let chance = parts.entropy.fraction();
        self.gate.close(parts.clock.now(), |in_a_row| wait.unwrap_or_else(|| backoff::wait(in_a_row + 1, chance)));
    }

    async fn pause(&self, pause: Duration, why: &str) {
        self.notices.tell(|| format!("A request is repeated in {:.1} s: {why}.", pause.as_secs_f64()));
        tokio::time::sleep(pause).await;
    }
}

/// Tells a final verdict from trouble.
pub(super) fn settle(verdict: Verdict) -> Result<Verdict, Trouble> {
    match verdict {
        Verdict::Throttled { wait } => Err(Trouble::Throttled { wait }),
        Verdict::Unavailable { status, wait } => Err(Trouble::Unanswered {
            why: format!("Graph answered with status {status}"),
            wait,
            fresh_connection: status == 503,
        }),
        Verdict::Untrusted(why) => Err(Trouble::Unreadable(why)),
        Verdict::Unauthorized { .. } => Err(Trouble::Unauthorized(verdict)),
        settled => Ok(settled),
    }
}

impl Trials {
    fn allows(&self, now: Instant, pause: Duration) -> bool {
        now.duration_since(self.begun).saturating_add(pause) < BUDGET
    }
}
