//! The service behind `Connect-RsGraph`, `Get-RsContext` and `Disconnect-RsGraph`.

use std::sync::Mutex;

use interoptopus::pattern::asynk::Async;
use interoptopus::wire::Wire;
use interoptopus::{AsyncRuntime, ffi};
use revoke_session_core as core;
use revoke_session_core::identity::Target;
use revoke_session_core::{ConnectOptions, Credential, Endpoints, Environment, ErrorId, Session};
use secrecy::SecretString;

use crate::boundary::{Workers, guarded, guarded_async, guarded_new, lock, unwire, wire};
use crate::wire::{ConnectReply, ConnectRequest, CredentialKind, FfiError, Judgement, SessionContext};

/// One sign-in to one tenant.
#[ffi(service)]
#[derive(AsyncRuntime)]
pub struct GraphSession {
    runtime: Workers,
    secret: Mutex<Option<SecretString>>,
    session: Mutex<Option<Session>>,
}

#[ffi]
impl GraphSession {
    /// Makes a session that is not connected yet.
    pub fn create() -> ffi::Result<Self, FfiError> {
        guarded_new(|| Ok(Self { runtime: Workers::new()?, secret: Mutex::default(), session: Mutex::default() }))
    }

    /// Takes the secret of the credential (client secret or access token) as UTF-8.
    ///
    /// The caller may wipe its copy as soon as this returns.
    pub fn provide_secret(&self, utf8: ffi::Slice<'_, u8>) -> ffi::Result<(), FfiError> {
        guarded(|| {
            let text = std::str::from_utf8(utf8.as_slice()).map_err(|_| FfiError::InvalidInput)?;
            *lock(&self.secret) = Some(SecretString::from(text));
            Ok(())
        })
    }

    /// Signs in.
    pub async fn connect(
        this: Async<Self>,
        request: Wire<ConnectRequest>,
    ) -> ffi::Result<Wire<ConnectReply>, FfiError> {
        guarded_async(async move {
            let request = unwire(request)?;
            let secret = lock(&this.secret).take().ok_or(FfiError::InvalidInput)?;
            let error = match sign_in(request, secret).await {
                Ok(session) => {
                    *lock(&this.session) = Some(session);
                    None
                }
                Err(detail) => Some(detail.into()),
            };
            wire(ConnectReply { error })
        })
        .await
    }

    /// The signed-in user as a target, by name where the token tells it.
    pub fn judge_me(&self) -> ffi::Result<Wire<Judgement>, FfiError> {
        guarded(|| wire((&Target::Me(self.connected()?.context().user)).into()))
    }

    /// Who is signed in.
    pub fn describe(&self) -> ffi::Result<Wire<SessionContext>, FfiError> {
        guarded(|| wire(self.connected()?.context().into()))
    }
}

impl GraphSession {
    pub(crate) fn connected(&self) -> Result<Session, FfiError> {
        lock(&self.session).clone().ok_or(FfiError::InvalidInput)
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.runtime
    }
}

async fn sign_in(request: ConnectRequest, secret: SecretString) -> Result<Session, core::ErrorDetail> {
    let endpoints = request
        .environment
        .parse::<Environment>()
        .and_then(|environment| {
            Endpoints::new(environment, request.graph_endpoint.as_deref(), request.authority_host.as_deref())
        })
        .map_err(|error| ErrorId::InvalidEndpoint.with_message(format!("Not connected: {error}.")))?;
    let credential = match request.credential {
        CredentialKind::ClientSecret => Credential::ClientSecret {
            tenant_id: request.tenant_id.unwrap_or_default(),
            client_id: request.client_id.unwrap_or_default(),
            secret,
        },
        CredentialKind::AccessToken => Credential::AccessToken(secret),
    };
    Session::connect(ConnectOptions::new(endpoints, credential)).await.map_err(|error| error.detail())
}
