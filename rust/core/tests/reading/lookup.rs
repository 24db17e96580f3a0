//! Users by id.

use std::time::Duration;

use revoke_session_core::reading::look_up_users;
use revoke_session_core::{ErrorId, Input};
use serde_json::{Value, json};

use crate::support::{Act, MemoryGraph, batch, error, ok, read};

fn inputs(count: usize) -> Vec<Input> {
    (0..count).map(|n| Input::parse(n as u64, Some(&format!("u{n}@c.d")), None)).collect()
}

/// The user that a path asks for, as Graph gives it.
fn user(path: &str) -> Value {
    let name = path.split("('").nth(1).unwrap().split('%').next().unwrap();
    json!({"id": name, "accountEnabled": true})
}

#[tokio::test(start_paused = true)]
async fn users_come_in_the_order_they_were_named() {
    let graph = MemoryGraph::new(|_, seen| batch(seen, |path| (200, user(path))));
    let read = read(look_up_users(&graph.session(), &inputs(47), false)).await;
    let names: Vec<_> = read.items.iter().map(|user| user.id.clone()).collect();
    assert_eq!(names, (0..47).map(|n| format!("u{n}")).collect::<Vec<_>>());
    let steps: Vec<_> = graph.seen().iter().map(|seen| seen.steps.len()).collect();
    assert_eq!(steps, [20, 20, 7]);
    assert!(graph.seen()[0].steps[0].starts_with("users('u0%40c.d')?$select=id%2C"));
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_that_of_its_user() {
    let graph = MemoryGraph::new(|_, seen| {
        batch(seen, |path| {
            let refused = |status, code: &str| (status, json!({"error": {"code": code, "message": code}}));
            match path {
                _ if path.contains("u1%") => refused(404, "Request_ResourceNotFound"),
                _ if path.contains("u2%") => refused(403, "Authorization_RequestDenied"),
                _ if path.contains("u3%") => refused(400, "BadRequest"),
                _ => (200, user(path)),
            }
        })
    });
    let mut inputs = inputs(5);
    inputs.insert(2, Input::parse(9, Some("../me"), None));
    inputs.push(Input::me(10));
    let read = read(look_up_users(&graph.session(), &inputs, false)).await;
    assert_eq!(read.items.len(), 2);
    let failures: Vec<_> = read.failures.iter().map(|(place, detail)| (place.unwrap(), detail.id)).collect();
    assert_eq!(
        failures,
        [
            (1, ErrorId::UserNotFound),
            (2, ErrorId::InvalidUserId),
            (3, ErrorId::AccessDenied),
            (4, ErrorId::RequestRejected),
            (6, ErrorId::DelegatedSignInRequired),
        ]
    );
    assert!(read.failures[0].1.message.contains("u1@c.d"));
    assert!(read.failures[2].1.recommended_action().contains("User.Read.All"));
    assert_eq!(graph.seen()[0].steps.len(), 5, "what names nobody is not asked for");
}

#[tokio::test(start_paused = true)]
async fn only_what_is_missing_is_asked_for_again() {
    let graph = MemoryGraph::new(|number, seen| match number {
        0 => batch(seen, |path| match path {
            _ if path.contains("u1%") => (429, json!({"headers": {"Retry-After": "40"}})),
            _ if path.contains("u2%") => (0, json!({})),
            _ if path.contains("u3%") => (200, json!({"id": 7})),
            _ if path.contains("u4%") => (503, json!({})),
            _ => (200, user(path)),
        }),
        1 => Act::Lost,
        2 => error(429, "TooManyRequests"),
        3 => Act::Raw(200, "<html>"),
        _ => batch(seen, |path| (200, user(path))),
    });
    let read = read(look_up_users(&graph.session(), &inputs(6), true)).await;
    assert_eq!((read.items.len(), read.failures.len()), (6, 0), "{:?}", read.failures);
    let seen = graph.seen();
    assert_eq!(seen[1].steps.len(), 4);
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(40), "one step's wait holds for all");
}

#[tokio::test(start_paused = true)]
async fn a_token_refused_in_a_step_is_renewed_once() {
    let graph = MemoryGraph::new(|number, seen| {
        batch(seen, |path| if number == 0 { (401, json!({})) } else { (200, user(path)) })
    });
    assert_eq!(read(look_up_users(&graph.session(), &inputs(3), false)).await.items.len(), 3);
    assert_eq!(graph.seen().iter().map(|seen| seen.token.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let graph = MemoryGraph::new(|_, seen| batch(seen, |_| (401, json!({}))));
    let failed = read(look_up_users(&graph.session(), &inputs(3), false)).await;
    assert_eq!(failed.error_ids(), [ErrorId::AuthenticationFailed; 3]);
    assert_eq!(graph.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_user_goes_alone_and_me_is_me() {
    let graph = MemoryGraph::new(|_, _| ok(json!({"id": "a"})));
    let session = graph.session_of(r#"{"scp":"User.Read","upn":"adele@contoso.com"}"#);
    assert_eq!(read(look_up_users(&session, &inputs(1), false)).await.items[0].id, "a");
    assert_eq!(read(look_up_users(&session, &[Input::me(0)], false)).await.items[0].id, "a");
    let seen = graph.seen();
    assert!(seen[0].path.starts_with("users('u0%40c.d')?$select=") && seen[1].path.starts_with("me?$select="));
    assert!(read(look_up_users(&session, &[], false)).await.items.is_empty());
    let graph = MemoryGraph::new(|_, _| error(403, "Authorization_RequestDenied"));
    let session = graph.session_of(r#"{"scp":"openid","upn":"adele@contoso.com"}"#);
    let denied = read(look_up_users(&session, &[Input::me(0)], false)).await;
    assert!(denied.failures[0].1.recommended_action().contains("User.Read;"));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_rejected_is_read_one_by_one() {
    let graph = MemoryGraph::new(|_, seen| match seen.path.as_str() {
        "$batch" => error(400, "BadRequest"),
        path if path.contains("u1%") => error(400, "BadRequest"),
        path => ok(user(path)),
    });
    let read = read(look_up_users(&graph.session(), &inputs(3), false)).await;
    assert_eq!((read.items.len(), read.error_ids()), (2, vec![ErrorId::RequestRejected]));
    assert_eq!((read.failures[0].0, graph.seen().len()), (Some(1), 4));
}
