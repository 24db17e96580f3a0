//! Where the next page is. A link is followed only to where the token may go.

use thiserror::Error;
use url::{Position, Url};

/// Why a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum BadLink {
    #[error("is no address")]
    NotAnAddress,
    #[error("leads to another server")]
    ElsewhereHost,
    #[error("leads out of the version of Graph that was asked")]
    ElsewherePath,
    #[error("leads back to the page it is on")]
    Circle,
}

/// The path below the API version that a link of the page at `current` leads to, options and all.
///
/// Scheme, host and port must be those of Graph, because the token goes with the request.
pub(super) fn path_of(link: &str, graph: &Url, current: &str) -> Result<String, BadLink> {
    let url = Url::parse(link).map_err(|_| BadLink::NotAnAddress)?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.origin() != graph.origin() || has_user {
        return Err(BadLink::ElsewhereHost);
    }
    let path = url[Position::BeforePath..Position::AfterQuery].strip_prefix("/v1.0/");
    match path {
        Some(path) if path == current => Err(BadLink::Circle),
        Some(path) if !url.path().contains('\\') && !encodes_a_slash(url.path()) => Ok(path.to_owned()),
        _ => Err(BadLink::ElsewherePath),
    }
}

/// An encoded slash may be decoded behind the front door, where it could climb out of the path.
fn encodes_a_slash(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.contains("%2f") || path.contains("%5c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_below_the_same_version_of_the_same_origin_are_followed() {
        let graph = Url::parse("https://graph.microsoft.com/").unwrap();
        let path = |link| path_of(link, &graph, "users?$top=9");
        assert_eq!(
            path("https://graph.microsoft.com/v1.0/users?$top=9&$skiptoken=RFNwdAIAAQ%3d%3d").as_deref(),
            Ok("users?$top=9&$skiptoken=RFNwdAIAAQ%3d%3d")
        );
        assert_eq!(
            path("https://GRAPH.microsoft.com:443/v1.0/users?$skiptoken=a'b").as_deref(),
            Ok("users?$skiptoken=a%27b")
        );
        for elsewhere in [
            "https://graph.microsoft.com.evil.example/v1.0/users",
            "https://evil.example/v1.0/users",
            "http://graph.microsoft.com/v1.0/users",
            "https://graph.microsoft.com:8443/v1.0/users",
            "https://user@graph.microsoft.com/v1.0/users",
            "https://graph.microsoft.com@evil.example/v1.0/users",
            "https://graph.microsoft.us/v1.0/users",
            "file:///v1.0/users",
        ] {
            assert_eq!(path(elsewhere), Err(BadLink::ElsewhereHost), "{elsewhere}");
        }
        for out in [
            "https://graph.microsoft.com/beta/users",
            "https://graph.microsoft.com/v1.0/../beta/users",
            "https://graph.microsoft.com/v1.0/%2e%2e/beta/users",
            "https://graph.microsoft.com/v1.0/..%2fbeta/users",
            "https://graph.microsoft.com/v1.0",
            "https://graph.microsoft.com/",
        ] {
            assert_eq!(path(out), Err(BadLink::ElsewherePath), "{out}");
        }
        for none in ["", "users?$skiptoken=x", "/v1.0/users", "//evil.example/v1.0/users"] {
            assert_eq!(path(none), Err(BadLink::NotAnAddress), "{none}");
        }
        assert_eq!(path("https://graph.microsoft.com/v1.0/users?$top=9"), Err(BadLink::Circle));
    }
}
