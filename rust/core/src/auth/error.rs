//! Why there is no token, and what people are told about it.

use jiff::Timestamp;
use thiserror::Error;

use super::advice::{for_code, for_host};
use crate::error::{ErrorDetail, ErrorId};

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
    /// Graph asks for a token with claims that this kind of sign-in cannot ask for.
    ///
    /// Source: Microsoft identity platform, "Claims challenges, claims requests, and client capabilities".
    #[error("Microsoft Graph asks for a new sign-in (Continuous Access Evaluation), which {who} cannot answer")]
    Challenged {
        /// The kind of sign-in.
        who: &'static str,
        /// What to do instead.
        advice: &'static str,
    },
    /// The token has run out, and this kind of sign-in cannot get another.
    #[error("the access token expired at {0}")]
    Expired(Timestamp),
    /// What was given cannot be used to sign in.
    #[error("{0}")]
    InvalidCredential(String),
    /// What the sign-in relies on, on this machine, did not help: the Azure CLI, say.
    #[error("{reason}")]
    Local {
        /// What it said, on one line.
        reason: String,
        /// What to do next.
        advice: &'static str,
    },
}

impl AuthError {
    /// A refusal in the authority's own words.
    pub(crate) fn refused(description: &str) -> Self {
        let description = one_line(description);
        Self::Refused { code: aadsts(&description), description }
    }

    /// The error as people are shown it.
    pub fn detail(&self) -> ErrorDetail {
        match self {
            Self::Unreachable(why) => ErrorId::GraphUnreachable
                .with_message(format!("Signing in failed, because the authority cannot be reached: {why}."))
                .with_advice(for_host(why)),
            Self::Refused { code, description } => ErrorId::AuthenticationFailed
                .with_message(format!("Signing in failed: {description}"))
                .with_advice(code.as_deref().and_then(for_code)),
            Self::Challenged { advice, .. } | Self::Local { advice, .. } => ErrorId::AuthenticationFailed
                .with_message(format!("Signing in failed: {}.", self.to_string().trim_end_matches('.')))
                .with_advice(Some(advice)),
            Self::Malformed(_) | Self::CannotRenew | Self::Expired(_) | Self::InvalidCredential(_) => {
                ErrorId::AuthenticationFailed
                    .with_message(format!("Signing in failed: {}.", self.to_string().trim_end_matches('.')))
            }
        }
    }
}

/// The text without line breaks and other control characters.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The code with which Entra's error descriptions begin.
fn aadsts(description: &str) -> Option<String> {
    let start = description.find("AADSTS")?;
    let digits: String = description[start + 6..].chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_the_description_and_brings_its_own_advice() {
        assert_eq!(aadsts("AADSTS7000215: Invalid client secret provided."), Some("AADSTS7000215".into()));
        assert_eq!(aadsts("something else"), None);
        let expired = AuthError::refused("AADSTS7000222: The provided client secret keys are\r\nexpired.").detail();
        assert_eq!(expired.message, "Signing in failed: AADSTS7000222: The provided client secret keys are expired.");
        assert!(expired.recommended_action().contains("new client secret"), "{expired:?}");
        let other = AuthError::refused("AADSTS1: Something new.").detail();
        assert_eq!(other.recommended_action(), ErrorId::AuthenticationFailed.recommended_action());
    }
}
