//! What an access token says about itself, for people to read.
//!
//! Nothing is decided by it that Graph decides: a client cannot verify a token that is meant for
//! Graph, and tokens may be opaque. Source: Microsoft identity platform, "Access token claims reference".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

/// The least permission that allows revoking the sessions of others.
pub(crate) const LEAST_PERMISSION: &str = "User.RevokeSessions.All";

/// All that allow it, delegated or of an application.
///
/// Source: Microsoft Learn, "user: revokeSignInSessions", permissions, and "Microsoft Graph permissions reference".
const ALLOW_REVOKING: [&str; 4] =
    [LEAST_PERMISSION, "User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"];

/// The claims that `Get-RsContext` shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Tenant id.
    pub tid: Option<String>,
    /// Application id.
    pub appid: Option<String>,
    /// Display name of the application.
    pub app_displayname: Option<String>,
    /// Object id of the user, or of the application's service principal.
    pub oid: Option<String>,
    /// UPN of the user.
    pub upn: Option<String>,
    /// UPN of the user in tokens of some flows.
    pub unique_name: Option<String>,
    /// Delegated permissions, divided by spaces.
    pub scp: Option<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    exp: Option<i64>,
}

impl Claims {
    /// Reads the claims of a JWT (RFC 7519, section 3), or nothing from an opaque token.
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// When the token ends.
    pub fn expires_on(&self) -> Option<Timestamp> {
        self.exp.and_then(|seconds| Timestamp::from_second(seconds).ok())
    }

    /// The delegated permissions, one by one.
    pub fn scopes(&self) -> Vec<String> {
        self.scp.iter().flat_map(|scp| scp.split_whitespace()).map(str::to_owned).collect()
    }

    /// Whether the token tells nothing, as an opaque one does.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether one of the permissions that allow revoking is there; `None` where the token does not tell.
    pub(crate) fn may_revoke(&self) -> Option<bool> {
        let scopes = self.scp.iter().flat_map(|scp| scp.split_whitespace());
        let mut granted = scopes.chain(self.roles.iter().map(String::as_str));
        (!self.is_empty())
            .then(|| granted.any(|name| ALLOW_REVOKING.iter().any(|known| known.eq_ignore_ascii_case(name))))
    }

    /// Whether a user or an application is signed in, where the token tells.
    pub fn auth_type(&self) -> AuthType {
        if self.scp.is_some() {
            AuthType::Delegated
        } else if !self.roles.is_empty() || self.appid.is_some() {
            AuthType::AppOnly
        } else {
            AuthType::Unknown
        }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthType {
    /// An application by itself.
    AppOnly,
    /// An application on behalf of a user.
    Delegated,
    /// The token does not tell.
    Unknown,
}

impl AuthType {
    /// The name as `Get-RsContext` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AppOnly => "AppOnly",
            Self::Delegated => "Delegated",
            Self::Unknown => "Unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_read_where_there_are_any() {
        let user =
            Claims::of(&token(r#"{"tid":"t","upn":"a@b","scp":"User.Read User.RevokeSessions.All","exp":1790000000}"#))
                .unwrap();
        assert_eq!(user.auth_type(), AuthType::Delegated);
        assert_eq!(user.scopes(), ["User.Read", "User.RevokeSessions.All"]);
        assert_eq!(user.expires_on().unwrap().as_second(), 1_790_000_000);
        let app = Claims::of(&token(r#"{"appid":"a","roles":["User.RevokeSessions.All"]}"#)).unwrap();
        assert_eq!((app.auth_type(), app.scopes().len()), (AuthType::AppOnly, 0));
        assert_eq!((user.may_revoke(), app.may_revoke()), (Some(true), Some(true)));
        assert_eq!(Claims::of(&token(r#"{"scp":"User.Read","upn":"a@b"}"#)).unwrap().may_revoke(), Some(false));
        assert_eq!(Claims::of(&token("{}")).unwrap().may_revoke(), None);
        for opaque in ["", "opaque", "a.b", "a.b.c.d", "a.!.c", "e30.bm90IGpzb24.c2ln"] {
            assert_eq!(Claims::of(opaque), None, "{opaque}");
        }
    }
}
