//! Client assertions: a JWT that is signed with the application's certificate instead of sending a secret.
//!
//! Source: Microsoft identity platform, "Certificate credentials for application authentication"; RFC 7523, section 3.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::AuthError;

/// How long an assertion is good for, in seconds. Entra takes up to ten minutes.
const LIFE: i64 = 600;

/// Signs for a key that this library does not see, such as one of a store that does not give keys away.
#[async_trait]
pub trait AssertionSigner: Send + Sync + Debug {
    /// The RSASSA-PSS signature with SHA-256 (PS256, RFC 7518, section 3.5) of `data`.
    ///
    /// # Errors
    /// Why the key cannot sign, as people are told it.
    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>, String>;
}

/// What must be known of a certificate to sign with it.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// SHA-256 of the certificate in DER.
    pub sha256: [u8; 32],
    /// When it begins to be valid.
    pub not_before: Timestamp,
    /// When it ends to be valid.
    pub not_after: Timestamp,
    /// What signs with its key.
    pub signer: Arc<dyn AssertionSigner>,
}

impl Certificate {
    /// Whether it is valid now.
    ///
    /// # Errors
    /// [`AuthError::Local`] when it is not yet, or no longer.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), AuthError> {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        if now > self.not_after {
            return Err(AuthError::Local {
                reason: format!("the certificate expired on {}", day(self.not_after)),
                advice: "Make a new certificate, upload its public part to the app registration (Certificates & secrets), and connect with it.",
            });
        }
        if now < self.not_before {
            return Err(AuthError::Local {
                reason: format!("the certificate is not valid before {}", day(self.not_before)),
                advice: "Check the clock of this machine, or wait until the certificate is valid.",
            });
        }
        Ok(())
    }

    /// An assertion of `client_id` for the token endpoint at `audience`.
    pub(super) async fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        now: Timestamp,
        id: Uuid,
    ) -> Result<String, AuthError> {
        self.check(now)?;
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(self.sha256) });
        let begin = now.as_second();
        let claims = json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": id,
            "iat": begin, "nbf": begin, "exp": begin + LIFE,
        });
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.signer.sign(signed.as_bytes()).await.map_err(|reason| AuthError::Local {
            reason: format!("the certificate cannot sign: {reason}"),
            advice: "Use a certificate with an RSA private key that this account may use.",
        })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
