//! Continuous Access Evaluation: Graph asks for a token with claims, in the middle of a session.

use std::sync::Arc;

use graph_emulator::{DeviceAction, Emulator, FederatedToken, TokenGrant};
use revoke_session_core::{Credential, ErrorDetail, Session, Status};

use super::support::{
    Screen, TokenFile, certificate, connect, decide, device_code, emulator, managed_identity, revoke, secret, tomorrow,
};

const ADELE: Option<&str> = Some("adele@contoso.com");

async fn survives_a_challenge(emulator: &Emulator, session: &Session) {
    let context = session.context();
    assert_eq!(revoke(session, ADELE).await.status, Status::Revoked, "{context:?}");
    emulator.challenge_tokens();
    let outcome = revoke(session, Some("lee@contoso.com")).await;
    assert_eq!(outcome.status, Status::Revoked, "{} {outcome:?}", context.credential_type);
    assert_eq!(outcome.attempts, 2);
}

#[tokio::test]
async fn a_challenge_is_answered_with_a_token_that_carries_the_claims() {
    let emulator = emulator().await;
    decide(&emulator, DeviceAction::Approve);
    let file = TokenFile::new(&emulator, &FederatedToken::default());
    for credential in [
        secret(&emulator),
        certificate(&emulator, tomorrow()),
        file.credential(&emulator),
        device_code(&Arc::new(Screen::default())),
    ] {
        emulator.reset();
        decide(&emulator, DeviceAction::Approve);
        let session = connect(&emulator, credential).await.unwrap();
        survives_a_challenge(&emulator, &session).await;
    }
}

async fn told_when_challenged(emulator: &Emulator, session: &Session) -> ErrorDetail {
    emulator.challenge_tokens();
    let outcome = revoke(session, ADELE).await;
    assert_eq!(outcome.status, Status::Failed);
    outcome.failure.unwrap().detail
}

#[tokio::test]
async fn who_cannot_carry_claims_says_what_to_do() {
    let emulator = emulator().await;
    let grant = TokenGrant { capabilities: vec!["cp1".to_owned()], ..TokenGrant::default() };
    let given = Credential::AccessToken(emulator.mint_token(&grant).into());
    let session = connect(&emulator, given).await.unwrap();
    let detail = told_when_challenged(&emulator, &session).await;
    assert!(detail.message.contains("Continuous Access Evaluation"), "{detail:?}");
    assert!(detail.recommended_action().contains("-AccessToken"), "{detail:?}");

    // A managed identity does not say that it can, so it is refused plainly, and asks for a new token once.
    let session = connect(&emulator, managed_identity(&emulator, None)).await.unwrap();
    emulator.challenge_tokens();
    assert_eq!(revoke(&session, ADELE).await.status, Status::Revoked);
}
