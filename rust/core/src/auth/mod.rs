//! Access tokens: where they come from, how long they live, and what may be read from them.

mod access_token;
mod authority_http;
mod cached;
pub mod claims;
mod client_secret;

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use thiserror::Error;

use crate::error::{ErrorDetail, ErrorId};

pub use access_token::GivenToken;
pub use cached::CachedSource;
pub use client_secret::ClientSecret;

/// An access token. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct BearerToken {
    secret: Arc<SecretString>,
    expires_on: Option<Timestamp>,
}

impl BearerToken {
    /// Takes a token and, where known, the end of its life.
    pub fn new(secret: SecretString, expires_on: Option<Timestamp>) -> Self {
        Self { secret: Arc::new(secret), expires_on }
    }

    /// The token itself.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// When it ends, where known.
    pub fn expires_on(&self) -> Option<Timestamp> {
        self.expires_on
    }

    /// Whether both are the very same token, without comparing secrets.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.secret, &other.secret)
    }
}

impl Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerToken").field("expires_on", &self.expires_on).finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The authority refused, for the reason it gave.
    #[error("{description}")]
    Refused {
        /// The AADSTS code, such as `AADSTS7000215`.
        code: Option<String>,
        /// The authority's own words, on one line.
        description: String,
    },
    /// The authority could not be reached, or not in time.
    #[error("the authority cannot be reached: {0}")]
    Unreachable(String),
    /// The authority answered something that is no token.
    #[error("the authority gave no usable token: {0}")]
    Malformed(String),
    /// Graph does not accept the token, and this kind of sign-in cannot get another.
    #[error("Microsoft Graph no longer accepts the access token, and it cannot be renewed")]
    CannotRenew,
    /// The token has run out, and this kind of sign-in cannot get another.
    #[error("the access token expired at {0}")]
    Expired(Timestamp),
    /// What was given cannot be used to sign in.
    #[error("{0}")]
    InvalidCredential(String),
}

impl AuthError {
    /// The error as people are shown it.
    pub fn detail(&self) -> ErrorDetail {
        match self {
            Self::Unreachable(why) => ErrorId::GraphUnreachable
                .with_message(format!("Signing in failed, because the authority cannot be reached: {why}.")),
            Self::Refused { description, .. } => {
                ErrorId::AuthenticationFailed.with_message(format!("Signing in failed: {description}"))
            }
            Self::Malformed(_) | Self::CannotRenew | Self::Expired(_) | Self::InvalidCredential(_) => {
                ErrorId::AuthenticationFailed.with_message(format!("Signing in failed: {self}."))
            }
        }
    }
}

/// Gives tokens for Graph, fresh ones when needed.
#[async_trait]
pub trait TokenSource: Send + Sync + Debug {
    /// A token that should be accepted now.
    ///
    /// `rejected` is a token that Graph has just refused: it is not given again.
    ///
    /// # Errors
    /// [`AuthError`], the same for everybody who was waiting.
    async fn token(&self, rejected: Option<&BearerToken>) -> Result<BearerToken, AuthError>;

    /// The token in hand, without asking anybody for one.
    fn current(&self) -> Option<BearerToken>;
}

/// Gets one new token; caching and sharing are [`CachedSource`]'s.
#[async_trait]
pub trait TokenFetcher: Send + Sync + Debug {
    /// Asks the authority once.
    ///
    /// # Errors
    /// [`AuthError`].
    async fn fetch(&self) -> Result<BearerToken, AuthError>;
}
