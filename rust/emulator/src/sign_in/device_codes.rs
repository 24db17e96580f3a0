//! Device codes and what is decided about them.
//!
//! Sources: RFC 8628, "OAuth 2.0 Device Authorization Grant"; Microsoft identity platform, "Microsoft identity
//! platform and the OAuth 2.0 device authorization grant flow".

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::opaque::opaque_text;
use super::scope::Scopes;
use crate::random::Random;

/// How long a device code is good.
pub(super) const LIFETIME: Duration = Duration::from_mins(15);

/// A poll this much early is not: what a client sends in time may reach the server sooner than the poll before it.
const SLACK: Duration = Duration::from_millis(100);

/// Letters that nobody takes for another, and that spell no words.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXYZ23456789";

/// What someone at the browser does about a device code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceDecision {
    /// What is decided.
    pub action: DeviceAction,
    /// Who signs in; `admin@contoso.com` unless given.
    #[serde(default)]
    pub upn: Option<String>,
    /// Which code it is about; the latest one that is pending unless given.
    #[serde(default)]
    pub user_code: Option<String>,
    /// Decides every future code instead.
    #[serde(default)]
    pub next: bool,
}

/// What can be decided about a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceAction {
    /// The user signs in.
    Approve,
    /// The user declines.
    Deny,
    /// The code expires.
    Expire,
    /// The next poll is answered with `slow_down`, whenever it comes.
    SlowDown,
}

/// A device code that waits for someone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingCode {
    user_code: String,
    client_id: String,
    scopes: Vec<String>,
    polls: u64,
}

/// What a poll is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Poll {
    Unknown,
    Expired,
    SlowDown,
    Pending,
    Declined,
    /// The user signed in, and the code is used up.
    Approved {
        user: Uuid,
        scopes: Scopes,
    },
}

/// A code as the client gets it.
#[derive(Debug)]
pub(super) struct IssuedCode {
    pub(super) user_code: String,
    pub(super) device_code: String,
}

/// The device codes that were issued.
#[derive(Debug)]
pub(crate) struct DeviceCodes {
    pub(super) interval: Duration,
    codes: Mutex<Codes>,
}

#[derive(Debug, Default)]
struct Codes {
    issued: Vec<Issued>,
    /// What becomes of every new code, and who signs in.
    standing: Option<(DeviceAction, Uuid)>,
}

#[derive(Debug)]
struct Issued {
    user_code: String,
    device_code: String,
    client_id: String,
    scopes: Scopes,
    expires: Instant,
    polled: Option<Instant>,
    polls: u64,
    slow_down: bool,
    decided: Option<Decided>,
}

#[derive(Debug)]
enum Decided {
    Approved(Uuid),
    Denied,
    Expired,
}

