//! Refresh tokens: good until the user's sessions are revoked.
//!
//! Source: Microsoft identity platform, "Refresh tokens in the Microsoft identity platform".

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::opaque::opaque_text;
use super::refusal::Refusal;
use super::scope::Scopes;
use crate::clock::{now_seconds, timestamp};
use crate::directory::{Directory, User};

/// What a refresh token stands for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) user: Uuid,
    pub(super) client_id: String,
    pub(super) scopes: Scopes,
    issued: i64,
    /// How often the user had been revoked by then; the clock's seconds would not tell a revocation just after.
    revocations: u32,
}

/// The refresh tokens that were issued. A used one stays good, as Entra has it.
#[derive(Debug, Default)]
pub(crate) struct RefreshTokens(Mutex<HashMap<String, Grant>>);

impl RefreshTokens {
    /// Issues a token.
    pub(super) fn issue(&self, user: &User, client_id: &str, scopes: Scopes) -> String {
        let token = opaque_text("1.A");
        let grant = Grant {
            user: user.id,
            client_id: client_id.to_owned(),
            scopes,
            issued: now_seconds(),
            revocations: user.revocations(),
        };
        self.lock().insert(token.clone(), grant);
        token
    }

    /// What a token stands for, unless it is unknown, another application's, or revoked.
    pub(super) fn redeem(&self, token: &str, client_id: &str, directory: &Directory) -> Result<Grant, Refusal> {
        let unknown = || Refusal::new(9_002_313, &[]).under("invalid_grant");
        let grant = self.lock().get(token).cloned().ok_or_else(unknown)?;
        if !grant.client_id.eq_ignore_ascii_case(client_id) {
            return Err(unknown());
        }
        let user = directory.find_by_id(grant.user).ok_or_else(unknown)?;
        if user.revocations() > grant.revocations {
            let (issued, valid_from) = (timestamp(grant.issued).to_string(), user.sessions_valid_from().to_string());
            return Err(Refusal::new(50_173, &[("issued", &issued), ("valid_from", &valid_from)]));
        }
        Ok(grant)
    }

    /// Goes on from a directory that has forgotten its revocations.
    pub(crate) fn forget_revocations(&self) {
        self.lock().values_mut().for_each(|grant| grant.revocations = 0);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
