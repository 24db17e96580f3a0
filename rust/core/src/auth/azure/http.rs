//! The HTTP client that `azure_identity` uses here: to this machine and its own network only, past every proxy.

use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient as AzureHttpClient, Request};
use thiserror::Error as ThisError;
use url::{Host, Url};

use crate::cloud::is_loopback;
use crate::transport::{HttpClient, failure_text, read_body};

/// The most that is read of an answer, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The instance metadata service, at the same address on every machine of Azure.
///
/// Source: Microsoft Learn, "Azure Instance Metadata Service".
const IMDS_HOST: &str = "169.254.169.254";

/// No service answered. It is no error kind that the crate would repeat for a minute: a machine that
/// is not in Azure has no such service.
#[derive(Debug, Clone, ThisError)]
#[error("{0}")]
pub(super) struct NoService(String);

/// Reaches the identity service of the machine.
#[derive(Debug)]
pub(super) struct MachineHttp {
    client: HttpClient,
    /// What stands in for the instance metadata service, as on Kubernetes.
    imds: Option<Url>,
}

impl MachineHttp {
    pub(super) fn new(imds: Option<Url>) -> Result<Self, String> {
        Ok(Self { client: HttpClient::to_this_machine(Duration::from_secs(3))?, imds })
    }

    /// The address to ask, if it is one of this machine or its own network.
    fn address(&self, asked: &Url) -> Option<Url> {
        let mut url = asked.clone();
        if let (Some(IMDS_HOST), Some(imds)) = (asked.host_str(), &self.imds) {
            url.set_scheme(imds.scheme()).ok()?;
            url.set_host(imds.host_str()).ok()?;
            url.set_port(imds.port()).ok()?;
        }
        is_near(&url).then_some(url)
    }
}

/// Whether `url` is of this machine, or of the addresses that never leave its network (RFC 3927).
pub(super) fn is_near(url: &Url) -> bool {
    is_loopback(url) || matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_link_local())
}

#[async_trait]
impl AzureHttpClient for MachineHttp {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let refuse = |why: String| Error::new(ErrorKind::Credential, NoService(why));
        let url = self
            .address(request.url())
            .ok_or_else(|| refuse(format!("{} is not an address of this machine", origin(request.url()))))?;
        let place = origin(&url);
        let method = reqwest::Method::from_bytes(request.method().as_ref().as_bytes())
            .map_err(|error| Error::new(ErrorKind::Other, error))?;
        let mut builder = self.client.0.request(method, url).timeout(Duration::from_secs(20));
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            builder = builder.body(bytes.clone());
        }
        let response = builder
            .send()
            .await
            .map_err(|error| refuse(format!("nothing answers at {place}: {}", failure_text(error))))?;
        let status = response.status().as_u16();
        let mut headers = Headers::new();
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        let body = read_body(response, MAX_BODY).await.map_err(|error| refuse(error.to_string()))?;
        Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_machine_and_its_own_network_are_asked() {
        let http = MachineHttp::new(None).unwrap();
        let at = |text: &str| http.address(&Url::parse(text).unwrap()).map(|url| url.to_string());
        for near in ["http://169.254.169.254/metadata?a=b", "http://127.0.0.1:41/msi/token", "http://localhost/x"] {
            assert_eq!(at(near).as_deref(), Some(near));
        }
        for far in ["http://10.0.0.4/msi/token", "http://example.com/", "https://169.254.169.254.example.com/"] {
            assert_eq!(at(far), None, "{far}");
        }
        let moved = MachineHttp::new(Some(Url::parse("http://127.0.0.1:8080").unwrap())).unwrap();
        let asked = Url::parse("http://169.254.169.254/metadata/identity/oauth2/token?resource=r").unwrap();
        let expected = "http://127.0.0.1:8080/metadata/identity/oauth2/token?resource=r";
        assert_eq!(moved.address(&asked).unwrap().as_str(), expected);
    }
}
