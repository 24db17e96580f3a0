//! `POST /{tenant}/oauth2/v2.0/token`: the grants of applications and users, with Entra's refusals.
//!
//! Sources: Microsoft identity platform, "OAuth 2.0 client credentials flow on the Microsoft identity platform" and
//! "Microsoft identity platform and the OAuth 2.0 device authorization grant flow"; RFC 6749, "The OAuth 2.0
//! Authorization Framework", section 6.

use std::time::Instant;

use serde_json::{Value, json};
use uuid::Uuid;

use super::client::authenticate;
use super::device_codes::Poll;
use super::refusal::Refusal;
use super::request::SignInRequest;
use super::requested_claims::RequestedClaims;
use super::scope::{Scopes, application_resource, delegated};
use crate::token::{TokenGrant, TokenKind};

/// Grants a token.
pub(super) fn grant(request: &SignInRequest<'_>) -> Result<Value, Refusal> {
    request.check_tenant(true)?;
    match request.required("grant_type")? {
        "client_credentials" => client_credentials(request),
        "urn:ietf:params:oauth:grant-type:device_code" => device_code(request),
        "refresh_token" => refresh_token(request),
        other => Err(Refusal::new(70_003, &[("grant", other)])),
    }
}

fn client_credentials(request: &SignInRequest<'_>) -> Result<Value, Refusal> {
    request.check_tenant(false)?;
    let client_id = request.confidential_client()?;
    let resource = application_resource(request.required("scope")?, request.host, &request.shared.origins)?;
    authenticate(request, client_id)?;
    let claims = RequestedClaims::parse(request.optional("claims"))?;
    Ok(answer(request, TokenGrant { audience: Some(resource), ..TokenGrant::default() }, claims))
}

fn device_code(request: &SignInRequest<'_>) -> Result<Value, Refusal> {
    let client_id = request.public_client()?;
    let claims = RequestedClaims::parse(request.optional("claims"))?;
    match request.shared.devices.poll(request.required("device_code")?, client_id, Instant::now()) {
        Poll::Unknown => Err(Refusal::new(70_018, &[])),
        Poll::Expired => Err(Refusal::new(70_020, &[])),
        // Entra documents no code for it; RFC 8628 calls it a variant of a pending authorization.
        Poll::SlowDown => Err(Refusal::new(70_016, &[]).under("slow_down")),
        Poll::Pending => Err(Refusal::new(70_016, &[])),
        Poll::Declined => Err(Refusal::new(65_004, &[])),
        Poll::Approved { user, scopes } => sign_in(request, user, client_id, scopes, claims),
    }
}

fn refresh_token(request: &SignInRequest<'_>) -> Result<Value, Refusal> {
    let shared = request.shared;
    let client_id = request.public_client()?;
    let claims = RequestedClaims::parse(request.optional("claims"))?;
    let held = shared.refresh_tokens.redeem(request.required("refresh_token")?, client_id, &shared.directory)?;
    let scopes = match request.optional("scope") {
        // Whoever holds a refresh token gets another, asked for or not.
        Some(scope) => Scopes { offline: true, ..delegated(scope, request.host, &shared.origins)? },
        None => held.scopes,
    };
    sign_in(request, held.user, client_id, scopes, claims)
}

/// Answers with the tokens of a user.
fn sign_in(
    request: &SignInRequest<'_>,
    user: Uuid,
    client_id: &str,
    scopes: Scopes,
    claims: RequestedClaims,
) -> Result<Value, Refusal> {
    let shared = request.shared;
    let user = shared.directory.find_by_id(user).filter(|user| user.account_enabled);
    let user = user.ok_or_else(|| Refusal::new(50_057, &[]))?;
    let granted = TokenGrant {
        kind: TokenKind::Delegated,
        upn: Some(user.user_principal_name.to_string()),
        scopes: Some(scopes.names.clone()),
        app_id: Some(client_id.to_owned()),
        audience: Some(scopes.resource.clone()),
        ..TokenGrant::default()
    };
    let mut body = answer(request, granted, claims);
    body["scope"] = json!(scopes.names.join(" "));
    if scopes.offline {
        body["refresh_token"] = json!(shared.refresh_tokens.issue(user, client_id, scopes));
    }
    Ok(body)
}

fn answer(request: &SignInRequest<'_>, granted: TokenGrant, claims: RequestedClaims) -> Value {
    let RequestedClaims { capabilities, not_before } = claims;
    let granted = TokenGrant { capabilities, ..granted };
    let lifetime = request.shared.tokens.lifetime();
    json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": request.shared.mint_answering(&granted, not_before),
    })
}
