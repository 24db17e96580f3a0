//! The HTTP client that `azure_identity` uses here: our rules, and a check of what comes back.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient as AzureHttpClient, Request};
use serde::Deserialize;
use url::Url;

use crate::cloud::is_loopback;
use crate::transport::{HttpClient, TransportError, read_body};

/// The most that is read of a token answer, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The longest life of a token that is believed, in seconds. Entra's longest is 28 hours
/// (Microsoft Learn, "Continuous access evaluation", long-lived tokens).
const LONGEST_LIFE: i64 = 7 * 24 * 60 * 60;

/// Sends the requests of `azure_identity` to the authority.
pub(super) struct AuthorityHttp {
    client: HttpClient,
    authority: Url,
}

impl AuthorityHttp {
    pub(super) fn new(authority: &Url) -> Result<Self, String> {
        Ok(Self { client: HttpClient::new(authority)?, authority: authority.clone() })
    }

    /// The authority as `azure_identity` must be told it, since it takes https addresses only.
    pub(super) fn https_authority(authority: &Url) -> String {
        let rest = authority.as_str().split_once("://").map_or("", |(_, rest)| rest);
        format!("https://{rest}")
    }

    /// Undoes [`Self::https_authority`], for this machine only.
    fn real_url(&self, url: &Url) -> String {
        let rest = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
        let scheme = if is_loopback(&self.authority) { self.authority.scheme() } else { "https" };
        format!("{scheme}://{rest}")
    }
}

impl Debug for AuthorityHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorityHttp").field("authority", &self.authority.as_str()).finish_non_exhaustive()
    }
}

#[async_trait]
impl AzureHttpClient for AuthorityHttp {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let method = reqwest::Method::from_bytes(request.method().as_ref().as_bytes())
            .map_err(|error| Error::new(ErrorKind::Other, error))?;
        let mut builder = self.client.0.request(method, self.real_url(request.url()));
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            builder = builder.body(bytes.clone());
        }
        let response = builder.send().await.map_err(|error| {
            let kind = if error.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
            Error::new(kind, error.without_url())
        })?;
        let status = response.status().as_u16();
        let mut headers = Headers::new();
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        let body = read_body(response, MAX_BODY).await.map_err(|error| {
            let kind = if matches!(error, TransportError::NotSent(_)) { ErrorKind::Connection } else { ErrorKind::Io };
            Error::new(kind, error)
        })?;
        if (200..300).contains(&status) {
            check_token_answer(&body).map_err(|why| Error::with_message(ErrorKind::DataConversion, why))?;
        }
        Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
    }
}

/// Refuses what `azure_identity` would take for a token, or would panic on.
fn check_token_answer(body: &[u8]) -> Result<(), &'static str> {
    #[derive(Deserialize)]
    struct TokenAnswer<'a> {
        #[serde(borrow)]
        access_token: std::borrow::Cow<'a, str>,
        expires_in: i64,
    }
    let answer: TokenAnswer<'_> = serde_json::from_slice(body).map_err(|_| "the answer is not a token response")?;
    if answer.access_token.is_empty() || !answer.access_token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the token in the answer is empty or not a token");
    }
    if !(1..=LONGEST_LIFE).contains(&answer.expires_in) {
        return Err("the life of the token in the answer is not credible");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credible_token_answers_pass() {
        assert!(check_token_answer(br#"{"token_type":"Bearer","expires_in":3599,"access_token":"a.b.c"}"#).is_ok());
        for bad in [
            &b"<html>sign in</html>"[..],
            b"{}",
            br#"{"expires_in":3599,"access_token":""}"#,
            br#"{"expires_in":3599,"access_token":"a b"}"#,
            br#"{"expires_in":9223372036854775807,"access_token":"a"}"#,
            br#"{"expires_in":0,"access_token":"a"}"#,
            br#"{"expires_in":-5,"access_token":"a"}"#,
        ] {
            assert!(check_token_answer(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        let at = |authority: &str, url: &str| {
            AuthorityHttp::new(&Url::parse(authority).unwrap()).unwrap().real_url(&Url::parse(url).unwrap())
        };
        assert_eq!(
            AuthorityHttp::https_authority(&Url::parse("http://127.0.0.1:8080").unwrap()),
            "https://127.0.0.1:8080/"
        );
        assert_eq!(at("http://127.0.0.1:8080", "https://127.0.0.1:8080/t/token"), "http://127.0.0.1:8080/t/token");
        assert_eq!(at("https://login.example", "https://login.example/t"), "https://login.example/t");
    }
}