impl DeviceCodes {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, codes: Mutex::default() }
    }

    /// Issues a code.
    pub(super) fn issue(&self, client_id: &str, scopes: Scopes, random: &mut Random) -> IssuedCode {
        let letter = |_| char::from(LETTERS[random.below(LETTERS.len())]);
        let mut code = Issued {
            user_code: (0..9).map(letter).collect(),
            device_code: opaque_text("A"),
            client_id: client_id.to_owned(),
            scopes,
            expires: Instant::now() + LIFETIME,
            polled: None,
            polls: 0,
            slow_down: false,
            decided: None,
        };
        let mut codes = self.lock();
        if let Some((action, user)) = codes.standing {
            code.decide(action, user);
        }
        let issued = IssuedCode { user_code: code.user_code.clone(), device_code: code.device_code.clone() };
        codes.issued.push(code);
        issued
    }

    /// Answers one poll of a client.
    pub(super) fn poll(&self, device_code: &str, client_id: &str, now: Instant) -> Poll {
        let mut codes = self.lock();
        let matches = |code: &Issued| code.device_code == device_code && code.client_id.eq_ignore_ascii_case(client_id);
        let Some(position) = codes.issued.iter().position(matches) else { return Poll::Unknown };
        let code = &mut codes.issued[position];
        let since = code.polled.replace(now).map(|polled| now.saturating_duration_since(polled));
        code.polls += 1;
        if std::mem::take(&mut code.slow_down) || since.is_some_and(|since| since + SLACK < self.interval) {
            return Poll::SlowDown;
        }
        match code.decided {
            Some(Decided::Expired) => Poll::Expired,
            _ if code.expires <= now => Poll::Expired,
            Some(Decided::Denied) => Poll::Declined,
            Some(Decided::Approved(user)) => {
                let Issued { scopes, .. } = codes.issued.remove(position);
                Poll::Approved { user, scopes }
            }
            None => Poll::Pending,
        }
    }

    /// Decides about a code that is pending and returns it, or about all future ones and returns none.
    pub(crate) fn decide(&self, decision: &DeviceDecision, user: Uuid) -> Option<String> {
        let mut codes = self.lock();
        if decision.next {
            codes.standing = Some((decision.action, user));
            return None;
        }
        let meant = |code: &&mut Issued| {
            code.is_pending() && decision.user_code.as_ref().is_none_or(|wanted| code.user_code == *wanted)
        };
        let code = codes.issued.iter_mut().rev().find(meant)?;
        code.decide(decision.action, user);
        Some(code.user_code.clone())
    }

    /// The codes that wait for someone, oldest first.
    pub(crate) fn pending(&self) -> Vec<PendingCode> {
        let listed = |code: &Issued| PendingCode {
            user_code: code.user_code.clone(),
            client_id: code.client_id.clone(),
            scopes: code.scopes.names.clone(),
            polls: code.polls,
        };
        self.lock().issued.iter().filter(|code| code.is_pending()).map(listed).collect()
    }

    /// Forgets every code, and what was decided about future ones.
    pub(crate) fn reset(&self) {
        *self.lock() = Codes::default();
    }

    fn lock(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Issued {
    fn is_pending(&self) -> bool {
        self.decided.is_none() && self.expires > Instant::now()
    }

    fn decide(&mut self, action: DeviceAction, user: Uuid) {
        match action {
            DeviceAction::Approve => self.decided = Some(Decided::Approved(user)),
            DeviceAction::Deny => self.decided = Some(Decided::Denied),
            DeviceAction::Expire => self.decided = Some(Decided::Expired),
            DeviceAction::SlowDown => self.slow_down = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use uuid::Uuid;

    use super::{DeviceAction, DeviceCodes, DeviceDecision, IssuedCode, LIFETIME, Poll};
    use crate::random::Random;
    use crate::sign_in::scope::Scopes;

    fn issue(codes: &DeviceCodes) -> IssuedCode {
        let scopes = Scopes { resource: String::new(), names: Vec::new(), offline: false };
        codes.issue("app", scopes, &mut Random::new(1))
    }

    #[test]
    fn polls_must_keep_the_interval() {
        let codes = DeviceCodes::new(Duration::from_secs(5));
        let code = issue(&codes).device_code;
        let start = Instant::now();
        let poll = |seconds| codes.poll(&code, "app", start + Duration::from_millis(seconds));
        assert_eq!(poll(0), Poll::Pending);
        assert_eq!(poll(4_000), Poll::SlowDown);
        assert_eq!(poll(8_000), Poll::SlowDown, "the interval counts from the last poll, early or not");
        assert_eq!(poll(12_950), Poll::Pending);
        assert_eq!(codes.poll(&code, "other", start), Poll::Unknown);
    }

    #[test]
    fn a_code_expires_and_a_used_one_is_gone() {
        let codes = DeviceCodes::new(Duration::ZERO);
        let old = issue(&codes).device_code;
        assert_eq!(codes.poll(&old, "app", Instant::now() + LIFETIME), Poll::Expired);
        let new = issue(&codes);
        let decision = DeviceDecision { action: DeviceAction::Approve, upn: None, user_code: None, next: false };
        assert_eq!(codes.decide(&decision, Uuid::nil()), Some(new.user_code));
        assert!(matches!(codes.poll(&new.device_code, "app", Instant::now()), Poll::Approved { .. }));
        assert_eq!(codes.poll(&new.device_code, "app", Instant::now()), Poll::Unknown);
    }
}
