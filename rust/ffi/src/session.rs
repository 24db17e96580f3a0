//! The service behind `Connect-RsGraph`, `Get-RsContext` and `Disconnect-RsGraph`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use interoptopus::pattern::asynk::Async;
use interoptopus::wire::Wire;
use interoptopus::{AsyncRuntime, ffi};
use revoke_session_core::Session;
use revoke_session_core::identity::Target;
use revoke_session_core::journal::Journal;
use secrecy::{SecretSlice, SecretString};

use crate::boundary::{Workers, guarded, guarded_async, guarded_new, lock, unwire, wire};
use crate::connect::connect_options;
use crate::host::{Host, HostHandle};
use crate::wire::{
    ConnectReply, ConnectRequest, FfiError, HostQuestion, JournalRequest, Judgement, Preflight, SessionContext,
};

/// One sign-in to one tenant.
#[ffi(service)]
#[derive(AsyncRuntime)]
pub struct GraphSession {
    runtime: Workers,
    secret: Mutex<Option<SecretString>>,
    session: Mutex<Option<Session>>,
    journal: Mutex<Option<Journal>>,
    host: Arc<Host>,
}

#[ffi]
impl GraphSession {
    /// Makes a session that is not connected yet.
    pub fn create() -> ffi::Result<Self, FfiError> {
        guarded_new(|| {
            Ok(Self {
                runtime: Workers::new()?,
                secret: Mutex::default(),
                session: Mutex::default(),
                journal: Mutex::default(),
                host: Arc::new(Host::new()),
            })
        })
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
            let secret = lock(&this.secret).take();
            let options = connect_options(request, secret, &HostHandle(Arc::clone(&this.host)))?;
            let session = match options {
                Ok(options) => Session::connect(options).await.map_err(|error| error.detail()),
                Err(detail) => Err(detail),
            };
            let error = session.map(|session| *lock(&this.session) = Some(session)).err().map(Into::into);
            wire(ConnectReply { error })
        })
        .await
    }

    /// Opens a journal for the next run on this session, or begins one.
    pub async fn open_journal(
        this: Async<Self>,
        request: Wire<JournalRequest>,
    ) -> ffi::Result<Wire<ConnectReply>, FfiError> {
        guarded_async(async move {
            let path = PathBuf::from(unwire(request)?.path);
            let session = this.connected()?;
            // A long journal takes a while to read, and a locked one is waited for.
            let opened = tokio::task::spawn_blocking(move || {
                Journal::open(&path, &session).map_err(|error| error.detail(&path))
            });
            let error = match opened.await.map_err(|_| FfiError::Internal)? {
                Ok(journal) => {
                    *lock(&this.journal) = Some(journal);
                    None
                }
                Err(detail) => Some(detail.into()),
            };
            wire(ConnectReply { error })
        })
        .await
    }

    /// Waits until the library needs something that only the caller can do. Asked for again and again while
    /// anything else is under way on the session, and cancelled then.
    pub async fn next_question(this: Async<Self>) -> ffi::Result<Wire<HostQuestion>, FfiError> {
        guarded_async(async move { wire(this.host.next().await.ok_or(FfiError::Internal)?) }).await
    }

    /// Answers a question with bytes, which the caller may wipe as soon as this returns.
    pub fn answer_question(&self, id: u64, answer: ffi::Slice<'_, u8>) -> ffi::Result<(), FfiError> {
        guarded(|| {
            self.host.answer(id, Ok(SecretSlice::from(answer.as_slice().to_vec())));
            Ok(())
        })
    }

    /// Says why a question cannot be answered, as UTF-8.
    pub fn refuse_question(&self, id: u64, reason: ffi::Slice<'_, u8>) -> ffi::Result<(), FfiError> {
        guarded(|| {
            self.host.answer(id, Err(String::from_utf8_lossy(reason.as_slice()).into_owned()));
            Ok(())
        })
    }

    /// What the user is to be told before the first revocation; told once a session.
    pub fn preflight(&self) -> ffi::Result<Wire<Preflight>, FfiError> {
        guarded(|| wire(Preflight { warning: self.connected()?.take_permission_warning() }))
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

    pub(crate) fn take_journal(&self) -> Result<Journal, FfiError> {
        lock(&self.journal).take().ok_or(FfiError::InvalidInput)
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.runtime
    }
}
