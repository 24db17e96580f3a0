//! The part of the control API that plays the people and services around a sign-in.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BadBody, Emulated, read};
use crate::sign_in::device_codes::{DeviceDecision, PendingCode};
use crate::sign_in::federation::FederatedToken;
use crate::state::Shared;

/// The routes.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/device", get(pending).post(decide))
        .route("/federated-token", post(federated_token))
        .route("/certificate", post(certificate))
        .route("/challenge", post(challenge))
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

async fn pending(State(shared): Emulated) -> Json<Vec<PendingCode>> {
    Json(shared.devices.pending())
}

async fn decide(State(shared): Emulated, body: Bytes) -> Result<Response, BadBody> {
    let decision: DeviceDecision = read(&body)?;
    Ok(match shared.decide_device_code(&decision) {
        Ok(user_code) => Json(json!({ "userCode": user_code })).into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    })
}

async fn federated_token(State(shared): Emulated, body: Bytes) -> Result<Response, BadBody> {
    let wanted: FederatedToken = read(&body)?;
    Ok(match shared.federation.issue(&wanted) {
        Some(token) => Json(json!({ "token": token })).into_response(),
        None => refused(StatusCode::INTERNAL_SERVER_ERROR, "the system gives no random numbers"),
    })
}

#[derive(Deserialize)]
struct CertificateBody {
    pem: String,
}

async fn certificate(State(shared): Emulated, body: Bytes) -> Result<Response, BadBody> {
    let CertificateBody { pem } = read(&body)?;
    let read = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok();
    let registered = read.is_some_and(|(_, pem)| shared.register_certificate(&pem.contents));
    Ok(if registered {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refused(StatusCode::BAD_REQUEST, "the PEM holds no X.509 certificate with an RSA key")
    })
}

async fn challenge(State(shared): Emulated) -> Json<Value> {
    Json(json!({ "notBefore": shared.tokens.challenge_all() }))
}
