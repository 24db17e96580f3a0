//! The library against the emulator, over real connections.

use std::collections::HashMap;
use std::time::Duration;

use graph_emulator::{
    CloseWhen, Effect, Emulator, EmulatorConfig, FaultPoint, FaultRule, Quota, ScriptedAnswer, TokenGrant, TokenKind,
    UserKind,
};
use revoke_session_core::auth::AuthError;
use revoke_session_core::{
    ConnectError, ConnectOptions, Credential, Endpoints, Environment, ErrorId, Input, Outcome, RunOptions, Session,
    Status, WriteQuota, start,
};
use secrecy::SecretString;

async fn emulator(users: usize) -> Emulator {
    Emulator::start(EmulatorConfig { users, ..EmulatorConfig::default() }).await.unwrap()
}

fn endpoints(emulator: &Emulator) -> Endpoints {
    let at = emulator.endpoints();
    Endpoints::new(Environment::Global, Some(&at.graph), Some(&at.authority)).unwrap()
}

async fn connect(emulator: &Emulator, credential: Credential) -> Result<Session, ConnectError> {
    Session::connect(ConnectOptions::new(endpoints(emulator), credential)).await
}

fn secret_of(emulator: &Emulator, secret: &str) -> Credential {
    let at = emulator.endpoints();
    Credential::ClientSecret {
        tenant_id: at.tenant_id.clone(),
        client_id: at.client_id.clone(),
        secret: SecretString::from(secret),
    }
}

async fn connected(emulator: &Emulator) -> Session {
    connect(emulator, secret_of(emulator, &emulator.endpoints().client_secret)).await.unwrap()
}

async fn revoke(session: &Session, options: RunOptions, inputs: Vec<Input>) -> Vec<Outcome> {
    start(session, options).collect(inputs).await.outcomes
}

fn inputs(ids: impl IntoIterator<Item = impl ToString>) -> Vec<Input> {
    ids.into_iter().zip(0..).map(|(id, tag)| Input::parse(tag, Some(&id.to_string()), None)).collect()
}

fn everybody(emulator: &Emulator) -> Vec<Input> {
    inputs(emulator.directory().users().iter().map(|user| user.id))
}

fn distinct(emulator: &Emulator) -> usize {
    usize::try_from(emulator.directory().distinct_revoked()).unwrap()
}

fn count(outcomes: &[Outcome]) -> HashMap<Status, usize> {
    outcomes.iter().fold(HashMap::new(), |mut counts, outcome| {
        *counts.entry(outcome.status).or_default() += 1;
        counts
    })
}

#[tokio::test]
async fn a_thousand_users_take_fifty_batches_and_nobody_twice() {
    let emulator = emulator(1000).await;
    let outcomes = revoke(&connected(&emulator).await, RunOptions::default(), everybody(&emulator)).await;
    let admins = emulator.directory().users().iter().filter(|user| user.is(UserKind::Admin)).count();
    let counts = count(&outcomes);
    assert_eq!((outcomes.len(), counts[&Status::Denied]), (1000, admins));
    let requests = emulator.ledger().counts().requests;
    assert_eq!((requests.batches, requests.steps, requests.singles, requests.token), (50, 1000, 0, 1));
    assert_eq!(emulator.directory().duplicate_revocations(), 0);
    // By object id alone a guest cannot be told, which reading the account back will tell.
    let guests = emulator.directory().users().iter().filter(|user| user.is(UserKind::Guest)).count();
    assert_eq!(counts[&Status::Revoked], distinct(&emulator) + guests);
    assert!(outcomes.iter().all(|outcome| outcome.request_id.is_some() && outcome.attempts == 1));
}

