//! The records that cross the boundary, in the form both sides serialise.

use interoptopus::ffi;

/// Why a call over the boundary itself failed. What happened to a user is never told this way.
#[ffi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FfiError {
    /// The caller passed a record that could not be decoded.
    InvalidInput,
    /// The library failed in a way that it did not foresee.
    Internal,
}

/// An error as PowerShell shows it: its names and texts are decided in the core library.
#[ffi]
#[derive(Debug, Clone)]
pub struct ErrorDetail {
    /// The error id, such as `UserNotFound`.
    pub id: String,
    /// The name of the PowerShell `ErrorCategory` that fits.
    pub category: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do next.
    pub recommended_action: String,
}

/// One user as the caller named it.
#[ffi]
#[derive(Debug, Clone)]
pub struct UserInput {
    /// The caller's number for this input; the outcome carries it back.
    pub tag: u64,
    /// An object id, or a UPN where the caller had one string only.
    pub id: Option<String>,
    /// The UPN, where the caller had one besides the id.
    pub user_principal_name: Option<String>,
    /// The signed-in user itself; the other two are not looked at.
    pub me: bool,
}

/// What the core library makes of one [`UserInput`] before any request.
#[ffi]
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The user as prompts name it: `adele@contoso.com (id)`.
    pub display: String,
    /// The object id in canonical form.
    pub object_id: Option<String>,
    /// The UPN as given.
    pub user_principal_name: Option<String>,
    /// Set when the input names no user that could be addressed.
    pub error: Option<ErrorDetail>,
}

/// How to sign in. The secret itself travels through `GraphSession::provide_secret`.
#[ffi]
#[derive(Clone)]
pub struct ConnectRequest {
    /// What to sign in with; it decides which of the other fields are looked at.
    pub credential: CredentialKind,
    /// Tenant id or domain name.
    pub tenant_id: Option<String>,
    /// Application (client) id.
    pub client_id: Option<String>,
    /// The certificate whose key `GraphSession::next_question` will ask to sign with.
    pub certificate: Option<CertificateInfo>,
    /// The file with a federated token.
    pub federated_token_file: Option<String>,
    /// The delegated permissions to ask for, or those that a borrowed session tells of itself.
    pub scopes: Vec<String>,
    /// The account that a borrowed session tells of itself.
    pub account: Option<String>,
    /// `Global`, `USGov`, `USGovDoD` or `China`.
    pub environment: String,
    /// Another Graph endpoint than the environment's.
    pub graph_endpoint: Option<String>,
    /// Another authority than the environment's.
    pub authority_host: Option<String>,
    /// The proxy to go through, instead of the one that variables or the system name.
    pub proxy: Option<String>,
    /// Another write quota than the environment's.
    pub write_quota: Option<WriteQuota>,
    /// Variables of the caller's environment, which may differ from that of the process.
    pub variables: Vec<Variable>,
}

/// The kinds of credential that `ConnectRequest` can name.
#[ffi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// An application with a client secret.
    ClientSecret,
    /// An application with a certificate.
    Certificate,
    /// An application that trusts another issuer's tokens.
    FederatedTokenFile,
    /// The identity that Azure gives the machine.
    ManagedIdentity,
    /// The account that is signed in to the Azure CLI.
    AzureCli,
    /// A user who signs in on another device.
    DeviceCode,
    /// An access token that the caller already has.
    AccessToken,
    /// A token that the caller lends whenever it is asked.
    BorrowedToken,
}

/// What must be known of a certificate whose key the caller signs with.
#[ffi]
#[derive(Debug, Clone)]
pub struct CertificateInfo {
    /// SHA-256 of the certificate in DER, 32 bytes.
    pub sha256: Vec<u8>,
    /// When it begins to be valid, in milliseconds since 1970-01-01 UTC.
    pub not_before: i64,
    /// When it ends to be valid, in milliseconds since 1970-01-01 UTC.
    pub not_after: i64,
}

/// A limit of writes within a window of time.
#[ffi]
#[derive(Debug, Clone, Copy)]
pub struct WriteQuota {
    /// Writes in the window; zero is no limit.
    pub writes: u32,
    /// The length of the window in seconds.
    pub window_seconds: u32,
}

/// A variable of the caller's environment.
#[ffi]
#[derive(Clone)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it holds; possibly a password, which is why this type has no `Debug`.
    pub content: String,
}

/// Something that only the caller can do.
#[ffi]
#[derive(Debug, Clone)]
pub struct HostQuestion {
    /// The number to answer with.
    pub id: u64,
    /// What is asked for.
    pub kind: HostQuestionKind,
    /// What is to be signed.
    pub data: Vec<u8>,
    /// What is to be shown.
    pub text: String,
}

