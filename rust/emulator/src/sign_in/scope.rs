//! What a `scope` parameter asks for, and of which resource.
//!
//! Source: Microsoft identity platform, "Scopes and permissions in the Microsoft identity platform".

use super::refusal::Refusal;
use crate::clouds::{OwnOrigins, cloud_of_authority, is_graph, names_one_of};
use crate::token::DEFAULT_SCOPES;

/// Scopes of the sign-in itself, which no access token names.
const RESERVED: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Delegated scopes of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scopes {
    pub(super) resource: String,
    /// Short names, without the scopes of the sign-in itself.
    pub(super) names: Vec<String>,
    /// Whether a refresh token was asked for.
    pub(super) offline: bool,
}

/// The resource of an application's `{resource}/.default`.
pub(super) fn application_resource(scope: &str, host: &str, origins: &OwnOrigins) -> Result<String, Refusal> {
    let resource = scope.trim().strip_suffix("/.default").ok_or_else(|| invalid(scope))?;
    check(resource.trim_end_matches('/'), scope, host, origins)
}

/// The scopes a user was asked for; short names are those of the authority's own Graph.
pub(super) fn delegated(scope: &str, host: &str, origins: &OwnOrigins) -> Result<Scopes, Refusal> {
    let mut resource: Option<String> = None;
    let mut scopes = Scopes { resource: String::new(), names: Vec::new(), offline: false };
    for asked in scope.split_ascii_whitespace() {
        if RESERVED.contains(&asked) {
            scopes.offline |= asked == "offline_access";
            continue;
        }
        let name = match asked.rsplit_once('/') {
            None => asked,
            Some((named, name)) => {
                let named = check(named.trim_end_matches('/'), scope, host, origins)?;
                if resource.get_or_insert_with(|| named.clone()) != &named {
                    return Err(Refusal::new(28_000, &[("scope", scope)]));
                }
                name
            }
        };
        match name {
            "" => return Err(invalid(scope)),
            ".default" => scopes.names.extend(DEFAULT_SCOPES.map(str::to_owned)),
            name => scopes.names.push(name.to_owned()),
        }
    }
    // Every application may read who signed in to it.
    if !scopes.names.iter().any(|name| name == "User.Read") {
        scopes.names.push("User.Read".to_owned());
    }
    scopes.resource = resource.unwrap_or_else(|| default_resource(host, origins));
    Ok(scopes)
}

fn default_resource(host: &str, origins: &OwnOrigins) -> String {
    let graph = cloud_of_authority(host).and_then(|cloud| cloud.graph.first());
    graph.map_or_else(|| origins.graph.clone(), |graph| format!("https://{graph}"))
}

fn check(resource: &str, scope: &str, host: &str, origins: &OwnOrigins) -> Result<String, Refusal> {
    match cloud_of_authority(host) {
        Some(cloud) if names_one_of(resource, cloud.graph) => Ok(resource.to_owned()),
        Some(_) => Err(Refusal::new(500_011, &[("resource", resource)])),
        None if origins.include(resource) || is_graph(resource) => Ok(resource.to_owned()),
        None => Err(invalid(scope)),
    }
}

fn invalid(scope: &str) -> Refusal {
    Refusal::new(70_011, &[("scope", scope)])
}

#[cfg(test)]
mod tests {
    use super::{application_resource, delegated};
    use crate::clouds::OwnOrigins;

    const OWN: &str = "http://127.0.0.1:7";

    fn origins() -> OwnOrigins {
        OwnOrigins { graph: OWN.to_owned(), plain: OWN.to_owned() }
    }

    #[test]
    fn an_application_names_a_resource_of_the_cloud_it_signs_in_to() {
        let resource = |scope: &str, host: &str| application_resource(scope, host, &origins()).ok();
        let dod = "https://dod-graph.microsoft.us/.default";
        assert_eq!(resource(dod, "login.microsoftonline.us").as_deref(), Some("https://dod-graph.microsoft.us"));
        assert_eq!(resource(dod, "login.microsoftonline.com"), None);
        assert_eq!(resource(dod, "127.0.0.1:7").as_deref(), Some("https://dod-graph.microsoft.us"));
        assert_eq!(resource("http://127.0.0.1:7//.default", "127.0.0.1:7").as_deref(), Some(OWN));
        for scope in ["User.Read", "https://vault.azure.net/.default", "/.default"] {
            assert_eq!(resource(scope, "127.0.0.1:7"), None, "{scope}");
        }
    }

    #[test]
    fn a_user_is_asked_for_short_names() {
        let asked = "openid https://graph.microsoft.us/User.RevokeSessions.All offline_access";
        let scopes = delegated(asked, "login.microsoftonline.us", &origins()).expect("scopes");
        assert_eq!(scopes.resource, "https://graph.microsoft.us");
        assert_eq!(scopes.names, ["User.RevokeSessions.All", "User.Read"]);
        assert!(scopes.offline);
        let scopes = delegated("User.Read", "127.0.0.1:7", &origins()).expect("scopes");
        assert_eq!((scopes.resource.as_str(), scopes.names.len(), scopes.offline), (OWN, 1, false));
        assert!(delegated("https://graph.microsoft.us/A https://graph.microsoft.com/B", "", &origins()).is_err());
    }
}
