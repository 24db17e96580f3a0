//! Single revocations: who is reached, who is not, and what the answer looks like.

use crate::wire::Wire;

#[tokio::test]
async fn a_member_is_revoked_by_id_and_by_name() {
    let wire = Wire::start().await;
    let (id, before) = {
        let adele = wire.emulator.directory().find("adele@contoso.com").expect("in the cast");
        (adele.id, adele.sessions_valid_from())
    };
    let answer = wire.revoke(&format!("users/{}", id.to_string().to_uppercase())).await;
    assert_eq!((answer.status, &answer.body["value"]), (200, &true.into()));
    let context = answer.body["@odata.context"].as_str().expect("a context");
    assert!(context.ends_with("/v1.0/$metadata#Edm.Boolean"), "{context}");
    assert_eq!(wire.revoke("users('ADELE@contoso.com')").await.status, 200);
    let adele = wire.emulator.directory().find("adele@contoso.com").expect("in the cast");
    assert_eq!(adele.revocations(), 2);
    assert!(adele.sessions_valid_from() > before && adele.sessions_valid_from().subsec_nanosecond() == 0);
}

#[tokio::test]
async fn awkward_names_are_reached_when_they_are_encoded() {
    let wire = Wire::start().await;
    for (address, name) in [
        ("users('o''hara%40contoso.com')", "o'hara@contoso.com"),
        ("users('%24dollar%40contoso.com')", "$dollar@contoso.com"),
        ("users('a%2Bb%40contoso.com')", "a+b@contoso.com"),
        ("users('zo%C3%AB%40contoso.com')", "zoë@contoso.com"),
        ("users('percent%2525%40contoso.com')", "percent%25@contoso.com"),
        ("users('hash%23tag%40contoso.com')", "hash#tag@contoso.com"),
    ] {
        assert_eq!(wire.revoke(address).await.status, 200, "{address}");
        assert_eq!(wire.revocations_of(name), 1, "{name}");
    }
    let dollar = wire.revoke("users/$dollar@contoso.com").await;
    assert_eq!((dollar.status, dollar.code()), (400, "BadRequest"));
    assert_eq!(dollar.message(), "Resource not found for the segment '$dollar@contoso.com'.");
    assert_eq!(wire.revoke("users('percent%25@contoso.com')").await.status, 404);
}

#[tokio::test]
async fn a_guest_is_answered_and_not_revoked() {
    let wire = Wire::start().await;
    let guest = &wire.emulator.directory().cast().guests[0];
    let before = wire.emulator.directory().find(&guest.upn).expect("in the cast").sessions_valid_from();
    let answer = wire.revoke(&format!("users/{}", guest.id)).await;
    assert_eq!((answer.status, &answer.body["value"]), (200, &true.into()));
    let user = wire.emulator.directory().find(&guest.upn).expect("in the cast");
    assert_eq!((user.revocations(), user.sessions_valid_from()), (0, before));
    assert_eq!(wire.emulator.directory().revocations(), 0);
}

#[tokio::test]
async fn refusals_are_graphs_own() {
    let wire = Wire::start().await;
    let missing = wire
        .send("POST", "/v1.0/users/nobody@contoso.com/revokeSignInSessions", "client-request-id: my-id\r\n", "")
        .await;
    assert_eq!((missing.status, missing.code()), (404, "Request_ResourceNotFound"));
    assert_eq!(
        missing.message(),
        "Resource 'nobody@contoso.com' does not exist or one of its queried reference-property objects are not present."
    );
    let inner = &missing.body["error"]["innerError"];
    assert_eq!(inner["client-request-id"], "my-id");
    assert_eq!(inner["request-id"].as_str(), missing.header("request-id"));
    assert_eq!(inner["date"].as_str().map(str::len), Some(19));
    assert_eq!(missing.header("client-request-id"), Some("my-id"));
    assert!(missing.header("Date").is_some() && missing.header("x-ms-ags-diagnostic").is_some());

    let admin = wire.emulator.directory().cast().admins[0].id;
    let denied = wire.revoke(&format!("users/{admin}")).await;
    assert_eq!((denied.status, denied.code()), (403, "Authorization_RequestDenied"));
    assert_eq!(denied.message(), "Insufficient privileges to complete the operation.");

    let wrong_method = wire.get("/v1.0/users/adele@contoso.com/revokeSignInSessions").await;
    assert_eq!(wrong_method.status, 405);
    assert_eq!(wire.get("/v1.0/groups").await.code(), "BadRequest");
    assert_eq!(wire.emulator.directory().revocations(), 0);
}

#[tokio::test]
async fn a_climbing_path_signs_out_the_caller() {
    let wire = Wire::delegated().await;
    let traps = ["users/../me", "users/%2e%2e/me", "users/..%2Fme", "users/%2E%2E%2fme"];
    for trap in traps {
        assert_eq!(wire.revoke(trap).await.status, 200, "{trap}");
    }
    assert_eq!(wire.revocations_of("admin@contoso.com"), 4);
    assert_eq!(wire.emulator.ledger().counts().requests.me, 4);
}

#[tokio::test]
async fn me_needs_a_signed_in_user() {
    let application = Wire::start().await;
    let refused = application.revoke("me").await;
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    assert_eq!(refused.message(), "/me request is only valid with delegated authentication flow.");

    let user = Wire::delegated().await;
    assert_eq!(user.revoke("me").await.status, 200);
    assert_eq!(user.revocations_of("admin@contoso.com"), 1);
    assert_eq!(user.get("/v1.0/me?$select=userPrincipalName").await.body["userPrincipalName"], "admin@contoso.com");
}
