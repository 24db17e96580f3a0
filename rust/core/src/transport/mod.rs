//! How requests reach Graph: a trait, so that tests can answer from memory, and its HTTP form.

mod http;
mod proxy;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use thiserror::Error;
use uuid::Uuid;

use crate::auth::BearerToken;

pub use http::HttpTransport;
pub use proxy::{ProxyAddress, ProxySettings};

pub(crate) use http::{HttpClient, failure_text, read_body};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes, or carries a batch.
    Post,
}

/// One request to Graph. It never follows a redirection.
#[derive(Debug, Clone)]
pub struct GraphRequest {
    /// What it does.
    pub method: Method,
    /// The path below the API version, without a leading slash and already encoded.
    pub path: String,
    /// The token to send.
    pub token: BearerToken,
    /// A fresh `client-request-id`.
    pub client_request_id: Uuid,
    /// The JSON body, if there is one.
    pub body: Option<Bytes>,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// Whether to leave the pool's connections alone, as after a 503.
    pub fresh_connection: bool,
    /// Whether to send `ConsistencyLevel: eventual`, which advanced queries need.
    ///
    /// Source: Microsoft Learn, "Advanced query capabilities on Microsoft Entra ID objects".
    pub eventual: bool,
}

/// One answer, read to its end.
#[derive(Debug, Clone)]
pub struct GraphResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed; `None` where the answer says itself that it has none.
    pub body: Option<Bytes>,
}

impl GraphResponse {
    /// Graph's `request-id`.
    pub fn request_id(&self) -> Option<Uuid> {
        self.header("request-id").and_then(|text| Uuid::try_parse(text).ok())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection was made, so nothing was sent.
    #[error("no connection: {0}")]
    NotSent(String),
    /// The request was sent, at least in part, and no complete answer came.
    #[error("no complete answer: {0}")]
    Lost(String),
}

/// Carries requests to one Graph host.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends the request once and reads the whole answer.
    ///
    /// # Errors
    /// [`TransportError`], which tells whether anything was sent.
    async fn send(&self, request: GraphRequest) -> Result<GraphResponse, TransportError>;
}
