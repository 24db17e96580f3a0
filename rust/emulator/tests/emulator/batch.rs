//! `$batch`: the rules of the envelope, the answers of the steps.

use serde_json::{Value, json};

use crate::wire::{Answer, Wire, answer_of, step};

fn member_steps(wire: &Wire, count: usize) -> Value {
    let members = wire.emulator.directory().users().iter().filter(|user| user.is(graph_emulator::UserKind::Member));
    members.take(count).enumerate().map(|(at, user)| step(&at.to_string(), &format!("users/{}", user.id))).collect()
}

fn refused(answer: &Answer) -> &str {
    assert_eq!((answer.status, answer.code()), (400, "BadRequest"), "{}", answer.body);
    answer.message()
}

#[tokio::test]
async fn twenty_steps_are_answered_in_another_order() {
    let wire = Wire::start().await;
    let answer = wire.batch(&member_steps(&wire, 20)).await;
    assert_eq!(answer.status, 200);
    let ids: Vec<_> =
        answer.body["responses"].as_array().expect("answers").iter().map(|step| step["id"].clone()).collect();
    let in_order: Vec<Value> = (0..20).map(|id| id.to_string().into()).collect();
    assert_ne!(ids, in_order, "seed 1");
    assert!(in_order.iter().all(|id| ids.contains(id)) && ids.len() == 20);
    for id in 0..20 {
        let step = answer_of(&answer, &id.to_string());
        assert_eq!((&step["status"], &step["body"]["value"]), (&200.into(), &true.into()));
        assert!(step["headers"]["Content-Type"].as_str().is_some_and(|text| text.starts_with("application/json")));
    }
    let counts = wire.emulator.ledger().counts();
    assert_eq!((counts.requests.batches, counts.requests.steps, counts.max_batch_size), (1, 20, 20));
    assert_eq!(wire.emulator.directory().distinct_revoked(), 20);
}

#[tokio::test]
async fn a_bad_envelope_condemns_every_step() {
    let wire = Wire::start().await;
    let good = || step("good", "users/adele@contoso.com");
    let without = |name: &str| {
        let mut step = step("bad", "users/adele@contoso.com");
        step.as_object_mut().expect("a step").remove(name);
        step
    };
    let too_many = wire.batch(&member_steps(&wire, 21)).await;
    assert!(refused(&too_many).starts_with("Number of batch request steps exceeds the maximum value of 20"));
    for name in ["id", "method", "url"] {
        refused(&wire.batch(&json!([good(), without(name)])).await);
    }
    let needs = "Write request id : bad does not contain Content-Type header or body.";
    assert_eq!(refused(&wire.batch(&json!([good(), without("body")])).await), needs);
    assert_eq!(refused(&wire.batch(&json!([good(), without("headers")])).await), needs);
    refused(&wire.batch(&json!([])).await);
    refused(&wire.batch(&json!([good(), good()])).await);
    refused(&wire.batch(&json!([{ "id": 1, "method": "GET", "url": "/users" }])).await);
    refused(&wire.batch(&json!([{ "id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/me" }])).await);
    refused(&wire.send("POST", "/v1.0/$batch", "", "{").await);
    assert_eq!(wire.send("GET", "/v1.0/$batch", "", "").await.status, 405);
    assert_eq!(wire.emulator.directory().revocations(), 0);
}

#[tokio::test]
async fn each_step_has_its_own_status() {
    let wire = Wire::start().await;
    let admin = wire.emulator.directory().cast().admins[0].id;
    let answer = wire
        .batch(&json!([
            step("ok", "users/adele@contoso.com"),
            step("missing", "users/nobody@contoso.com"),
            step("denied", &format!("users/{admin}")),
            step("dollar", "users/$dollar@contoso.com"),
            step("quoted", "users('$dollar%40contoso.com')"),
            { "id": "read", "method": "GET", "url": "users/adele@contoso.com?$select=id,signInSessionsValidFromDateTime" },
            step("fragment", "users/megan_fabrikam.com#EXT#@contoso.com"),
        ]))
        .await;
    let status = |id| answer_of(&answer, id)["status"].as_u64();
    assert_eq!(status("ok"), Some(200));
    assert_eq!(status("missing"), Some(404));
    assert_eq!(status("denied"), Some(403));
    assert_eq!(status("dollar"), Some(400));
    assert_eq!(status("quoted"), Some(200));
    assert_eq!(status("read"), Some(200));
    assert_eq!(status("fragment"), Some(405), "what follows the number sign never arrives");
    assert_eq!(answer_of(&answer, "missing")["body"]["error"]["code"], "Request_ResourceNotFound");
    assert!(answer_of(&answer, "read")["body"]["signInSessionsValidFromDateTime"].is_string());
    assert_eq!(wire.emulator.ledger().counts().requests.users, 1);
}

#[tokio::test]
async fn a_step_can_climb_to_the_caller_too() {
    let wire = Wire::delegated().await;
    let answer = wire.batch(&json!([step("1", "users/../me"), step("2", "users/%2e%2e%2Fme")])).await;
    assert_eq!(answer_of(&answer, "1")["status"], 200);
    assert_eq!(wire.revocations_of("admin@contoso.com"), 2);
    assert_eq!(wire.emulator.ledger().counts().requests.me, 2);
}

#[tokio::test]
async fn a_step_waits_for_what_it_depends_on() {
    let wire = Wire::start().await;
    let after = |id: &str, needed: &str| {
        let mut step = step(id, "users/adele@contoso.com");
        step["dependsOn"] = json!([needed]);
        step
    };
    let steps = json!([step("first", "users/nobody@contoso.com"), after("second", "first"), after("third", "second")]);
    let answer = wire.batch(&steps).await;
    assert_eq!(answer_of(&answer, "second")["status"], 424);
    assert_eq!(answer_of(&answer, "third")["status"], 424);
    assert_eq!(wire.emulator.directory().revocations(), 0);
    refused(&wire.batch(&json!([after("1", "unknown")])).await);
}
