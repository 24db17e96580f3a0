//! An application that signs in as itself: by secret, by certificate or by a federated token.
//!
//! Source: RFC 6749, section 4.4; Microsoft identity platform, "OAuth 2.0 client credentials flow".

use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use oauth2::{ClientSecret, Scope};
use secrecy::{ExposeSecret, SecretString};

use super::authority::{Authority, auth_error, claims_parameter, in_time};
use super::signed_assertion::Certificate;
use super::{AuthError, BearerToken, Rejection, TokenFetcher};

/// RFC 7523, section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token file larger than this, in bytes, is none.
const LARGEST_TOKEN: u64 = 64 * 1024;

/// What proves that it is the application that signs in.
pub(super) enum Proof {
    Secret(SecretString),
    Certificate(Certificate),
    /// A file with a token of another issuer, read anew each time because it is replaced from time to time.
    FederatedTokenFile(PathBuf),
}

/// Signs in with the client credentials grant.
pub(super) struct ClientCredentials {
    authority: Arc<Authority>,
    tenant_id: String,
    client_id: String,
    scope: String,
    proof: Proof,
}

impl ClientCredentials {
    /// Takes what the application registration gives; nothing is sent yet.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredential`] when a part is missing or cannot be what it should be.
    pub(super) fn new(
        authority: Arc<Authority>,
        tenant_id: String,
        client_id: String,
        scope: String,
        proof: Proof,
    ) -> Result<Self, AuthError> {
        authority.endpoint(&tenant_id, &client_id)?;
        if let Proof::Certificate(certificate) = &proof {
            certificate.check(authority.clock.utc())?;
        }
        Ok(Self { authority, tenant_id, client_id, scope, proof })
    }

    async fn assertion(&self) -> Result<Option<String>, AuthError> {
        match &self.proof {
            Proof::Secret(_) => Ok(None),
            Proof::Certificate(certificate) => {
                let audience = self.authority.token_url(&self.tenant_id);
                let (now, id) = (self.authority.clock.utc(), self.authority.entropy.uuid());
                certificate.assertion(&self.client_id, &audience, now, id).await.map(Some)
            }
            Proof::FederatedTokenFile(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_token(&path)).await;
                read.unwrap_or_else(|_| Err(AuthError::Malformed("the token file cannot be read".to_owned()))).map(Some)
            }
        }
    }
}

fn read_token(path: &Path) -> Result<String, AuthError> {
    let fault = |reason: String| AuthError::Local {
        reason,
        advice: "Check the path of the federated token file (AZURE_FEDERATED_TOKEN_FILE or -FederatedTokenFile), and that this account may read it.",
    };
    let unreadable = |error: &std::io::Error| {
        fault(format!("the federated token file '{}' cannot be read: {error}", path.display()))
    };
    if std::fs::metadata(path).map_err(|error| unreadable(&error))?.len() > LARGEST_TOKEN {
        return Err(fault(format!("the file '{}' is too large to be a token", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(fault(format!("the file '{}' holds no token", path.display())));
    }
    Ok(token.to_owned())
}

impl Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenFetcher for ClientCredentials {
    #[tracing::instrument(level = "debug", skip(self, rejection))]
    async fn fetch(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        in_time(async {
            let mut endpoint = self.authority.endpoint(&self.tenant_id, &self.client_id)?;
            if let Proof::Secret(secret) = &self.proof {
                endpoint = endpoint.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
            }
            let assertion = self.assertion().await?;
            let mut request = endpoint
                .exchange_client_credentials()
                .add_scope(Scope::new(self.scope.clone()))
                .add_extra_param("claims", claims_parameter(rejection));
            if let Some(assertion) = assertion {
                request = request
                    .add_extra_param("client_assertion_type", JWT_BEARER)
                    .add_extra_param("client_assertion", assertion);
            }
            let answer = request.request_async(&*self.authority).await.map_err(auth_error)?;
            self.authority.token(&answer)
        })
        .await
    }
}
