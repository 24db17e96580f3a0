//! The device authorization grant.

use std::time::Duration;

use graph_emulator::EmulatorConfig;
use serde_json::{Value, json};

use crate::wire::{Answer, Wire, assert_refused, claims_of};

const TOOLS: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn patient() -> Wire {
    Wire::with(EmulatorConfig { device_interval: Duration::ZERO, ..EmulatorConfig::default() }).await
}

async fn ask(wire: &Wire, scope: &str) -> Answer {
    wire.sign_in(None, "devicecode", &[("client_id", TOOLS), ("scope", scope)]).await
}

async fn poll(wire: &Wire, code: &Answer) -> Answer {
    let device_code = code.body["device_code"].as_str().expect("a device code");
    let fields = [("grant_type", DEVICE_CODE), ("client_id", TOOLS), ("device_code", device_code)];
    wire.sign_in(None, "token", &fields).await
}

async fn decide(wire: &Wire, decision: Value) -> Answer {
    wire.control("POST", "device", &decision).await
}

#[tokio::test]
async fn a_user_signs_in_elsewhere() {
    let mut wire = patient().await;
    let code = ask(&wire, "User.RevokeSessions.All openid profile").await;
    assert_eq!((code.status, &code.body["expires_in"], &code.body["interval"]), (200, &900.into(), &0.into()));
    let user_code = code.body["user_code"].as_str().expect("a user code");
    assert_eq!((user_code.len(), &code.body["verification_uri"]), (9, &"https://microsoft.com/devicelogin".into()));
    let message = format!(
        "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code \
         {user_code} to authenticate."
    );
    assert_eq!(code.body["message"], message);
    assert_refused(&poll(&wire, &code).await, 400, "authorization_pending", 70_016);

    let pending = wire.control("GET", "device", &Value::Null).await.body;
    assert_eq!(
        pending,
        json!([{
            "userCode": user_code, "clientId": TOOLS, "scopes": ["User.RevokeSessions.All", "User.Read"], "polls": 1,
        }])
    );
    let decided = decide(&wire, json!({ "action": "approve", "upn": "adele@contoso.com" })).await;
    assert_eq!((decided.status, &decided.body["userCode"]), (200, &user_code.into()));
    let signed_in = poll(&wire, &code).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    assert!(signed_in.body.get("refresh_token").is_none(), "none was asked for");
    let claims = claims_of(&signed_in);
    assert_eq!((&claims["scp"], &claims["appid"]), (&"User.RevokeSessions.All User.Read".into(), &TOOLS.into()));
    assert_refused(&poll(&wire, &code).await, 400, "bad_verification_code", 70_018);

    wire.token = signed_in.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.get("/v1.0/me").await.body["userPrincipalName"], "adele@contoso.com");
    assert_eq!(wire.revoke("me").await.status, 200);
    let counts = wire.emulator.ledger().counts().requests;
    assert_eq!((counts.device, counts.token), (1, 3));
}

#[tokio::test]
async fn a_code_can_be_denied_or_expire() {
    let wire = patient().await;
    let (denied, expired) = (ask(&wire, "User.Read").await, ask(&wire, "User.Read").await);
    decide(&wire, json!({ "action": "deny", "userCode": denied.body["user_code"] })).await;
    assert_refused(&poll(&wire, &expired).await, 400, "authorization_pending", 70_016);
    assert_refused(&poll(&wire, &denied).await, 400, "authorization_declined", 65_004);
    decide(&wire, json!({ "action": "expire" })).await;
    assert_refused(&poll(&wire, &expired).await, 400, "expired_token", 70_020);
    let nothing = decide(&wire, json!({ "action": "approve" })).await;
    assert_eq!(nothing.status, 404, "{}", nothing.body);
    ask(&wire, "User.Read").await;
    assert_eq!(decide(&wire, json!({ "action": "approve", "upn": "nobody@contoso.com" })).await.status, 404);
    assert_eq!(decide(&wire, json!({ "action": "shrug" })).await.status, 400);
}

#[tokio::test]
async fn polling_too_fast_is_told_to_slow_down() {
    let config = EmulatorConfig { device_interval: Duration::from_millis(400), ..EmulatorConfig::default() };
    let wire = Wire::with(config).await;
    let code = ask(&wire, "User.Read").await;
    assert_eq!(code.body["interval"], 1, "seconds, rounded up");
    assert_refused(&poll(&wire, &code).await, 400, "authorization_pending", 70_016);
    assert_refused(&poll(&wire, &code).await, 400, "slow_down", 70_016);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_refused(&poll(&wire, &code).await, 400, "authorization_pending", 70_016);

    decide(&wire, json!({ "action": "slow-down" })).await;
    decide(&wire, json!({ "action": "approve" })).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_refused(&poll(&wire, &code).await, 400, "slow_down", 70_016);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(poll(&wire, &code).await.status, 200);
}

#[tokio::test]
async fn future_codes_can_be_decided_at_once() {
    let wire = patient().await;
    let standing = decide(&wire, json!({ "action": "approve", "next": true })).await;
    assert_eq!((standing.status, &standing.body["userCode"]), (200, &Value::Null));
    for _ in 0..2 {
        let code = ask(&wire, "https://graph.microsoft.com/.default").await;
        let signed_in = poll(&wire, &code).await;
        let claims = claims_of(&signed_in);
        assert_eq!(
            (&claims["upn"], &claims["aud"]),
            (&"admin@contoso.com".into(), &"https://graph.microsoft.com".into())
        );
    }
    wire.control("POST", "reset", &Value::Null).await;
    assert_refused(&poll(&wire, &ask(&wire, "User.Read").await).await, 400, "authorization_pending", 70_016);
}

#[tokio::test]
async fn strangers_get_no_code() {
    let wire = patient().await;
    let refused = wire.sign_in(None, "devicecode", &[("client_id", "stranger"), ("scope", "User.Read")]).await;
    assert_refused(&refused, 400, "unauthorized_client", 700_016);
    assert_refused(&wire.sign_in(None, "devicecode", &[("client_id", TOOLS)]).await, 400, "invalid_request", 900_144);
    let form = format!("client_id={TOOLS}&scope=User.Read");
    for (tenant, status) in [("organizations", 200), ("common", 200), ("contoso.com", 200), ("fabrikam.com", 400)] {
        let path = format!("/{tenant}/oauth2/v2.0/devicecode");
        assert_eq!(wire.try_send("POST", &path, "", &form).await.expect("an answer").status, status, "{tenant}");
    }
    let fields = [("client_id", TOOLS), ("scope", "https://graph.microsoft.us/User.Read")];
    let refused = wire.sign_in(Some("login.microsoftonline.com"), "devicecode", &fields).await;
    assert_refused(&refused, 400, "invalid_resource", 500_011);
    wire.fault(json!({ "on": "device", "times": 1, "effect": { "answer": { "status": 503 } } })).await;
    assert_eq!(ask(&wire, "User.Read").await.status, 503);
}

#[tokio::test]
async fn nobody_signs_in_who_may_not() {
    let wire = patient().await;
    decide(&wire, json!({ "action": "approve", "upn": "lee@contoso.com", "next": true })).await;
    assert_refused(&poll(&wire, &ask(&wire, "User.Read").await).await, 400, "invalid_grant", 50_057);
}
