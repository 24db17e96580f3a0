//! What a caller can sign in with, and the token source that comes of it.

use std::ffi::OsString;
use std::fmt::{self, Debug};
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use super::authority::Authority;
use super::azure::{AzureCli, ManagedIdentity};
use super::borrowed::{Borrowed, TokenLender};
use super::client_credentials::{ClientCredentials, Proof};
use super::device_code::{DeviceCode, DeviceCodePrompt, GRAPH_COMMAND_LINE_TOOLS, ORGANIZATIONS};
use super::signed_assertion::Certificate;
use super::{AuthError, CachedSource, GivenToken, TokenFetcher, TokenSource};
use crate::clock::Clock;
use crate::cloud::Endpoints;
use crate::entropy::Entropy;
use crate::session::Named;
use crate::transport::ProxySettings;

/// What to sign in with.
#[non_exhaustive]
pub enum Credential {
    /// An application with a client secret.
    ClientSecret {
        /// Tenant id or domain name.
        tenant_id: String,
        /// Application (client) id.
        client_id: String,
        /// The secret of the application registration.
        secret: SecretString,
    },
    /// An application with a certificate.
    ClientCertificate {
        /// Tenant id or domain name.
        tenant_id: String,
        /// Application (client) id.
        client_id: String,
        /// The certificate, and what signs with its key.
        certificate: Certificate,
    },
    /// An application that trusts the tokens of another issuer (workload identity federation).
    FederatedTokenFile {
        /// Tenant id or domain name.
        tenant_id: String,
        /// Application (client) id.
        client_id: String,
        /// The file with the issuer's token, read anew whenever a token is needed.
        file: PathBuf,
    },
    /// The identity that Azure gives this machine or app.
    ManagedIdentity {
        /// Client id of a user-assigned identity.
        client_id: Option<String>,
        /// What stands in for the instance metadata service; an address of this machine.
        imds: Option<Url>,
    },
    /// The account that is signed in to the Azure CLI.
    AzureCli {
        /// Another tenant than the CLI's own.
        tenant_id: Option<String>,
        /// Where commands are found, if not where this process finds them.
        search_path: Option<OsString>,
    },
    /// A user who signs in on another device.
    DeviceCode {
        /// Tenant id or domain name; any organization if not given.
        tenant_id: Option<String>,
        /// Application (client) id; Microsoft Graph Command Line Tools if not given.
        client_id: Option<String>,
        /// The permissions to ask for, such as `User.RevokeSessions.All`.
        scopes: Vec<String>,
        /// What shows the code to the user.
        prompt: Arc<dyn DeviceCodePrompt>,
    },
    /// An access token for Graph that the caller already has.
    AccessToken(SecretString),
    /// The token of another sign-in of this process, such as that of `Connect-MgGraph`.
    Borrowed {
        /// What gives it.
        lender: Arc<dyn TokenLender>,
        /// Whose it is, as far as the other sign-in tells.
        named: Named,
    },
}

impl Credential {
    fn name(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "ClientSecret",
            Self::ClientCertificate { .. } => "ClientCertificate",
            Self::FederatedTokenFile { .. } => "WorkloadIdentity",
            Self::ManagedIdentity { .. } => "ManagedIdentity",
            Self::AzureCli { .. } => "AzureCli",
            Self::DeviceCode { .. } => "DeviceCode",
            Self::AccessToken(_) => "AccessToken",
            Self::Borrowed { .. } => "MgGraphSession",
        }
    }
}

impl Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A credential made ready, and what is known of it before any token is.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub tokens: Arc<dyn TokenSource>,
    pub credential_type: &'static str,
    pub named: Named,
}

impl SignIn {
    /// Makes a token source of a credential; nothing is sent yet.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredential`] when a part is missing or cannot be what it should be.
    pub(crate) fn new(
        credential: Credential,
        endpoints: &Endpoints,
        proxy: &ProxySettings,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
    ) -> Result<Self, AuthError> {
        let credential_type = credential.name();
        let authority = || {
            Authority::new(endpoints.authority(), proxy, Arc::clone(clock), Arc::clone(entropy))
                .map(Arc::new)
                .map_err(AuthError::InvalidCredential)
        };
        let application = |tenant_id: String, client_id: String, proof: Proof| {
            let named = Named::application(&client_id, &tenant_id);
            let fetcher = ClientCredentials::new(authority()?, tenant_id, client_id, endpoints.default_scope(), proof)?;
            Ok((cached(fetcher, clock), named))
        };
        let (tokens, named) = match credential {
            Credential::ClientSecret { tenant_id, client_id, secret } => {
                application(tenant_id, client_id, Proof::Secret(secret))
            }
            Credential::ClientCertificate { tenant_id, client_id, certificate } => {
                application(tenant_id, client_id, Proof::Certificate(certificate))
            }
            Credential::FederatedTokenFile { tenant_id, client_id, file } => {
                application(tenant_id, client_id, Proof::FederatedTokenFile(file))
            }
            Credential::ManagedIdentity { client_id, imds } => {
                let named = Named { client_id: client_id.clone(), ..Named::default() };
                let fetcher = ManagedIdentity::new(client_id, imds, endpoints.default_scope(), Arc::clone(clock))?;
                Ok((cached(fetcher, clock), named))
            }
            Credential::AzureCli { tenant_id, search_path } => {
                let named = Named { tenant_id: tenant_id.clone(), ..Named::default() };
                let fetcher = AzureCli::new(tenant_id, search_path, endpoints.default_scope(), Arc::clone(clock));
                Ok((cached(fetcher, clock), named))
            }
            Credential::DeviceCode { tenant_id, client_id, scopes, prompt } => {
                let tenant = tenant_id.unwrap_or_else(|| ORGANIZATIONS.to_owned());
                let client = client_id.unwrap_or_else(|| GRAPH_COMMAND_LINE_TOOLS.to_owned());
                let named = Named::application(&client, &tenant);
                let scopes = endpoints.delegated_scopes(&scopes);
                let fetcher = DeviceCode::new(authority()?, tenant, client, scopes, prompt)?;
                Ok((cached(fetcher, clock), named))
            }
            Credential::AccessToken(token) => {
                Ok((Arc::new(GivenToken::new(&token, Arc::clone(clock))?) as Arc<dyn TokenSource>, Named::default()))
            }
            Credential::Borrowed { lender, named } => Ok((cached(Borrowed::new(lender), clock), named)),
        }?;
        Ok(Self { tokens, credential_type, named })
    }
}

fn cached(fetcher: impl TokenFetcher + 'static, clock: &Arc<dyn Clock>) -> Arc<dyn TokenSource> {
    Arc::new(CachedSource::new(fetcher, Arc::clone(clock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Environment;
    use crate::clock::SystemClock;
    use crate::entropy::SystemEntropy;

    #[test]
    fn nothing_shows_the_secret() {
        let endpoints = Endpoints::new(Environment::Global, None, None).unwrap();
        let sign_in = |tenant: &str| {
            let credential = Credential::ClientSecret {
                tenant_id: tenant.to_owned(),
                client_id: "id".to_owned(),
                secret: "hunter2".to_owned().into(),
            };
            assert_eq!(format!("{credential:?}"), "ClientSecret");
            let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
            SignIn::new(credential, &endpoints, &ProxySettings::default(), &clock, &entropy)
        };
        assert!(!format!("{:?}", sign_in("contoso.com").unwrap()).contains("hunter2"));
        let refused = sign_in("../x").unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }
}
