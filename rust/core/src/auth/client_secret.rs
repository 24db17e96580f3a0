//! An application that signs in with a client secret, by `azure_identity`.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::error::{Error, ErrorKind};
use azure_core::http::{ClientOptions, RetryOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::authority_http::AuthorityHttp;
use super::{AuthError, BearerToken, TokenFetcher};
use crate::cloud::Endpoints;

/// How long signing in may take as a whole.
const SIGN_IN_TIMEOUT: Duration = Duration::from_mins(1);

/// Signs in with the client credentials grant (RFC 6749, section 4.4).
pub struct ClientSecret {
    tenant_id: String,
    client_id: String,
    secret: SecretString,
    scope: String,
    authority: String,
    http: Arc<AuthorityHttp>,
}

impl ClientSecret {
    /// Takes what the application registration gives; nothing is sent yet.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredential`] when a part is missing or cannot be what it should be.
    pub fn new(
        endpoints: &Endpoints,
        tenant_id: String,
        client_id: String,
        secret: SecretString,
    ) -> Result<Self, AuthError> {
        let http = AuthorityHttp::new(endpoints.authority()).map_err(AuthError::InvalidCredential)?;
        let this = Self {
            tenant_id,
            client_id,
            secret,
            scope: endpoints.default_scope(),
            authority: AuthorityHttp::https_authority(endpoints.authority()),
            http: Arc::new(http),
        };
        this.credential().map_err(|error| AuthError::InvalidCredential(one_line(&error.to_string())))?;
        Ok(this)
    }

    /// A credential of its own for each fetch, because the crate's cache would give a rejected
    /// token again. The authority is always set, because an environment variable could otherwise
    /// redirect the secret.
    fn credential(&self) -> azure_core::Result<Arc<ClientSecretCredential>> {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host.clone_from(&self.authority);
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::clone(&self.http) as _)),
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        };
        ClientSecretCredential::new(
            &self.tenant_id,
            self.client_id.clone(),
            Secret::new(self.secret.expose_secret().to_owned()),
            Some(ClientSecretCredentialOptions { client_options }),
        )
    }
}

impl Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenFetcher for ClientSecret {
    #[tracing::instrument(level = "debug", skip(self))]
    async fn fetch(&self) -> Result<BearerToken, AuthError> {
        let credential =
            self.credential().map_err(|error| AuthError::InvalidCredential(one_line(&error.to_string())))?;
        let scopes = [self.scope.as_str()];
        let answer = tokio::time::timeout(SIGN_IN_TIMEOUT, credential.get_token(&scopes, None))
            .await
            .map_err(|_| AuthError::Unreachable(format!("no answer within {} s", SIGN_IN_TIMEOUT.as_secs())))?;
        let token = answer.map_err(|error| auth_error(&error))?;
        let expires_on = Timestamp::from_second(token.expires_on.unix_timestamp()).ok();
        Ok(BearerToken::new(token.token.secret().to_owned().into(), expires_on))
    }
}

/// Finds the authority's own words below the crate's wrapping.
fn auth_error(error: &Error) -> AuthError {
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = link {
        if let Some(azure) = current.downcast_ref::<Error>() {
            match azure.kind() {
                ErrorKind::HttpResponse { .. } => {
                    let description = one_line(&azure.to_string());
                    return AuthError::Refused { code: aadsts(&description), description };
                }
                ErrorKind::Connection | ErrorKind::Io => return AuthError::Unreachable(innermost(azure)),
                ErrorKind::DataConversion => return AuthError::Malformed(one_line(&azure.to_string())),
                _ => {}
            }
        }
        link = current.source();
    }
    AuthError::Malformed(innermost(error))
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    one_line(&innermost.to_string())
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The code with which Entra's error descriptions begin.
fn aadsts(description: &str) -> Option<String> {
    let start = description.find("AADSTS")?;
    let digits: String = description[start + 6..].chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_the_description() {
        assert_eq!(aadsts("AADSTS7000215: Invalid client secret provided."), Some("AADSTS7000215".into()));
        assert_eq!(aadsts("something else"), None);
    }

    #[test]
    fn nothing_shows_the_secret() {
        let endpoints = Endpoints::new(crate::Environment::Global, None, None).unwrap();
        let source =
            ClientSecret::new(&endpoints, "contoso.com".into(), "id".into(), "hunter2".to_owned().into()).unwrap();
        assert!(!format!("{source:?}").contains("hunter2"));
        let refused =
            ClientSecret::new(&endpoints, "../x".into(), "id".into(), "hunter2".to_owned().into()).unwrap_err();
        assert!(!refused.to_string().contains("hunter2"));
    }
}
