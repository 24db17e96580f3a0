//! Continuous access evaluation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::wire::{Wire, claims_of, step};

async fn token(wire: &Wire, claims: &Value) -> String {
    let endpoints = wire.emulator.endpoints();
    let (scope, claims) = (format!("{}/.default", endpoints.graph), claims.to_string());
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", endpoints.client_id.as_str()),
        ("client_secret", &endpoints.client_secret),
        ("scope", &scope),
        ("claims", &claims),
    ];
    let answer = wire.sign_in(None, "token", &fields).await;
    let capable = claims.contains("cp1");
    assert_eq!(claims_of(&answer).get("xms_cc"), capable.then_some(&json!(["cp1"])));
    answer.body["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_capable_client_is_told_what_to_ask_for() {
    let mut wire = Wire::start().await;
    let mut claims = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } });
    wire.token = token(&wire, &claims).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    assert_eq!(wire.control("POST", "challenge", &Value::Null).await.status, 200);

    let steps = json!([step("1", "users/adele@contoso.com")]);
    for refused in [wire.revoke("users/adele@contoso.com").await, wire.batch(&steps).await] {
        assert_eq!((refused.status, refused.code()), (401, "InvalidAuthenticationToken"));
        assert!(refused.message().ends_with("code: TokenIssuedBeforeRevocationTimestamp"), "{}", refused.message());
        let header = refused.header("WWW-Authenticate").expect("a challenge");
        assert!(header.contains("error=\"insufficient_claims\""), "{header}");
        let asked = header.split_once("claims=\"").and_then(|(_, rest)| rest.strip_suffix('"')).expect("claims");
        let asked: Value = serde_json::from_slice(&STANDARD.decode(asked).expect("base64")).expect("JSON");
        assert_eq!(asked["access_token"]["nbf"]["essential"], true);
        claims["access_token"]["nbf"] = asked["access_token"]["nbf"].clone();
    }

    let unanswered = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } });
    wire.token = token(&wire, &unanswered).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 401, "a new token alone is no answer");
    wire.token = token(&wire, &claims).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    assert_eq!(wire.revocations_of("adele@contoso.com"), 2);
}

#[tokio::test]
async fn any_other_client_needs_a_new_token_only() {
    let mut wire = Wire::start().await;
    let old = wire.token.clone();
    wire.emulator.challenge_tokens();
    let refused = wire.revoke("users/adele@contoso.com").await;
    assert_eq!((refused.status, refused.code()), (401, "InvalidAuthenticationToken"));
    assert!(!refused.header("WWW-Authenticate").is_some_and(|header| header.contains("claims")));
    wire.token = token(&wire, &json!({})).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    wire.control("POST", "reset", &Value::Null).await;
    wire.token = old;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200, "a reset ends the challenge");
}
