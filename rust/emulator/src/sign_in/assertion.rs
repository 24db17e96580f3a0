//! Client assertions: a JWT that an application signs with its certificate instead of sending a secret.
//!
//! See <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use serde_json::Value;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Entra tolerates clocks that differ by five minutes.
pub(super) const SKEW_SECONDS: i64 = 300;

/// Why a client assertion is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AssertionError {
    Malformed,
    UnknownKey { thumbprint: String },
    Signature { thumbprint: String },
    Lifetime { not_before: i64, expires: i64 },
    Audience,
    Issuer,
}

/// The certificate an application registered.
#[derive(Debug)]
pub(crate) struct Registered {
    public_key: Vec<u8>,
    sha1: String,
    sha256: String,
    thumbprint: String,
}

/// What an assertion must say.
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) audiences: &'a [String],
    pub(crate) now: i64,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    aud: Value,
    iss: String,
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
}

/// The parts of a JWT, decoded and not yet believed.
pub(super) struct Parts<'a> {
    /// What the signature is for.
    pub(super) signed: &'a str,
    pub(super) header: Vec<u8>,
    pub(super) claims: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(token: &'a str) -> Result<Self, AssertionError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(AssertionError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(AssertionError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| AssertionError::Malformed);
        Ok(Self { signed, header: decode(header)?, claims: decode(claims)?, signature: decode(signature)? })
    }
}

/// Whether an assertion comes from an outside issuer: it names no certificate and is not the application's own.
pub(super) fn is_federated(assertion: &str, client_id: &str) -> bool {
    let Ok(Parts { header, claims, .. }) = Parts::of(assertion) else { return false };
    let read = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap_or_default();
    let (header, claims) = (read(&header), read(&claims));
    header["x5t"].is_null()
        && header["x5t#S256"].is_null()
        && claims["iss"].as_str().is_some_and(|iss| iss != client_id)
}

impl Registered {
    /// Reads a certificate (DER); none when it is not one, or has no RSA key.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        certificate
            .public_key()
            .parsed()
            .ok()
            .filter(|key| matches!(key, x509_parser::public_key::PublicKey::RSA(_)))?;
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, der);
        Some(Self {
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            sha1: URL_SAFE_NO_PAD.encode(sha1),
            sha256: URL_SAFE_NO_PAD.encode(digest(&SHA256, der)),
            thumbprint: hex(sha1.as_ref()),
        })
    }
}

/// Checks an assertion; the signature comes first, so that nothing unsigned is believed.
pub(crate) fn verify(
    assertion: &str,
    registered: Option<&Registered>,
    expected: &Expected<'_>,
) -> Result<(), AssertionError> {
    let Parts { signed, header, claims, signature } = Parts::of(assertion)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| AssertionError::Malformed)?;
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| AssertionError::Malformed)?;

    let algorithm: &'static dyn VerificationAlgorithm = match header.alg.as_str() {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        _ => return Err(AssertionError::Malformed),
    };
    let known = registered.filter(|registered| {
        let sha1 = header.x5t.as_ref().map(|x5t| *x5t == registered.sha1);
        let sha256 = header.x5t_s256.as_ref().map(|x5t| *x5t == registered.sha256);
        sha1.or(sha256).is_some() && sha1 != Some(false) && sha256 != Some(false)
    });
    let Some(registered) = known else {
        let claimed = header.x5t.or(header.x5t_s256).unwrap_or_default();
        let thumbprint = URL_SAFE_NO_PAD.decode(&claimed).map_or(claimed, |bytes| hex(&bytes));
        return Err(AssertionError::UnknownKey { thumbprint });
    };
    UnparsedPublicKey::new(algorithm, &registered.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| AssertionError::Signature { thumbprint: registered.thumbprint.clone() })?;

    judge(&claims, expected)
}

