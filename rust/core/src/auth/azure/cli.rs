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
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        if let Some(search_path) = &self.search_path {
            command.env("PATH", search_path);
        }
        let child = command.spawn()?;
        let family = Family(child.id());
        let output = child.wait_with_output().await;
        family.has_ended();
        output
    }
}

/// A command and what it started: the CLI is a script that starts Python. They end together, when nobody waits for
/// them any more.
struct Family(Option<u32>);

impl Family {
    /// Nothing of it is left, and its number may soon be somebody else's.
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        #[cfg(unix)]
        if let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) {
            // An error means that it has just ended.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(windows)]
        let _ = std::process::Command::new("taskkill").args(["/T", "/F", "/PID", &id.to_string()]).spawn();
    }
}
