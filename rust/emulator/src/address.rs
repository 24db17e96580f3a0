//! From the path on the wire to the resource it means.
//!
//! Paths are decoded and then normalised, as the servers in front of Graph do it, so `users/..%2Fme` is `me`.

use percent_encoding::percent_decode_str;

/// What a Graph path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    /// `$batch`
    Batch,
    /// `me`
    Me,
    /// `me/revokeSignInSessions`
    RevokeMe,
    /// `auditLogs/signIns`
    SignIns,
    /// `users`
    Users,
    /// `users/{key}` or `users('{key}')`
    User(String),
    /// `users/{key}/revokeSignInSessions` or `users('{key}')/revokeSignInSessions`
    RevokeUser(String),
}

/// A path that means nothing, with the words Graph has for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("Resource not found for the segment '{0}'.")]
    UnknownSegment(String),
    #[error("Invalid version: {0}")]
    UnknownVersion(String),
    #[error("Bad Request - Error in query syntax.")]
    Malformed,
}

/// Resolves a path, without its query, from the root of the server.
pub(crate) fn resolve(path: &str) -> Result<Resource, AddressError> {
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| AddressError::Malformed)?;
    let mut segments: Vec<&str> = Vec::with_capacity(6);
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let (version, rest) = segments.split_first().ok_or(AddressError::Malformed)?;
    if !["v1.0", "beta"].iter().any(|known| version.eq_ignore_ascii_case(known)) {
        return Err(AddressError::UnknownVersion((*version).to_owned()));
    }
    match rest {
        [] => Err(AddressError::Malformed),
        [first, tail @ ..] if first.eq_ignore_ascii_case("$batch") => no_more(tail, Resource::Batch),
        [first, tail @ ..] if first.eq_ignore_ascii_case("me") => match tail {
            [] => Ok(Resource::Me),
            [action, tail @ ..] => is_revoke(action).and_then(|()| no_more(tail, Resource::RevokeMe)),
        },
        [first, second, tail @ ..]
            if first.eq_ignore_ascii_case("auditLogs") && second.eq_ignore_ascii_case("signIns") =>
        {
            no_more(tail, Resource::SignIns)
        }
        [first] if first.eq_ignore_ascii_case("users") => Ok(Resource::Users),
        // OData keeps names with a leading dollar sign for itself.
        [first, key, ..] if first.eq_ignore_ascii_case("users") && key.starts_with('$') => {
            Err(AddressError::UnknownSegment((*key).to_owned()))
        }
        [first, key, tail @ ..] if first.eq_ignore_ascii_case("users") => user(key, tail),
        [first, tail @ ..] => user(&parenthesised_key(first)?, tail),
    }
}

fn user(key: &str, tail: &[&str]) -> Result<Resource, AddressError> {
    match tail {
        [] => Ok(Resource::User(key.to_owned())),
        [action, tail @ ..] => is_revoke(action).and_then(|()| no_more(tail, Resource::RevokeUser(key.to_owned()))),
    }
}

/// The key in `users('key')`, with its doubled quotes made single.
fn parenthesised_key(segment: &str) -> Result<String, AddressError> {
    let unknown = || AddressError::UnknownSegment(segment.to_owned());
    let (name, key) = segment.split_once('(').ok_or_else(unknown)?;
    if !name.eq_ignore_ascii_case("users") {
        return Err(unknown());
    }
    let quoted = key.strip_suffix(')').and_then(|key| key.strip_prefix('\'')?.strip_suffix('\''));
    let quoted = quoted.ok_or(AddressError::Malformed)?;
    let mut key = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        if letter == '\'' && letters.next() != Some('\'') {
            return Err(AddressError::Malformed);
        }
        key.push(letter);
    }
    if key.is_empty() { Err(AddressError::Malformed) } else { Ok(key) }
}

fn is_revoke(action: &str) -> Result<(), AddressError> {
    let name = action.strip_prefix("microsoft.graph.").unwrap_or(action);
    if name.eq_ignore_ascii_case("revokeSignInSessions") {
        Ok(())
    } else {
        Err(AddressError::UnknownSegment(action.to_owned()))
    }
}

