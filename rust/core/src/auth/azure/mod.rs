//! Sign-ins that belong to Azure: the identity of the machine, and the Azure CLI. By `azure_identity`.

mod cli;
mod http;
mod managed_identity;

use azure_core::credentials::AccessToken;
use azure_core::error::{Error, ErrorKind};
use jiff::Timestamp;
use secrecy::SecretString;

use super::authority::credible;
use super::error::one_line;
use super::{AuthError, BearerToken};

pub(super) use cli::AzureCli;
pub(super) use managed_identity::ManagedIdentity;

/// Judges a token that the crate got.
fn token(answer: &AccessToken, now: Timestamp) -> Result<BearerToken, AuthError> {
    let secret: SecretString = answer.token.secret().to_owned().into();
    credible(secret, Timestamp::from_second(answer.expires_on.unix_timestamp()).ok(), now)
}

/// The words below the crate's own wrapping, which repeats them among its own.
fn reason(error: &Error) -> String {
    let mut innermost = error;
    let mut link = std::error::Error::source(error);
    while let Some(current) = link {
        if let Some(azure) = current.downcast_ref::<Error>() {
            innermost = azure;
        }
        link = current.source();
    }
    let text = one_line(&innermost.to_string());
    match innermost.kind() {
        // The body is not repeated: it may hold a token.
        ErrorKind::DataConversion => "the answer is not a token response".to_owned(),
        _ => text.strip_prefix("ERROR: ").unwrap_or(&text).to_owned(),
    }
}
