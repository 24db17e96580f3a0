//! Access tokens: minted here, judged here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{hmac, rand::SystemRandom};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::challenge::{Challenge, Challenged, Unanswered};
use crate::clock::now_seconds;
use crate::clouds::{OwnOrigins, is_graph_host};
use crate::config::EmulatorConfig;
use crate::directory::User;

const DEFAULT_ROLES: [&str; 2] = ["User.RevokeSessions.All", "User.Read.All"];
pub(crate) const DEFAULT_SCOPES: [&str; 3] = ["User.Read", "User.Read.All", "User.RevokeSessions.All"];
const CAN_REVOKE: [&str; 3] = ["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
const CAN_READ: [&str; 5] =
    ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.ReadBasic.All"];
const CAN_READ_SELF: [&str; 2] = ["User.Read", "User.ReadWrite"];

/// What an access token should say. `TokenGrant::default()` is the application with its usual roles.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenGrant {
    /// Whether an application or a user is signed in.
    pub kind: TokenKind,
    /// Who is signed in, for a delegated token; `admin@contoso.com` unless given.
    pub upn: Option<String>,
    /// The application roles, for an application.
    pub roles: Option<Vec<String>>,
    /// The scopes, for a delegated token.
    pub scopes: Option<Vec<String>>,
    /// How long the token lives; less than one is a token that has already expired.
    pub lifetime_seconds: Option<i64>,
    /// The application, when it is not the emulator's own.
    pub app_id: Option<String>,
    /// The resource the token is for, when it is not the emulator itself; such as `https://graph.microsoft.com`.
    pub audience: Option<String>,
    /// What the client can do; `cp1` is a client that answers claims challenges.
    pub capabilities: Vec<String>,
}

/// Who is signed in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// An application on its own.
    #[default]
    App,
    /// A user through an application.
    Delegated,
}

/// Whom a token stands for and what it allows.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) app_id: String,
    /// The signed-in user; none for an application.
    pub(crate) user: Option<Uuid>,
    pub(crate) can_revoke: bool,
    pub(crate) can_read: bool,
    pub(crate) can_read_self: bool,
}

/// Why a token is refused, in Graph's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("Access token is empty.")]
    Empty,
    #[error("CompactToken parsing failed with error code: 80049217")]
    Malformed,
    #[error("Access token validation failure. Invalid signature.")]
    Signature,
    #[error("Access token validation failure. Invalid audience.")]
    Audience,
    #[error("Lifetime validation failed, the token is expired.")]
    Expired,
    #[error(
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
    )]
    Revoked,
    #[error(
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
    )]
    Challenged(Unanswered),
}

/// Mints and judges the tokens of one emulator.
#[derive(Debug)]
pub(crate) struct TokenMint {
    key: hmac::Key,
    header: String,
    origins: Arc<OwnOrigins>,
    tenant_id: String,
    client_id: String,
    lifetime: i64,
    generation: AtomicU64,
    minted: AtomicU64,
    challenge: Challenge,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    appid: String,
    /// The generation and number of the token and the challenge it answers, which is how it can be revoked.
    uti: String,
    #[serde(default)]
    xms_cc: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scp: String,
    oid: Option<Uuid>,
}

impl TokenMint {
    pub(crate) fn new(config: &EmulatorConfig, origins: Arc<OwnOrigins>) -> Result<Self, ring::error::Unspecified> {
        Ok(Self {
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?,
            header: URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256","kid":"emulator"}"#),
            origins,
            tenant_id: config.tenant_id.clone(),
            client_id: config.client_id.clone(),
            lifetime: i64::try_from(config.token_lifetime.as_secs()).unwrap_or(i64::MAX / 2),
            generation: AtomicU64::new(0),
            minted: AtomicU64::new(0),
            challenge: Challenge::default(),
        })
    }

    pub(crate) fn lifetime(&self) -> i64 {
        self.lifetime
    }

    /// Makes every token minted so far worthless.
    pub(crate) fn expire_all(&self) {
        self.generation.fetch_add(1, Relaxed);
    }

    /// Challenges every token minted so far, and returns the moment that the next ones must name.
    pub(crate) fn challenge_all(&self) -> i64 {
        let now = now_seconds();
        self.challenge.raise(self.minted.load(Relaxed), now);
        now
    }

    pub(crate) fn end_challenge(&self) {
        self.challenge.end();
    }

