//! `POST /users/{id}/revokeSignInSessions` and `POST /me/revokeSignInSessions`.
//!
//! See <https://learn.microsoft.com/graph/api/user-revokesigninsessions>.

use std::time::Instant;

use crate::answer::{Answer, Reply};
use crate::clock::now_seconds;
use crate::directory::User;
use crate::error_body::{denied, graph_error, not_found};
use crate::graph::Call;
use crate::ledger::count;
use crate::quota::Refusal;
use crate::users::signed_in;

/// Revokes the sessions of the user that `key` names.
pub(crate) fn revoke_user(call: &Call<'_>, key: &str) -> Reply {
    charged(call, || {
        if !call.identity.can_revoke {
            return denied(call.ids);
        }
        match call.shared.directory.find(key) {
            None => not_found(key, call.ids),
            Some(user) if user.is_admin && call.identity.user != Some(user.id) => denied(call.ids),
            Some(user) => revoke(call, user),
        }
    })
}

/// Revokes the sessions of the signed-in user.
pub(crate) fn revoke_me(call: &Call<'_>) -> Reply {
    charged(call, || match signed_in(call) {
        Err(error) => error,
        Ok(_) if !call.identity.can_revoke => denied(call.ids),
        Ok(user) => revoke(call, user),
    })
}

/// A guest's sessions belong to its home tenant, so Graph says yes and changes nothing.
fn revoke(call: &Call<'_>, user: &User) -> Answer {
    if !user.is_guest {
        call.shared.directory.revoke(user, now_seconds());
    }
    Answer::json(200, call.shared.revoked_body.clone())
}

/// Charges one write to the quota, and does the work only when it fits.
fn charged(call: &Call<'_>, work: impl FnOnce() -> Answer) -> Reply {
    let app_id = &call.identity.app_id;
    let verdict = call.shared.throttle.charge(app_id, call.arrived);
    if verdict.early {
        count(&call.shared.ledger.early);
    }
    let mut reply: Reply = match verdict.refusal {
        Some(refusal) => throttled(call, &refusal),
        None => work().into(),
    };
    if let Some(used) = verdict.used {
        reply.answer = reply.answer.with_header("x-ms-throttle-limit-percentage", format!("{used:.2}"));
    }
    reply
}

fn throttled(call: &Call<'_>, refusal: &Refusal) -> Reply {
    let scope = format!("{}/ReadWrite/{}/{}", refusal.scope, call.identity.app_id, call.shared.endpoints.tenant_id);
    let answer = graph_error(429, "TooManyRequests", "Too many requests.", call.ids)
        .with_header("Retry-After", refusal.retry_after.to_string())
        .with_header("x-ms-throttle-scope", scope)
        .with_header("x-ms-throttle-information", "ResourceUnitLimitExceeded");
    let until: Instant = refusal.until;
    Reply { wait_until: Some(until), ..answer.into() }
}
