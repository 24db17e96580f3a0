//! The control API, and the two ways to end an emulator.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::wire::{Wire, step};

#[tokio::test]
async fn the_state_counts_everything() {
    let wire = Wire::delegated().await;
    wire.revoke("users/adele@contoso.com").await;
    wire.batch(&json!([step("1", "users/adele@contoso.com"), step("2", "users/lee@contoso.com")])).await;
    wire.revoke("me").await;
    wire.get("/v1.0/users").await;
    let state = wire.control("GET", "state", &Value::Null).await.body;
    assert_eq!(
        state,
        json!({
            "requests": {
                "total": 4, "batches": 1, "steps": 2, "singles": 1, "me": 1, "token": 0, "device": 0, "identity": 0,
                "users": 1,
            },
            "maxBatchSize": 2, "maxInFlight": 1, "throttled": 0, "early": 0,
            "revocations": 4, "distinctRevoked": 3, "duplicateRevocations": 1,
        })
    );
    let adele = wire.emulator.directory().find("adele@contoso.com").expect("in the cast").id.to_string();
    let revocations = wire.control("GET", "revocations", &Value::Null).await.body;
    assert_eq!(revocations[&adele]["upn"], "adele@contoso.com");
    assert_eq!(revocations[&adele]["count"], 2);
    assert!(revocations[&adele]["validFrom"].is_string());

    assert_eq!(wire.control("POST", "reset", &Value::Null).await.status, 204);
    let state = wire.control("GET", "state", &Value::Null).await.body;
    assert_eq!((&state["requests"]["total"], &state["revocations"]), (&0.into(), &0.into()));
    assert_eq!(wire.control("GET", "revocations", &Value::Null).await.body, json!({}));
    assert_eq!(wire.get("/v1.0/me").await.status, 200, "tokens outlive a reset");
}

#[tokio::test]
async fn the_cast_and_the_users_can_be_listed() {
    let wire = Wire::start().await;
    let cast = wire.control("GET", "cast", &Value::Null).await.body;
    assert_eq!(cast["adele"]["upn"], "adele@contoso.com");
    assert_eq!(cast["admin"]["upn"], "admin@contoso.com");
    let lengths = ["guests", "admins", "odd", "disabled"].map(|role| cast[role].as_array().map(Vec::len));
    assert_eq!(lengths, [Some(2), Some(2), Some(6), Some(2)]);

    let all = wire.control("GET", "users", &Value::Null).await.body;
    assert_eq!(all.as_array().map(Vec::len), Some(200));
    let guests = wire.control("GET", "users?kind=guest&skip=1&top=1", &Value::Null).await.body;
    assert_eq!((guests.as_array().map(Vec::len), &guests[0]["userType"]), (Some(1), &"Guest".into()));
    assert_eq!(guests[0]["id"], cast["guests"][1]["id"]);
    let admins = wire.control("GET", "users?kind=admin", &Value::Null).await.body;
    assert!(admins.as_array().expect("admins").iter().all(|user| user["isAdmin"] == true));
}

#[tokio::test]
async fn the_log_never_has_the_token() {
    let wire = Wire::start().await;
    wire.send("POST", "/v1.0/users/adele@contoso.com/revokeSignInSessions", "client-request-id: c1\r\n", "").await;
    wire.batch(&json!([step("1", "users/adele@contoso.com")])).await;
    let log = wire.control("GET", "log?tail=5", &Value::Null).await.body;
    assert_eq!(
        log[0],
        json!({
            "method": "POST", "host": wire.emulator.endpoints().graph.trim_start_matches("http://"),
            "path": "/v1.0/users/adele@contoso.com/revokeSignInSessions",
            "steps": null, "status": 200, "clientRequestId": "c1",
        })
    );
    assert_eq!((&log[1]["path"], &log[1]["steps"]), (&"/v1.0/$batch".into(), &1.into()));
    assert!(!log.to_string().contains(&wire.token));
}

#[tokio::test]
async fn tokens_latency_and_nonsense() {
    let mut wire = Wire::start().await;
    let body =
        json!({ "kind": "delegated", "upn": "adele@contoso.com", "scopes": ["User.Read"], "lifetimeSeconds": 60 });
    let token = wire.control("POST", "token", &body).await;
    wire.token = token.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.get("/v1.0/me").await.body["userPrincipalName"], "adele@contoso.com");

    assert_eq!(wire.control("POST", "latency", &json!({ "ms": 80 })).await.status, 204);
    let start = Instant::now();
    wire.get("/v1.0/me").await;
    assert!(start.elapsed() >= Duration::from_millis(80));

    for (path, body) in [("latency", json!({ "ms": "x" })), ("faults", json!({ "on": "moon" })), ("quota", json!(7))] {
        let refused = wire.control("POST", path, &body).await;
        assert_eq!(refused.status, 400, "{path}");
        assert!(refused.body["error"].is_string());
    }
}

#[tokio::test]
async fn an_orderly_end_lets_a_request_finish_and_a_kill_does_not() {
    let slow = json!({ "on": "revoke", "effect": { "delay_ms": 1000 } });
    let wire = Wire::start().await;
    wire.fault(slow.clone()).await;
    let (answer, ()) = tokio::join!(wire.revoke("users/adele@contoso.com"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(wire.control("POST", "shutdown", &json!({})).await.status, 202);
    });
    assert_eq!(answer.status, 200);
    assert!(!wire.emulator.asked_to_end().await);
    wire.emulator.shutdown().await;

    let wire = Wire::start().await;
    wire.fault(slow).await;
    let bearer = format!("Authorization: Bearer {}\r\n", wire.token);
    let request = wire.try_send("POST", "/v1.0/users/adele@contoso.com/revokeSignInSessions", &bearer, "");
    let start = Instant::now();
    let (answer, ()) = tokio::join!(request, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        wire.emulator.kill();
    });
    assert!(answer.is_err() && start.elapsed() < Duration::from_secs(1));
    assert!(wire.try_send("GET", "/v1.0/me", "", "").await.is_err());
}
