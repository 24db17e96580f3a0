//! A user who signs in on another device, and the refresh token that keeps the sign-in.
//!
//! Source: RFC 8628; Microsoft identity platform, "OAuth 2.0 device authorization grant flow".

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use oauth2::basic::BasicTokenResponse;
use oauth2::{DeviceAuthorizationResponse, ExtraDeviceAuthorizationFields, RefreshToken, Scope, TokenResponse as _};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::authority::{Authority, auth_error, claims_parameter, in_time};
use super::{AuthError, BearerToken, Rejection, TokenFetcher};

/// The application "Microsoft Graph Command Line Tools", which `Connect-MgGraph` signs in as too.
pub(super) const GRAPH_COMMAND_LINE_TOOLS: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

/// Any tenant that has work or school accounts.
pub(super) const ORGANIZATIONS: &str = "organizations";

/// A code that is to live longer than this is not believed. Entra's live for fifteen minutes.
const LONGEST_CODE: Duration = Duration::from_hours(1);

/// A pause between two questions that is longer than this is not believed. Entra's is five seconds.
const LONGEST_INTERVAL: Duration = Duration::from_mins(2);

/// What the user has to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCodeShown {
    /// The authority's own sentence, or one of ours where it has none.
    pub message: String,
}

/// Shows the user where to enter which code.
pub trait DeviceCodePrompt: Send + Sync + Debug {
    /// Shows it, without waiting for anything.
    fn show(&self, shown: DeviceCodeShown);
}

/// Entra's sentence for the user, which RFC 8628 does not have.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    message: Option<String>,
}

impl ExtraDeviceAuthorizationFields for Extra {}

/// Signs in with a device code once, and with the refresh token from then on. It is kept in memory only.
pub(super) struct DeviceCode {
    authority: Arc<Authority>,
    tenant_id: String,
    client_id: String,
    scopes: Vec<String>,
    prompt: Arc<dyn DeviceCodePrompt>,
    kept: Mutex<Kept>,
}

enum Kept {
    /// Nobody has signed in yet.
    Nothing,
    /// Signed in, and the authority gave no refresh token.
    NoRefreshToken,
    RefreshToken(SecretString),
}

impl DeviceCode {
    /// Takes where and as what to sign in; nothing is sent yet.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredential`] when a part cannot be what it should be.
    pub(super) fn new(
        authority: Arc<Authority>,
        tenant_id: String,
        client_id: String,
        scopes: Vec<String>,
        prompt: Arc<dyn DeviceCodePrompt>,
    ) -> Result<Self, AuthError> {
        authority.endpoint(&tenant_id, &client_id)?;
        Ok(Self { authority, tenant_id, client_id, scopes, prompt, kept: Mutex::new(Kept::Nothing) })
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> + '_ {
        self.scopes.iter().cloned().map(Scope::new)
    }

    /// Asks for a code, shows it, and waits until it has been used, refused or has run out.
    async fn ask_user(&self) -> Result<BasicTokenResponse, AuthError> {
        let endpoint = self.authority.endpoint(&self.tenant_id, &self.client_id)?;
        let code: DeviceAuthorizationResponse<Extra> = in_time(async {
            endpoint
                .exchange_device_code()
                .add_scopes(self.scopes())
                .request_async(&*self.authority)
                .await
                .map_err(auth_error)
        })
        .await?;
        if code.expires_in() > LONGEST_CODE || code.interval() > LONGEST_INTERVAL {
            return Err(AuthError::Malformed("the times of the device code are not credible".to_owned()));
        }
        self.prompt.show(DeviceCodeShown { message: message(&code) });
        let clock = Arc::clone(&self.authority.clock);
        endpoint
            .exchange_device_access_token(&code)
            .add_extra_param("claims", claims_parameter(None))
            .set_time_fn(move || DateTime::from_timestamp(clock.utc().as_second(), 0).unwrap_or_default())
            .request_async(&*self.authority, tokio::time::sleep, None)
            .await
            .map_err(|error| match auth_error(error) {
                AuthError::Refused { code, description } => declined(code, description),
                other => other,
            })
    }

    async fn refresh(
        &self,
        token: &SecretString,
        rejection: Option<&Rejection>,
    ) -> Result<BasicTokenResponse, AuthError> {
        in_time(async {
            let endpoint = self.authority.endpoint(&self.tenant_id, &self.client_id)?;
            endpoint
                .exchange_refresh_token(&RefreshToken::new(token.expose_secret().to_owned()))
                .add_scopes(self.scopes())
                .add_extra_param("claims", claims_parameter(rejection))
                .request_async(&*self.authority)
                .await
                .map_err(auth_error)
        })
        .await
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh_token(&self) -> Result<Option<SecretString>, AuthError> {
        match &*self.kept() {
            Kept::Nothing => Ok(None),
            Kept::NoRefreshToken => Err(AuthError::CannotRenew),
            Kept::RefreshToken(token) => Ok(Some(token.clone())),
        }
    }
}

fn message(code: &DeviceAuthorizationResponse<Extra>) -> String {
    match &code.extra_fields().message {
        Some(message) if !message.trim().is_empty() => super::error::one_line(message),
        _ => format!(
            "To sign in, use a web browser to open the page {} and enter the code {} to authenticate.",
            code.verification_uri().as_str(),
            code.user_code().secret()
        ),
    }
}

/// The three ways in which a code comes to nothing, in words where the authority has none.
fn declined(code: Option<String>, description: String) -> AuthError {
    let advice = "Run Connect-RsGraph -UseDeviceCode again.";
    match description.as_str() {
        "authorization_declined" | "access_denied" => {
            AuthError::Local { reason: "the sign-in was declined".to_owned(), advice }
        }
        "expired_token"
        | "code_expired"
        | "expired_token: This device code has expired."
        | "This device code has expired." => {
            AuthError::Local { reason: "the code was not used in time".to_owned(), advice }
        }
        _ => AuthError::Refused { code, description },
    }
}

impl Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCode")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenFetcher for DeviceCode {
    #[tracing::instrument(level = "debug", skip(self, rejection))]
    async fn fetch(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        let answer = match self.refresh_token()? {
            // Later on the refresh token must do: nobody waits at a prompt in the middle of a run.
            Some(token) => self.refresh(&token, rejection).await?,
            None => self.ask_user().await?,
        };
        let token = self.authority.token(&answer)?;
        let mut kept = self.kept();
        match (answer.refresh_token(), &*kept) {
            (Some(refresh), _) => *kept = Kept::RefreshToken(refresh.secret().clone().into()),
            // An answer without a new refresh token leaves the old one good (RFC 6749, section 6).
            (None, Kept::RefreshToken(_)) => {}
            (None, _) => *kept = Kept::NoRefreshToken,
        }
        Ok(token)
    }
}
