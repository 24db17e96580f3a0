//! A token that the caller already has.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::claims::Claims;
use super::{AuthError, BearerToken, Rejection, TokenSource};
use crate::clock::Clock;

/// A given access token. It cannot be renewed, and says so when Graph refuses it.
#[derive(Debug)]
pub struct GivenToken {
    token: BearerToken,
    clock: Arc<dyn Clock>,
}

impl GivenToken {
    /// Takes a token; surrounding white space, as pasting leaves it, is removed.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredential`] when it cannot be a token, [`AuthError::Expired`] when it
    /// says itself that it has run out.
    pub fn new(secret: &SecretString, clock: Arc<dyn Clock>) -> Result<Self, AuthError> {
        let text = secret.expose_secret().trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AuthError::InvalidCredential("the text given as access token cannot be one".to_owned()));
        }
        let expires_on = Claims::of(text).and_then(|claims| claims.expires_on());
        let given = Self { token: BearerToken::new(text.to_owned().into(), expires_on), clock };
        given.check()?;
        Ok(given)
    }

    fn check(&self) -> Result<(), AuthError> {
        match self.token.expires_on() {
            Some(end) if end <= self.clock.utc() => Err(AuthError::Expired(end)),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl TokenSource for GivenToken {
    async fn token(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        self.check()?;
        match rejection {
            None => Ok(self.token.clone()),
            Some(Rejection { claims: Some(_), .. }) => Err(AuthError::Challenged {
                who: "an access token that was given",
                advice: "Get a new access token by signing in again, and run Connect-RsGraph -AccessToken with it.",
            }),
            Some(_) => Err(AuthError::CannotRenew),
        }
    }

    fn current(&self) -> Option<BearerToken> {
        Some(self.token.clone())
    }
}
