//! Managed identities.

use graph_emulator::{EmulatorConfig, Tls};
use serde_json::json;

use crate::wire::{Answer, Wire, claims_of};

const IMDS: &str = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=";
const APP_SERVICE: &str = "/msi/token?api-version=2019-08-01&resource=";
const METADATA: &str = "Metadata: true\r\n";

async fn ask(wire: &Wire, path: &str, headers: &str) -> Answer {
    wire.try_send_as("169.254.169.254", "GET", path, headers, "").await.expect("an answer")
}

#[tokio::test]
async fn a_machine_gets_a_token() {
    let mut wire = Wire::start().await;
    let own = format!("{IMDS}{}/", wire.emulator.endpoints().graph);
    let answer = ask(&wire, &own, METADATA).await;
    assert_eq!((answer.status, &answer.body["token_type"]), (200, &"Bearer".into()), "{}", answer.body);
    for number in ["expires_in", "expires_on", "ext_expires_in", "not_before"] {
        let text = answer.body[number].as_str().unwrap_or_else(|| panic!("{number} is a text"));
        assert!(text.parse::<u64>().is_ok(), "{number}");
    }
    wire.token = answer.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);

    let user_assigned = wire.emulator.endpoints().managed_identity_client_id.clone();
    let named = format!("{IMDS}https://graph.microsoft.us&client_id={user_assigned}");
    let claims = claims_of(&ask(&wire, &named, METADATA).await);
    assert_eq!((&claims["appid"], &claims["aud"]), (&user_assigned.into(), &"https://graph.microsoft.us".into()));
    assert_eq!(claims["roles"], json!(["User.RevokeSessions.All", "User.Read.All"]));
    assert_eq!(wire.emulator.ledger().counts().requests.identity, 2);
}

#[tokio::test]
async fn the_metadata_service_is_particular() {
    let wire = Wire::start().await;
    let graph = format!("{IMDS}https://graph.microsoft.com/");
    for (path, headers, error) in [
        (graph.clone(), String::new(), "bad_request_102"),
        (graph.clone(), format!("{METADATA}X-Forwarded-For: 10.0.0.1\r\n"), "invalid_request"),
        (graph.replace("&resource", "&scope"), METADATA.to_owned(), "invalid_request"),
        (graph.replace("api-version=2018-02-01&", ""), METADATA.to_owned(), "invalid_request"),
        (graph.replace("graph", "vault"), METADATA.to_owned(), "invalid_resource"),
        (format!("{graph}&client_id=stranger"), METADATA.to_owned(), "invalid_request"),
    ] {
        let refused = ask(&wire, &path, &headers).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &error.into()), "{path}: {}", refused.body);
    }
    let stranger = ask(&wire, &format!("{graph}&client_id=stranger"), METADATA).await;
    assert_eq!(stranger.body, json!({ "error": "invalid_request", "error_description": "Identity not found" }));

    wire.fault(json!({ "on": "identity", "times": 1, "effect": { "answer": { "status": 429 } } })).await;
    assert_eq!(ask(&wire, &graph, METADATA).await.status, 429);
    assert_eq!(ask(&wire, &graph, METADATA).await.status, 200);
}

#[tokio::test]
async fn an_app_service_asks_for_its_secret() {
    let wire = Wire::start().await;
    let endpoints = wire.emulator.endpoints();
    assert!(endpoints.identity_endpoint.ends_with("/msi/token"));
    let graph = format!("{APP_SERVICE}https://graph.microsoft.com");
    for headers in ["", "X-IDENTITY-HEADER: wrong\r\n", METADATA] {
        assert_eq!(ask(&wire, &graph, headers).await.status, 401, "{headers}");
    }
    let secret = format!("X-IDENTITY-HEADER: {}\r\n", endpoints.identity_header);
    let answer = ask(&wire, &graph, &secret).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body["expires_on"].is_string() && answer.body.get("expires_in").is_none());
    assert_eq!(ask(&wire, &format!("{graph}&client_id=stranger"), &secret).await.status, 400);
    assert_eq!(ask(&wire, &graph.replace("2019-08-01", "2017-09-01"), &secret).await.status, 400);
}

#[tokio::test]
async fn identities_are_asked_over_plain_http_also_beside_https() {
    let wire = Wire::with(EmulatorConfig { tls: Some(Tls::default()), ..EmulatorConfig::default() }).await;
    assert!(wire.emulator.endpoints().imds.starts_with("http://"));
    let own = format!("{IMDS}{}", wire.emulator.endpoints().graph);
    assert_eq!(ask(&wire, &own, METADATA).await.status, 200);
}
