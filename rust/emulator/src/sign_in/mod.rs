//! The sign-in service of Microsoft Entra, from HTTP inwards.

pub(crate) mod assertion;
mod client;
pub(crate) mod device_codes;
mod device_endpoint;
mod entra_errors;
pub(crate) mod federation;
pub(crate) mod opaque;
pub(crate) mod refresh_tokens;
mod refusal;
mod request;
mod requested_claims;
mod scope;
mod token_endpoint;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Response};
use serde_json::Value;

use self::refusal::Refusal;
use self::request::SignInRequest;
use crate::answer::{Answer, Ending};
use crate::clouds::host_of;
use crate::error_body::Ids;
use crate::fault_effect::apply;
use crate::faults::{Effect, FaultPoint};
use crate::ledger::{LogEntry, count};
use crate::respond::respond;
use crate::state::Shared;

/// One of the endpoints that a client posts a form to.
struct Endpoint {
    name: &'static str,
    point: FaultPoint,
    work: fn(&SignInRequest<'_>) -> Result<Value, Refusal>,
}

const TOKEN: Endpoint = Endpoint { name: "token", point: FaultPoint::Token, work: token_endpoint::grant };
const DEVICE: Endpoint = Endpoint { name: "devicecode", point: FaultPoint::Device, work: device_endpoint::issue };

/// Serves one HTTP request to the token endpoint.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    serve(&shared, &TOKEN, &shared.ledger.token, &tenant, &headers, &body).await
}

/// Serves one HTTP request for a device code.
pub(crate) async fn device_code(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    serve(&shared, &DEVICE, &shared.ledger.device, &tenant, &headers, &body).await
}

async fn serve(
    shared: &Shared,
    endpoint: &Endpoint,
    counter: &AtomicU64,
    tenant: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<Body> {
    let _in_flight = shared.ledger.begin();
    count(counter);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let client = text("client-request-id");
    let ids = Ids { request: shared.next_id(), client };
    let reply = match shared.faults.strike(&[FaultPoint::Any, endpoint.point], |_| false) {
        Some(Effect::Aadsts(wanted)) => {
            Refusal::on_demand(wanted, tenant, &shared.endpoints).answer(ids.request, client).into()
        }
        effect => apply(effect, ids, || {
            let request = SignInRequest::new(shared, tenant, host_of(headers), body);
            match (endpoint.work)(&request) {
                Ok(granted) => Answer::json(200, granted.to_string()).into(),
                Err(refusal) => refusal.answer(ids.request, client).into(),
            }
        }),
    };
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    shared.ledger.record(LogEntry {
        method: "POST".to_owned(),
        host: text(HOST.as_str()).map(str::to_owned),
        path: format!("/{tenant}/oauth2/v2.0/{}", endpoint.name),
        steps: None,
        status: (reply.ending != Ending::Close).then_some(reply.answer.status),
        client_request_id: client.map(str::to_owned),
    });
    let request_id = HeaderValue::try_from(ids.request.to_string()).unwrap_or(HeaderValue::from_static(""));
    respond(
        reply,
        &[
            (CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
            (HeaderName::from_static("x-ms-request-id"), request_id),
            (HeaderName::from_static("x-ms-ests-server"), HeaderValue::from_static("2.1.0 - EMULATOR ProdSlices")),
        ],
    )
}
