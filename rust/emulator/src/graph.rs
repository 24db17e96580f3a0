//! The Graph side of the server: every request, alone or as a step, goes through here.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Response};

use crate::address::{AddressError, Resource, resolve};
use crate::answer::{Answer, Ending, GRAPH_JSON, Reply};
use crate::batch::{self, Batch};
use crate::challenge::{Unanswered, claims_challenge};
use crate::clouds::host_of;
use crate::error_body::{Ids, bad_request, graph_error, method_not_allowed};
use crate::fault_effect::apply;
use crate::faults::FaultPoint;
use crate::ledger::{Ledger, LogEntry, count};
use crate::respond::respond;
use crate::state::Shared;
use crate::token::{Identity, TokenError};
use crate::{revoke, users};

/// Graph takes no request larger than four megabytes.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The circumstances in which a request or a step is carried out.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) identity: &'a Identity,
    pub(crate) ids: Ids<'a>,
    pub(crate) arrived: Instant,
    /// `v1.0` or `beta`, as the client wrote it.
    pub(crate) version: &'a str,
    /// The host that the request named.
    pub(crate) host: &'a str,
    /// Whether `ConsistencyLevel: eventual` came with it.
    pub(crate) eventual: bool,
}

/// What a request or a step is about.
pub(crate) struct Target<'a> {
    method: &'a str,
    resource: Result<Resource, AddressError>,
    query: &'a str,
}

impl<'a> Target<'a> {
    pub(crate) fn new(method: &'a str, path: &str, query: &'a str) -> Self {
        Self { method, resource: resolve(path), query }
    }

    pub(crate) fn is_me(&self) -> bool {
        matches!(self.resource, Ok(Resource::Me | Resource::RevokeMe))
    }

    /// Which of the specific fault points it is at.
    pub(crate) fn point(&self) -> Option<FaultPoint> {
        match self.resource.as_ref().ok()? {
            Resource::Batch => Some(FaultPoint::Batch),
            Resource::Me => Some(FaultPoint::Me),
            Resource::Users | Resource::User(_) => Some(FaultPoint::Users),
            Resource::RevokeMe | Resource::RevokeUser(_) => Some(FaultPoint::Revoke),
        }
    }

    /// Whether it is for the user that a fault names.
    pub(crate) fn names(&self, shared: &Shared, user: &str) -> bool {
        let Ok(Resource::User(key) | Resource::RevokeUser(key)) = &self.resource else {
            return false;
        };
        let meant = |key: &str| shared.directory.find(key).map(|user| user.id);
        key.eq_ignore_ascii_case(user) || meant(user).is_some_and(|id| meant(key) == Some(id))
    }

    /// Counts a read of users or anything on `/me`.
    pub(crate) fn count(&self, ledger: &Ledger) {
        match &self.resource {
            Ok(Resource::Users | Resource::User(_)) if self.method.eq_ignore_ascii_case("GET") => {
                count(&ledger.users);
            }
            Ok(Resource::Me | Resource::RevokeMe) => count(&ledger.me),
            _ => {}
        }
    }
}

/// Carries out a request or a step.
pub(crate) fn route(call: &Call<'_>, target: &Target<'_>) -> Reply {
    let resource = match &target.resource {
        Ok(resource) => resource,
        Err(AddressError::UnknownVersion(version)) => {
            return graph_error(404, "BadRequest", &format!("Invalid version: {version}"), call.ids).into();
        }
        Err(error) => return bad_request(&error.to_string(), call.ids).into(),
    };
    let is = |method: &str| target.method.eq_ignore_ascii_case(method);
    match resource {
        Resource::RevokeUser(key) if is("POST") => revoke::revoke_user(call, key),
        Resource::RevokeMe if is("POST") => revoke::revoke_me(call),
        Resource::Users if is("GET") => users::list(call, target.query).into(),
        Resource::User(key) if is("GET") => users::read(call, key, target.query).into(),
        Resource::Me if is("GET") => users::me(call, target.query).into(),
        Resource::Batch if is("POST") => bad_request("Nested batch requests are not supported.", call.ids).into(),
        _ => method_not_allowed(call.ids).into(),
    }
}

