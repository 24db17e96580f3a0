//! One request to Graph for one or more users, and what it tells about each of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::Instrument;
use uuid::Uuid;

use crate::auth::{AuthError, BearerToken, Rejection};
use crate::graph::answer::{Answer, THROTTLE_PERCENTAGE, THROTTLE_SCOPE, Verdict};
use crate::graph::batch::{self, StepAnswer};
use crate::pacing::Usage;
use crate::session::SessionParts;
use crate::transport::{GraphRequest, GraphResponse, Method, TransportError};

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Shipment {
    /// The paths of the revocations, at most [`batch::MAX_STEPS`].
    pub paths: Vec<String>,
    pub rejection: Option<Rejection>,
    pub fresh_connection: bool,
    pub timeout: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Landing {
    pub client_request_id: Uuid,
    /// The token that was sent.
    pub token: Option<BearerToken>,
    pub result: Delivery,
}

/// How far a request got.
#[derive(Debug)]
pub(super) enum Delivery {
    /// There was no token, so nothing was sent.
    NoToken(AuthError),
    /// No connection, so nothing was sent.
    NotSent(String),
    /// Sent, and no complete answer came.
    Lost(String),
    /// Graph answered for each user, in the order of the shipment.
    Answers(Vec<StepReport>),
    /// Graph answered for the batch as a whole.
    Whole(StepReport),
}

/// What Graph said about one user, or about a whole batch.
#[derive(Debug, Clone)]
pub(super) struct StepReport {
    pub verdict: Verdict,
    pub request_id: Option<Uuid>,
    /// What Graph said of the quota.
    pub usage: Option<Usage>,
}

/// Sends the shipment once.
pub(super) async fn carry(parts: Arc<SessionParts>, shipment: Shipment) -> Landing {
    let client_request_id = parts.entropy.uuid();
    let span = tracing::debug_span!("exchange", %client_request_id, users = shipment.paths.len());
    async move {
        let token = match parts.tokens.token(shipment.rejection.as_ref()).await {
            Ok(token) => token,
            Err(error) => return Landing { client_request_id, token: None, result: Delivery::NoToken(error) },
        };
        let users = shipment.paths.len();
        let request = request(shipment, token.clone(), client_request_id);
        let result = match parts.transport.send(request).await {
            Ok(response) => read(&parts, &response, users),
            Err(TransportError::NotSent(why)) => Delivery::NotSent(why),
            Err(TransportError::Lost(why)) => Delivery::Lost(why),
        };
        tracing::debug!(?result, "Request ended");
        Landing { client_request_id, token: Some(token), result }
    }
    .instrument(span)
    .await
}

/// A single user goes as a plain POST, several as a batch.
fn request(shipment: Shipment, token: BearerToken, client_request_id: Uuid) -> GraphRequest {
    let Shipment { mut paths, fresh_connection, timeout, .. } = shipment;
    let (path, body) = if paths.len() == 1 {
        (paths.remove(0), None)
    } else {
        (batch::PATH.to_owned(), Some(Bytes::from(batch::encode(Method::Post, &paths))))
    };
    GraphRequest {
        method: Method::Post,
        path,
        token,
        client_request_id,
        body,
        timeout,
        fresh_connection,
        eventual: false,
    }
}

fn read(parts: &SessionParts, response: &GraphResponse, users: usize) -> Delivery {
    let now = parts.clock.utc();
    let request_id = response.request_id();
    let whole = Answer {
        status: response.status,
        retry_after: response.header("retry-after").map(Into::into),
        request_id,
        challenge: response.header("www-authenticate").map(Into::into),
        body: response.body.as_deref(),
        usage: Usage::parse(response.header(THROTTLE_PERCENTAGE), response.header(THROTTLE_SCOPE)),
    };
    let usage = whole.usage;
    if users == 1 {
        return Delivery::Answers(vec![StepReport { verdict: whole.verdict(now), request_id, usage }]);
    }
    if response.status == 200 {
        let body = response.body.as_deref().unwrap_or_default();
        return match batch::decode(body, users) {
            Ok(steps) => Delivery::Answers(
                steps
                    .iter()
                    .map(|step| match step.as_ref().map(StepAnswer::answer) {
                        Some(answer) => {
                            let verdict = answer.verdict(now);
                            // Where a step tells no id of its own, that of the whole batch stands in.
                            let own = answer.request_id.or_else(|| verdict.request_id());
                            StepReport { verdict, request_id: own.or(request_id), usage: answer.usage }
                        }
                        None => StepReport {
                            verdict: Verdict::Untrusted("no usable answer for this user in the batch"),
                            request_id,
                            usage: None,
                        },
                    })
                    .collect(),
            ),
            Err(_) => Delivery::Whole(StepReport {
                verdict: Verdict::Untrusted("the answer to the batch is not Graph's"),
                request_id,
                usage,
            }),
        };
    }
    let verdict = match whole.verdict(now) {
        // Success without the answers of the steps proves nothing, and a batch endpoint that is
        // not found says nothing about any user.
        Verdict::Revoked | Verdict::Refused => {
            Verdict::Untrusted("the answer to the batch has no answers for the users")
        }
        Verdict::NotFound(error) => Verdict::Rejected { status: response.status, error },
        other => other,
    };
    Delivery::Whole(StepReport { verdict, request_id, usage })
}