#[tokio::test]
async fn odd_names_reach_their_own_user_and_nobody_else() {
    let emulator = emulator(200).await;
    let cast = emulator.directory().cast();
    let odd: Vec<&str> = cast.odd.iter().map(|member| member.upn.as_str()).collect();
    let session = connected(&emulator).await;
    for outcome in revoke(&session, RunOptions::default(), inputs(&odd)).await {
        assert_eq!(outcome.status, Status::Revoked, "{outcome:?}");
    }
    for upn in &odd {
        assert_eq!(
            revoke(&session, RunOptions::default(), inputs([*upn])).await[0].status,
            Status::Revoked,
            "{upn} alone"
        );
    }
    assert_eq!(distinct(&emulator), odd.len());
    for outcome in revoke(&session, RunOptions::default(), inputs(["../me", "..%2fme", "me", "users/../me"])).await {
        assert_eq!(outcome.status, Status::Failed, "{outcome:?}");
    }
    assert_eq!(distinct(&emulator), odd.len());
}

#[tokio::test]
async fn each_kind_of_user_gets_its_own_answer() {
    let emulator = emulator(200).await;
    let cast = emulator.directory().cast();
    let adele = cast.adele.unwrap().upn;
    let ids = [&adele, &cast.guests[0].upn, &cast.admins[0].upn, "nobody@contoso.com", &cast.disabled[0].upn];
    let outcomes = revoke(&connected(&emulator).await, RunOptions::default(), inputs(ids)).await;
    let ended: Vec<_> = outcomes.iter().map(|outcome| outcome.status).collect();
    assert_eq!(ended, [Status::Revoked, Status::Skipped, Status::Denied, Status::NotFound, Status::Revoked]);
    assert!(outcomes[1].warn && outcomes[1].failure.is_none());
}

