//! How Graph judges access tokens.

use graph_emulator::{TokenGrant, TokenKind};

use crate::wire::{Answer, Wire, step};

async fn with_token(wire: &mut Wire, token: String) -> Answer {
    wire.token = token;
    wire.revoke("users/adele@contoso.com").await
}

#[tokio::test]
async fn a_bad_token_is_told_what_is_wrong_with_it() {
    let mut wire = Wire::start().await;
    let none = wire.try_send("POST", "/v1.0/users/x/revokeSignInSessions", "", "").await.expect("an answer");
    assert_eq!(
        (none.status, none.code(), none.message()),
        (401, "InvalidAuthenticationToken", "Access token is empty.")
    );
    assert!(none.header("WWW-Authenticate").is_some_and(|challenge| challenge.starts_with("Bearer ")));

    let garbage = with_token(&mut wire, "garbage".to_owned()).await;
    assert!(garbage.message().starts_with("CompactToken parsing failed"), "{}", garbage.message());

    let expired = TokenGrant { lifetime_seconds: Some(-1), ..TokenGrant::default() };
    let token = wire.emulator.mint_token(&expired);
    let expired = with_token(&mut wire, token).await;
    assert_eq!((expired.status, expired.message()), (401, "Lifetime validation failed, the token is expired."));

    let other = Wire::start().await.token;
    assert_eq!(with_token(&mut wire, other).await.status, 401);
    let batch = wire.batch(&serde_json::json!([step("1", "users/adele@contoso.com")])).await;
    assert_eq!((batch.status, batch.code()), (401, "InvalidAuthenticationToken"));
    assert_eq!(wire.emulator.directory().revocations(), 0);
}

#[tokio::test]
async fn tokens_can_be_made_worthless() {
    let mut wire = Wire::start().await;
    assert_eq!(wire.control("POST", "expire-tokens", &serde_json::Value::Null).await.status, 204);
    assert_eq!(wire.revoke("users/adele@contoso.com").await.status, 401);
    let fresh = wire.emulator.mint_token(&TokenGrant::default());
    assert_eq!(with_token(&mut wire, fresh).await.status, 200);
}

#[tokio::test]
async fn permissions_are_needed() {
    let mut wire = Wire::start().await;
    for (role, status) in [
        ("User.RevokeSessions.All", 200),
        ("User.ReadWrite.All", 200),
        ("Directory.ReadWrite.All", 200),
        ("User.Read.All", 403),
        ("Mail.Read", 403),
    ] {
        let grant = TokenGrant { roles: Some(vec![role.to_owned()]), ..TokenGrant::default() };
        let token = wire.emulator.mint_token(&grant);
        let answer = with_token(&mut wire, token).await;
        assert_eq!(answer.status, status, "{role}");
        if status == 403 {
            assert_eq!(answer.code(), "Authorization_RequestDenied");
        }
    }
    let grant = TokenGrant {
        kind: TokenKind::Delegated,
        scopes: Some(vec!["User.Read".to_owned()]),
        upn: Some("adele@contoso.com".to_owned()),
        ..TokenGrant::default()
    };
    wire.token = wire.emulator.mint_token(&grant);
    assert_eq!(wire.get("/v1.0/me").await.body["userPrincipalName"], "adele@contoso.com");
    assert_eq!(wire.get("/v1.0/users").await.status, 403);
    assert_eq!(wire.revoke("me").await.status, 403);
}