fn judge(claims: &Claims, expected: &Expected<'_>) -> Result<(), AssertionError> {
    let (not_before, expires) = (claims.nbf, claims.exp);
    if expires.saturating_add(SKEW_SECONDS) < expected.now || not_before.saturating_sub(SKEW_SECONDS) > expected.now {
        return Err(AssertionError::Lifetime { not_before, expires });
    }
    if claims.iss != expected.client_id || claims.sub != expected.client_id {
        return Err(AssertionError::Issuer);
    }
    let meant = |audience: &str| expected.audiences.iter().any(|known| known == audience);
    let audience = match &claims.aud {
        Value::String(audience) => meant(audience),
        Value::Array(all) => all.iter().filter_map(Value::as_str).any(meant),
        _ => false,
    };
    if audience { Ok(()) } else { Err(AssertionError::Audience) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::rand::SystemRandom;
    use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
    use serde_json::{Value, json};

    use super::{AssertionError, Expected, Registered, verify};

    const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/client.cer");
    const KEY: &[u8] = include_bytes!("../../tests/data/client.key.der");
    const NOW: i64 = 1_800_000_000;

    fn registered() -> Registered {
        Registered::from_der(CERTIFICATE).expect("an RSA certificate")
    }

    fn sign(header: &Value, claims: &Value, encoding: &'static dyn RsaEncoding) -> String {
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let key = RsaKeyPair::from_pkcs8(KEY).expect("a key");
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn claims() -> Value {
        json!({ "aud": "http://authority/token", "iss": "app", "sub": "app", "nbf": NOW, "exp": NOW + 600 })
    }

    fn check(assertion: &str) -> Result<(), AssertionError> {
        let audiences = ["http://authority/token".to_owned()];
        let expected = Expected { client_id: "app", audiences: &audiences, now: NOW };
        verify(assertion, Some(&registered()), &expected)
    }

    fn rs256() -> Value {
        json!({ "alg": "RS256", "typ": "JWT", "x5t": registered().sha1 })
    }

    #[test]
    fn both_algorithms_and_both_thumbprints_are_accepted() {
        assert_eq!(check(&sign(&rs256(), &claims(), &RSA_PKCS1_SHA256)), Ok(()));
        let ps256 = json!({ "alg": "PS256", "x5t#S256": registered().sha256 });
        assert_eq!(check(&sign(&ps256, &claims(), &RSA_PSS_SHA256)), Ok(()));
    }

    #[test]
    fn the_signature_is_truly_verified() {
        let good = sign(&rs256(), &claims(), &RSA_PKCS1_SHA256);
        let mut claims = claims();
        claims["exp"] = json!(NOW + 6000);
        let other = sign(&rs256(), &claims, &RSA_PKCS1_SHA256);
        let (good_signature, other_signed) = (good.rsplit_once('.'), other.rsplit_once('.'));
        let forged = format!("{}.{}", other_signed.expect("three parts").0, good_signature.expect("three parts").1);
        assert!(matches!(check(&forged), Err(AssertionError::Signature { .. })));
    }

    #[test]
    fn a_thumbprint_must_name_the_registered_certificate() {
        for header in [json!({ "alg": "RS256" }), json!({ "alg": "RS256", "x5t": "AAAA" })] {
            let assertion = sign(&header, &claims(), &RSA_PKCS1_SHA256);
            assert!(matches!(check(&assertion), Err(AssertionError::UnknownKey { .. })));
        }
    }

    #[test]
    fn claims_are_checked() {
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            check(&sign(&rs256(), &claims, &RSA_PKCS1_SHA256))
        };
        assert!(matches!(with("exp", json!(NOW - 301)), Err(AssertionError::Lifetime { .. })));
        assert!(matches!(with("nbf", json!(NOW + 301)), Err(AssertionError::Lifetime { .. })));
        assert_eq!(with("aud", json!("http://elsewhere")), Err(AssertionError::Audience));
        assert_eq!(with("iss", json!("other")), Err(AssertionError::Issuer));
        assert_eq!(with("sub", json!("other")), Err(AssertionError::Issuer));
        assert_eq!(check("a.b.c"), Err(AssertionError::Malformed));
    }
}
