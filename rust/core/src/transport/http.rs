//! The transport over HTTPS, by reqwest and rustls.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use secrecy::ExposeSecret;
use url::Url;

use super::proxy::ProxySettings;
use super::{GraphRequest, GraphResponse, Method, Transport, TransportError};
use crate::cloud::is_loopback;

/// The most that is read of one answer after decompression, in bytes. The answer to a full batch
/// is about 20 kB; what is larger is not Graph's.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The same for what is read in pages: a thousand entries of the sign-in log, with the policies that each of
/// them lists, are some ten megabytes.
const MAX_PAGE: usize = 64 * 1024 * 1024;

/// How long making a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Idle connections are dropped before Graph's front end does it, which would lose a request.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// A reqwest client with the rules that every request of this library follows.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient(pub(crate) Client);

impl HttpClient {
    /// Builds a client for `origin`: https only unless it is this machine, no redirections, no
    /// silent repetitions, and no proxy towards this machine.
    ///
    /// # Errors
    /// The text of what failed, which is only ever the set-up of TLS.
    pub(crate) fn new(origin: &Url, proxy: &ProxySettings) -> Result<Self, String> {
        Self::with_pool(origin, proxy, usize::MAX)
    }

    /// Builds a client for services of this machine, which are reached past every proxy and without TLS.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn to_this_machine(connect_timeout: Duration) -> Result<Self, String> {
        Self::builder().connect_timeout(connect_timeout).no_proxy().build().map(Self).map_err(|error| chain(&error))
    }

    /// The same, keeping at most so many idle connections.
    fn with_pool(origin: &Url, proxy: &ProxySettings, idle_connections: usize) -> Result<Self, String> {
        let builder = Self::builder().pool_max_idle_per_host(idle_connections);
        let builder = if is_loopback(origin) { Ok(builder.no_proxy()) } else { proxy.apply(builder.https_only(true)) };
        builder.and_then(ClientBuilder::build).map(Self).map_err(|error| chain(&error))
    }

    /// The rules that every client follows.
    fn builder() -> ClientBuilder {
        // An error means that the process has chosen a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .user_agent(concat!("RevokeSession/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
    }
}

/// Sends requests to one Graph host over HTTPS.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: HttpClient,
    /// For requests that must not meet a pooled connection.
    fresh: HttpClient,
    base: Arc<str>,
}

impl HttpTransport {
    /// Makes a transport for the Graph host at `origin`.
    ///
    /// # Errors
    /// A text when TLS cannot be set up on this machine.
    pub fn new(origin: &Url, proxy: &ProxySettings) -> Result<Self, String> {
        Ok(Self {
            client: HttpClient::new(origin, proxy)?,
            fresh: HttpClient::with_pool(origin, proxy, 0)?,
            base: format!("{}v1.0/", origin.as_str()).into(),
        })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: GraphRequest) -> Result<GraphResponse, TransportError> {
        let limit = if request.method == Method::Get { MAX_PAGE } else { MAX_BODY };
        let client = if request.fresh_connection { &self.fresh } else { &self.client };
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", request.token.secret().expose_secret()))
            .map_err(|_| TransportError::NotSent("the access token holds a character that no header can".to_owned()))?;
        authorization.set_sensitive(true);
        let mut builder = client
            .0
            .request(method(request.method), format!("{}{}", self.base, request.path))
            .timeout(request.timeout)
            .header(reqwest::header::AUTHORIZATION, authorization)
            .header(HeaderName::from_static("client-request-id"), request.client_request_id.to_string())
            .header(HeaderName::from_static("return-client-request-id"), "true");
        if request.eventual {
            builder = builder.header(HeaderName::from_static("consistencylevel"), "eventual");
        }
        builder = match (request.body, request.method) {
            (Some(body), _) => builder.header(CONTENT_TYPE, "application/json").body(body),
            (None, Method::Post) => builder.header(CONTENT_LENGTH, "0"),
            (None, Method::Get) => builder,
        };
        let response = builder.send().await.map_err(failure)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        // Only an answer that says so has no body; one that merely ends early may have been cut.
        let says_empty = status == 204 || headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
        let body = match read_body(response, limit).await {
            Ok(_) if says_empty => None,
            Ok(body) => Some(body),
            // A refusal speaks through its status and headers, even where its text got lost.
            Err(_) if status >= 400 => Some(Bytes::new()),
            Err(error) => return Err(error),
        };
        Ok(GraphResponse { status, headers, body })
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    }
}

/// Reads a body to its end, but never more than `limit` bytes of it.
pub(crate) async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > limit {
            return Err(TransportError::Lost(format!("the answer is larger than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn failure(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(chain(&error))
    } else {
        TransportError::Lost(chain(&error))
    }
}

/// What a failed request says of itself, without its address, which may hold what is nobody's business.
pub(crate) fn failure_text(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// The messages of an error and of its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}