fn no_more(tail: &[&str], resource: Resource) -> Result<Resource, AddressError> {
    match tail {
        [] => Ok(resource),
        [next, ..] => Err(AddressError::UnknownSegment((*next).to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressError, Resource, resolve};

    fn revoked(path: &str) -> Option<String> {
        match resolve(path) {
            Ok(Resource::RevokeUser(key)) => Some(key),
            _ => None,
        }
    }

    #[test]
    fn users_are_addressed_in_both_forms() {
        for (path, key) in [
            ("/v1.0/users/adele@contoso.com/revokeSignInSessions", "adele@contoso.com"),
            ("/v1.0/users/adele%40contoso.com/revokeSignInSessions", "adele@contoso.com"),
            ("/beta/users('adele@contoso.com')/microsoft.graph.revokeSignInSessions", "adele@contoso.com"),
            ("/v1.0/users('o''hara%40contoso.com')/revokeSignInSessions", "o'hara@contoso.com"),
            ("/v1.0/users('o%27%27hara@contoso.com')/revokeSignInSessions", "o'hara@contoso.com"),
            ("/v1.0/users/o'hara@contoso.com/revokeSignInSessions", "o'hara@contoso.com"),
            ("/v1.0/users('$dollar@contoso.com')/revokeSignInSessions", "$dollar@contoso.com"),
            ("/v1.0/users('a+b@contoso.com')/revokeSignInSessions", "a+b@contoso.com"),
            ("/v1.0/users('zo%C3%AB@contoso.com')/revokeSignInSessions", "zoë@contoso.com"),
            ("/v1.0/users('percent%2525@contoso.com')/revokeSignInSessions", "percent%25@contoso.com"),
            ("/V1.0/Users('x_y.com%23EXT%23@contoso.com')/REVOKESIGNINSESSIONS", "x_y.com#EXT#@contoso.com"),
        ] {
            assert_eq!(revoked(path).as_deref(), Some(key), "{path}");
        }
    }

    #[test]
    fn a_path_that_climbs_reaches_the_caller() {
        for path in [
            "/v1.0/users/../me/revokeSignInSessions",
            "/v1.0/users/%2e%2e/me/revokeSignInSessions",
            "/v1.0/users/.%2E/me/revokeSignInSessions",
            "/v1.0/users/..%2Fme/revokeSignInSessions",
            "/v1.0/users/%2E%2E%2fme/revokeSignInSessions",
            "/v1.0/users/x/../../me/./revokeSignInSessions",
            "/v1.0//me//revokeSignInSessions",
        ] {
            assert_eq!(resolve(path), Ok(Resource::RevokeMe), "{path}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused_in_graphs_words() {
        let unknown = |segment: &str| Err(AddressError::UnknownSegment(segment.to_owned()));
        assert_eq!(resolve("/v1.0/users/$dollar@contoso.com/revokeSignInSessions"), unknown("$dollar@contoso.com"));
        assert_eq!(resolve("/v1.0/groups"), unknown("groups"));
        assert_eq!(resolve("/v1.0/users/x/revoke"), unknown("revoke"));
        assert_eq!(resolve("/v1.0/me/revokeSignInSessions/x"), unknown("x"));
        assert_eq!(resolve("/v2.0/me"), Err(AddressError::UnknownVersion("v2.0".to_owned())));
        for path in ["/", "/v1.0", "/v1.0/users('o'hara')", "/v1.0/users('')", "/v1.0/users(7)", "/v1.0/%FF"] {
            assert_eq!(resolve(path), Err(AddressError::Malformed), "{path}");
        }
    }

    #[test]
    fn collections_and_readers() {
        assert_eq!(resolve("/v1.0/$batch"), Ok(Resource::Batch));
        assert_eq!(resolve("/v1.0/%24batch"), Ok(Resource::Batch));
        assert_eq!(resolve("/v1.0/me"), Ok(Resource::Me));
        assert_eq!(resolve("/v1.0/users"), Ok(Resource::Users));
        assert_eq!(resolve("/v1.0/users/7"), Ok(Resource::User("7".to_owned())));
    }
}