/// Serves one HTTP request to Graph.
pub(crate) async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let arrived = Instant::now();
    let _in_flight = shared.ledger.begin();
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let ids = Ids { request: shared.next_id(), client: header("client-request-id") };
    let target = Target::new(head.method.as_str(), head.uri.path(), head.uri.query().unwrap_or_default());
    target.count(&shared.ledger);
    let body = to_bytes(body, LARGEST_BODY).await;
    let batch = matches!(target.resource, Ok(Resource::Batch)).then(|| {
        body.as_ref().map_or(Err("Request body is too large or was cut off.".to_owned()), |body| Batch::read(body))
    });
    count_http(&shared.ledger, &target, batch.as_ref());

    let host = host_of(&head.headers);
    let identity = shared.tokens.judge(header(AUTHORIZATION.as_str()), host);
    let points = target.point().map_or([FaultPoint::Any, FaultPoint::Any, FaultPoint::Any], |point| {
        [FaultPoint::Any, point, if target.is_me() { FaultPoint::Me } else { point }]
    });
    let effect = shared.faults.strike(&points, |user| match &batch {
        Some(Ok(batch)) => batch.concerns(|step| step.names(&shared, user)),
        _ => target.names(&shared, user),
    });
    let version = head.uri.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    let eventual = header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    let reply = apply(effect, ids, || {
        let identity = match &identity {
            Ok(identity) => identity,
            Err(error) => return unauthorised(*error, &shared, ids).into(),
        };
        let call = Call { shared: &shared, identity, ids, arrived, version, host, eventual };
        match &batch {
            Some(batch) if target.method == "POST" => batch::run(&call, batch),
            _ => route(&call, &target),
        }
    });

    let wait = shared.latency() + reply.delay;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    if let (Some(until), Ok(identity)) = (reply.wait_until, &identity) {
        shared.throttle.announce(&identity.app_id, Instant::now(), until);
    }
    let status = (reply.ending != Ending::Close).then_some(reply.answer.status);
    if status == Some(429) {
        count(&shared.ledger.throttled);
    }
    shared.ledger.record(LogEntry {
        method: head.method.to_string(),
        host: header(HOST.as_str()).map(str::to_owned),
        path: head.uri.to_string(),
        steps: batch.as_ref().map(|batch| batch.as_ref().map_or(0, Batch::len)),
        status,
        client_request_id: ids.client.map(str::to_owned),
    });
    respond(reply, &usual_headers(&head.headers, ids, batch.is_some()))
}

fn count_http(ledger: &Ledger, target: &Target<'_>, batch: Option<&Result<Batch<'_>, String>>) {
    match (&target.resource, batch) {
        (_, Some(batch)) => {
            count(&ledger.batches);
            ledger.note_batch(batch.as_ref().map_or(0, Batch::len));
        }
        (Ok(Resource::RevokeUser(_)), None) if target.method == "POST" => count(&ledger.singles),
        _ => {}
    }
}

fn unauthorised(error: TokenError, shared: &Shared, ids: Ids<'_>) -> Answer {
    let mut challenge = format!(
        "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"",
        shared.endpoints.authority
    );
    if let TokenError::Challenged(Unanswered { not_before: Some(not_before) }) = error {
        challenge = claims_challenge(not_before);
    }
    if error == TokenError::Revoked {
        challenge.push_str(
            ", error=\"insufficient_claims\", errorDescription=\"Continuous access evaluation resulted in challenge\"",
        );
    }
    graph_error(401, "InvalidAuthenticationToken", &error.to_string(), ids).with_header("WWW-Authenticate", challenge)
}

fn usual_headers(received: &HeaderMap, ids: Ids<'_>, is_batch: bool) -> Vec<(HeaderName, HeaderValue)> {
    let request_id = ids.request.hyphenated().to_string();
    let request_id = HeaderValue::try_from(request_id).unwrap_or(HeaderValue::from_static(""));
    let client_id = received.get("client-request-id").cloned().unwrap_or_else(|| request_id.clone());
    let content_type = if is_batch { "application/json" } else { GRAPH_JSON };
    vec![
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (HeaderName::from_static("odata-version"), HeaderValue::from_static("4.0")),
        (HeaderName::from_static("request-id"), request_id),
        (HeaderName::from_static("client-request-id"), client_id),
        (
            HeaderName::from_static("x-ms-ags-diagnostic"),
            HeaderValue::from_static(
                r#"{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"LOOPBACK"}}"#,
            ),
        ),
    ]
}
