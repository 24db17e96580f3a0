//! Workload identity federation: tokens of an outside issuer, here the emulator itself, instead of a secret.
//!
//! Source: Microsoft Entra Workload ID, "Workload identity federation".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::json;

use super::assertion::{Parts, SKEW_SECONDS};
use super::client::outside_lifetime;
use super::refusal::Refusal;
use crate::clock::now_seconds;

const SUBJECT: &str = "system:serviceaccount:default:revoke-session";
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// What a federated token should say. `FederatedToken::default()` is one that the application trusts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FederatedToken {
    /// Who the token stands for; a Kubernetes service account unless given.
    pub subject: String,
    /// Whom it is for; `api://AzureADTokenExchange` unless given.
    pub audience: String,
    /// The issuer, when it is not the emulator.
    pub issuer: Option<String>,
    /// How long it lives; less than zero is a token that has already expired.
    pub lifetime_seconds: i64,
}

impl Default for FederatedToken {
    fn default() -> Self {
        Self { subject: SUBJECT.to_owned(), audience: AUDIENCE.to_owned(), issuer: None, lifetime_seconds: 600 }
    }
}

/// The issuer, and the application's trust in it.
#[derive(Debug)]
pub(crate) struct Federation {
    key: EcdsaKeyPair,
    issuer: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
}

impl Federation {
    pub(crate) fn new(origin: &str) -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random)
            .map_err(|_| Unspecified)?;
        Ok(Self { key, issuer: format!("{origin}/_issuer/") })
    }

    /// Issues a token; none when the system has no random numbers for the signature.
    pub(crate) fn issue(&self, wanted: &FederatedToken) -> Option<String> {
        let now = now_seconds();
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "emulator-issuer" });
        let expires = now.saturating_add(wanted.lifetime_seconds);
        let claims = json!({
            "iss": wanted.issuer.as_ref().unwrap_or(&self.issuer),
            "sub": wanted.subject,
            "aud": wanted.audience,
            "iat": now.min(expires),
            "nbf": now.min(expires),
            "exp": expires,
        });
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Checks a token that was presented instead of a secret.
    pub(super) fn verify(&self, token: &str, now: i64) -> Result<(), Refusal> {
        let malformed = |_| Refusal::new(50_027, &[]);
        let Parts { signed, claims, signature, .. } = Parts::of(token).map_err(malformed)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Refusal::new(50_027, &[]))?;
        if claims.iss != self.issuer {
            return Err(Refusal::new(700_211, &[("issuer", &claims.iss)]));
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key())
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| Refusal::new(50_013, &[]))?;
        let Claims { sub, aud, exp, nbf, .. } = claims;
        if exp.saturating_add(SKEW_SECONDS) < now || nbf.saturating_sub(SKEW_SECONDS) > now {
            return Err(outside_lifetime(now, nbf, exp));
        }
        // Since 2024 the comparison minds the case.
        if sub != SUBJECT {
            return Err(Refusal::new(700_213, &[("subject", &sub)]));
        }
        if aud == AUDIENCE { Ok(()) } else { Err(Refusal::new(700_212, &[("audience", &aud)])) }
    }
}
