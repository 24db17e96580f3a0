//! Continuous access evaluation: tokens that stop being good before they expire.
//!
//! Sources: Microsoft Entra, "Continuous access evaluation"; Microsoft identity platform, "Claims challenges, claims
//! requests, and client capabilities".

use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// What a challenge looks at in a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Challenged {
    /// Its number among all that were minted.
    pub(crate) number: u64,
    /// Whether the client can answer a claims challenge (`cp1`).
    pub(crate) capable: bool,
    /// The challenge that the token's request answered.
    pub(crate) answers: Option<i64>,
}

/// Why a token does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unanswered {
    /// What the next token must be newer than, when the client can be told.
    pub(crate) not_before: Option<i64>,
}

/// The challenge in force, if any.
#[derive(Debug, Default)]
pub(crate) struct Challenge(RwLock<Option<Raised>>);

#[derive(Debug, Clone, Copy)]
struct Raised {
    first_good: u64,
    not_before: i64,
}

impl Challenge {
    /// Challenges every token before number `first_good`.
    pub(crate) fn raise(&self, first_good: u64, now: i64) {
        self.set(Some(Raised { first_good, not_before: now }));
    }

    pub(crate) fn end(&self) {
        self.set(None);
    }

    /// A client that can answer a challenge must; any other needs a new token only.
    pub(crate) fn judge(&self, token: Challenged) -> Result<(), Unanswered> {
        let raised = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        match raised {
            Some(raised) if token.number < raised.first_good || !token.satisfies(raised) => {
                Err(Unanswered { not_before: token.capable.then_some(raised.not_before) })
            }
            _ => Ok(()),
        }
    }

    fn set(&self, raised: Option<Raised>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = raised;
    }
}

impl Challenged {
    fn satisfies(self, raised: Raised) -> bool {
        !self.capable || self.answers == Some(raised.not_before)
    }
}

/// The `WWW-Authenticate` header that asks for a token newer than `not_before`.
pub(crate) fn claims_challenge(not_before: i64) -> String {
    let claims = json!({ "access_token": { "nbf": { "essential": true, "value": not_before.to_string() } } });
    format!(
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
         client_id=\"00000003-0000-0000-c000-000000000000\", error=\"insufficient_claims\", claims=\"{}\"",
        STANDARD.encode(claims.to_string())
    )
}