    /// Mints a token; `user` is who is signed in when the grant is a delegated one, and `answers` the moment named by
    /// the claims challenge that was answered.
    pub(crate) fn mint(&self, grant: &TokenGrant, user: Option<&User>, answers: Option<i64>) -> String {
        let now = now_seconds();
        let number = self.minted.fetch_add(1, Relaxed);
        let lifetime = grant.lifetime_seconds.unwrap_or(self.lifetime);
        let answers = answers.map_or_else(String::new, |not_before| format!(".{not_before}"));
        let mut claims = json!({
            "aud": grant.audience.as_ref().unwrap_or(&self.origins.graph),
            "iss": format!("https://sts.windows.net/{}/", self.tenant_id),
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(lifetime),
            "appid": grant.app_id.as_ref().unwrap_or(&self.client_id),
            "app_displayname": "RevokeSession",
            "tid": self.tenant_id,
            "uti": format!("{}.{number}{answers}", self.generation.load(Relaxed)),
            "ver": "1.0",
        });
        if let Some(claims) = claims.as_object_mut() {
            if !grant.capabilities.is_empty() {
                claims.insert("xms_cc".to_owned(), json!(grant.capabilities));
            }
            match grant.kind {
                TokenKind::App => app_claims(claims, grant),
                TokenKind::Delegated => user_claims(claims, grant, user),
            }
        }
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Judges the value of an `Authorization` header that came to `host`.
    pub(crate) fn judge(&self, authorization: Option<&str>, host: &str) -> Result<Identity, TokenError> {
        let token = authorization.and_then(bearer).ok_or(TokenError::Empty)?;
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
        let (signature, payload) = (decode(signature)?, decode(payload)?);
        if header != self.header || hmac::verify(&self.key, signed.as_bytes(), &signature).is_err() {
            return Err(TokenError::Signature);
        }
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?;
        if !self.is_meant_for(&claims.aud, host) {
            return Err(TokenError::Audience);
        }
        if claims.exp <= now_seconds() {
            return Err(TokenError::Expired);
        }
        let mut stamp = claims.uti.split('.').map(str::parse::<i64>).map(Result::ok);
        let mut next = || stamp.next().flatten();
        let (generation, number, answers) = (next(), next(), next());
        if generation.and_then(|generation| u64::try_from(generation).ok()) != Some(self.generation.load(Relaxed)) {
            return Err(TokenError::Revoked);
        }
        let number = number.and_then(|number| u64::try_from(number).ok()).ok_or(TokenError::Malformed)?;
        let capable = claims.xms_cc.iter().any(|capability| capability == "cp1");
        self.challenge.judge(Challenged { number, capable, answers }).map_err(TokenError::Challenged)?;
        Ok(Identity::from(claims))
    }

    fn is_meant_for(&self, audience: &str, host: &str) -> bool {
        let named = audience.strip_prefix("https://").is_some_and(|name| name.eq_ignore_ascii_case(host));
        self.origins.include(audience) || (named && is_graph_host(host))
    }
}

impl From<Claims> for Identity {
    fn from(claims: Claims) -> Self {
        let has = |wanted: &[&str]| {
            let mut granted = claims.roles.iter().map(String::as_str).chain(claims.scp.split(' '));
            granted.any(|permission| wanted.contains(&permission))
        };
        Self {
            can_revoke: has(&CAN_REVOKE),
            can_read: has(&CAN_READ),
            can_read_self: has(&CAN_READ_SELF) || has(&CAN_READ),
            user: claims.oid,
            app_id: claims.appid,
        }
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn app_claims(claims: &mut Map<String, Value>, grant: &TokenGrant) {
    let roles = grant.roles.as_ref().map_or_else(|| json!(DEFAULT_ROLES), |roles| json!(roles));
    claims.insert("idtyp".to_owned(), json!("app"));
    claims.insert("roles".to_owned(), roles);
}

fn user_claims(claims: &mut Map<String, Value>, grant: &TokenGrant, user: Option<&User>) {
    let scopes = grant.scopes.as_ref().map_or_else(|| DEFAULT_SCOPES.join(" "), |scopes| scopes.join(" "));
    claims.insert("idtyp".to_owned(), json!("user"));
    claims.insert("scp".to_owned(), json!(scopes));
    if let Some(user) = user {
        claims.insert("oid".to_owned(), json!(user.id));
        claims.insert("upn".to_owned(), json!(user.user_principal_name));
        claims.insert("name".to_owned(), json!(user.display_name()));
    } else {
        // The account is not in the directory, as when it was deleted after the sign-in.
        claims.insert("oid".to_owned(), json!(Uuid::nil()));
        claims.insert("upn".to_owned(), json!(grant.upn));
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenError, TokenGrant, TokenKind, TokenMint};
    use crate::challenge::Unanswered;
    use crate::clouds::OwnOrigins;
    use crate::config::EmulatorConfig;

    const HOST: &str = "127.0.0.1:1";

    fn mint() -> TokenMint {
        let origin = format!("http://{HOST}");
        let origins = OwnOrigins { graph: origin.clone(), plain: origin };
        TokenMint::new(&EmulatorConfig::default(), origins.into()).expect("a random key")
    }

    fn error(mint: &TokenMint, authorization: &str) -> Option<TokenError> {
        mint.judge(Some(authorization), HOST).err()
    }

    #[test]
    fn a_minted_token_is_accepted_by_its_own_emulator_alone() {
        let mint = mint();
        let token = format!("Bearer {}", mint.mint(&TokenGrant::default(), None, None));
        let identity = mint.judge(Some(&token), HOST).expect("a good token");
        assert!(identity.can_revoke && identity.can_read && identity.user.is_none());
        assert_eq!(error(&super::tests::mint(), &token), Some(TokenError::Signature));
    }

    #[test]
    fn bad_tokens_are_told_apart() {
        let mint = mint();
        assert_eq!(mint.judge(None, HOST).err(), Some(TokenError::Empty));
        assert_eq!(error(&mint, "Bearer  "), Some(TokenError::Empty));
        assert_eq!(error(&mint, "Basic abc"), Some(TokenError::Empty));
        assert_eq!(error(&mint, "Bearer garbage"), Some(TokenError::Malformed));
        assert_eq!(error(&mint, "Bearer a.b.!"), Some(TokenError::Malformed));
        let grant = TokenGrant { lifetime_seconds: Some(0), ..TokenGrant::default() };
        assert_eq!(error(&mint, &format!("Bearer {}", mint.mint(&grant, None, None))), Some(TokenError::Expired));
    }

    #[test]
    fn expiring_all_tokens_spares_the_next_one() {
        let mint = mint();
        let old = format!("Bearer {}", mint.mint(&TokenGrant::default(), None, None));
        mint.expire_all();
        assert_eq!(error(&mint, &old), Some(TokenError::Revoked));
        let new = format!("Bearer {}", mint.mint(&TokenGrant::default(), None, None));
        assert_eq!(error(&mint, &new), None);
    }

    #[test]
    fn permissions_come_from_roles_and_scopes() {
        let mint = mint();
        let judge = |grant: TokenGrant| {
            mint.judge(Some(&format!("Bearer {}", mint.mint(&grant, None, None))), HOST).expect("good")
        };
        let reader = judge(TokenGrant { roles: Some(vec!["User.Read.All".to_owned()]), ..TokenGrant::default() });
        assert!(!reader.can_revoke && reader.can_read);
        let user = judge(TokenGrant {
            kind: TokenKind::Delegated,
            scopes: Some(vec!["User.Read".to_owned()]),
            ..TokenGrant::default()
        });
        assert!(user.user.is_some() && !user.can_revoke && !user.can_read && user.can_read_self);
    }

    #[test]
    fn a_token_for_a_cloud_is_good_at_its_own_host_alone() {
        let mint = mint();
        let grant = TokenGrant { audience: Some("https://graph.microsoft.us".to_owned()), ..TokenGrant::default() };
        let token = format!("Bearer {}", mint.mint(&grant, None, None));
        assert!(mint.judge(Some(&token), "graph.microsoft.us").is_ok());
        for host in [HOST, "graph.microsoft.com", "login.microsoftonline.us"] {
            assert_eq!(mint.judge(Some(&token), host).err(), Some(TokenError::Audience), "{host}");
        }
        let own = format!("Bearer {}", mint.mint(&TokenGrant::default(), None, None));
        assert!(mint.judge(Some(&own), "graph.microsoft.com").is_ok());
    }

    #[test]
    fn a_challenge_asks_more_of_those_who_can_answer() {
        let mint = mint();
        let capable = TokenGrant { capabilities: vec!["cp1".to_owned()], ..TokenGrant::default() };
        let judge = |grant: &TokenGrant, answers| {
            let token = format!("Bearer {}", mint.mint(grant, None, answers));
            (mint.judge(Some(&token), HOST).err(), token)
        };
        let (before, old) = judge(&TokenGrant::default(), None);
        assert_eq!(before, None);
        let moment = mint.challenge_all();
        let refused = |not_before| Some(TokenError::Challenged(Unanswered { not_before }));
        assert_eq!(error(&mint, &old), refused(None));
        assert_eq!(judge(&TokenGrant::default(), None).0, None);
        assert_eq!(judge(&capable, None).0, refused(Some(moment)));
        assert_eq!(judge(&capable, Some(moment - 1)).0, refused(Some(moment)));
        assert_eq!(judge(&capable, Some(moment)).0, None);
        mint.end_challenge();
        assert_eq!(error(&mint, &old), None);
    }
}
