//! Every way to sign in, from the credential to the first revoked user; and how each of them is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use graph_emulator::{DeviceAction, FederatedToken};
use jiff::{SignedDuration, Timestamp};
use revoke_session_core::{Credential, ErrorId, Status};

use super::support::{
    Screen, TokenFile, certificate, connect, decide, device_code, emulator, managed_identity, revoke, tomorrow,
};

const ADELE: Option<&str> = Some("adele@contoso.com");

#[tokio::test]
async fn a_certificate_signs_in_and_the_authority_verifies_the_signature() {
    let emulator = emulator().await;
    let session = connect(&emulator, certificate(&emulator, tomorrow())).await.unwrap();
    assert_eq!(session.context().credential_type, "ClientCertificate");
    assert_eq!(revoke(&session, ADELE).await.status, Status::Revoked);
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_told_before_anything_is_sent() {
    let emulator = emulator().await;
    let ended = Timestamp::now() - SignedDuration::from_hours(48);
    let detail = connect(&emulator, certificate(&emulator, ended)).await.unwrap_err().detail();
    assert!(detail.message.contains("the certificate expired on"), "{detail:?}");
    assert!(detail.recommended_action().contains("new certificate"), "{detail:?}");
    assert_eq!(emulator.ledger().counts().requests.token, 0);
}

#[tokio::test]
async fn a_federated_token_is_read_anew_whenever_a_token_is_needed() {
    let emulator = emulator().await;
    let file = TokenFile::new(&emulator, &FederatedToken::default());
    let session = connect(&emulator, file.credential(&emulator)).await.unwrap();
    assert_eq!(session.context().credential_type, "WorkloadIdentity");
    assert_eq!(revoke(&session, ADELE).await.status, Status::Revoked);
    std::fs::write(&file.0, "  ").unwrap();
    emulator.expire_tokens();
    let outcome = revoke(&session, Some("lee@contoso.com")).await;
    let detail = outcome.failure.unwrap().detail;
    assert_eq!((outcome.status, detail.id), (Status::Failed, ErrorId::AuthenticationFailed));
    assert!(detail.message.contains("holds no token"), "{detail:?}");
}

#[tokio::test]
async fn a_federated_token_that_is_not_trusted_is_refused_with_advice() {
    let emulator = emulator().await;
    let stranger = FederatedToken { subject: "somebody:else".to_owned(), ..FederatedToken::default() };
    let file = TokenFile::new(&emulator, &stranger);
    let detail = connect(&emulator, file.credential(&emulator)).await.unwrap_err().detail();
    assert!(detail.message.contains("AADSTS700213"), "{detail:?}");
    assert!(detail.recommended_action().contains("issuer, subject and audience"), "{detail:?}");
    let token = std::fs::read_to_string(&file.0).unwrap();
    assert!(!format!("{detail:?}").contains(token.trim()));
    std::fs::remove_file(&file.0).unwrap();
    let detail = connect(&emulator, file.credential(&emulator)).await.unwrap_err().detail();
    assert!(detail.message.contains("cannot be read"), "{detail:?}");
}

#[tokio::test]
async fn a_managed_identity_signs_in_by_itself_or_by_its_client_id() {
    let emulator = emulator().await;
    let assigned = emulator.endpoints().managed_identity_client_id.clone();
    for client_id in [None, Some(assigned.as_str())] {
        let session = connect(&emulator, managed_identity(&emulator, client_id)).await.unwrap();
        assert_eq!(session.context().credential_type, "ManagedIdentity");
        assert_eq!(revoke(&session, ADELE).await.status, Status::Revoked);
    }
    let unknown = managed_identity(&emulator, Some("11111111-1111-1111-1111-111111111111"));
    let detail = connect(&emulator, unknown).await.unwrap_err().detail();
    assert_eq!(detail.id, ErrorId::AuthenticationFailed);
    assert!(detail.message.contains("has not been assigned"), "{detail:?}");
    assert!(detail.recommended_action().contains("managed identity"), "{detail:?}");
}

#[tokio::test]
async fn a_machine_without_an_identity_service_is_told_so_at_once() {
    let emulator = emulator().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let imds = format!("http://{nobody}").parse().unwrap();
    let begin = Instant::now();
    let credential = Credential::ManagedIdentity { client_id: None, imds: Some(imds) };
    let detail = connect(&emulator, credential).await.unwrap_err().detail();
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(detail.message.contains("nothing answers at"), "{detail:?}");
}

#[tokio::test]
async fn no_identity_service_but_the_machines_own_is_asked() {
    let emulator = emulator().await;
    let imds = Some("http://identity.example.com".parse().unwrap());
    let refused = connect(&emulator, Credential::ManagedIdentity { client_id: None, imds }).await.unwrap_err();
    assert!(refused.to_string().contains("not an address of this machine"), "{refused}");
}

#[tokio::test]
async fn a_device_code_is_shown_and_used_and_its_sign_in_is_kept_by_a_refresh_token() {
    let emulator = emulator().await;
    decide(&emulator, DeviceAction::Approve);
    let screen = Arc::new(Screen::default());
    let session = connect(&emulator, device_code(&screen)).await.unwrap();
    let shown = screen.0.lock().unwrap().clone();
    assert!(matches!(shown.as_slice(), [message] if message.contains("enter the code")), "{shown:?}");
    let context = session.context();
    assert_eq!((context.credential_type, context.account.as_deref()), ("DeviceCode", Some("admin@contoso.com")));
    assert!(context.scopes.iter().any(|scope| scope == "User.RevokeSessions.All"), "{context:?}");
    emulator.expire_tokens();
    assert_eq!(revoke(&session, ADELE).await.status, Status::Revoked);
    assert_eq!(screen.0.lock().unwrap().len(), 1, "nobody is asked again");
    // Whoever revokes the own sessions ends this sign-in as well.
    assert_eq!(revoke(&session, None).await.status, Status::Revoked);
    emulator.expire_tokens();
    let detail = revoke(&session, Some("lee@contoso.com")).await.failure.unwrap().detail;
    assert!(detail.message.contains("AADSTS50173"), "{detail:?}");
    assert!(detail.recommended_action().contains("Connect-RsGraph again"), "{detail:?}");
}

#[tokio::test]
async fn a_device_code_that_comes_to_nothing_says_why() {
    for (action, said) in [(DeviceAction::Deny, "declined"), (DeviceAction::Expire, "expired")] {
        let emulator = emulator().await;
        decide(&emulator, action);
        let detail = connect(&emulator, device_code(&Arc::default())).await.unwrap_err().detail();
        assert_eq!(detail.id, ErrorId::AuthenticationFailed);
        let text = detail.message.to_lowercase();
        assert!(text.contains(said) || text.contains("not used in time"), "{detail:?}");
        assert!(!detail.recommended_action().is_empty());
    }
}
