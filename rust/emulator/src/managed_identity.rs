//! The token endpoints of managed identities: the Instance Metadata Service (IMDS) of virtual machines and that of
//! App Service.
//!
//! Sources: Managed identities for Azure resources, "How to use managed identities for Azure resources on an Azure VM
//! to acquire an access token"; Azure App Service, "Use managed identities for App Service and Azure Functions".

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::answer::{Answer, Ending};
use crate::clock::now_seconds;
use crate::clouds::is_graph;
use crate::error_body::Ids;
use crate::fault_effect::apply;
use crate::faults::FaultPoint;
use crate::ledger::{LogEntry, count};
use crate::respond::respond;
use crate::state::Shared;
use crate::token::TokenGrant;

/// The path of the endpoint that App Service announces in `IDENTITY_ENDPOINT`.
pub(crate) const APP_SERVICE_PATH: &str = "/msi/token";
const IMDS_PATH: &str = "/metadata/identity/oauth2/token";

/// The client id of the identity that the machine itself has.
const SYSTEM_ASSIGNED: &str = "5b0e6c1d-7f24-4d9a-8a3e-c1f2908b64d7";

/// The parameters by which a user-assigned identity can be named.
const IDENTITY_NAMES: [&str; 5] = ["client_id", "object_id", "principal_id", "msi_res_id", "mi_res_id"];

type Query = HashMap<String, String>;

/// What the two services do differently.
struct Service {
    judge: fn(&Shared, &HeaderMap, &Query) -> Result<(), Answer>,
    refuse: fn(u16, &str, &str) -> Answer,
    describe: fn(&Granted<'_>) -> Value,
}

const IMDS: Service = Service { judge: judge_imds, refuse: refuse_imds, describe: describe_imds };
const APP_SERVICE: Service =
    Service { judge: judge_app_service, refuse: refuse_app_service, describe: describe_app_service };

/// A token for an identity.
struct Granted<'a> {
    token: &'a str,
    client_id: &'a str,
    resource: &'a str,
    now: i64,
    lifetime: i64,
}

/// The routes of both services.
pub(crate) fn router() -> Router<Arc<Shared>> {
    let imds = |State(shared): State<Arc<Shared>>, head: Parts| serve(shared, head, &IMDS);
    let app_service = |State(shared): State<Arc<Shared>>, head: Parts| serve(shared, head, &APP_SERVICE);
    Router::new().route(IMDS_PATH, get(imds)).route(APP_SERVICE_PATH, get(app_service))
}

async fn serve(shared: Arc<Shared>, head: Parts, service: &'static Service) -> Response<Body> {
    let _in_flight = shared.ledger.begin();
    count(&shared.ledger.identity);
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let client = header("client-request-id").or_else(|| header("x-ms-client-request-id"));
    let ids = Ids { request: shared.next_id(), client };
    let effect = shared.faults.strike(&[FaultPoint::Any, FaultPoint::Identity], |_| false);
    let reply = apply(effect, ids, || {
        let query = head.uri.query().unwrap_or_default();
        let query: Query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        grant(&shared, &head.headers, &query, service).unwrap_or_else(|refusal| refusal).into()
    });
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    shared.ledger.record(LogEntry {
        method: head.method.to_string(),
        host: header(HOST.as_str()).map(str::to_owned),
        path: head.uri.to_string(),
        steps: None,
        status: (reply.ending != Ending::Close).then_some(reply.answer.status),
        client_request_id: client.map(str::to_owned),
    });
    respond(reply, &[(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))])
}

fn grant(shared: &Shared, headers: &HeaderMap, query: &Query, service: &Service) -> Result<Answer, Answer> {
    (service.judge)(shared, headers, query)?;
    let missing =
        |name: &str| (service.refuse)(400, "invalid_request", &format!("Required query variable '{name}' is missing"));
    let asked = query.get("resource").ok_or_else(|| missing("resource"))?;
    let resource = asked.trim_end_matches('/');
    if !shared.origins.include(resource) && !is_graph(resource) {
        let text = format!(
            "AADSTS500011: The resource principal named {asked} was not found in the tenant named Contoso. This can \
             happen if the application has not been installed by the administrator of the tenant or consented to by \
             any user in the tenant. You might have sent your authentication request to the wrong tenant."
        );
        return Err((service.refuse)(400, "invalid_resource", &text));
    }
    let named = IDENTITY_NAMES.iter().find_map(|name| Some((*name, query.get(*name)?)));
    let client_id = match named {
        None => SYSTEM_ASSIGNED,
        Some(("client_id", id)) if id.eq_ignore_ascii_case(&shared.endpoints.managed_identity_client_id) => id,
        Some(_) => return Err((service.refuse)(400, "invalid_request", "Identity not found")),
    };
    let token = shared.mint(&TokenGrant {
        app_id: Some(client_id.to_owned()),
        audience: Some(resource.to_owned()),
        ..TokenGrant::default()
    });
    let (now, lifetime) = (now_seconds(), shared.tokens.lifetime());
    let granted = Granted { token: &token, client_id, resource: asked, now, lifetime };
    Ok(Answer::json(200, (service.describe)(&granted).to_string()))
}

fn judge_imds(_: &Shared, headers: &HeaderMap, query: &Query) -> Result<(), Answer> {
    // A request that was forwarded is not the machine's own.
    if headers.contains_key("x-forwarded-for") {
        return Err(refuse_imds(400, "invalid_request", "Requests with an X-Forwarded-For header are not allowed"));
    }
    if !headers.get("metadata").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
        return Err(refuse_imds(400, "bad_request_102", "Required metadata header not specified"));
    }
    match query.get("api-version").map(String::as_str) {
        Some("2018-02-01") => Ok(()),
        Some(other) => Err(refuse_imds(400, "invalid_request", &format!("API version '{other}' is not supported"))),
        None => Err(refuse_imds(400, "invalid_request", "Required query variable 'api-version' is missing")),
    }
}

fn judge_app_service(shared: &Shared, headers: &HeaderMap, query: &Query) -> Result<(), Answer> {
    let secret = headers.get("x-identity-header").map(HeaderValue::as_bytes);
    if secret != Some(shared.endpoints.identity_header.as_bytes()) {
        return Err(refuse_app_service(401, "", "Unauthorized"));
    }
    match query.get("api-version").map(String::as_str) {
        Some("2019-08-01") => Ok(()),
        _ => Err(refuse_app_service(400, "", "The api-version is invalid.")),
    }
}

fn refuse_imds(status: u16, error: &str, text: &str) -> Answer {
    Answer::json(status, json!({ "error": error, "error_description": text }).to_string())
}

fn refuse_app_service(status: u16, _: &str, text: &str) -> Answer {
    Answer::json(status, json!({ "statusCode": status, "message": text }).to_string())
}

fn describe_imds(granted: &Granted<'_>) -> Value {
    json!({
        "access_token": granted.token,
        "client_id": granted.client_id,
        "expires_in": granted.lifetime.to_string(),
        "expires_on": (granted.now + granted.lifetime).to_string(),
        "ext_expires_in": granted.lifetime.to_string(),
        "not_before": granted.now.to_string(),
        "resource": granted.resource,
        "token_type": "Bearer",
    })
}

fn describe_app_service(granted: &Granted<'_>) -> Value {
    json!({
        "access_token": granted.token,
        "client_id": granted.client_id,
        "expires_on": (granted.now + granted.lifetime).to_string(),
        "resource": granted.resource,
        "token_type": "Bearer",
    })
}
