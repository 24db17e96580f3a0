//! `-Verify` against the emulator: the stamp of each user before and after, and what the difference proves.

use std::time::{Duration, Instant};

use graph_emulator::{CloseWhen, Effect, Emulator, EmulatorConfig, FaultPoint, FaultRule, TokenGrant};
use jiff::Timestamp;
use revoke_session_core::{
    ConnectOptions, Credential, Endpoints, Environment, Input, Outcome, RunOptions, Session, Status, start,
};

async fn emulator(users: usize) -> Emulator {
    Emulator::start(EmulatorConfig { users, ..EmulatorConfig::default() }).await.unwrap()
}

async fn connect(emulator: &Emulator, grant: &TokenGrant) -> Session {
    let at = emulator.endpoints();
    let endpoints = Endpoints::new(Environment::Global, Some(&at.graph), Some(&at.authority)).unwrap();
    let credential = Credential::AccessToken(emulator.mint_token(grant).into());
    Session::connect(ConnectOptions::new(endpoints, credential)).await.unwrap()
}

async fn revoke(session: &Session, options: RunOptions, inputs: Vec<Input>) -> (Vec<Outcome>, Vec<String>) {
    let collected = start(session, options).collect(inputs).await;
    (collected.outcomes, collected.warnings)
}

fn verify() -> RunOptions {
    RunOptions::default().with_verify(true)
}

fn everybody(emulator: &Emulator) -> Vec<Input> {
    let users = (0..).zip(emulator.directory().users());
    users.map(|(tag, user)| Input::parse(tag, Some(&user.id.to_string()), None)).collect()
}

#[tokio::test]
async fn a_stamp_that_moved_is_proof_and_guests_are_known_by_what_they_are() {
    let emulator = emulator(120).await;
    let session = connect(&emulator, &TokenGrant::default()).await;
    let begin = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let mut inputs = everybody(&emulator);
    inputs.push(Input::parse(120, Some("nobody@contoso.com"), None));
    let (outcomes, warnings) = revoke(&session, verify(), inputs).await;
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(outcomes.len(), 121);
    assert_eq!((outcomes[120].status, outcomes[120].verified), (Status::NotFound, None));
    for (user, outcome) in emulator.directory().users().iter().zip(&outcomes) {
        if user.is_admin {
            assert_eq!((outcome.status, outcome.verified), (Status::Denied, None));
        } else if user.is_guest {
            // Only its type tells that it is one: the input was an object id.
            assert_eq!((outcome.status, outcome.verified), (Status::Skipped, None), "{outcome:?}");
            assert!(outcome.warn && outcome.note.as_deref().unwrap().contains("home tenant"));
        } else {
            assert_eq!((outcome.status, outcome.verified), (Status::Revoked, Some(true)), "{outcome:?}");
            let stamp = outcome.sessions_valid_from.unwrap();
            assert!(stamp >= begin && stamp == user.sessions_valid_from(), "{outcome:?}");
            assert_eq!((user.revocations(), outcome.note.as_deref()), (1, None));
        }
    }
}

#[tokio::test]
async fn a_change_that_takes_a_while_is_waited_for() {
    let emulator = emulator(30).await;
    let session = connect(&emulator, &TokenGrant::default()).await;
    emulator.set_propagation(Duration::from_millis(700));
    let (outcomes, _) = revoke(&session, verify(), vec![Input::parse(1, Some("adele@contoso.com"), None)]).await;
    assert_eq!((outcomes[0].status, outcomes[0].verified), (Status::Revoked, Some(true)));
    assert_eq!(outcomes[0].attempts, 1, "the revocation is not repeated for it");
}

#[tokio::test]
async fn a_stamp_that_does_not_move_is_no_proof() {
    let emulator = emulator(30).await;
    let session = connect(&emulator, &TokenGrant::default()).await;
    emulator.set_propagation(Duration::from_secs(3600));
    let begin = Instant::now();
    let (outcomes, _) = revoke(&session, verify(), vec![Input::parse(1, Some("adele@contoso.com"), None)]).await;
    let outcome = &outcomes[0];
    assert_eq!((outcome.status, outcome.verified), (Status::Revoked, Some(false)));
    assert!(outcome.note.as_deref().unwrap().contains("had not moved after 6 readings"), "{outcome:?}");
    assert!(begin.elapsed() < Duration::from_secs(15), "the number of readings is bounded");
}

#[tokio::test]
async fn without_the_permission_to_read_everybody_is_revoked_and_nobody_verified() {
    let emulator = emulator(60).await;
    let grant = TokenGrant { roles: Some(vec!["User.RevokeSessions.All".to_owned()]), ..TokenGrant::default() };
    let session = connect(&emulator, &grant).await;
    let members: Vec<Input> = (0..)
        .zip(emulator.directory().users().iter().filter(|user| !user.is_admin && !user.is_guest))
        .map(|(tag, user)| Input::parse(tag, Some(&user.user_principal_name), None))
        .collect();
    let (outcomes, warnings) = revoke(&session, verify(), members).await;
    assert!(matches!(warnings.as_slice(), [warning] if warning.contains("User.Read.All")), "{warnings:?}");
    for outcome in outcomes {
        assert_eq!((outcome.status, outcome.verified), (Status::Revoked, None), "{outcome:?}");
        assert!(outcome.note.as_deref().unwrap().starts_with("Not verified"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_reading_that_fails_costs_the_proof_and_never_the_revocation() {
    let emulator = emulator(60).await;
    let session = connect(&emulator, &TokenGrant::default()).await;
    for effect in [Effect::Close(CloseWhen::After), Effect::RetryAfter("1".to_owned())] {
        emulator.reset();
        emulator.faults().add(FaultRule::new(FaultPoint::Any, effect).times(2));
        let (outcomes, _) = revoke(&session, verify(), everybody(&emulator)).await;
        for (user, outcome) in emulator.directory().users().iter().zip(&outcomes) {
            if !user.is_admin && !user.is_guest {
                assert_eq!(outcome.status, Status::Revoked, "{outcome:?}");
                assert!(outcome.verified == Some(true) || outcome.note.is_some(), "{outcome:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_end_of_the_time_leaves_the_proof_open_and_tells_so() {
    let emulator = emulator(30).await;
    let session = connect(&emulator, &TokenGrant::default()).await;
    emulator.set_propagation(Duration::from_secs(3600));
    let options = verify().with_timeout(Some(Duration::from_secs(1)));
    let (outcomes, _) = revoke(&session, options, vec![Input::parse(1, Some("adele@contoso.com"), None)]).await;
    assert_eq!((outcomes[0].status, outcomes[0].verified), (Status::Revoked, None));
    assert!(outcomes[0].note.as_deref().unwrap().contains("the run was over"), "{:?}", outcomes[0]);
}
