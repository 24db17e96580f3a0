//! The listener, its connections and their end.

use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::routing::post;
use axum::{Router, extract};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::config::{EmulatorConfig, Endpoints};
use crate::directory::Directory;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::quota::Quota;
use crate::respond::CloseConnection;
use crate::state::Shared;
use crate::token::TokenGrant;
use crate::{control, graph, sign_in};

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
}

/// Whether an emulator goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// Nothing new is accepted; what is under way may end.
    Draining,
    /// Everything ends at once.
    Killed,
}

/// A running emulator. Dropping it kills it.
pub struct Emulator {
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator on the loopback interface, on the current Tokio runtime.
    pub async fn start(config: EmulatorConfig) -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let endpoints = Endpoints {
            control: format!("{origin}/_emulator"),
            graph: origin.clone(),
            authority: origin,
            tenant_id: config.tenant_id.clone(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
        };
        let (phase, watched) = watch::channel(Phase::Running);
        let shared = Arc::new(Shared::new(&config, endpoints, phase)?);
        let accepting = tokio::spawn(accept(listener, router(&shared), watched));
        Ok(Self { shared, accepting })
    }

    /// Where it answers, and what it accepts as credentials.
    pub fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// The users and what happened to them.
    pub fn directory(&self) -> &Directory {
        &self.shared.directory
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

    /// Puts another write quota in force; `None` never throttles.
    pub fn set_quota(&self, quota: Option<Quota>) {
        self.shared.throttle.set(quota);
    }

    /// Holds every Graph answer back for so long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.set_latency(latency);
    }

    /// Forgets requests, revocations, faults and used quota; tokens stay good.
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

fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(sign_in::serve))
        .nest("/_emulator", control::router())
        .layer(extract::DefaultBodyLimit::disable())
        .fallback(graph::serve)
        .with_state(Arc::clone(shared))
}

async fn accept(listener: TcpListener, router: Router, phase: watch::Receiver<Phase>) {
    let mut connections = JoinSet::new();
    let mut watched = phase.clone();
    loop {
        tokio::select! {
            biased;
            _ = reached(&mut watched, |phase| phase != Phase::Running) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone(), phase.clone()));
                }
                Err(error) => {
                    // Running out of file descriptors passes; a busy loop would not help it to.
                    tracing::warn!(%error, "Cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    tokio::select! {
        _ = reached(&mut watched, |phase| phase == Phase::Killed) => {}
        () = async { while connections.join_next().await.is_some() {} } => {}
    }
    connections.shutdown().await;
}

async fn converse(stream: TcpStream, router: Router, mut phase: watch::Receiver<Phase>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "Cannot turn off Nagle's algorithm");
    }
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = service.call(request);
        async move {
            let Ok(response) = answer.await;
            deliver(response)
        }
    });
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let mut draining = false;
    loop {
        let ending = reached(&mut phase, |phase| phase == Phase::Killed || (phase == Phase::Draining && !draining));
        tokio::select! {
            biased;
            phase = ending => {
                if phase == Phase::Killed {
                    return;
                }
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "A connection ended early");
                }
                return;
            }
        }
    }
}

/// Waits for a phase; an emulator that is gone counts as killed.
async fn reached(watched: &mut watch::Receiver<Phase>, wanted: impl Fn(Phase) -> bool) -> Phase {
    watched.wait_for(|phase| wanted(*phase)).await.map_or(Phase::Killed, |phase| *phase)
}

/// An error from the service makes hyper drop the connection without a word, which is what a fault asks for.
fn deliver(response: Response<Body>) -> Result<Response<Body>, io::Error> {
    match response.extensions().get::<CloseConnection>() {
        Some(_) => Err(io::ErrorKind::ConnectionReset.into()),
        None => Ok(response),
    }
}
