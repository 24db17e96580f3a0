//! What errors are called and what people are told: the one place for ids, categories and advice.

/// The id of an error, as users of the module see it in `FullyQualifiedErrorId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorId {
    /// The input names no user that could be addressed.
    InvalidUserId,
    /// There is no sign-in to work with.
    NotConnected,
    /// Graph knows no such user.
    UserNotFound,
    /// Graph refused for lack of permission.
    AccessDenied,
    /// Graph asked to wait for longer than the run could.
    Throttled,
    /// Signing in failed, or Graph does not accept the token.
    AuthenticationFailed,
    /// No connection to Graph or to the authority could be made.
    GraphUnreachable,
    /// A request was sent and no trustworthy answer came.
    OutcomeUnknown,
    /// Graph answered that it did not revoke.
    RevocationRefused,
    /// Graph rejected the request for another reason.
    RequestRejected,
    /// The run ended before the request was sent.
    TimedOut,
    /// The run was stopped before the request was sent.
    Cancelled,
    /// The signed-in user was asked for, but an application is signed in.
    DelegatedSignInRequired,
    /// A place to talk to is not acceptable.
    InvalidEndpoint,
    /// The input is no internet address and no range of them.
    InvalidIpAddress,
    /// Graph answered something that cannot be used.
    InvalidAnswer,
    /// The tenant has not the licence for what was asked.
    LicenseRequired,
    /// The journal cannot be opened or written.
    JournalUnavailable,
    /// There is no journal to read.
    JournalNotFound,
    /// There is a file where a report is to be written.
    ReportExists,
    /// The report cannot be written.
    ReportNotWritten,
    /// The library failed in a way that it did not foresee.
    InternalError,
}

/// The errors that an outcome can have.
const OF_OUTCOMES: [ErrorId; 14] = [
    ErrorId::InvalidUserId,
    ErrorId::UserNotFound,
    ErrorId::AccessDenied,
    ErrorId::Throttled,
    ErrorId::AuthenticationFailed,
    ErrorId::GraphUnreachable,
    ErrorId::OutcomeUnknown,
    ErrorId::RevocationRefused,
    ErrorId::RequestRejected,
    ErrorId::TimedOut,
    ErrorId::Cancelled,
    ErrorId::DelegatedSignInRequired,
    ErrorId::JournalUnavailable,
    ErrorId::InternalError,
];

impl ErrorId {
    /// The error of an outcome, by the name that a journal has of it.
    pub fn named(name: &str) -> Option<Self> {
        OF_OUTCOMES.into_iter().find(|id| id.name() == name)
    }

