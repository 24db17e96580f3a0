//! Refusals of the sign-in on demand.

use serde_json::{Value, json};

use crate::wire::{Answer, Wire, assert_refused};

async fn refused(wire: &Wire, effect: Value) -> Answer {
    wire.fault(json!({ "on": "token", "times": 1, "effect": { "aadsts": effect } })).await;
    wire.sign_in(None, "token", &[]).await
}

#[tokio::test]
async fn entra_refuses_as_it_is_told_to() {
    let wire = Wire::start().await;
    for (code, status, error, suberror, words) in [
        (50_034, 400, "invalid_grant", None, "does not exist in the"),
        (50_076, 400, "invalid_grant", Some("basic_action"), "you must use multi-factor authentication"),
        (50_173, 400, "invalid_grant", None, "a fresh auth token is needed"),
        (53_003, 400, "invalid_grant", Some("message_only"), "blocked by Conditional Access policies"),
        (65_001, 400, "invalid_grant", Some("consent_required"), "has not consented to use the application"),
        (90_002, 400, "invalid_request", None, "not found. Check to make sure you have the correct tenant ID"),
        (500_011, 400, "invalid_resource", None, "The resource principal named"),
        (700_016, 400, "unauthorized_client", None, "was not found in the directory 'Contoso'"),
        (700_027, 401, "invalid_client", None, "used to sign the client assertion is not registered"),
        (700_082, 400, "invalid_grant", Some("bad_token"), "expired due to inactivity"),
        (7_000_215, 401, "invalid_client", None, "Invalid client secret provided"),
        (7_000_222, 401, "invalid_client", None, "are expired. Visit the Azure portal"),
        (123_456, 400, "invalid_grant", None, "An error occurred"),
    ] {
        let answer = refused(&wire, json!({ "code": code })).await;
        assert_refused(&answer, status, error, code);
        assert_eq!(answer.body["suberror"].as_str(), suberror, "{code}");
        let description = answer.body["error_description"].as_str().expect("a description");
        assert!(description.contains(words), "{description}");
        let unfilled = description.replace("{EmailHidden}", "").contains('{');
        assert!(!unfilled, "{description}");
    }
    let answer = refused(&wire, json!({ "code": 53_003, "error": "access_denied" })).await;
    assert_refused(&answer, 400, "access_denied", 53_003);
    assert_refused(&wire.sign_in(None, "token", &[]).await, 400, "invalid_request", 900_144);
}
