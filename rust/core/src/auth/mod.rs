//! Access tokens: where they come from, how long they live, and what may be read from them.
//!
//! A way to sign in is a [`TokenFetcher`], which gets one token; [`CachedSource`] keeps it, renews it and
//! lets everybody share it. [`Credential`] is what the caller names.

mod advice;
mod authority;
mod azure;
mod borrowed;
mod cached;
pub(crate) mod challenge;
pub mod claims;
mod client_credentials;
mod credential;
mod device_code;
mod error;
mod given_token;
mod signed_assertion;

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

pub use borrowed::TokenLender;
pub use cached::CachedSource;
pub use credential::Credential;
pub use device_code::{DeviceCodePrompt, DeviceCodeShown};
pub use error::AuthError;
pub use given_token::GivenToken;
pub use signed_assertion::{AssertionSigner, Certificate};

pub(crate) use credential::SignIn;

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

/// A token that Graph has refused, and what it wants to see in the next one.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The refused token.
    pub token: BearerToken,
    /// The claims that Graph challenges for, as JSON, where it does.
    pub claims: Option<Arc<str>>,
}

/// Gives tokens for Graph, fresh ones when needed.
#[async_trait]
pub trait TokenSource: Send + Sync + Debug {
    /// A token that should be accepted now.
    ///
    /// `rejection` is about a token that Graph has just refused: it is not given again.
    ///
    /// # Errors
    /// [`AuthError`], the same for everybody who was waiting.
    async fn token(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError>;

    /// The token in hand, without asking anybody for one.
    fn current(&self) -> Option<BearerToken>;
}

/// Gets one new token; caching and sharing are [`CachedSource`]'s.
#[async_trait]
pub trait TokenFetcher: Send + Sync + Debug {
    /// Asks for a new token once, with the claims of the rejection where the way to sign in can carry them.
    ///
    /// # Errors
    /// [`AuthError`].
    async fn fetch(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError>;
}
