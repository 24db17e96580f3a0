//! One sign-in to one tenant, and everything a run needs of it.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use thiserror::Error;

use crate::auth::claims::{AuthType, Claims, LEAST_PERMISSION};
use crate::auth::{AuthError, Credential, SignIn, TokenSource};
use crate::clock::{Clock, SystemClock};
use crate::cloud::Endpoints;
use crate::entropy::{Entropy, SystemEntropy};
use crate::error::{ErrorDetail, ErrorId};
use crate::identity::UserId;
use crate::pacing::{Pacer, WriteQuota};
use crate::transport::{HttpTransport, ProxySettings, Transport};

/// Where and how to sign in.
#[derive(Debug)]
pub struct ConnectOptions {
    endpoints: Endpoints,
    credential: Credential,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    quota: WriteQuota,
    proxy: ProxySettings,
}

impl ConnectOptions {
    /// Signs in at `endpoints` with `credential`, on the machine's own clock and randomness. The
    /// published quota is kept to in Microsoft's clouds; of any other place none is known.
    pub fn new(endpoints: Endpoints, credential: Credential) -> Self {
        let quota = if endpoints.is_custom() { WriteQuota::NONE } else { WriteQuota::PUBLISHED };
        Self {
            endpoints,
            credential,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            quota,
            proxy: ProxySettings::default(),
        }
    }

    /// Goes through another proxy than the one the system names.
    #[must_use]
    pub fn with_proxy(mut self, proxy: ProxySettings) -> Self {
        self.proxy = proxy;
        self
    }

    /// Keeps to another write quota than the one of the endpoint.
    #[must_use]
    pub fn with_quota(mut self, quota: WriteQuota) -> Self {
        self.quota = quota;
        self
    }

    /// Takes time and randomness from elsewhere.
    #[must_use]
    pub fn with_time_and_randomness(mut self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        self.clock = clock;
        self.entropy = entropy;
        self
    }
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Signing in failed.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// TLS cannot be set up on this machine.
    #[error("tls cannot be set up: {0}")]
    Tls(String),
}

impl ConnectError {
    /// The error as people are shown it.
    pub fn detail(&self) -> ErrorDetail {
        match self {
            Self::Auth(error) => error.detail(),
            Self::Tls(why) => {
                ErrorId::InternalError.with_message(format!("TLS cannot be set up on this machine: {why}."))
            }
        }
    }
}

/// Everything a session is made of, for callers that bring their own.
#[derive(Debug)]
pub struct SessionParts {
    /// Where Graph and the authority are.
    pub endpoints: Endpoints,
    /// Where tokens come from.
    pub tokens: Arc<dyn TokenSource>,
    /// What carries requests.
    pub transport: Arc<dyn Transport>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The write quota to keep to.
    pub quota: WriteQuota,
    /// A name for the kind of credential, for people to read.
    pub credential_type: &'static str,
    /// What is known of the sign-in before any token is.
    pub named: Named,
}

/// What is known of a sign-in where its token tells nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Application (client) id.
    pub client_id: Option<String>,
    /// Tenant id or domain name.
    pub tenant_id: Option<String>,
    /// UPN of the user, or name of the application.
    pub account: Option<String>,
    /// The permissions, delegated or of the application.
    pub scopes: Vec<String>,
}

impl Named {
    /// An application of a tenant.
    pub fn application(client_id: &str, tenant_id: &str) -> Self {
        Self { client_id: Some(client_id.to_owned()), tenant_id: Some(tenant_id.to_owned()), ..Self::default() }
    }
}

/// One sign-in to one tenant. Clones are the same session.
#[derive(Debug, Clone)]
pub struct Session {
    parts: Arc<SessionParts>,
    pacer: Arc<Pacer>,
    /// Whether the user has been told that the permission is missing.
    warned: Arc<AtomicBool>,
}

