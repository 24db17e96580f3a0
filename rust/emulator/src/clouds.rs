//! The hosts of Microsoft's clouds, and the names that the emulator goes by itself.
//!
//! Sources: Microsoft Graph, "National cloud deployments"; Microsoft Entra, "Microsoft Entra authentication and
//! national clouds".

use axum::http::HeaderMap;
use axum::http::header::HOST;
use url::Url;

/// One cloud: who signs in there, and to which Graph.
#[derive(Debug)]
pub(crate) struct Cloud {
    authorities: &'static [&'static str],
    pub(crate) graph: &'static [&'static str],
}

const CLOUDS: [Cloud; 3] = [
    Cloud { authorities: &["login.microsoftonline.com"], graph: &["graph.microsoft.com"] },
    Cloud { authorities: &["login.microsoftonline.us"], graph: &["graph.microsoft.us", "dod-graph.microsoft.us"] },
    Cloud {
        // Both names answer in China; the second is the one that is documented today.
        authorities: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        graph: &["microsoftgraph.chinacloudapi.cn"],
    },
];

/// The names of the emulator itself, whatever the port.
const OWN_HOSTS: [&str; 4] = ["localhost", "127.0.0.1", "graph.contoso.test", "login.contoso.test"];

/// Every name that the emulator can be reached under.
pub(crate) fn all_hosts() -> impl Iterator<Item = &'static str> {
    let of_clouds = CLOUDS.iter().flat_map(|cloud| cloud.graph.iter().chain(cloud.authorities));
    OWN_HOSTS.iter().chain(of_clouds).copied()
}

/// The cloud whose authority has that name.
pub(crate) fn cloud_of_authority(host: &str) -> Option<&'static Cloud> {
    CLOUDS.iter().find(|cloud| contains(cloud.authorities, host))
}

/// Whether that is the Graph host of any cloud.
pub(crate) fn is_graph_host(host: &str) -> bool {
    CLOUDS.iter().any(|cloud| contains(cloud.graph, host))
}

/// Whether `resource` is `https://` and one of `hosts`.
pub(crate) fn names_one_of(resource: &str, hosts: &[&str]) -> bool {
    resource.strip_prefix("https://").is_some_and(|host| contains(hosts, host))
}

/// Whether `resource` is the Graph of any cloud.
pub(crate) fn is_graph(resource: &str) -> bool {
    resource.strip_prefix("https://").is_some_and(is_graph_host)
}

/// The host a request names, without the port when it is that of HTTPS.
pub(crate) fn host_of(headers: &HeaderMap) -> &str {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    host.strip_suffix(":443").unwrap_or(host)
}

fn contains(hosts: &[&str], host: &str) -> bool {
    hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
}

/// The origins under which the emulator is itself rather than a service of a cloud.
#[derive(Debug)]
pub(crate) struct OwnOrigins {
    /// Where Graph is announced.
    pub(crate) graph: String,
    /// Where plain HTTP is spoken; the same as `graph` without TLS.
    pub(crate) plain: String,
}

impl OwnOrigins {
    /// Whether a resource or an audience means this emulator.
    pub(crate) fn include(&self, resource: &str) -> bool {
        resource == self.graph || resource == self.plain || self.names_us(resource)
    }

    fn names_us(&self, resource: &str) -> bool {
        let Ok(url) = Url::parse(resource) else { return false };
        let port = url.port_or_known_default();
        let listens = |origin: &str| Url::parse(origin).is_ok_and(|origin| origin.port() == port);
        url.host_str().is_some_and(|host| contains(&OWN_HOSTS, host))
            && url.path() == "/"
            && (port == Some(443) || listens(&self.graph) || listens(&self.plain))
    }

    /// The origin for links in an answer to a request for `host`: a client follows them only where it already is.
    pub(crate) fn as_seen(&self, host: &str) -> String {
        if self.plain.strip_prefix("http://") == Some(host) {
            return self.plain.clone();
        }
        let secure = format!("https://{host}");
        if is_graph(&secure) || (self.graph.starts_with("https:") && self.names_us(&secure)) {
            return secure;
        }
        self.graph.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{OwnOrigins, all_hosts, cloud_of_authority, is_graph, is_graph_host, names_one_of};

    #[test]
    fn an_authority_serves_the_graph_of_its_own_cloud() {
        let government = cloud_of_authority("LOGIN.microsoftonline.us").expect("a cloud");
        for resource in ["https://graph.microsoft.us", "https://dod-graph.microsoft.us"] {
            assert!(names_one_of(resource, government.graph) && is_graph(resource));
        }
        assert!(!names_one_of("https://graph.microsoft.com", government.graph));
        assert!(cloud_of_authority("graph.microsoft.us").is_none() && !is_graph_host("login.microsoftonline.us"));
        assert!(all_hosts().any(|host| host == "login.chinacloudapi.cn"));
    }

    #[test]
    fn the_emulator_knows_itself_by_every_name() {
        let own = OwnOrigins { graph: "https://127.0.0.1:4001".to_owned(), plain: "http://127.0.0.1:4002".to_owned() };
        for resource in [
            "https://127.0.0.1:4001",
            "http://127.0.0.1:4002",
            "https://localhost:4001",
            "https://graph.contoso.test",
            "https://graph.contoso.test:4001",
        ] {
            assert!(own.include(resource), "{resource}");
        }
        for resource in ["https://graph.microsoft.com", "https://localhost:9", "https://localhost:4001/x", "graph"] {
            assert!(!own.include(resource), "{resource}");
        }
        assert_eq!(own.as_seen("graph.microsoft.us"), "https://graph.microsoft.us");
        assert_eq!(own.as_seen("graph.contoso.test:4001"), "https://graph.contoso.test:4001");
        assert_eq!(own.as_seen("127.0.0.1:4002"), "http://127.0.0.1:4002");
        assert_eq!(own.as_seen("elsewhere.example"), "https://127.0.0.1:4001");
    }
}
