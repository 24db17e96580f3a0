//! The identity that Azure gives a machine or an app.
//!
//! Source: Microsoft Learn, "How to use managed identities for Azure resources on an Azure VM to acquire an access
//! token", and "How to use managed identities for App Service and Azure Functions".

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use url::Url;

use super::http::{MachineHttp, is_near};
use super::{reason, token};
use crate::auth::authority::in_time;
use crate::auth::{AuthError, BearerToken, Rejection, TokenFetcher};
use crate::clock::Clock;

const ADVICE: &str = "Run this on an Azure resource that has a managed identity assigned (with -ClientId for a user-assigned one), and grant that identity User.RevokeSessions.All.";

/// Signs in as the machine.
pub(in crate::auth) struct ManagedIdentity {
    client_id: Option<String>,
    scope: String,
    http: Arc<MachineHttp>,
    clock: Arc<dyn Clock>,
}

impl ManagedIdentity {
    /// Takes which identity it is; `imds` stands in for the instance metadata service.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredential`] when `imds` is not near, or no client can be made.
    pub(in crate::auth) fn new(
        client_id: Option<String>,
        imds: Option<Url>,
        scope: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthError> {
        if let Some(imds) = imds.as_ref().filter(|imds| !is_near(imds)) {
            return Err(AuthError::InvalidCredential(format!("'{imds}' is not an address of this machine")));
        }
        let http = MachineHttp::new(imds).map_err(AuthError::InvalidCredential)?;
        Ok(Self { client_id, scope, http: Arc::new(http), clock })
    }

    /// A credential of its own for each fetch, because the crate's cache would give a rejected token again.
    fn credential(&self) -> azure_core::Result<Arc<ManagedIdentityCredential>> {
        let client_options =
            ClientOptions { transport: Some(Transport::new(Arc::clone(&self.http) as _)), ..ClientOptions::default() };
        let user_assigned_id = self.client_id.clone().map(UserAssignedId::ClientId);
        ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions { user_assigned_id, client_options }))
    }
}

impl Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentity").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenFetcher for ManagedIdentity {
    #[tracing::instrument(level = "debug", skip(self, rejection))]
    async fn fetch(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        if rejection.is_some_and(|rejection| rejection.claims.is_some()) {
            return Err(AuthError::Challenged {
                who: "a managed identity",
                advice: "Look in the sign-in logs of the managed identity for the policy that was applied. Its next token comes when Azure renews it, within 24 hours; restarting the app or machine may be quicker.",
            });
        }
        in_time(async {
            let failed = |error: &azure_core::Error| AuthError::Local { reason: reason(error), advice: ADVICE };
            let credential = self.credential().map_err(|error| failed(&error))?;
            let answer = credential.get_token(&[self.scope.as_str()], None).await.map_err(|error| failed(&error))?;
            token(&answer, self.clock.utc())
        })
        .await
    }
}