impl Session {
    /// Signs in. The credential is tried at once, so that a wrong one is told here.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(options: ConnectOptions) -> Result<Self, ConnectError> {
        let ConnectOptions { endpoints, credential, clock, entropy, quota, proxy } = options;
        let transport = HttpTransport::new(endpoints.graph(), &proxy).map_err(ConnectError::Tls)?;
        let SignIn { tokens, credential_type, named } = SignIn::new(credential, &endpoints, &proxy, &clock, &entropy)?;
        tokens.token(None).await?;
        Ok(Self::from_parts(SessionParts {
            endpoints,
            tokens,
            transport: Arc::new(transport),
            clock,
            entropy,
            quota,
            credential_type,
            named,
        }))
    }

    /// Puts a session together from parts, without asking for a token.
    pub fn from_parts(parts: SessionParts) -> Self {
        let claims = current_claims(&parts);
        let client_id = claims.appid.as_ref().or(parts.named.client_id.as_ref());
        let tenant_id = claims.tid.as_ref().or(parts.named.tenant_id.as_ref());
        // Graph counts by application and tenant; a session that does not know both shares with nobody.
        let pacer = match (client_id, tenant_id) {
            (Some(client), Some(tenant)) => {
                Pacer::shared(parts.endpoints.graph().as_str(), tenant, client, &parts.quota)
            }
            _ => Pacer::new(&parts.quota),
        };
        Self { parts: Arc::new(parts), pacer, warned: Arc::default() }
    }

    /// Who is signed in, where and until when.
    pub fn context(&self) -> SessionContext {
        let claims = current_claims(&self.parts);
        let named = self.parts.named.clone();
        let user =
            || UserId::parse(claims.oid.as_deref(), claims.upn.as_deref().or(claims.unique_name.as_deref())).ok();
        SessionContext {
            user: (claims.auth_type() == AuthType::Delegated).then(user).flatten(),
            auth_type: claims.auth_type(),
            scopes: if claims.is_empty() { named.scopes } else { claims.scopes() },
            expires_on: self.parts.tokens.current().and_then(|token| token.expires_on()),
            account: claims.upn.or(claims.unique_name).or(claims.app_displayname).or(named.account),
            client_id: claims.appid.or(named.client_id),
            tenant_id: claims.tid.or(named.tenant_id),
            roles: claims.roles,
            endpoints: self.parts.endpoints.clone(),
            credential_type: self.parts.credential_type,
        }
    }

    /// What to tell the user, once a session, before its first revocation: that none of the permissions which
    /// allow it is in the token. Nothing where the token is opaque, and never a reason not to try.
    pub fn take_permission_warning(&self) -> Option<String> {
        let claims = current_claims(&self.parts);
        if claims.may_revoke() != Some(false) || self.warned.swap(true, Ordering::Relaxed) {
            return None;
        }
        let granted = [claims.scopes(), claims.roles].concat();
        let has = if granted.is_empty() { "no permission at all".to_owned() } else { granted.join(", ") };
        Some(format!(
            "The sign-in has none of the permissions that allow revoking sessions, so Graph will probably refuse. The least is {LEAST_PERMISSION}; it has {has}."
        ))
    }

    pub(crate) fn parts(&self) -> &Arc<SessionParts> {
        &self.parts
    }

    pub(crate) fn pacer(&self) -> &Arc<Pacer> {
        &self.pacer
    }
}

fn current_claims(parts: &SessionParts) -> Claims {
    parts.tokens.current().and_then(|token| Claims::of(token.secret().expose_secret())).unwrap_or_default()
}

/// Who is signed in, where and until when. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionContext {
    /// The signed-in user, where one is and the token tells who.
    pub user: Option<UserId>,
    /// UPN of the user, or display name of the application.
    pub account: Option<String>,
    /// Application (client) id.
    pub client_id: Option<String>,
    /// Tenant id, or the name it was given by.
    pub tenant_id: Option<String>,
    /// Where Graph and the authority are.
    pub endpoints: Endpoints,
    /// Whether a user or an application is signed in.
    pub auth_type: AuthType,
    /// The kind of credential.
    pub credential_type: &'static str,
    /// Delegated permissions in the token.
    pub scopes: Vec<String>,
    /// Application permissions in the token.
    pub roles: Vec<String>,
    /// When the token ends.
    pub expires_on: Option<Timestamp>,
}