/// What the caller is asked for.
#[ffi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostQuestionKind {
    /// The RSASSA-PSS signature with SHA-256 of `data`.
    Sign,
    /// The access token of the borrowed session as it is now, as UTF-8.
    LendToken,
    /// To show `text` to the user; needs no answer.
    ShowMessage,
}

/// What the user is to be told before the first revocation.
#[ffi]
#[derive(Debug, Clone)]
pub struct Preflight {
    /// A warning that the permission is missing.
    pub warning: Option<String>,
}

/// The answer to a [`ConnectRequest`].
#[ffi]
#[derive(Debug, Clone)]
pub struct ConnectReply {
    /// Set when signing in failed.
    pub error: Option<ErrorDetail>,
}

/// Who is signed in, where and until when. Holds no secret.
#[ffi]
#[derive(Debug, Clone)]
pub struct SessionContext {
    /// UPN of the signed-in user, or the display name of the application.
    pub account: Option<String>,
    /// Application (client) id.
    pub client_id: Option<String>,
    /// Tenant id.
    pub tenant_id: Option<String>,
    /// `Global`, `USGov`, `USGovDoD`, `China` or `Custom`.
    pub environment: String,
    /// The Graph endpoint in use.
    pub graph_endpoint: String,
    /// The authority in use.
    pub authority_host: String,
    /// `AppOnly`, `Delegated` or `Unknown`.
    pub auth_type: String,
    /// The kind of credential, such as `ClientSecret`.
    pub credential_type: String,
    /// Delegated permissions in the token.
    pub scopes: Vec<String>,
    /// Application permissions in the token.
    pub roles: Vec<String>,
    /// When the token ends, in milliseconds since 1970-01-01 UTC.
    pub expires_on: Option<i64>,
}

/// How a run behaves.
#[ffi]
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Batches in flight at once.
    pub throttle_limit: u32,
    /// Seconds for the whole run; zero is no limit.
    pub timeout_seconds: u32,
    /// Whether the run tells of batches, waits and retries.
    pub verbose: bool,
    /// Whether the stamp of each user is read before and after, and compared.
    pub verify: bool,
    /// Whether the run writes to the journal that was opened for it.
    pub journaled: bool,
}

/// Which journal to open.
#[ffi]
#[derive(Debug, Clone)]
pub struct JournalRequest {
    /// The absolute path of the file.
    pub path: String,
}

/// How one input ended.
#[ffi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationStatus {
    /// Graph confirmed that it revoked the sessions.
    Revoked,
    /// There is no such user.
    NotFound,
    /// Graph refused.
    Denied,
    /// Graph asked to wait for longer than the run could.
    Throttled,
    /// The sessions were not revoked, and it is known why.
    Failed,
    /// A request was sent and no trustworthy answer came.
    Unknown,
    /// Nothing was to be revoked here.
    Skipped,
}

/// The one outcome of one input.
#[ffi]
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The caller's number of the input.
    pub tag: u64,
    /// How it ended.
    pub status: RevocationStatus,
    /// Object id, where known.
    pub user_id: Option<String>,
    /// UPN, where known.
    pub user_principal_name: Option<String>,
    /// Whether the sessions were revoked.
    pub revoked: bool,
    /// What Graph does not tell by itself.
    pub note: Option<String>,
    /// Whether `note` deserves a warning.
    pub warn: bool,
    /// Set when the status asks for an error record.
    pub error: Option<ErrorDetail>,
    /// The code Graph gave, such as `Request_ResourceNotFound`.
    pub error_code: Option<String>,
    /// Graph's `request-id`, for Microsoft support.
    pub request_id: Option<String>,
    /// How many requests were made for this user.
    pub attempts: u32,
    /// When the outcome was known, in milliseconds since 1970-01-01 UTC.
    pub timestamp: i64,
    /// The stamp from which on the user's sessions are valid, where it was read back; milliseconds likewise.
    pub sessions_valid_from: Option<i64>,
    /// Whether the stamp has moved, where that is known.
    pub verified: Option<bool>,
}

/// A line for the verbose or the warning stream.
#[ffi]
#[derive(Debug, Clone)]
pub struct Notice {
    /// The text, free of secrets.
    pub text: String,
    /// Whether it is a warning.
    pub warning: bool,
}

/// How far a run is.
#[ffi]
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Inputs taken so far.
    pub accepted: u64,
    /// Inputs with an outcome.
    pub done: u64,
    /// Outcomes a second, lately.
    pub per_second: f64,
    /// Seconds to go at that rate, or -1 while the end is not known.
    pub remaining_seconds: i32,
}

/// What happened in a run since the last report.
#[ffi]
#[derive(Debug, Clone)]
pub struct RunReport {
    /// Outcomes, in order of completion.
    pub outcomes: Vec<Outcome>,
    /// Lines for the verbose and the warning stream, in order.
    pub notices: Vec<Notice>,
    /// How far the run is.
    pub progress: Progress,
    /// Whether this was the last report.
    pub finished: bool,
}
