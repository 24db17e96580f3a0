//! Between the core library's types and the records that cross the boundary.

use std::time::Duration;

use jiff::Timestamp;
use revoke_session_core as core;
use revoke_session_core::identity::{Target, UserId};

use crate::wire::{ErrorDetail, Judgement, Outcome, Progress, RevocationStatus, RunOptions, SessionContext, UserInput};

impl From<core::ErrorDetail> for ErrorDetail {
    fn from(detail: core::ErrorDetail) -> Self {
        Self {
            id: detail.id.name().to_owned(),
            category: detail.id.category().to_owned(),
            recommended_action: detail.recommended_action().to_owned(),
            message: detail.message,
        }
    }
}

impl From<&UserInput> for core::Input {
    fn from(input: &UserInput) -> Self {
        if input.me {
            Self::me(input.tag)
        } else {
            Self::parse(input.tag, input.id.as_deref(), input.user_principal_name.as_deref())
        }
    }
}

impl From<&Target> for Judgement {
    fn from(target: &Target) -> Self {
        Self {
            display: target.to_string(),
            object_id: target.user().and_then(UserId::object_id).map(|id| id.to_string()),
            user_principal_name: target.user().and_then(UserId::upn).map(|upn| upn.as_str().to_owned()),
            error: None,
        }
    }
}

impl From<RunOptions> for core::RunOptions {
    fn from(options: RunOptions) -> Self {
        let timeout = (options.timeout_seconds > 0).then(|| Duration::from_secs(options.timeout_seconds.into()));
        Self::default()
            .with_throttle_limit(options.throttle_limit as usize)
            .with_timeout(timeout)
            .with_verbose(options.verbose)
            .with_verify(options.verify)
    }
}

impl From<core::Status> for RevocationStatus {
    fn from(status: core::Status) -> Self {
        match status {
            core::Status::Revoked => Self::Revoked,
            core::Status::NotFound => Self::NotFound,
            core::Status::Denied => Self::Denied,
            core::Status::Throttled => Self::Throttled,
            core::Status::Failed => Self::Failed,
            core::Status::Unknown => Self::Unknown,
            core::Status::Skipped => Self::Skipped,
        }
    }
}

impl From<core::Outcome> for Outcome {
    fn from(outcome: core::Outcome) -> Self {
        let user = outcome.target.as_ref().and_then(Target::user);
        let (detail, graph_code) = match outcome.failure {
            Some(failure) => (Some(failure.detail), failure.graph_code),
            None => (None, None),
        };
        Self {
            tag: outcome.tag,
            status: outcome.status.into(),
            user_id: user.and_then(UserId::object_id).map(|id| id.to_string()),
            user_principal_name: user.and_then(UserId::upn).map(|upn| upn.as_str().to_owned()),
            revoked: outcome.status == core::Status::Revoked,
            note: outcome.note.map(Into::into),
            warn: outcome.warn,
            error: detail.map(Into::into),
            error_code: graph_code,
            request_id: outcome.request_id.map(|id| id.to_string()),
            attempts: outcome.attempts,
            timestamp: outcome.at.as_millisecond(),
            sessions_valid_from: outcome.sessions_valid_from.map(Timestamp::as_millisecond),
            verified: outcome.verified,
        }
    }
}

impl From<core::Progress> for Progress {
    fn from(progress: core::Progress) -> Self {
        Self {
            accepted: progress.accepted,
            done: progress.done,
            per_second: progress.per_second,
            remaining_seconds: progress.remaining.map_or(-1, |left| i32::try_from(left.as_secs()).unwrap_or(i32::MAX)),
        }
    }
}

impl From<core::SessionContext> for SessionContext {
    fn from(context: core::SessionContext) -> Self {
        Self {
            account: context.account,
            client_id: context.client_id,
            tenant_id: context.tenant_id,
            environment: context.endpoints.environment_name().to_owned(),
            graph_endpoint: context.endpoints.graph().as_str().to_owned(),
            authority_host: context.endpoints.authority().as_str().to_owned(),
            auth_type: context.auth_type.name().to_owned(),
            credential_type: context.credential_type.to_owned(),
            scopes: context.scopes,
            roles: context.roles,
            expires_on: context.expires_on.map(Timestamp::as_millisecond),
        }
    }
}
