//! The account that is signed in to the Azure CLI.

use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::io;
use std::process::{Output, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};

use super::{reason, token};
use crate::auth::authority::in_time;
use crate::auth::{AuthError, BearerToken, Rejection, TokenFetcher};
use crate::clock::Clock;

const ADVICE: &str = "Install the Azure CLI 2.54 or newer, sign in with `az login --tenant <tenant>`, and check it with `az account show`.";

/// Asks `az account get-access-token`.
#[derive(Debug)]
pub(in crate::auth) struct AzureCli {
    tenant_id: Option<String>,
    scope: String,
    search_path: Option<OsString>,
    clock: Arc<dyn Clock>,
}

impl AzureCli {
    pub(in crate::auth) fn new(
        tenant_id: Option<String>,
        search_path: Option<OsString>,
        scope: String,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { tenant_id, scope, search_path, clock }
    }
}

#[async_trait]
impl TokenFetcher for AzureCli {
    #[tracing::instrument(level = "debug", skip(self, rejection))]
    async fn fetch(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        if rejection.is_some_and(|rejection| rejection.claims.is_some()) {
            return Err(AuthError::Challenged {
                who: "the Azure CLI",
                advice: "Run `az logout` and `az login --scope https://graph.microsoft.com/.default`, then Connect-RsGraph -AzureCli.",
            });
        }
        in_time(async {
            let failed = |error: &azure_core::Error| AuthError::Local { reason: reason(error), advice: ADVICE };
            let options = AzureCliCredentialOptions {
                tenant_id: self.tenant_id.clone(),
                executor: Some(Arc::new(Shell { search_path: self.search_path.clone() })),
                ..AzureCliCredentialOptions::default()
            };
            let credential = AzureCliCredential::new(Some(options)).map_err(|error| failed(&error))?;
            let answer = credential.get_token(&[self.scope.as_str()], None).await.map_err(|error| failed(&error))?;
            token(&answer, self.clock.utc())
        })
        .await
    }
}

/// Runs the command of the crate where the caller finds commands, and never longer than it is waited for.
#[derive(Debug)]
struct Shell {
    /// A runtime such as .NET has environment variables of its own, which this process does not see.
    search_path: Option<OsString>,
}

#[async_trait]
impl Executor for Shell {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = tokio::process::Command::new(program);
        command.args(args).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(search_path) = &self.search_path {
            command.env("PATH", search_path);
        }
        command.output().await
    }
}
