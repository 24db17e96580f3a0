//! The quota and what is told about it.

use std::time::Duration;

use graph_emulator::{EmulatorConfig, Quota};
use serde_json::{Value, json};

use crate::wire::{Wire, answer_of, step};

async fn throttled(limit: u32, seconds: u64) -> Wire {
    let quota = Some(Quota::new(limit, Duration::from_secs(seconds)));
    Wire::with(EmulatorConfig { quota, ..EmulatorConfig::default() }).await
}

#[tokio::test]
async fn steps_are_throttled_one_by_one() {
    let wire = throttled(12, 60).await;
    let steps: Value = (0..20).map(|id| step(&id.to_string(), "users/adele@contoso.com")).collect();
    let answer = wire.batch(&steps).await;
    assert_eq!(answer.status, 200);
    let status = |id: u32| answer_of(&answer, &id.to_string())["status"].as_u64();
    assert!((0..12).all(|id| status(id) == Some(200)) && (12..20).all(|id| status(id) == Some(429)));
    assert!(answer_of(&answer, "5")["headers"].get("x-ms-throttle-limit-percentage").is_none());
    assert_eq!(answer_of(&answer, "11")["headers"]["x-ms-throttle-limit-percentage"], "0.92");
    let refused = answer_of(&answer, "12");
    assert_eq!(refused["headers"]["Retry-After"], "60");
    assert_eq!(refused["headers"]["x-ms-throttle-information"], "ResourceUnitLimitExceeded");
    let endpoints = wire.emulator.endpoints();
    let scope = format!("Tenant_Application/ReadWrite/{}/{}", endpoints.client_id, endpoints.tenant_id);
    assert_eq!(refused["headers"]["x-ms-throttle-scope"], scope);
    assert_eq!(refused["body"]["error"]["code"], "TooManyRequests");
    let counts = wire.emulator.ledger().counts();
    assert_eq!((counts.throttled, counts.early), (8, 0));
    assert_eq!(wire.revocations_of("adele@contoso.com"), 12);
}

#[tokio::test]
async fn an_early_retry_is_seen_and_a_patient_one_is_not() {
    let wire = throttled(1, 3).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    let refused = wire.revoke("users/adele@contoso.com").await;
    assert_eq!(refused.status, 429);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let early = wire.revoke("users/adele@contoso.com").await;
    assert_eq!(early.status, 429);
    assert_eq!(wire.emulator.ledger().counts().early, 1);

    let wait: u64 = early.header("Retry-After").and_then(|wait| wait.parse().ok()).expect("seconds");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    assert_eq!(wire.emulator.ledger().counts().early, 1);
}

#[tokio::test]
async fn a_made_up_wait_is_watched_too() {
    let wire = Wire::start().await;
    wire.fault(json!({ "on": "revoke", "times": 1, "effect": { "retry_after": "1.5" } })).await;
    let refused = wire.revoke("users/adele@contoso.com").await;
    assert_eq!((refused.status, refused.header("Retry-After")), (429, Some("1.5")));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    assert_eq!(wire.emulator.ledger().counts().early, 1);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
    let counts = wire.emulator.ledger().counts();
    assert_eq!((counts.throttled, counts.early), (1, 1));
}

#[tokio::test]
async fn the_quota_can_be_changed_on_the_way() {
    let wire = Wire::start().await;
    assert_eq!(wire.control("POST", "quota", &json!({ "limit": 1, "windowSeconds": 60 })).await.status, 204);
    wire.revoke("users/adele@contoso.com").await;
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 429);
    let authority = wire.try_send("POST", "/_emulator/quota", "", "null").await.expect("an answer");
    assert_eq!(authority.status, 204);
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 200);
}
