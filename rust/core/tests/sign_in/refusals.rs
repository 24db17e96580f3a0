//! Signing in at an authority that is broken, hostile or in the way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use graph_emulator::{Effect, Emulator, EmulatorConfig, FaultPoint, FaultRule, ScriptedAnswer};
use revoke_session_core::auth::AuthError;
use revoke_session_core::{ConnectError, ConnectOptions, Credential, Endpoints, Environment, ErrorId, Session};
use serde_json::{Value, json};

async fn sign_in_at(effect: Effect) -> (AuthError, ErrorId) {
    let emulator = Emulator::start(EmulatorConfig { users: 1, ..EmulatorConfig::default() }).await.unwrap();
    emulator.faults().add(FaultRule::new(FaultPoint::Token, effect));
    let at = emulator.endpoints();
    let endpoints = Endpoints::new(Environment::Global, Some(&at.graph), Some(&at.authority)).unwrap();
    let credential = Credential::ClientSecret {
        tenant_id: at.tenant_id.clone(),
        client_id: at.client_id.clone(),
        secret: at.client_secret.clone().into(),
    };
    let error = Session::connect(ConnectOptions::new(endpoints, credential)).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.detail());
    assert!(!shown.contains(&at.client_secret), "{shown}");
    let id = error.detail().id;
    let ConnectError::Auth(error) = error else { panic!("{error:?}") };
    (error, id)
}

fn answer(status: u16, body: Value) -> Effect {
    Effect::Answer(ScriptedAnswer { status, headers: BTreeMap::new(), body: Some(body), processed: false })
}

#[tokio::test]
async fn what_is_no_token_is_never_taken_for_one() {
    for body in [
        json!("<html>sign in to the network</html>"),
        json!({}),
        json!({"token_type": "Bearer", "expires_in": 3599, "access_token": ""}),
        json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "a\r\nInjected: b"}),
        json!({"token_type": "Bearer", "expires_in": i64::MAX, "access_token": "a.b.c"}),
        json!({"token_type": "Bearer", "expires_in": 1e300, "access_token": "a.b.c"}),
        json!({"token_type": "Bearer", "expires_in": -1, "access_token": "a.b.c"}),
    ] {
        let (error, id) = sign_in_at(answer(200, body.clone())).await;
        assert!(matches!(error, AuthError::Malformed(_)), "{body}: {error:?}");
        assert_eq!(id, ErrorId::AuthenticationFailed);
    }
}

#[tokio::test]
async fn an_error_that_is_not_the_authoritys_is_told_as_such() {
    let (error, id) = sign_in_at(answer(403, json!("blocked by the proxy"))).await;
    assert_eq!(id, ErrorId::AuthenticationFailed, "{error:?}");
    let (error, id) = sign_in_at(answer(500, json!("<html>oops</html>"))).await;
    assert_eq!(id, ErrorId::GraphUnreachable, "{error:?}");
}

#[tokio::test]
async fn a_long_wait_asked_for_is_not_sat_out_in_silence() {
    let begin = Instant::now();
    let (error, _) = sign_in_at(Effect::RetryAfter("3600".to_owned())).await;
    assert!(begin.elapsed() < Duration::from_secs(10), "{error:?} after {:?}", begin.elapsed());
}

#[tokio::test]
async fn a_lost_connection_is_told_as_unreachable() {
    let (error, id) = sign_in_at(Effect::Close(graph_emulator::CloseWhen::Before)).await;
    assert!(matches!(error, AuthError::Unreachable(_)), "{error:?}");
    assert_eq!(id, ErrorId::GraphUnreachable);
}
