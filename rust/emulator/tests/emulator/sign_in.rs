//! The token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use graph_emulator::{EmulatorConfig, Endpoints};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use crate::wire::{Answer, Wire, assert_refused, claims_of};

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

#[tokio::test]
async fn a_secret_buys_a_token_that_graph_accepts() {
    let mut wire = Wire::start().await;
    let own_scope = format!("{}/.default", wire.emulator.endpoints().graph);
    let answer = with_secret(&wire, ("scope", &own_scope)).await;
    assert_eq!((answer.status, &answer.body["token_type"]), (200, &"Bearer".into()), "{}", answer.body);
    assert_eq!(answer.body["expires_in"], 3599);
    wire.token = answer.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    let claims = claims_of(&answer);
    assert_eq!(claims["tid"], wire.emulator.endpoints().tenant_id);
    assert_eq!(claims["roles"], json!(["User.RevokeSessions.All", "User.Read.All"]));
    assert_eq!(wire.emulator.ledger().counts().requests.token, 1);
}

#[tokio::test]
async fn a_token_is_for_the_resource_that_its_scope_named() {
    let wire = Wire::start().await;
    for host in ["graph.microsoft.com", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"] {
        let answer = with_secret(&wire, ("scope", &format!("https://{host}/.default"))).await;
        assert_eq!(claims_of(&answer)["aud"], format!("https://{host}"));
        let bearer = format!("Authorization: Bearer {}\r\n", answer.body["access_token"].as_str().expect("a token"));
        for (seen, status) in [(host, 200), (wire.plain(), 401), ("graph.microsoft.us", 401)] {
            let read = wire.try_send_as(seen, "GET", "/v1.0/users?$top=1", &bearer, "").await.expect("an answer");
            assert_eq!(read.status, status, "{host} seen as {seen}");
        }
    }
}

#[tokio::test]
async fn an_authority_knows_the_graph_of_its_own_cloud_alone() {
    let wire = Wire::start().await;
    let Endpoints { client_id, client_secret, .. } = wire.emulator.endpoints();
    for (authority, graph, known) in [
        ("login.microsoftonline.com", "graph.microsoft.com", true),
        ("login.microsoftonline.us", "graph.microsoft.us", true),
        ("login.microsoftonline.us:443", "dod-graph.microsoft.us", true),
        ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", true),
        ("login.microsoftonline.us", "graph.microsoft.com", false),
        ("login.microsoftonline.com", "vault.azure.net", false),
    ] {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret),
            ("scope", &format!("https://{graph}/.default")),
        ];
        let answer = wire.sign_in(Some(authority), "token", &fields).await;
        if known {
            assert_eq!(answer.status, 200, "{}", answer.body);
        } else {
            assert_refused(&answer, 400, "invalid_resource", 500_011);
        }
    }
    assert_eq!(wire.emulator.ledger().log(9)[2].host.as_deref(), Some("login.microsoftonline.us:443"));
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
    assertion_to(&endpoints.authority, endpoints, lifetime)
}

fn assertion_to(authority: &str, endpoints: &Endpoints, lifetime: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let expires = i64::try_from(now).expect("before the year 292 billion") + lifetime;
    let x5t = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, CERTIFICATE));
    let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": x5t });
    let claims = json!({
        "aud": format!("{authority}/{}/oauth2/v2.0/token", endpoints.tenant_id),
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

#[tokio::test]
async fn an_assertion_is_for_the_authority_as_the_client_saw_it() {
    let config = EmulatorConfig { certificate: Some(CERTIFICATE.to_vec()), ..EmulatorConfig::default() };
    let wire = Wire::with(config).await;
    let endpoints = wire.emulator.endpoints();
    for (audience, host, status) in [
        ("https://login.microsoftonline.us", "login.microsoftonline.us", 200),
        ("https://login.microsoftonline.com", "login.microsoftonline.us", 401),
    ] {
        let assertion = assertion_to(audience, endpoints, 600);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", endpoints.client_id.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
            ("scope", "https://graph.microsoft.us/.default"),
        ];
        let answer = wire.sign_in(Some(host), "token", &fields).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_certificate_can_be_registered_on_the_way() {
    let wire = Wire::start().await;
    let good = assertion(wire.emulator.endpoints(), 600);
    assert_refused(&with_assertion(&wire, &good).await, 401, "invalid_client", 700_027);
    let base64 = STANDARD.encode(CERTIFICATE);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    assert_eq!(wire.control("POST", "certificate", &json!({ "pem": pem })).await.status, 204);
    assert_eq!(with_assertion(&wire, &good).await.status, 200);
    for nonsense in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(wire.control("POST", "certificate", &json!({ "pem": nonsense })).await.status, 400);
    }
    assert_eq!(with_assertion(&wire, &good).await.status, 200, "a bad certificate replaces nothing");
}
