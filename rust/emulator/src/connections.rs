//! Listeners and their connections, from the first byte to the last.

use std::future::ready;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::proxy::Proxy;
use crate::respond::CloseConnection;

/// Whether an emulator goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// Nothing new is accepted; what is under way may end.
    Draining,
    /// Everything ends at once.
    Killed,
}

/// What becomes of the connections of one listener.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) router: Router,
    /// Speaks TLS; without it, plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Answers `CONNECT`; without it, the router does.
    pub(crate) proxy: Option<Arc<Proxy>>,
}

/// Accepts connections until the emulator ends.
pub(crate) async fn accept(listener: TcpListener, door: Door, phase: watch::Receiver<Phase>) {
    let mut connections = JoinSet::new();
    let mut watched = phase.clone();
    loop {
        tokio::select! {
            biased;
            _ = reached(&mut watched, |phase| phase != Phase::Running) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(greet(stream, door.clone(), phase.clone()));
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

async fn greet(stream: TcpStream, door: Door, mut phase: watch::Receiver<Phase>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "Cannot turn off Nagle's algorithm");
    }
    let Some(acceptor) = &door.tls else {
        return converse(stream, door, phase).await;
    };
    let handshake = tokio::select! {
        _ = reached(&mut phase, |phase| phase != Phase::Running) => return,
        handshake = acceptor.accept(stream) => handshake,
    };
    match handshake {
        Ok(stream) => converse(stream, door, phase).await,
        Err(error) => tracing::debug!(%error, "A TLS handshake failed"),
    }
}

async fn converse<S>(stream: S, door: Door, mut phase: watch::Receiver<Phase>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Door { router, proxy, .. } = door;
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = match &proxy {
            Some(proxy) if request.method() == Method::CONNECT => Either::Left(ready(Ok(proxy.answer(request)))),
            _ => Either::Right(service.call(request)),
        };
        async move {
            let Ok(response) = answer.await;
            deliver(response)
        }
    });
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
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
pub(crate) async fn reached(watched: &mut watch::Receiver<Phase>, wanted: impl Fn(Phase) -> bool) -> Phase {
    watched.wait_for(|phase| wanted(*phase)).await.map_or(Phase::Killed, |phase| *phase)
}

/// An error from the service makes hyper drop the connection without a word, which is what a fault asks for.
fn deliver(response: Response<Body>) -> Result<Response<Body>, io::Error> {
    match response.extensions().get::<CloseConnection>() {
        Some(_) => Err(io::ErrorKind::ConnectionReset.into()),
        None => Ok(response),
    }
}
