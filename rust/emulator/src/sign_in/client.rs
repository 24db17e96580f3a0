//! How an application proves that it is itself: a secret, its certificate, or a federated token.

use super::assertion::{AssertionError, Expected, is_federated, verify};
use super::refusal::Refusal;
use super::request::SignInRequest;
use crate::clock::{now_seconds, timestamp};
use crate::clouds::cloud_of_authority;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Checks the proof that came with a request.
pub(super) fn authenticate(request: &SignInRequest<'_>, client_id: &str) -> Result<(), Refusal> {
    match (request.optional("client_secret"), request.optional("client_assertion")) {
        (_, Some(assertion)) => {
            if request.required("client_assertion_type")? != JWT_BEARER {
                return Err(Refusal::new(900_491, &[]));
            }
            if is_federated(assertion, client_id) {
                return request.shared.federation.verify(assertion, now_seconds());
            }
            check_certificate(request, client_id, assertion)
        }
        (Some(secret), None) if *secret == request.shared.endpoints.client_secret => Ok(()),
        (Some(_), None) => Err(Refusal::new(7_000_215, &[("client", client_id)])),
        (None, None) => Err(Refusal::new(7_000_216, &[])),
    }
}

fn check_certificate(request: &SignInRequest<'_>, client_id: &str, assertion: &str) -> Result<(), Refusal> {
    let audiences = audiences(request);
    let expected = Expected { client_id, audiences: &audiences, now: now_seconds() };
    let unverified = |reason: &str, thumbprint: &str| {
        Refusal::new(700_027, &[("reason", reason), ("thumbprint", thumbprint), ("client", client_id)])
    };
    let registered = request.shared.certificate();
    verify(assertion, registered.as_deref(), &expected).map_err(|error| match error {
        AssertionError::Malformed => Refusal::new(50_027, &[]),
        AssertionError::UnknownKey { thumbprint } => unverified("The key was not found.", &thumbprint),
        AssertionError::Signature { thumbprint } => {
            unverified("Key was found, but use of the key to verify the signature failed.", &thumbprint)
        }
        AssertionError::Lifetime { not_before, expires } => outside_lifetime(expected.now, not_before, expires),
        AssertionError::Audience => Refusal::new(700_023, &[]),
        AssertionError::Issuer => Refusal::new(700_021, &[]),
    })
}

/// The refusal of an assertion that is too old, or not good yet.
pub(super) fn outside_lifetime(now: i64, not_before: i64, expires: i64) -> Refusal {
    let [now, issued, expires] = [now, not_before, expires].map(|moment| timestamp(moment).to_string());
    Refusal::new(700_024, &[("now", &now), ("issued", &issued), ("expires", &expires)])
}

/// The authority by every name it may have in an assertion: its own, and the one the client sees.
fn audiences(request: &SignInRequest<'_>) -> Vec<String> {
    let origins = &request.shared.origins;
    let mut seen = vec![origins.graph.clone(), origins.plain.clone(), format!("https://{}", request.host)];
    if cloud_of_authority(request.host).is_none() {
        seen.push(format!("http://{}", request.host));
    }
    let tenants = [request.tenant, &request.shared.endpoints.tenant_id];
    let ends = ["oauth2/v2.0/token", "v2.0", ""];
    let of_tenant = |origin: &String, tenant: &str| ends.map(|end| format!("{origin}/{tenant}/{end}"));
    seen.iter().flat_map(|origin| tenants.iter().flat_map(move |tenant| of_tenant(origin, tenant))).collect()
}
