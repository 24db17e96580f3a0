//! A token that somebody else in the process owns and renews, such as the session of `Connect-MgGraph`.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::authority::in_time;
use super::claims::Claims;
use super::{AuthError, BearerToken, Rejection, TokenFetcher};

const ADVICE: &str =
    "Sign in there again (Disconnect-MgGraph, then Connect-MgGraph), and run Connect-RsGraph -UseMgGraphSession.";

/// Lends the token of another sign-in.
#[async_trait]
pub trait TokenLender: Send + Sync + Debug {
    /// The token as it is now; its owner renews it when it must.
    ///
    /// # Errors
    /// Why there is none, as people are told it.
    async fn lend(&self) -> Result<SecretString, String>;
}

/// Asks a [`TokenLender`] whenever a token is needed.
#[derive(Debug)]
pub(super) struct Borrowed {
    lender: Arc<dyn TokenLender>,
}

impl Borrowed {
    pub(super) fn new(lender: Arc<dyn TokenLender>) -> Self {
        Self { lender }
    }
}

#[async_trait]
impl TokenFetcher for Borrowed {
    async fn fetch(&self, rejection: Option<&Rejection>) -> Result<BearerToken, AuthError> {
        let lent =
            in_time(async { self.lender.lend().await.map_err(|reason| AuthError::Local { reason, advice: ADVICE }) })
                .await?;
        let text = lent.expose_secret().trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AuthError::Local {
                reason: "the session of Connect-MgGraph gave no access token".to_owned(),
                advice: ADVICE,
            });
        }
        match rejection {
            // Its owner does not know yet that Graph has refused it, so asking once more would change nothing.
            Some(rejection) if rejection.token.secret().expose_secret() == text => Err(match &rejection.claims {
                Some(_) => AuthError::Challenged { who: "the session of Connect-MgGraph", advice: ADVICE },
                None => AuthError::Local {
                    reason: "Microsoft Graph does not accept the token of Connect-MgGraph, and there is no newer one"
                        .to_owned(),
                    advice: ADVICE,
                },
            }),
            _ => {
                let expires_on = Claims::of(text).and_then(|claims| claims.expires_on());
                Ok(BearerToken::new(text.to_owned().into(), expires_on))
            }
        }
    }
}
