//! What all parts of a running emulator share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
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
use crate::token::{TokenGrant, TokenKind, TokenMint};

/// The state of a running emulator.
pub(crate) struct Shared {
    pub(crate) endpoints: Endpoints,
    pub(crate) origins: Arc<OwnOrigins>,
    pub(crate) directory: Directory,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) tokens: TokenMint,
    pub(crate) certificate: Option<Registered>,
    pub(crate) phase: watch::Sender<Phase>,
    /// `{"@odata.context":…,"value":true}`, the body of every successful revocation.
    pub(crate) revoked_body: Bytes,
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
            certificate,
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
        let user = match grant.kind {
            TokenKind::App => None,
            TokenKind::Delegated => self.directory.find(grant.upn.as_deref().unwrap_or("admin@contoso.com")),
        };
        self.tokens.mint(grant, user)
    }

    /// Forgets what was received, revoked, throttled and broken; tokens stay good.
    pub(crate) fn reset(&self) {
        self.ledger.reset();
        self.faults.clear();
        self.throttle.reset();
        self.directory.reset();
    }
}
