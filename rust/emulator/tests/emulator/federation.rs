//! Workload identity federation.

use graph_emulator::FederatedToken;
use serde_json::{Value, json};

use crate::wire::{Answer, Wire, assert_refused};

async fn present(wire: &Wire, token: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", wire.emulator.endpoints().client_id.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", token),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    wire.sign_in(None, "token", &fields).await
}

async fn issued(wire: &Wire, wanted: &Value) -> String {
    let answer = wire.control("POST", "federated-token", wanted).await;
    answer.body["token"].as_str().unwrap_or_else(|| panic!("no token: {}", answer.body)).to_owned()
}

#[tokio::test]
async fn a_trusted_token_takes_the_place_of_a_secret() {
    let wire = Wire::start().await;
    assert_eq!(present(&wire, &issued(&wire, &Value::Null).await).await.status, 200);
    let token = wire.emulator.mint_federated_token(&FederatedToken::default()).expect("random numbers");
    assert_eq!(present(&wire, &token).await.status, 200);
}

#[tokio::test]
async fn every_mismatch_has_its_code() {
    let wire = Wire::start().await;
    for (wanted, code) in [
        (json!({ "issuer": "https://issuer.example/" }), 700_211),
        (json!({ "audience": "api://elsewhere" }), 700_212),
        (json!({ "subject": "system:serviceaccount:default:Revoke-Session" }), 700_213),
        (json!({ "lifetimeSeconds": -3600 }), 700_024),
    ] {
        let refused = present(&wire, &issued(&wire, &wanted).await).await;
        assert_refused(&refused, 401, "invalid_client", code);
    }
    let token = issued(&wire, &Value::Null).await;
    let forged = format!("{}.{}", token.rsplit_once('.').expect("three parts").0, "A".repeat(86));
    assert_refused(&present(&wire, &forged).await, 401, "invalid_client", 50_013);
    let other = issued(&Wire::start().await, &Value::Null).await;
    assert_refused(&present(&wire, &other).await, 401, "invalid_client", 700_211);
}
