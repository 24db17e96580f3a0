//! The control API under `/_emulator`: what a test asks the emulator itself.

mod identities;
mod sign_ins;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cast::Cast;
use crate::connections::Phase;
use crate::directory::{User, UserKind};
use crate::faults::FaultRule;
use crate::ledger::{Counts, LogEntry};
use crate::quota::Quota;
use crate::state::Shared;
use crate::token::TokenGrant;

type Emulated = State<Arc<Shared>>;

/// The routes of the control API.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/state", get(state))
        .route("/revocations", get(revocations))
        .route("/cast", get(cast))
        .route("/users", get(users))
        .route("/log", get(log))
        .route("/faults", get(list_faults).post(add_faults).delete(clear_faults))
        .route("/reset", post(reset))
        .route("/token", post(token))
        .route("/expire-tokens", post(expire_tokens))
        .route("/quota", post(quota))
        .route("/latency", post(latency))
        .route("/propagation", post(propagation))
        .route("/shutdown", post(shutdown))
        .merge(identities::router())
        .merge(sign_ins::router())
}

/// A body that is not what the control API expects.
struct BadBody(serde_json::Error);

impl IntoResponse for BadBody {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0.to_string() }))).into_response()
    }
}

/// Reads a body whatever its content type, so that any client can write it by hand.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadBody> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body }).map_err(BadBody)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CurrentState {
    #[serde(flatten)]
    counts: Counts,
    revocations: u64,
    distinct_revoked: u64,
    duplicate_revocations: u64,
}

async fn state(State(shared): Emulated) -> Json<CurrentState> {
    Json(CurrentState {
        counts: shared.ledger.counts(),
        revocations: shared.directory.revocations(),
        distinct_revoked: shared.directory.distinct_revoked(),
        duplicate_revocations: shared.directory.duplicate_revocations(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revocation {
    upn: String,
    count: u32,
    valid_from: String,
}

async fn revocations(State(shared): Emulated) -> Json<BTreeMap<Uuid, Revocation>> {
    let revocation = |user: &User| Revocation {
        upn: user.user_principal_name.to_string(),
        count: user.revocations(),
        valid_from: user.sessions_valid_from().to_string(),
    };
    Json(shared.directory.revoked().map(|user| (user.id, revocation(user))).collect())
}

async fn cast(State(shared): Emulated) -> Json<Cast> {
    Json(shared.directory.cast())
}

#[derive(Deserialize)]
struct UsersQuery {
    kind: Option<UserKind>,
    #[serde(default)]
    skip: usize,
    top: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedUser {
    id: Uuid,
    user_principal_name: String,
    user_type: &'static str,
    account_enabled: bool,
    department: Option<&'static str>,
    is_admin: bool,
}

async fn users(State(shared): Emulated, Query(query): Query<UsersQuery>) -> Json<Vec<ListedUser>> {
    let chosen = shared.directory.users().iter().filter(|user| query.kind.is_none_or(|kind| user.is(kind)));
    let listed = |user: &User| ListedUser {
        id: user.id,
        user_principal_name: user.user_principal_name.to_string(),
        user_type: user.user_type(),
        account_enabled: user.account_enabled,
        department: user.department,
        is_admin: user.is_admin,
    };
    Json(chosen.skip(query.skip).take(query.top.unwrap_or(usize::MAX)).map(listed).collect())
}

#[derive(Deserialize)]
struct LogQuery {
    tail: Option<usize>,
}

async fn log(State(shared): Emulated, Query(query): Query<LogQuery>) -> Json<Vec<LogEntry>> {
    Json(shared.ledger.log(query.tail.unwrap_or(100)))
}

#[derive(Serialize)]
struct StruckRule {
    #[serde(flatten)]
    rule: FaultRule,
    struck: u64,
}

async fn list_faults(State(shared): Emulated) -> Json<Vec<StruckRule>> {
    Json(shared.faults.struck().into_iter().map(|(rule, struck)| StruckRule { rule, struck }).collect())
}

async fn add_faults(State(shared): Emulated, body: Bytes) -> Result<Json<Value>, BadBody> {
    let body: Value = read(&body)?;
    let all = if body.is_array() { body } else { Value::Array(vec![body]) };
    let rules: Vec<FaultRule> = serde_json::from_value(all).map_err(BadBody)?;
    let added = rules.len();
    for rule in rules {
        shared.faults.add(rule);
    }
    Ok(Json(json!({ "added": added })))
}

async fn clear_faults(State(shared): Emulated) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

async fn reset(State(shared): Emulated) -> StatusCode {
    shared.reset();
    StatusCode::NO_CONTENT
}

async fn token(State(shared): Emulated, body: Bytes) -> Result<Json<Value>, BadBody> {
    let grant: TokenGrant = read(&body)?;
    Ok(Json(json!({ "access_token": shared.mint(&grant) })))
}

async fn expire_tokens(State(shared): Emulated) -> StatusCode {
    shared.tokens.expire_all();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuotaBody {
    limit: u32,
    window_seconds: u32,
}

async fn quota(State(shared): Emulated, body: Bytes) -> Result<StatusCode, BadBody> {
    let quota: Option<QuotaBody> = read(&body)?;
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    shared.throttle.set(quota.map(|quota| Quota::new(quota.limit, seconds(quota.window_seconds))));
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct LatencyBody {
    ms: u64,
}

async fn latency(State(shared): Emulated, body: Bytes) -> Result<StatusCode, BadBody> {
    let LatencyBody { ms } = read(&body)?;
    shared.set_latency(Duration::from_millis(ms));
    Ok(StatusCode::NO_CONTENT)
}

async fn propagation(State(shared): Emulated, body: Bytes) -> Result<StatusCode, BadBody> {
    let LatencyBody { ms } = read(&body)?;
    shared.directory.set_propagation(Duration::from_millis(ms));
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct ShutdownBody {
    #[serde(default)]
    hard: bool,
}

async fn shutdown(State(shared): Emulated, body: Bytes) -> Result<StatusCode, BadBody> {
    let ShutdownBody { hard } = read(&body)?;
    shared.phase.send_replace(if hard { Phase::Killed } else { Phase::Draining });
    Ok(StatusCode::ACCEPTED)
}
