//! `POST /{tenant}/oauth2/v2.0/token`: the client credentials grant, with Entra's refusals.
//!
//! See <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;

use super::assertion::{AssertionError, Expected, verify};
use crate::answer::Answer;
use crate::clock::{entra_date, now_seconds, timestamp};
use crate::state::Shared;
use crate::token::TokenGrant;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The Graph hosts of all clouds, which a scope may name instead of the emulator itself.
const GRAPH_HOSTS: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// Names the tenant answers to, beside its id.
const TENANT_DOMAINS: [&str; 2] = ["contoso.com", "contoso.onmicrosoft.com"];

/// A refusal: status, OAuth error, AADSTS code and text.
#[derive(Debug)]
struct Refusal {
    status: u16,
    error: &'static str,
    code: u32,
    text: String,
}

impl Refusal {
    fn new(status: u16, error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self { status, error, code, text: text.into() }
    }

    fn client(code: u32, text: impl Into<String>) -> Self {
        Self::new(401, "invalid_client", code, text)
    }
}

type Form<'a> = HashMap<Cow<'a, str>, Cow<'a, str>>;

/// Answers a token request.
pub(crate) fn answer(shared: &Shared, tenant: &str, body: &[u8], correlation: Option<&str>) -> Answer {
    let form: Form<'_> = url::form_urlencoded::parse(body).collect();
    match grant(shared, tenant, &form) {
        Ok(()) => {
            let token = shared.mint(&TokenGrant::default());
            let lifetime = shared.tokens.lifetime();
            let body = json!({
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": token,
            });
            Answer::json(200, body.to_string())
        }
        Err(refusal) => refuse(&refusal, shared.next_id(), correlation),
    }
}

fn grant(shared: &Shared, tenant: &str, form: &Form<'_>) -> Result<(), Refusal> {
    let endpoints = &shared.endpoints;
    let known = TENANT_DOMAINS.iter().copied().chain([endpoints.tenant_id.as_str()]);
    if !known.into_iter().any(|name| name.eq_ignore_ascii_case(tenant)) {
        return Err(unknown_tenant(tenant));
    }
    let grant_type = required(form, "grant_type")?;
    if grant_type != "client_credentials" {
        let text = format!("The app requested an unsupported grant type '{grant_type}'.");
        return Err(Refusal::new(400, "unsupported_grant_type", 70_003, text));
    }
    let client_id = required(form, "client_id")?;
    if !client_id.eq_ignore_ascii_case(&endpoints.client_id) {
        return Err(unknown_client(client_id));
    }
    check_scope(required(form, "scope")?, &endpoints.graph)?;
    match (form.get("client_secret"), form.get("client_assertion")) {
        (_, Some(assertion)) => {
            if required(form, "client_assertion_type")? != JWT_BEARER {
                let text = "The 'client_assertion_type' parameter is not supported.";
                return Err(Refusal::new(400, "invalid_request", 900_491, text));
            }
            check_assertion(shared, tenant, client_id, assertion)
        }
        (Some(secret), None) if **secret == endpoints.client_secret => Ok(()),
        (Some(_), None) => Err(wrong_secret(client_id)),
        (None, None) => Err(Refusal::client(
            7_000_216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        )),
    }
}

fn required<'a>(form: &'a Form<'_>, name: &str) -> Result<&'a str, Refusal> {
    form.get(name).map(AsRef::as_ref).filter(|value: &&str| !value.is_empty()).ok_or_else(|| {
        let text = format!("The request body must contain the following parameter: '{name}'.");
        Refusal::new(400, "invalid_request", 900_144, text)
    })
}

fn check_scope(scope: &str, graph: &str) -> Result<(), Refusal> {
    let resource = scope.trim().strip_suffix("/.default").map(|resource| resource.trim_end_matches('/'));
    if resource.is_some_and(|resource| resource == graph || GRAPH_HOSTS.contains(&resource)) {
        return Ok(());
    }
    let text = format!(
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
         'scope' is not valid. The scope {scope} is not valid."
    );
    Err(Refusal::new(400, "invalid_scope", 70_011, text))
}

fn check_assertion(shared: &Shared, tenant: &str, client_id: &str, assertion: &str) -> Result<(), Refusal> {
    let Shared { endpoints, certificate, .. } = shared;
    let audiences: Vec<String> = [tenant, &endpoints.tenant_id]
        .iter()
        .flat_map(|tenant| {
            ["oauth2/v2.0/token", "v2.0", ""].map(|end| format!("{}/{tenant}/{end}", endpoints.authority))
        })
        .collect();
    let now = now_seconds();
    let expected = Expected { client_id, audiences: &audiences, now };
    let signature = |reason: &str, thumbprint: &str| {
        Refusal::client(
            700_027,
            format!(
                "The certificate with identifier used to sign the client assertion is not registered on application, \
                 or the assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by client: \
                 '{thumbprint}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see \
                 configured keys for app Id '{client_id}'.]"
            ),
        )
    };
    verify(assertion, certificate.as_ref(), &expected).map_err(|error| match error {
        AssertionError::Malformed => Refusal::new(400, "invalid_request", 50_027, "JWT token is invalid or malformed."),
        AssertionError::UnknownKey { thumbprint } => signature("The key was not found.", &thumbprint),
        AssertionError::Signature { thumbprint } => {
            signature("Key was found, but use of the key to verify the signature failed.", &thumbprint)
        }
        AssertionError::Lifetime { not_before, expires } => {
            let text = format!(
                "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, \
                 expiry time of assertion {}.",
                timestamp(now),
                timestamp(not_before),
                timestamp(expires)
            );
            Refusal::client(700_024, text)
        }
        AssertionError::Audience => {
            Refusal::client(700_023, "Client assertion audience claim does not match Realm issuer.")
        }
        AssertionError::Issuer => {
            let text = "Client assertion application identifier doesn't match 'client_id' parameter.";
            Refusal::client(700_021, text)
        }
    })
}

fn wrong_secret(client_id: &str) -> Refusal {
    let text = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not \
         the client secret ID, for a secret added to app '{client_id}'."
    );
    Refusal::client(7_000_215, text)
}

fn unknown_client(client_id: &str) -> Refusal {
    let text = format!(
        "Application with identifier '{client_id}' was not found in the directory 'Contoso'. This can happen if the \
         application has not been installed by the administrator of the tenant or consented to by any user in the \
         tenant. You may have sent your authentication request to the wrong tenant."
    );
    Refusal::new(400, "unauthorized_client", 700_016, text)
}

fn unknown_tenant(tenant: &str) -> Refusal {
    let text = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
         correct cloud. Check with your subscription administrator, this may happen if there are no active \
         subscriptions for the tenant."
    );
    Refusal::new(400, "invalid_request", 90_002, text)
}

fn refuse(refusal: &Refusal, trace: Uuid, correlation: Option<&str>) -> Answer {
    let Refusal { status, error, code, text } = refusal;
    let correlation = correlation.and_then(|id| Uuid::try_parse(id).ok()).unwrap_or(trace);
    let date = entra_date();
    let body = json!({
        "error": error,
        "error_description":
            format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {date}"),
        "error_codes": [code],
        "timestamp": date,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    });
    Answer::json(*status, body.to_string())
}
