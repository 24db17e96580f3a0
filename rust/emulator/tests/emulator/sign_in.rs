//! The token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph_emulator::{EmulatorConfig, Endpoints};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::wire::{Answer, Wire};

const CERTIFICATE: &[u8] = include_bytes!("../data/client.cer");
const KEY: &[u8] = include_bytes!("../data/client.key.der");

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn post(wire: &Wire, tenant: &str, fields: &[(&str, &str)]) -> Answer {
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    wire.try_send("POST", &format!("/{tenant}/oauth2/v2.0/token"), headers, &form(fields)).await.expect("an answer")
}

async fn with_secret(wire: &Wire, change: (&str, &str)) -> Answer {
    let Endpoints { tenant_id, client_id, client_secret, .. } = wire.emulator.endpoints();
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", client_secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    fields.retain(|(name, _)| *name != change.0);
    if !change.1.is_empty() {
        fields.push(change);
    }
    post(wire, tenant_id, &fields).await
}

fn assert_refused(answer: &Answer, status: u16, error: &str, code: u64) {
    assert_eq!((answer.status, &answer.body["error"]), (status, &error.into()), "{}", answer.body);
    assert_eq!(answer.body["error_codes"], json!([code]));
    let description = answer.body["error_description"].as_str().expect("a description");
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    for part in [" Trace ID: ", " Correlation ID: ", " Timestamp: "] {
        assert!(description.contains(part), "{description}");
    }
    for name in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(answer.body[name].is_string(), "{name}");
    }
}

#[tokio::test]
async fn a_secret_buys_a_token_that_graph_accepts() {
    let mut wire = Wire::start().await;
    let own_scope = format!("{}/.default", wire.emulator.endpoints().graph);
    for scope in ["https://graph.microsoft.com/.default", "https://graph.microsoft.us/.default", &own_scope] {
        let answer = with_secret(&wire, ("scope", scope)).await;
        assert_eq!((answer.status, &answer.body["token_type"]), (200, &"Bearer".into()), "{scope}");
        assert_eq!(answer.body["expires_in"], 3599);
        wire.token = answer.body["access_token"].as_str().expect("a token").to_owned();
        assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    }
    let claims = URL_SAFE_NO_PAD.decode(wire.token.split('.').nth(1).expect("three parts")).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["tid"], wire.emulator.endpoints().tenant_id);
    assert_eq!(claims["roles"], json!(["User.RevokeSessions.All", "User.Read.All"]));
    assert_eq!(wire.emulator.ledger().counts().requests.token, 3);
}

#[tokio::test]
async fn refusals_are_entras_own() {
    let wire = Wire::start().await;
    assert_refused(&with_secret(&wire, ("client_secret", "wrong")).await, 401, "invalid_client", 7_000_215);
    assert_refused(&with_secret(&wire, ("client_secret", "")).await, 401, "invalid_client", 7_000_216);
    assert_refused(&with_secret(&wire, ("client_id", "other")).await, 400, "unauthorized_client", 700_016);
    assert_refused(&with_secret(&wire, ("client_id", "")).await, 400, "invalid_request", 900_144);
    assert_refused(&with_secret(&wire, ("grant_type", "")).await, 400, "invalid_request", 900_144);
    assert_refused(&with_secret(&wire, ("grant_type", "password")).await, 400, "unsupported_grant_type", 70_003);
    for scope in ["User.Read", "https://vault.azure.net/.default"] {
        assert_refused(&with_secret(&wire, ("scope", scope)).await, 400, "invalid_scope", 70_011);
    }
    assert_refused(&post(&wire, "nowhere.example", &[]).await, 400, "invalid_request", 90_002);
}

fn assertion(endpoints: &Endpoints, lifetime: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let expires = i64::try_from(now).expect("before the year 292 billion") + lifetime;
    let x5t = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, CERTIFICATE));
    let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": x5t });
    let claims = json!({
        "aud": format!("{}/{}/oauth2/v2.0/token", endpoints.authority, endpoints.tenant_id),
        "iss": endpoints.client_id, "sub": endpoints.client_id, "jti": "1", "nbf": expires - 600, "exp": expires,
    });
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = RsaKeyPair::from_pkcs8(KEY).expect("a key");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn with_assertion(wire: &Wire, assertion: &str) -> Answer {
    let endpoints = wire.emulator.endpoints();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", endpoints.client_id.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    post(wire, &endpoints.tenant_id, &fields).await
}

#[tokio::test]
async fn a_certificate_buys_a_token() {
    let config = EmulatorConfig { certificate: Some(CERTIFICATE.to_vec()), ..EmulatorConfig::default() };
    let wire = Wire::with(config).await;
    let endpoints = wire.emulator.endpoints();
    let good = assertion(endpoints, 600);
    assert_eq!(with_assertion(&wire, &good).await.status, 200);

    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 256]));
    assert_refused(&with_assertion(&wire, &forged).await, 401, "invalid_client", 700_027);
    assert_refused(&with_assertion(&wire, &assertion(endpoints, -3600)).await, 401, "invalid_client", 700_024);
    assert_refused(&with_assertion(&wire, "nonsense").await, 400, "invalid_request", 50_027);

    let without_certificate = Wire::start().await;
    assert_refused(&with_assertion(&without_certificate, &good).await, 401, "invalid_client", 700_027);
}
