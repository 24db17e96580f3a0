//! Faults on demand.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::wire::{Wire, answer_of, step};

async fn broken(wire: &Wire, path: &str, body: &str) -> bool {
    let bearer = format!("Authorization: Bearer {}\r\n", wire.token);
    wire.try_send("POST", path, &bearer, body).await.is_err()
}

const ADELE: &str = "/v1.0/users/adele@contoso.com/revokeSignInSessions";

#[tokio::test]
async fn a_connection_is_closed_before_or_after_the_work() {
    let wire = Wire::start().await;
    wire.fault(json!({ "on": "revoke", "times": 1, "effect": { "close": "before" } })).await;
    assert!(broken(&wire, ADELE, "").await);
    assert_eq!(wire.revocations_of("adele@contoso.com"), 0);
    wire.fault(json!({ "on": "revoke", "times": 1, "effect": { "close": "after" } })).await;
    assert!(broken(&wire, ADELE, "").await);
    assert_eq!(wire.revocations_of("adele@contoso.com"), 1);
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
}

#[tokio::test]
async fn an_answer_is_cut_short() {
    let wire = Wire::start().await;
    wire.fault(json!({ "on": "batch", "times": 1, "effect": { "truncate": 20 } })).await;
    let body = json!({ "requests": [step("1", "users/adele@contoso.com")] }).to_string();
    assert!(broken(&wire, "/v1.0/$batch", &body).await);
    assert_eq!(wire.revocations_of("adele@contoso.com"), 1);
    wire.fault(json!({ "on": "any", "times": 1, "effect": { "truncate": 0 } })).await;
    assert!(broken(&wire, ADELE, "").await);
}

#[tokio::test]
async fn answers_are_held_back_or_never_come() {
    let wire = Wire::start().await;
    wire.fault(json!([
        { "on": "revoke", "times": 1, "effect": { "delay_ms": 120 } },
        { "on": "revoke", "times": 1, "effect": { "hang_ms": 120 } },
    ]))
    .await;
    let start = Instant::now();
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
    assert!(broken(&wire, ADELE, "").await);
    assert!(start.elapsed() >= Duration::from_millis(240));
    assert_eq!(wire.revocations_of("adele@contoso.com"), 1);
}

#[tokio::test]
async fn steps_are_dropped_doubled_and_answered_falsely() {
    let wire = Wire::start().await;
    wire.fault(json!([
        { "on": "step", "user": "adele@contoso.com", "effect": { "drop_step": true } },
        { "on": "step", "user": "lee@contoso.com", "effect": { "duplicate_step": true } },
        { "on": "revoke", "user": "isaiah@contoso.com",
          "effect": { "answer": { "status": 503, "headers": { "Retry-After": "3" }, "body": "busy", "processed": true } } },
        { "on": "revoke", "user": "a+b@contoso.com", "effect": { "answer": { "status": 200, "body": { "value": false } } } },
        { "on": "step", "user": "o'hara@contoso.com", "effect": { "answer": { "status": 204 } } },
    ]))
    .await;
    let lee = wire.emulator.directory().find("lee@contoso.com").expect("in the cast").id;
    let answer = wire
        .batch(&json!([
            step("dropped", "users/adele@contoso.com"),
            step("doubled", &format!("users/{lee}")),
            step("lied", "users/isaiah@contoso.com"),
            step("false", "users('a%2Bb@contoso.com')"),
            step("empty", "users('o''hara@contoso.com')"),
        ]))
        .await;
    assert!(answer_of(&answer, "dropped").is_null());
    assert_eq!(wire.revocations_of("adele@contoso.com"), 1, "the step was done all the same");
    let answers = answer.body["responses"].as_array().expect("answers");
    assert_eq!(answers.iter().filter(|step| step["id"] == "doubled").count(), 2);
    let lied = answer_of(&answer, "lied");
    assert_eq!(
        (&lied["status"], &lied["headers"]["Retry-After"], &lied["body"]),
        (&503.into(), &"3".into(), &"busy".into())
    );
    assert_eq!(wire.revocations_of("isaiah@contoso.com"), 1);
    assert_eq!(answer_of(&answer, "false")["body"], json!({ "value": false }));
    assert_eq!(wire.revocations_of("a+b@contoso.com"), 0);
    let empty = answer_of(&answer, "empty");
    assert!(empty["status"] == 204 && empty.get("body").is_none());
}

#[tokio::test]
async fn a_step_can_take_the_whole_connection_with_it() {
    let wire = Wire::start().await;
    wire.fault(json!({ "on": "step", "user": "lee@contoso.com", "effect": { "close": "before" } })).await;
    let steps = json!([step("1", "users/adele@contoso.com"), step("2", "users/lee@contoso.com")]);
    assert!(broken(&wire, "/v1.0/$batch", &json!({ "requests": steps }).to_string()).await);
    assert_eq!((wire.revocations_of("adele@contoso.com"), wire.revocations_of("lee@contoso.com")), (1, 0));
}

#[tokio::test]
async fn token_and_batch_can_be_answered_with_anything() {
    let wire = Wire::start().await;
    wire.fault(json!([
        { "on": "token", "after": 1, "effect": { "answer": { "status": 502, "body": "<html>bad gateway</html>" } } },
        { "on": "batch", "user": "lee@contoso.com", "effect": { "answer": { "status": 504, "processed": true } } },
        { "on": "users", "effect": { "answer": { "status": 500, "headers": { "Content-Type": "text/html" }, "body": "x" } } },
    ]))
    .await;
    let token = || wire.try_send("POST", "/contoso.com/oauth2/v2.0/token", "", "");
    assert_eq!(token().await.expect("an answer").status, 400);
    let html = token().await.expect("an answer");
    assert_eq!((html.status, &html.body), (502, &"<html>bad gateway</html>".into()));
    assert_eq!(wire.batch(&json!([step("1", "users/adele@contoso.com")])).await.status, 200);
    assert_eq!(wire.batch(&json!([step("1", "users/lee@contoso.com")])).await.status, 504);
    assert_eq!(wire.revocations_of("lee@contoso.com"), 1);
    let users = wire.get("/v1.0/users").await;
    assert_eq!((users.status, users.header("Content-Type")), (500, Some("text/html")));

    let rules = wire.control("GET", "faults", &serde_json::Value::Null).await;
    let struck: Vec<_> = rules.body.as_array().expect("rules").iter().map(|rule| rule["struck"].as_u64()).collect();
    assert_eq!(struck, [Some(1), Some(1), Some(1)]);
    assert_eq!(wire.control("DELETE", "faults", &serde_json::Value::Null).await.status, 204);
    assert_eq!(wire.get("/v1.0/users").await.status, 200);
}
