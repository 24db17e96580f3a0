//! The token endpoint of the authority: our HTTP rules around the `oauth2` crate, and a check of what comes back.

use std::fmt::{self, Debug, Display};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, ErrorResponseType,
    HttpRequest, HttpResponse, RequestTokenError, StandardErrorResponse, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use thiserror::Error;
use url::Url;

use super::error::one_line;
use super::{AuthError, BearerToken, Rejection};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::graph::retry_after;
use crate::transport::{HttpClient, ProxySettings, read_body};

/// The most that is read of a token answer, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The longest life of a token that is believed. Entra's longest is 28 hours
/// (Microsoft Learn, "Continuous access evaluation", long-lived tokens).
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long getting one token may take as a whole, repetitions included.
pub(super) const SIGN_IN_TIMEOUT: Duration = Duration::from_mins(1);

/// How often a request is made that the authority could not answer for the moment.
const ATTEMPTS: u32 = 3;

/// The longest wait that is sat out here because the authority asks for it.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// An `oauth2` client for the endpoints of one tenant.
pub(super) type Endpoint = BasicClient<EndpointNotSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why a request to the authority got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub(super) struct NoAnswer(String);

/// Talks to the authority.
pub(super) struct Authority {
    client: HttpClient,
    origin: Url,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Authority {
    pub(super) fn new(
        origin: &Url,
        proxy: &ProxySettings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, String> {
        Ok(Self { client: HttpClient::new(origin, proxy)?, origin: origin.clone(), clock, entropy })
    }

    /// The address of the tenant's token endpoint.
    pub(super) fn token_url(&self, tenant: &str) -> String {
        format!("{}{tenant}/oauth2/v2.0/token", self.origin)
    }

    /// The endpoints of one tenant, for one application.
    pub(super) fn endpoint(&self, tenant: &str, client_id: &str) -> Result<Endpoint, AuthError> {
        let invalid = |what: &str| AuthError::InvalidCredential(what.to_owned());
        if tenant.is_empty() || !tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-') {
            return Err(invalid("the tenant must be a tenant id (GUID) or one of the tenant's domain names"));
        }
        if client_id.is_empty() || !client_id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid("the client id must be the application (client) id of the app registration"));
        }
        let device = format!("{}{tenant}/oauth2/v2.0/devicecode", self.origin);
        let token = TokenUrl::new(self.token_url(tenant)).map_err(|_| invalid("the authority is no address"))?;
        let device = DeviceAuthorizationUrl::new(device).map_err(|_| invalid("the authority is no address"))?;
        Ok(BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(token)
            .set_device_authorization_url(device))
    }

    /// Sends a request, again when the authority cannot answer for the moment.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let mut attempt = 1;
        loop {
            let result = self.send_once(&request).await;
            let wait = match &result {
                Ok(response) => match response.status().as_u16() {
                    429 | 500..=599 => Some(self.wait_asked_for(response)),
                    _ => None,
                },
                Err(_) => Some(None),
            };
            let Some(asked) = wait else { return result };
            let pause = asked.unwrap_or_else(|| {
                Duration::from_millis(500).mul_f64(f64::from(attempt) * (1.0 + self.entropy.fraction()))
            });
            if attempt == ATTEMPTS || pause > LONGEST_WAIT {
                return result.and_then(|response| {
                    let status = response.status().as_u16();
                    // With a body of its own it may say more; without, the status is all there is.
                    if is_oauth_error(response.body()) {
                        Ok(response)
                    } else {
                        Err(NoAnswer(format!("it answered with status {status}")))
                    }
                });
            }
            tracing::debug!(attempt, ?pause, "The authority is asked again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    fn wait_asked_for(&self, response: &HttpResponse) -> Option<Duration> {
        let header = response.headers().get("retry-after")?.to_str().ok()?;
        retry_after::parse(header, self.clock.utc())
    }

    async fn send_once(&self, request: &HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let mut builder = self
            .client
            .0
            .request(request.method().clone(), request.uri().to_string())
            .headers(request.headers().clone())
            .header("client-request-id", self.entropy.uuid().to_string())
            .body(request.body().clone());
        builder = builder.timeout(SIGN_IN_TIMEOUT / 2);
        let response = builder.send().await.map_err(|error| NoAnswer(crate::transport::failure_text(error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, MAX_BODY).await.map_err(|error| NoAnswer(one_line(&error.to_string())))?;
        let mut answer = HttpResponse::new(body.to_vec());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    /// Judges what the crate made of a token answer.
    pub(super) fn token(&self, answer: &BasicTokenResponse) -> Result<BearerToken, AuthError> {
        let now = self.clock.utc();
        let expires_on = answer.expires_in().and_then(|life| now.checked_add(life).ok());
        credible(answer.access_token().secret().clone().into(), expires_on, now)
    }
}

impl<'c> AsyncHttpClient<'c> for Authority {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("origin", &self.origin.as_str()).finish_non_exhaustive()
    }
}

/// Runs the getting of a token within its time.
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, AuthError>>) -> Result<T, AuthError> {
    tokio::time::timeout(SIGN_IN_TIMEOUT, work)
        .await
        .unwrap_or_else(|_| Err(AuthError::Unreachable(format!("no answer within {} s", SIGN_IN_TIMEOUT.as_secs()))))
}

/// Refuses what cannot be a token, and lives that cannot be meant.
pub(super) fn credible(
    secret: SecretString,
    expires_on: Option<Timestamp>,
    now: Timestamp,
) -> Result<BearerToken, AuthError> {
    let text = secret.expose_secret();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(AuthError::Malformed("the token in the answer is empty or not a token".to_owned()));
    }
    if !expires_on.is_some_and(|end| end > now && end.duration_since(now) <= LONGEST_LIFE) {
        return Err(AuthError::Malformed("the life of the token in the answer is not credible".to_owned()));
    }
    Ok(BearerToken::new(secret, expires_on))
}

