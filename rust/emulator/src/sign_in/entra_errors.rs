//! The refusals of Microsoft Entra: status, OAuth error, suberror and text of each code.
//!
//! Source: Microsoft identity platform, "Microsoft Entra authentication & authorization error codes".

/// A refusal whose text still has `{names}` to fill in.
#[derive(Debug)]
pub(super) struct EntraError {
    pub(super) code: u32,
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) suberror: Option<&'static str>,
    pub(super) text: &'static str,
}

/// What is told for a code that is not in the table.
pub(super) const GENERIC: EntraError =
    with(0, 400, "invalid_grant", "An error occurred while the sign-in request was processed.");

/// The refusal with that code.
pub(super) fn find(code: u32) -> Option<&'static EntraError> {
    ERRORS.iter().find(|known| known.code == code)
}

const fn with(code: u32, status: u16, error: &'static str, text: &'static str) -> EntraError {
    EntraError { code, status, error, suberror: None, text }
}

const fn sub(code: u32, error: &'static str, suberror: &'static str, text: &'static str) -> EntraError {
    EntraError { code, status: 400, error, suberror: Some(suberror), text }
}

const ERRORS: &[EntraError] = &[
    with(
        28_000,
        400,
        "invalid_request",
        "The provided value for the input parameter scope is not valid because it contains more than one resource. \
         Scope {scope} is not valid.",
    ),
    with(
        50_013,
        401,
        "invalid_client",
        "Assertion failed signature validation. [Reason - The provided signature value did not match the expected \
         signature value.]",
    ),
    with(50_027, 400, "invalid_request", "JWT token is invalid or malformed."),
    with(
        50_034,
        400,
        "invalid_grant",
        // Entra hides the name and leaves the word for it.
        "The user account {EmailHidden} does not exist in the {tenant} directory. To sign into this application, \
         the account must be added to the directory.",
    ),
    with(50_057, 400, "invalid_grant", "The user account is disabled."),
    sub(
        50_076,
        "invalid_grant",
        "basic_action",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must \
         use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.",
    ),
    with(
        50_173,
        400,
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have \
         changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before \
         which tokens are not valid) for this user is '{valid_from}'.",
    ),
    sub(
        53_003,
        "invalid_grant",
        "message_only",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    sub(
        65_001,
        "invalid_grant",
        "consent_required",
        "The user or administrator has not consented to use the application with ID '{client}' named \
         'RevokeSession'. Send an interactive authorization request for this user and resource.",
    ),
    with(65_004, 400, "authorization_declined", "User declined to consent to access the app."),
    with(70_003, 400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    with(
        70_011,
        400,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
         'scope' is not valid. The scope {scope} is not valid.",
    ),
    with(
        70_016,
        400,
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    ),
    with(
        70_018,
        400,
        "bad_verification_code",
        "The provided value for the input parameter 'device_code' is not valid.",
    ),
    with(
        70_020,
        400,
        "expired_token",
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    ),
    with(
        90_002,
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
         correct cloud. Check with your subscription administrator, this may happen if there are no active \
         subscriptions for the tenant.",
    ),
    with(
        500_011,
        400,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named Contoso. This can happen if the \
         application has not been installed by the administrator of the tenant or consented to by any user in the \
         tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    with(
        700_016,
        400,
        "unauthorized_client",
        "Application with identifier '{client}' was not found in the directory 'Contoso'. This can happen if the \
         application has not been installed by the administrator of the tenant or consented to by any user in the \
         tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    with(
        700_021,
        401,
        "invalid_client",
        "Client assertion application identifier doesn't match 'client_id' parameter.",
    ),
    with(700_023, 401, "invalid_client", "Client assertion audience claim does not match Realm issuer."),
    with(
        700_024,
        401,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {issued}, \
         expiry time of assertion {expires}.",
    ),
    with(
        700_027,
        401,
        "invalid_client",
        "The certificate with identifier used to sign the client assertion is not registered on application, or the \
         assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by client: \
         '{thumbprint}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured \
         keys for app Id '{client}'.]",
    ),
    sub(
        700_082,
        "invalid_grant",
        "bad_token",
        "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for \
         90.00:00:00.",
    ),
    with(
        700_211,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your \
         federated identity credential Subject, Audience and Issuer against the presented assertion. \
         https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    ),
    with(
        700_212,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion audience '{audience}'. Please check \
         your federated identity credential Subject, Audience and Issuer against the presented assertion. \
         https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    ),
    with(
        700_213,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion subject '{subject}'. Please check your \
         federated identity credential Subject, Audience and Issuer against the presented assertion. \
         https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    ),
    with(900_144, 400, "invalid_request", "The request body must contain the following parameter: '{parameter}'."),
    with(900_491, 400, "invalid_request", "The 'client_assertion_type' parameter is not supported."),
    with(
        7_000_215,
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not \
         the client secret ID, for a secret added to app '{client}'.",
    ),
    with(
        7_000_216,
        401,
        "invalid_client",
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    ),
    with(
        7_000_222,
        401,
        "invalid_client",
        "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys \
         for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: \
         https://aka.ms/certCreds.",
    ),
    with(9_002_313, 400, "invalid_request", "Invalid request. Request is malformed or invalid."),
];
