//! Refresh tokens.

use std::time::Duration;

use graph_emulator::{DeviceAction, DeviceDecision, EmulatorConfig};

use crate::wire::{Answer, Wire, assert_refused, claims_of};

const TOOLS: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

async fn signed_in(scope: &str) -> (Wire, Answer) {
    let config = EmulatorConfig { device_interval: Duration::ZERO, ..EmulatorConfig::default() };
    let wire = Wire::with(config).await;
    let adele = Some("adele@contoso.com".to_owned());
    let decision = DeviceDecision { action: DeviceAction::Approve, upn: adele, user_code: None, next: true };
    assert_eq!(wire.emulator.decide_device_code(&decision), Ok(None));
    let code = wire.sign_in(None, "devicecode", &[("client_id", TOOLS), ("scope", scope)]).await;
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", TOOLS),
        ("device_code", code.body["device_code"].as_str().expect("a device code")),
    ];
    let answer = wire.sign_in(None, "token", &fields).await;
    (wire, answer)
}

fn refresh_token(answer: &Answer) -> String {
    answer.body["refresh_token"].as_str().unwrap_or_else(|| panic!("no refresh token: {}", answer.body)).to_owned()
}

async fn refresh(wire: &Wire, client_id: &str, token: &str, scope: &str) -> Answer {
    let fields =
        [("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token), ("scope", scope)];
    wire.sign_in(None, "token", &fields).await
}

#[tokio::test]
async fn a_refresh_token_buys_tokens_and_another_one() {
    let (mut wire, first) = signed_in("User.RevokeSessions.All offline_access").await;
    let second = refresh(&wire, TOOLS, &refresh_token(&first), "").await;
    assert_eq!(claims_of(&second)["scp"], "User.RevokeSessions.All User.Read");
    assert_ne!(refresh_token(&first), refresh_token(&second));
    let third = refresh(&wire, TOOLS, &refresh_token(&second), "User.Read").await;
    assert_eq!(claims_of(&third)["scp"], "User.Read");
    assert_eq!(refresh(&wire, TOOLS, &refresh_token(&first), "").await.status, 200, "a used one stays good");
    wire.token = third.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.get("/v1.0/me").await.body["userPrincipalName"], "adele@contoso.com");
}

#[tokio::test]
async fn a_revocation_ends_what_was_issued_before_it() {
    let (mut wire, first) = signed_in("User.RevokeSessions.All offline_access").await;
    let (own, token) = (wire.token.clone(), refresh_token(&first));
    wire.token = first.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.revoke("me").await.status, 200);
    let refused = refresh(&wire, TOOLS, &token, "").await;
    assert_refused(&refused, 400, "invalid_grant", 50_173);
    let description = refused.body["error_description"].as_str().expect("a description");
    assert!(description.contains("due to it being revoked, a fresh auth token is needed"), "{description}");
    let valid_from = wire.emulator.directory().find("adele@contoso.com").expect("in the cast").sessions_valid_from();
    assert!(description.contains(&valid_from.to_string()), "{description}");
    assert_eq!(wire.revocations_of("adele@contoso.com"), 1);

    wire.emulator.reset();
    assert_eq!(refresh(&wire, TOOLS, &token, "").await.status, 200, "a reset forgets the revocation");
    wire.token = own;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    assert_refused(&refresh(&wire, TOOLS, &token, "").await, 400, "invalid_grant", 50_173);
}

#[tokio::test]
async fn a_refresh_token_is_of_one_application() {
    let (wire, first) = signed_in("User.Read offline_access").await;
    let own = wire.emulator.endpoints().client_id.clone();
    let refused = refresh(&wire, &own, &refresh_token(&first), "").await;
    assert_refused(&refused, 400, "invalid_grant", 9_002_313);
    assert_refused(&refresh(&wire, TOOLS, "made-up", "").await, 400, "invalid_grant", 9_002_313);
    assert_refused(&refresh(&wire, TOOLS, "", "").await, 400, "invalid_request", 900_144);
}
