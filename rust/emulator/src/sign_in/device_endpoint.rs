//! `POST /{tenant}/oauth2/v2.0/devicecode`: the start of the device authorization grant.

use serde_json::{Value, json};

use super::device_codes::{IssuedCode, LIFETIME};
use super::refusal::Refusal;
use super::request::SignInRequest;
use super::scope::delegated;

const VERIFICATION_URI: &str = "https://microsoft.com/devicelogin";

/// Issues a device code.
pub(super) fn issue(request: &SignInRequest<'_>) -> Result<Value, Refusal> {
    request.check_tenant(true)?;
    let client_id = request.public_client()?;
    let shared = request.shared;
    let scopes = delegated(request.required("scope")?, request.host, &shared.origins)?;
    let IssuedCode { user_code, device_code } = shared.devices.issue(client_id, scopes, &mut shared.random());
    let interval = shared.devices.interval;
    Ok(json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": VERIFICATION_URI,
        "expires_in": LIFETIME.as_secs(),
        "interval": interval.as_secs() + u64::from(interval.subsec_nanos() > 0),
        "message": format!(
            "To sign in, use a web browser to open the page {VERIFICATION_URI} and enter the code {user_code} to \
             authenticate."
        ),
    }))
}