/// What the crate says went wrong, in our terms.
pub(super) fn auth_error<T: ErrorResponseType + AsRef<str> + Display + 'static>(
    error: RequestTokenError<NoAnswer, StandardErrorResponse<T>>,
) -> AuthError {
    match error {
        RequestTokenError::ServerResponse(refusal) => match refusal.error_description() {
            Some(description) => AuthError::refused(description),
            None => AuthError::refused(refusal.error().as_ref()),
        },
        RequestTokenError::Request(NoAnswer(why)) => AuthError::Unreachable(why),
        // The body is not repeated: it may hold a token.
        RequestTokenError::Parse(..) => AuthError::Malformed("the answer is not a token response".to_owned()),
        RequestTokenError::Other(why) => AuthError::Malformed(one_line(&why)),
    }
}

/// The `claims` parameter: what this client can do, and what Graph challenged for.
///
/// Source: Microsoft identity platform, "Claims challenges, claims requests, and client capabilities".
pub(super) fn claims_parameter(rejection: Option<&Rejection>) -> String {
    let mut claims = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } });
    let challenge = rejection.and_then(|rejection| serde_json::from_str::<Value>(rejection.claims.as_deref()?).ok());
    if let Some(Value::Object(challenge)) = challenge {
        for (token, asked) in challenge {
            match (claims.get_mut(&token).and_then(Value::as_object_mut), asked) {
                (Some(known), Value::Object(asked)) => known.extend(asked),
                (_, asked) => claims[&token] = asked,
            }
        }
    }
    claims.to_string()
}

fn is_oauth_error(body: &[u8]) -> bool {
    serde_json::from_slice::<BasicErrorResponse>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credible_tokens_pass() {
        let now = Timestamp::UNIX_EPOCH;
        let judge = |text: &str, life: Option<u64>| {
            let expires_on = life.and_then(|life| now.checked_add(Duration::from_secs(life)).ok());
            credible(text.to_owned().into(), expires_on, now)
        };
        assert_eq!(judge("a.b.c", Some(3599)).unwrap().expires_on(), Some(now + Duration::from_secs(3599)));
        for (text, life) in [("", Some(3599)), ("a b", Some(3599)), ("a", Some(0)), ("a", Some(u64::MAX)), ("a", None)]
        {
            assert!(judge(text, life).is_err(), "{text} {life:?}");
        }
    }

    #[test]
    fn a_challenge_is_added_to_what_the_client_can_do() {
        let token = BearerToken::new("t".to_owned().into(), None);
        let claims =
            Some(r#"{"access_token":{"nbf":{"essential":true,"value":"1790000000"}},"id_token":{"x":1}}"#.into());
        let asked: Value = serde_json::from_str(&claims_parameter(Some(&Rejection { token, claims }))).unwrap();
        assert_eq!(asked["access_token"]["nbf"]["value"], "1790000000");
        assert_eq!(asked["access_token"]["xms_cc"]["values"][0], "cp1");
        assert_eq!(asked["id_token"]["x"], 1);
        let token = BearerToken::new("t".to_owned().into(), None);
        let plain = claims_parameter(Some(&Rejection { token, claims: Some("not json".into()) }));
        assert_eq!(plain, claims_parameter(None));
    }
}