    /// The id as text.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidUserId => "InvalidUserId",
            Self::NotConnected => "NotConnected",
            Self::UserNotFound => "UserNotFound",
            Self::AccessDenied => "AccessDenied",
            Self::Throttled => "Throttled",
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::GraphUnreachable => "GraphUnreachable",
            Self::OutcomeUnknown => "OutcomeUnknown",
            Self::RevocationRefused => "RevocationRefused",
            Self::RequestRejected => "RequestRejected",
            Self::TimedOut => "TimedOut",
            Self::Cancelled => "Cancelled",
            Self::DelegatedSignInRequired => "DelegatedSignInRequired",
            Self::InvalidEndpoint => "InvalidEndpoint",
            Self::InvalidIpAddress => "InvalidIpAddress",
            Self::InvalidAnswer => "InvalidAnswer",
            Self::LicenseRequired => "LicenseRequired",
            Self::JournalUnavailable => "JournalUnavailable",
            Self::JournalNotFound => "JournalNotFound",
            Self::ReportExists => "ReportExists",
            Self::ReportNotWritten => "ReportNotWritten",
            Self::InternalError => "InternalError",
        }
    }

    /// The name of the PowerShell `ErrorCategory` that fits.
    pub fn category(self) -> &'static str {
        match self {
            Self::InvalidUserId | Self::InvalidEndpoint | Self::InvalidIpAddress => "InvalidArgument",
            Self::InvalidAnswer => "InvalidData",
            Self::NotConnected => "ConnectionError",
            Self::UserNotFound | Self::JournalNotFound => "ObjectNotFound",
            Self::AccessDenied | Self::LicenseRequired => "PermissionDenied",
            Self::Throttled => "LimitsExceeded",
            Self::AuthenticationFailed => "AuthenticationError",
            Self::GraphUnreachable | Self::JournalUnavailable => "ResourceUnavailable",
            Self::ReportExists => "ResourceExists",
            Self::ReportNotWritten => "WriteError",
            Self::OutcomeUnknown => "InvalidResult",
            Self::RevocationRefused | Self::RequestRejected | Self::DelegatedSignInRequired => "InvalidOperation",
            Self::TimedOut => "OperationTimeout",
            Self::Cancelled => "OperationStopped",
            Self::InternalError => "NotSpecified",
        }
    }

    /// What to do next.
    pub fn recommended_action(self) -> &'static str {
        match self {
            Self::InvalidUserId => "Pass an object id (GUID) or a user principal name such as adele@contoso.com.",
            Self::NotConnected => {
                "Run: Connect-RsGraph -UseMgGraphSession (where Connect-MgGraph is open), or: Connect-RsGraph -TenantId <tenant> -ClientSecretCredential (Get-Credential <client id>)"
            }
            Self::UserNotFound => {
                "Check the spelling, and that you are connected to the user's tenant (Get-RsContext). A deleted user has no sessions."
            }
            Self::AccessDenied => {
                "The least permission is User.RevokeSessions.All, granted by an administrator. A user who holds an administrator role needs a caller with a higher role, such as Privileged Authentication Administrator."
            }
            Self::Throttled => {
                "Run again later for these users: the quota of the tenant was used up. A longer or no -TimeoutSeconds lets the run wait."
            }
            Self::AuthenticationFailed => "Check tenant, client id and credential, then run Connect-RsGraph again.",
            Self::GraphUnreachable => {
                "Check the network, the proxy and the name of the endpoint (Get-RsContext), then run again for these users."
            }
            Self::OutcomeUnknown => "Run again for this user: repeating a revocation is harmless.",
            Self::RevocationRefused => {
                "Run again for this user, and look at the account in the Microsoft Entra admin center if it is refused again."
            }
            Self::RequestRejected => {
                "Read the message from Graph; the request id identifies the request for Microsoft support."
            }
            Self::TimedOut => "Run again for these users, with a longer -TimeoutSeconds or none.",
            Self::Cancelled => "Run again for these users.",
            Self::DelegatedSignInRequired => {
                "Connect as a user (Connect-RsGraph -UseDeviceCode, -UseMgGraphSession, or -AccessToken with a delegated token), or name the user with -UserId."
            }
            Self::InvalidEndpoint => {
                "Give an https address of scheme and host alone, such as https://graph.microsoft.com."
            }
            Self::InvalidIpAddress => {
                "Give an IPv4 or IPv6 address such as 203.0.113.7, or a range such as 203.0.113.0/24 or 2001:db8::/32."
            }
            Self::InvalidAnswer => {
                "Run again. If it happens again, look at what is between here and Graph: the proxy, and the endpoint (Get-RsContext)."
            }
            Self::LicenseRequired => "Look up which licence the request needs, and whether the tenant has it.",
            Self::JournalUnavailable => {
                "Give a -JournalPath in a folder that this account may write to, on a disk with room, and run again with it: users that it shows as revoked are not revoked again."
            }
            Self::JournalNotFound => {
                "Check the path. A journal is the file that Revoke-RsUserSession was given as -JournalPath."
            }
            Self::ReportExists => "Give another -OutputPath, or -Force to replace the file.",
            Self::ReportNotWritten => {
                "Give an -OutputPath in a folder that this account may write to, on a disk with room."
            }
            Self::InternalError => "Run again for these users, and report the message as a defect of RevokeSession.",
        }
    }

    /// The error with its message.
    pub fn with_message(self, message: impl Into<String>) -> ErrorDetail {
        ErrorDetail { id: self, message: message.into(), advice: None }
    }

    /// The error for a cmdlet that needs a sign-in and has none.
    pub fn not_connected() -> ErrorDetail {
        Self::NotConnected.with_message("You are not connected to Microsoft Graph.")
    }
}

/// An error as people are shown it. The message is a sentence of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDetail {
    /// Which error it is.
    pub id: ErrorId,
    /// What happened, free of secrets.
    pub message: String,
    /// What to do next, where the case is known better than [`ErrorId::recommended_action`] knows it.
    pub advice: Option<&'static str>,
}

impl ErrorDetail {
    /// The error with advice for its case, if there is any.
    #[must_use]
    pub(crate) fn with_advice(mut self, advice: Option<&'static str>) -> Self {
        self.advice = advice.or(self.advice);
        self
    }

    /// What to do next.
    pub fn recommended_action(&self) -> &'static str {
        self.advice.unwrap_or(self.id.recommended_action())
    }
}
