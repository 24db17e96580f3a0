//! What all parts of a running emulator share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

use crate::clouds::OwnOrigins;
use crate::config::{EmulatorConfig, Endpoints};
use crate::connections::Phase;
use crate::directory::Directory;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::quota::Throttle;
use crate::random::Random;
use crate::server::StartError;
use crate::sign_in::assertion::Registered;
use crate::sign_in::device_codes::{DeviceCodes, DeviceDecision};
use crate::sign_in::federation::Federation;
use crate::sign_in::refresh_tokens::RefreshTokens;
use crate::token::{TokenGrant, TokenKind, TokenMint};

/// Who signs in when nobody is named.
const CALLER: &str = "admin@contoso.com";

/// Why nothing was decided about a device code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// No device code waits, or not the one that was named.
    #[error("no such device code is pending")]
    NothingPending,
    /// The directory has no such user.
    #[error("there is no user {0}")]
    UnknownUser(String),
}

/// The state of a running emulator.
pub(crate) struct Shared {
    pub(crate) endpoints: Endpoints,
    pub(crate) origins: Arc<OwnOrigins>,
    pub(crate) directory: Directory,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) tokens: TokenMint,
    pub(crate) devices: DeviceCodes,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) federation: Federation,
    pub(crate) phase: watch::Sender<Phase>,
    /// `{"@odata.context":…,"value":true}`, the body of every successful revocation.
    pub(crate) revoked_body: Bytes,
    certificate: RwLock<Option<Arc<Registered>>>,
    seed: u64,
    latency_millis: AtomicU64,
    sequence: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        config: &EmulatorConfig,
        endpoints: Endpoints,
        origins: OwnOrigins,
        phase: watch::Sender<Phase>,
    ) -> Result<Self, StartError> {
        let certificate = config
            .certificate
            .as_deref()
            .map(|der| Registered::from_der(der).ok_or(StartError::Certificate))
            .transpose()?;
        let origins = Arc::new(origins);
        let shared = Self {
            directory: Directory::generate(config.users, config.seed),
            ledger: Ledger::default(),
            faults: Faults::new(config.seed),
            throttle: Throttle::new(config.quota),
            tokens: TokenMint::new(config, Arc::clone(&origins)).map_err(|_| StartError::Random)?,
            devices: DeviceCodes::new(config.device_interval),
            refresh_tokens: RefreshTokens::default(),
            federation: Federation::new(&origins.graph).map_err(|_| StartError::Random)?,
            certificate: RwLock::new(certificate.map(Arc::new)),
            phase,
            revoked_body: format!(
                r#"{{"@odata.context":"{}/v1.0/$metadata#Edm.Boolean","value":true}}"#,
                endpoints.graph
            )
            .into(),
            seed: config.seed,
            latency_millis: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            endpoints,
            origins,
        };
        shared.set_latency(config.latency);
        Ok(shared)
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_millis.load(Relaxed))
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.latency_millis.store(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// A generator for one request, the same for the same seed and order of requests.
    pub(crate) fn random(&self) -> Random {
        Random::new(self.seed ^ (self.sequence.fetch_add(1, Relaxed) << 20))
    }

    pub(crate) fn next_id(&self) -> Uuid {
        self.random().uuid()
    }

    pub(crate) fn mint(&self, grant: &TokenGrant) -> String {
        self.mint_answering(grant, None)
    }

    /// Mints a token whose request answered the claims challenge that names `not_before`.
    pub(crate) fn mint_answering(&self, grant: &TokenGrant, not_before: Option<i64>) -> String {
        let user = match grant.kind {
            TokenKind::App => None,
            TokenKind::Delegated => self.directory.find(grant.upn.as_deref().unwrap_or(CALLER)),
        };
        self.tokens.mint(grant, user, not_before)
    }

    /// The certificate that the application has registered.
    pub(crate) fn certificate(&self) -> Option<Arc<Registered>> {
        self.certificate.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Registers another certificate (DER); false when it is none with an RSA key.
    pub(crate) fn register_certificate(&self, der: &[u8]) -> bool {
        let Some(registered) = Registered::from_der(der) else { return false };
        *self.certificate.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(registered));
        true
    }

    /// Decides about a device code, or about all future ones.
    pub(crate) fn decide_device_code(&self, decision: &DeviceDecision) -> Result<Option<String>, DecisionError> {
        let upn = decision.upn.as_deref().unwrap_or(CALLER);
        let user = self.directory.find(upn).ok_or_else(|| DecisionError::UnknownUser(upn.to_owned()))?;
        match self.devices.decide(decision, user.id) {
            None if !decision.next => Err(DecisionError::NothingPending),
            decided => Ok(decided),
        }
    }

    /// Forgets what was received, revoked, throttled, broken, challenged and pending; tokens stay good.
    pub(crate) fn reset(&self) {
        self.ledger.reset();
        self.faults.clear();
        self.throttle.reset();
        self.directory.reset();
        self.refresh_tokens.forget_revocations();
        self.devices.reset();
        self.tokens.end_challenge();
    }
}
