//! One request to Graph that reads the stamps of one or more users.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::auth::Rejection;
use crate::graph::answer::{Answer, Verdict};
use crate::graph::batch::{self, StepAnswer};
use crate::graph::stamp::{QUERY, Reading};
use crate::session::SessionParts;
use crate::transport::{GraphRequest, GraphResponse, Method};

/// Whose stamps are to be read.
#[derive(Debug)]
pub(super) struct ReadShipment {
    /// The addresses of the users, at most [`batch::MAX_STEPS`].
    pub users: Vec<String>,
    pub rejection: Option<Rejection>,
    pub timeout: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct ReadLanding {
    pub readings: Readings,
    /// Set when Graph refused the token.
    pub rejection: Option<Rejection>,
}

/// For each user in the order of the shipment, or for all of them.
#[derive(Debug)]
pub(super) enum Readings {
    Each(Vec<Reading>),
    Whole(Reading),
}

/// Sends the shipment once.
pub(super) async fn carry(parts: Arc<SessionParts>, shipment: ReadShipment) -> ReadLanding {
    let ReadShipment { users, rejection, timeout } = shipment;
    let nothing = |reading| ReadLanding { readings: Readings::Whole(reading), rejection: None };
    let Ok(token) = parts.tokens.token(rejection.as_ref()).await else {
        return nothing(Reading::Nothing("there is no access token to read with"));
    };
    let count = users.len();
    let mut paths: Vec<String> = users.into_iter().map(|user| format!("{user}?{QUERY}")).collect();
    let (method, path, body) = if count == 1 {
        (Method::Get, paths.remove(0), None)
    } else {
        (Method::Post, batch::PATH.to_owned(), Some(Bytes::from(batch::encode(Method::Get, &paths))))
    };
    let request = GraphRequest {
        method,
        path,
        token: token.clone(),
        client_request_id: parts.entropy.uuid(),
        body,
        timeout,
        fresh_connection: false,
        eventual: false,
    };
    match parts.transport.send(request).await {
        Err(_) => nothing(Reading::Later(None)),
        Ok(response) => {
            let now = parts.clock.utc();
            let whole = whole(&response);
            let rejection = match whole.verdict(now) {
                Verdict::Unauthorized { claims, .. } => Some(Rejection { token, claims }),
                _ => None,
            };
            ReadLanding { readings: read(&parts, &response, &whole, count), rejection }
        }
    }
}

fn whole(response: &GraphResponse) -> Answer<'_> {
    Answer {
        status: response.status,
        retry_after: response.header("retry-after").map(Into::into),
        request_id: response.request_id(),
        challenge: response.header("www-authenticate").map(Into::into),
        body: response.body.as_deref(),
        usage: None,
    }
}

fn read(parts: &SessionParts, response: &GraphResponse, whole: &Answer<'_>, users: usize) -> Readings {
    let now = parts.clock.utc();
    if users == 1 {
        return Readings::Each(vec![whole.reading(now)]);
    }
    if response.status != 200 {
        return Readings::Whole(match whole.reading(now) {
            // A batch endpoint that is not found says nothing about any user.
            Reading::Nothing(_) | Reading::Stamp(_) => Reading::Later(None),
            other => other,
        });
    }
    match batch::decode(response.body.as_deref().unwrap_or_default(), users) {
        Ok(steps) => Readings::Each(
            steps
                .iter()
                .map(|step| {
                    step.as_ref().map(StepAnswer::answer).map_or(Reading::Later(None), |step| step.reading(now))
                })
                .collect(),
        ),
        Err(_) => Readings::Whole(Reading::Later(None)),
    }
}
