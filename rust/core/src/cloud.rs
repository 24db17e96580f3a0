//! The national clouds, and any other place that plays their part.

use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// A Microsoft cloud. Authority, Graph host and scope of one cloud always go together.
///
/// Source: Microsoft Learn, "Microsoft Graph national cloud deployments".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Environment {
    /// The worldwide cloud.
    #[default]
    Global,
    /// US Government L4.
    UsGov,
    /// US Government L5 (`DoD`).
    UsGovDod,
    /// China, operated by 21Vianet.
    China,
}

impl Environment {
    /// The name that `Connect-RsGraph -Environment` and `Connect-MgGraph -Environment` use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::UsGov => "USGov",
            Self::UsGovDod => "USGovDoD",
            Self::China => "China",
        }
    }

    fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::UsGovDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    fn authority(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGov | Self::UsGovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }
}

impl FromStr for Environment {
    type Err = EndpointError;

    fn from_str(name: &str) -> Result<Self, EndpointError> {
        [Self::Global, Self::UsGov, Self::UsGovDod, Self::China]
            .into_iter()
            .find(|environment| environment.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| EndpointError::UnknownEnvironment(name.to_owned()))
    }
}

/// Why a place to talk to was refused before anything was sent there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is no cloud of that name.
    #[error("there is no environment named '{0}'")]
    UnknownEnvironment(String),
    /// The text is not an absolute URL with a host.
    #[error("'{0}' is not an absolute URL")]
    NotAUrl(String),
    /// Secrets and tokens must not travel in clear text, except on this machine.
    #[error("'{0}' does not use https, which only a loopback address may do without")]
    NotSecure(String),
    /// The URL has parts that an endpoint does not have.
    #[error("'{0}' must consist of scheme, host and port alone")]
    NotAnOrigin(String),
}

/// Where Graph and the authority are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    name: &'static str,
    custom: bool,
    graph: Url,
    authority: Url,
}

impl Endpoints {
    /// The places of `environment`, or others given in their stead.
    ///
    /// # Errors
    /// [`EndpointError`] when a given place is not an https origin; plain http is taken for
    /// loopback addresses only.
    pub fn new(environment: Environment, graph: Option<&str>, authority: Option<&str>) -> Result<Self, EndpointError> {
        let custom = graph.is_some() || authority.is_some();
        Ok(Self {
            name: if custom { "Custom" } else { environment.name() },
            custom,
            graph: origin(graph.unwrap_or(environment.graph()))?,
            authority: origin(authority.unwrap_or(environment.authority()))?,
        })
    }

    /// `Global`, `USGov`, `USGovDoD`, `China` or `Custom`.
    pub fn environment_name(&self) -> &'static str {
        self.name
    }

    /// Whether a place was given in the stead of one of Microsoft's.
    pub fn is_custom(&self) -> bool {
        self.custom
    }

    /// The origin of Graph, such as `https://graph.microsoft.com/`.
    pub fn graph(&self) -> &Url {
        &self.graph
    }

    /// The origin of the authority, such as `https://login.microsoftonline.com/`.
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// The scope that asks for all application permissions on this Graph host.
    ///
    /// It is derived from the Graph origin, so a token for one cloud is never asked for, nor sent,
    /// in another. Source: Microsoft identity platform, "Scopes and permissions", `.default`.
    pub fn default_scope(&self) -> String {
        self.scope(".default")
    }

    /// The scopes that ask for delegated permissions on this Graph host, and for what keeps the sign-in.
    ///
    /// Source: Microsoft identity platform, "Scopes and permissions", `OpenID` Connect scopes.
    pub(crate) fn delegated_scopes(&self, permissions: &[String]) -> Vec<String> {
        let of_openid = ["openid", "profile", "offline_access"];
        let named = permissions.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let of_graph = named
            .filter(|name| !of_openid.contains(name))
            .map(|name| if name.contains("://") { name.to_owned() } else { self.scope(name) });
        of_graph.chain(of_openid.map(str::to_owned)).collect()
    }

    fn scope(&self, permission: &str) -> String {
        format!("{}/{permission}", self.graph.as_str().trim_end_matches('/'))
    }
}

/// Whether `url` points at this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

fn origin(text: &str) -> Result<Url, EndpointError> {
    let url = Url::parse(text.trim()).map_err(|_| EndpointError::NotAUrl(text.to_owned()))?;
    if url.host().is_none() {
        return Err(EndpointError::NotAUrl(text.to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The text is not repeated, because it may hold a password.
        return Err(EndpointError::NotAnOrigin(url.host_str().unwrap_or_default().to_owned()));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(EndpointError::NotSecure(text.to_owned())),
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointError::NotAnOrigin(text.to_owned()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_keeps_its_hosts_together() {
        for (name, graph, authority) in [
            ("global", "graph.microsoft.com", "login.microsoftonline.com"),
            ("USGov", "graph.microsoft.us", "login.microsoftonline.us"),
            ("USGovDoD", "dod-graph.microsoft.us", "login.microsoftonline.us"),
            ("China", "microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"),
        ] {
            let endpoints = Endpoints::new(name.parse().unwrap(), None, None).unwrap();
            assert_eq!(endpoints.graph().host_str(), Some(graph));
            assert_eq!(endpoints.authority().host_str(), Some(authority));
            assert_eq!(endpoints.default_scope(), format!("https://{graph}/.default"));
        }
    }

    #[test]
    fn delegated_permissions_are_those_of_the_clouds_own_graph() {
        let endpoints = Endpoints::new(Environment::China, None, None).unwrap();
        let asked = ["User.RevokeSessions.All".to_owned(), " offline_access".to_owned(), String::new()];
        assert_eq!(
            endpoints.delegated_scopes(&asked),
            ["https://microsoftgraph.chinacloudapi.cn/User.RevokeSessions.All", "openid", "profile", "offline_access"]
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9"] {
            assert!(Endpoints::new(Environment::Global, Some(good), Some(good)).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1", "http://localhost.example.com", "ftp://127.0.0.1", "http://graph.microsoft.com"]
        {
            let refused = Endpoints::new(Environment::Global, Some(bad), None);
            assert_eq!(refused, Err(EndpointError::NotSecure(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn only_origins_are_taken_and_passwords_are_not_repeated() {
        for bad in ["https://h/v1.0", "https://h/?q", "https://h/#f"] {
            assert!(matches!(Endpoints::new(Environment::Global, Some(bad), None), Err(EndpointError::NotAnOrigin(_))));
        }
        let refused = Endpoints::new(Environment::Global, Some("https://u:hunter2@h/"), None).unwrap_err();
        assert!(!refused.to_string().contains("hunter2"));
        assert!(matches!(Endpoints::new(Environment::Global, Some("graph"), None), Err(EndpointError::NotAUrl(_))));
        assert!("Mars".parse::<Environment>().is_err());
    }
}
