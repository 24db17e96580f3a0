//! A forward proxy for HTTPS that leads every host the emulator stands in for to the emulator.
//!
//! Source: RFC 9110, "HTTP Semantics", sections 9.3.6 (CONNECT) and 11.7 (Authenticating Clients to Proxies).

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::clouds::all_hosts;
use crate::ledger::LogEntry;
use crate::state::Shared;

/// Answers `CONNECT`.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    tls_port: u16,
    /// The `Proxy-Authorization` that is asked for, if any is.
    authorization: Option<String>,
}

impl Proxy {
    /// A proxy to the emulator's TLS port; `credential` is `user:password`.
    pub(crate) fn new(shared: Arc<Shared>, tls_port: u16, credential: Option<&str>) -> Self {
        let authorization = credential.map(|credential| format!("Basic {}", STANDARD.encode(credential)));
        Self { shared, tls_port, authorization }
    }

    /// Opens a tunnel, or says why not.
    pub(crate) fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let target = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let status = self.judge(&request);
        let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        self.shared.ledger.record(LogEntry {
            method: Method::CONNECT.to_string(),
            host: text(HOST).map(str::to_owned),
            path: target,
            steps: None,
            status: Some(status.as_u16()),
            client_request_id: None,
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            response.headers_mut().insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"proxy\""));
        }
        if status == StatusCode::OK {
            tokio::spawn(tunnel(request, self.tls_port));
        }
        response
    }

    fn judge(&self, request: &Request<Incoming>) -> StatusCode {
        let sent = request.headers().get(PROXY_AUTHORIZATION).and_then(|value| value.to_str().ok());
        if self.authorization.as_deref().is_some_and(|wanted| sent != Some(wanted)) {
            return StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        }
        let host = request.uri().host().unwrap_or_default();
        if all_hosts().any(|known| known.eq_ignore_ascii_case(host)) { StatusCode::OK } else { StatusCode::BAD_GATEWAY }
    }
}

async fn tunnel(request: Request<Incoming>, tls_port: u16) {
    let joined = async {
        let upgraded = hyper::upgrade::on(request).await.map_err(std::io::Error::other)?;
        let mut emulator = TcpStream::connect((Ipv4Addr::LOCALHOST, tls_port)).await?;
        emulator.set_nodelay(true)?;
        tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut emulator).await
    };
    if let Err(error) = joined.await {
        tracing::debug!(%error, "A tunnel ended early");
    }
}
