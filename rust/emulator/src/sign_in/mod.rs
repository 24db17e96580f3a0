//! The HTTP side of the token endpoint.

pub(crate) mod assertion;
mod token_endpoint;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Response};

use crate::answer::Ending;
use crate::error_body::Ids;
use crate::fault_effect::apply;
use crate::faults::FaultPoint;
use crate::ledger::{LogEntry, count};
use crate::respond::respond;
use crate::state::Shared;

/// Serves one HTTP request to the token endpoint.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let _in_flight = shared.ledger.begin();
    count(&shared.ledger.token);
    let client = headers.get("client-request-id").and_then(|value| value.to_str().ok());
    let ids = Ids { request: shared.next_id(), client };
    let effect = shared.faults.strike(&[FaultPoint::Any, FaultPoint::Token], |_| false);
    let reply = apply(effect, ids, || token_endpoint::answer(&shared, &tenant, &body, client).into());
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    shared.ledger.record(LogEntry {
        method: "POST".to_owned(),
        host: headers.get(HOST).and_then(|value| value.to_str().ok()).map(str::to_owned),
        path: format!("/{tenant}/oauth2/v2.0/token"),
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