#[tokio::test]
async fn a_wrong_secret_is_told_in_the_authoritys_words() {
    let emulator = emulator(10).await;
    let error = connect(&emulator, secret_of(&emulator, "hunter2")).await.unwrap_err();
    let ConnectError::Auth(AuthError::Refused { code, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(code.as_deref(), Some("AADSTS7000215"));
    assert_eq!(error.detail().id, ErrorId::AuthenticationFailed);
    assert!(error.detail().message.contains("AADSTS7000215"));
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}

#[tokio::test]
async fn a_given_token_shows_who_it_is_and_can_mean_me() {
    let emulator = emulator(10).await;
    let grant = TokenGrant { kind: TokenKind::Delegated, ..TokenGrant::default() };
    let session = connect(&emulator, Credential::AccessToken(emulator.mint_token(&grant).into())).await.unwrap();
    let context = session.context();
    assert_eq!((context.auth_type.name(), context.account.as_deref()), ("Delegated", Some("admin@contoso.com")));
    let outcomes = revoke(&session, RunOptions::default(), vec![Input::me(0)]).await;
    assert_eq!(outcomes[0].status, Status::Revoked);
    assert_eq!(emulator.ledger().counts().requests.me, 1);
    let expired = TokenGrant { lifetime_seconds: Some(-60), ..TokenGrant::default() };
    let refused = connect(&emulator, Credential::AccessToken(emulator.mint_token(&expired).into())).await;
    assert!(matches!(refused, Err(ConnectError::Auth(AuthError::Expired(_)))));
}

#[tokio::test]
async fn a_token_that_ends_midway_is_renewed() {
    let emulator = emulator(100).await;
    let session = connected(&emulator).await;
    emulator.expire_tokens();
    let ids: Vec<_> =
        emulator.directory().users().iter().filter(|user| user.is(UserKind::Member)).map(|user| user.id).collect();
    let outcomes = revoke(&session, RunOptions::default(), inputs(&ids)).await;
    assert_eq!(count(&outcomes), HashMap::from([(Status::Revoked, ids.len())]));
    assert_eq!(emulator.ledger().counts().requests.token, 2);
}

#[tokio::test]
async fn faults_of_the_wire_lose_nobody_and_lie_about_nobody() {
    let html = ScriptedAnswer {
        status: 200,
        headers: HashMap::new().into_iter().collect(),
        body: Some(serde_json::json!("<html>")),
        processed: true,
    };
    for effect in [
        Effect::Close(CloseWhen::Before),
        Effect::Close(CloseWhen::After),
        Effect::Truncate(100),
        Effect::DropStep(true),
        Effect::DuplicateStep(true),
        Effect::RetryAfter("0.2".to_owned()),
        Effect::Answer(html),
    ] {
        let emulator = emulator(60).await;
        let session = connected(&emulator).await;
        let point = if matches!(effect, Effect::DropStep(_) | Effect::DuplicateStep(_)) {
            FaultPoint::Step
        } else {
            FaultPoint::Batch
        };
        emulator.faults().add(FaultRule::new(point, effect.clone()).times(2));
        let ids: Vec<_> =
            emulator.directory().users().iter().filter(|user| user.is(UserKind::Member)).map(|user| user.id).collect();
        let outcomes = revoke(&session, RunOptions::default(), inputs(&ids)).await;
        assert_eq!(count(&outcomes), HashMap::from([(Status::Revoked, ids.len())]), "{effect:?}");
        assert_eq!(distinct(&emulator), ids.len(), "{effect:?}");
        assert_eq!(emulator.ledger().counts().early, 0, "{effect:?}");
    }
}

#[tokio::test]
async fn a_server_killed_midway_leaves_every_input_with_its_outcome() {
    let emulator = Emulator::start(EmulatorConfig {
        users: 2000,
        latency: Duration::from_millis(50),
        ..EmulatorConfig::default()
    })
    .await
    .unwrap();
    let session = connected(&emulator).await;
    let options = RunOptions::default().with_throttle_limit(4).with_outage_limit(Duration::from_secs(2));
    let inputs = everybody(&emulator);
    let kill = async {
        tokio::time::timeout(Duration::from_secs(30), async {
            while emulator.ledger().counts().requests.batches < 10 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        emulator.kill();
    };
    let ((), outcomes) = futures_util::join!(kill, revoke(&session, options, inputs));
    assert_eq!(outcomes.len(), 2000);
    for outcome in &outcomes {
        match outcome.status {
            Status::Revoked | Status::Denied | Status::Unknown => assert!(outcome.attempts > 0, "{outcome:?}"),
            Status::Failed => assert_eq!(
                (outcome.attempts, outcome.failure.as_ref().unwrap().detail.id),
                (0, ErrorId::GraphUnreachable)
            ),
            _ => panic!("{outcome:?}"),
        }
    }
    let counts = count(&outcomes);
    assert!(counts[&Status::Failed] > 0 && counts[&Status::Revoked] > 0, "{counts:?}");
}

#[tokio::test]
async fn nowhere_does_the_secret_or_the_token_show() {
    let emulator = emulator(10).await;
    let token = emulator.mint_token(&TokenGrant::default());
    let session = connect(&emulator, Credential::AccessToken(token.clone().into())).await.unwrap();
    let by_secret = connected(&emulator).await;
    let shown = format!("{session:?} {:?} {by_secret:?} {:?}", session.context(), by_secret.context());
    assert!(!shown.contains(&token) && !shown.contains(&emulator.endpoints().client_secret));
}

#[tokio::test]
async fn a_quota_that_the_server_enforces_is_met_without_throttling() {
    let window = Duration::from_secs(2);
    let config = EmulatorConfig { users: 400, quota: Some(Quota::new(100, window)), ..EmulatorConfig::default() };
    let emulator = Emulator::start(config).await.unwrap();
    let credential = secret_of(&emulator, &emulator.endpoints().client_secret);
    let quota = WriteQuota::application(100, window);
    let session =
        Session::connect(ConnectOptions::new(endpoints(&emulator), credential).with_quota(quota)).await.unwrap();
    let begin = std::time::Instant::now();
    let outcomes = revoke(&session, RunOptions::default(), everybody(&emulator)).await;
    assert_eq!(outcomes.len(), 400);
    assert!(begin.elapsed() >= window * 3, "{:?}", begin.elapsed());
    let counts = emulator.ledger().counts();
    assert_eq!((counts.throttled, counts.early), (0, 0));
    assert!(outcomes.iter().all(|outcome| outcome.attempts == 1));
}
