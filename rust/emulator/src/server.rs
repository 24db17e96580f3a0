//! A running emulator, from its start to its end.

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::post;
use axum::{Router, extract};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clouds::OwnOrigins;
use crate::config::{EmulatorConfig, Endpoints};
use crate::connections::{Door, Phase, accept, reached};
use crate::directory::Directory;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::proxy::Proxy;
use crate::quota::Quota;
use crate::sign_in::device_codes::DeviceDecision;
use crate::sign_in::federation::FederatedToken;
use crate::sign_in::opaque::opaque_text;
use crate::sign_in_log::SignInLog;
use crate::state::{DecisionError, Shared};
use crate::token::TokenGrant;
use crate::{control, graph, managed_identity, sign_in, tls};

/// How long requests under way may take to end when the emulator shuts down in order.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be listened on.
    #[error("cannot listen on the loopback interface")]
    Listen(#[from] io::Error),
    /// The certificate is not X.509 in DER, or its key is not RSA.
    #[error("the certificate is not an X.509 certificate with an RSA key")]
    Certificate,
    /// The system has no random numbers for a token key.
    #[error("the system gives no random numbers")]
    Random,
    /// There are no certificates for TLS.
    #[error("cannot make the certificates for TLS")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// The certificate authority cannot be written.
    #[error("cannot write the certificate authority to {}", path.display())]
    CaFile {
        /// Where it was to be written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
}

/// A running emulator. Dropping it kills it.
pub struct Emulator {
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
    ca_pem: Option<String>,
}

impl Emulator {
    /// Starts an emulator on the loopback interface, on the current Tokio runtime.
    pub async fn start(config: EmulatorConfig) -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let address = listener.local_addr()?;
        let Some(tls) = &config.tls else {
            let origin = format!("http://{address}");
            let (shared, watched) = share(&config, OwnOrigins { graph: origin.clone(), plain: origin })?;
            let door = Door { router: serving(plain_routes(), &shared), tls: None, proxy: None };
            return Ok(Self { shared, accepting: tokio::spawn(accept(listener, door, watched)), ca_pem: None });
        };
        let tls::Identity { acceptor, ca_pem } = tls::make_identity().map_err(StartError::Tls)?;
        if let Some(path) = &tls.ca_file {
            std::fs::write(path, &ca_pem).map_err(|source| StartError::CaFile { path: path.clone(), source })?;
        }
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origins =
            OwnOrigins { graph: format!("https://{address}"), plain: format!("http://{}", plain.local_addr()?) };
        let (shared, watched) = share(&config, origins)?;
        let proxy = Proxy::new(Arc::clone(&shared), address.port(), tls.proxy_credential.as_deref());
        let secure = Door { router: serving(routes(), &shared), tls: Some(acceptor), proxy: None };
        let open = Door { router: serving(plain_routes(), &shared), tls: None, proxy: Some(Arc::new(proxy)) };
        let accepting = tokio::spawn(async move {
            tokio::join!(accept(listener, secure, watched.clone()), accept(plain, open, watched));
        });
        Ok(Self { shared, accepting, ca_pem: Some(ca_pem) })
    }

    /// The certificate authority (PEM) that a client must trust; none without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Where it answers, and what it accepts as credentials.
    pub fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// The users and what happened to them.
    pub fn directory(&self) -> &Directory {
        &self.shared.directory
    }

    /// The sign-in log.
    pub fn sign_ins(&self) -> &SignInLog {
        &self.shared.sign_ins
    }

    /// What was received.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Mints an access token.
    pub fn mint_token(&self, grant: &TokenGrant) -> String {
        self.shared.mint(grant)
    }

    /// Makes every token minted so far worthless.
    pub fn expire_tokens(&self) {
        self.shared.tokens.expire_all();
    }

    /// Challenges every token minted so far, as continuous access evaluation does; the number is what `nbf` must be
    /// asked for.
    pub fn challenge_tokens(&self) -> i64 {
        self.shared.tokens.challenge_all()
    }

    /// Decides about a device code; the answer is its user code, and none for a decision about future codes.
    pub fn decide_device_code(&self, decision: &DeviceDecision) -> Result<Option<String>, DecisionError> {
        self.shared.decide_device_code(decision)
    }

    /// Issues a federated token; none when the system has no random numbers for its signature.
    pub fn mint_federated_token(&self, token: &FederatedToken) -> Option<String> {
        self.shared.federation.issue(token)
    }

    /// Registers the application's certificate (DER) in place of the last one; false when it is none with an RSA key.
    pub fn register_certificate(&self, der: &[u8]) -> bool {
        self.shared.register_certificate(der)
    }

    /// Puts another write quota in force; `None` never throttles.
    pub fn set_quota(&self, quota: Option<Quota>) {
        self.shared.throttle.set(quota);
    }

    /// Holds every Graph answer back for so long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.set_latency(latency);
    }

    /// Lets readers see a revocation so much later than it happens, from now until the next reset.
    pub fn set_propagation(&self, delay: Duration) {
        self.shared.directory.set_propagation(delay);
    }

    /// Forgets requests, revocations, faults, used quota, device codes and challenges; tokens stay good.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Drops the listener and every connection at once, whatever is under way.
    pub fn kill(&self) {
        self.shared.phase.send_replace(Phase::Killed);
    }

    /// Waits until someone asks the emulator to end; the answer is whether it is to end at once.
    pub async fn asked_to_end(&self) -> bool {
        let mut watched = self.shared.phase.subscribe();
        reached(&mut watched, |phase| phase != Phase::Running).await == Phase::Killed
    }

    /// Accepts nothing more, lets requests under way end for two seconds, and ends.
    pub async fn shutdown(mut self) {
        self.shared.phase.send_if_modified(|phase| {
            let running = *phase == Phase::Running;
            if running {
                *phase = Phase::Draining;
            }
            running
        });
        if tokio::time::timeout(PATIENCE, &mut self.accepting).await.is_err() {
            self.kill();
            let _ = (&mut self.accepting).await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.kill();
    }
}

fn share(config: &EmulatorConfig, origins: OwnOrigins) -> Result<(Arc<Shared>, watch::Receiver<Phase>), StartError> {
    let endpoints = Endpoints {
        graph: origins.graph.clone(),
        authority: origins.graph.clone(),
        control: format!("{}/_emulator", origins.plain),
        proxy: config.tls.as_ref().map(|_| origins.plain.clone()),
        tenant_id: config.tenant_id.clone(),
        client_id: config.client_id.clone(),
        client_secret: config.client_secret.clone(),
        imds: origins.plain.clone(),
        identity_endpoint: format!("{}{}", origins.plain, managed_identity::APP_SERVICE_PATH),
        identity_header: opaque_text(""),
        managed_identity_client_id: config.managed_identity_client_id.clone(),
    };
    let (phase, watched) = watch::channel(Phase::Running);
    Ok((Arc::new(Shared::new(config, endpoints, origins, phase)?), watched))
}

/// What both listeners serve.
fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(sign_in::token))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(sign_in::device_code))
        .nest("/_emulator", control::router())
}

/// Managed identities are asked over plain HTTP only.
fn plain_routes() -> Router<Arc<Shared>> {
    routes().merge(managed_identity::router())
}

fn serving(routes: Router<Arc<Shared>>, shared: &Arc<Shared>) -> Router {
    routes.layer(extract::DefaultBodyLimit::disable()).fallback(graph::serve).with_state(Arc::clone(shared))
}
