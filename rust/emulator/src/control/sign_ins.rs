//! The control API for the sign-in log.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BadBody, Emulated, read};
use crate::sign_in_log::SignInEntry;
use crate::state::Shared;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/sign-ins", get(sign_ins)).route("/license", post(license))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedSignIn {
    id: Uuid,
    user_id: Uuid,
    user_principal_name: String,
    created: String,
    ip_address: &'static str,
    app_id: &'static str,
    error_code: i32,
}

async fn sign_ins(State(shared): Emulated) -> Json<Vec<ListedSignIn>> {
    let listed = |entry: &SignInEntry| ListedSignIn {
        id: entry.id,
        user_id: entry.user_id,
        user_principal_name: entry.user_principal_name.clone(),
        created: entry.created().to_string(),
        ip_address: entry.ip_address(),
        app_id: entry.app_id(),
        error_code: entry.error_code(),
    };
    Json(shared.sign_ins.entries().iter().map(listed).collect())
}

#[derive(Deserialize)]
struct LicenseBody {
    premium: bool,
}

async fn license(State(shared): Emulated, body: Bytes) -> Result<StatusCode, BadBody> {
    let LicenseBody { premium } = read(&body)?;
    shared.sign_ins.set_premium(premium);
    Ok(StatusCode::NO_CONTENT)
}
