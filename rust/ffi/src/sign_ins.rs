//! The service behind `Get-RsSignIn`.

use std::sync::Mutex;

use interoptopus::pattern::asynk::Async;
use interoptopus::wire::Wire;
use interoptopus::{AsyncRuntime, ffi};
use jiff::Timestamp;
use revoke_session_core::Input;
use revoke_session_core::identity::UserId;
use revoke_session_core::reading::{IpRange, ReadEvent, Reading, SignIn, SignInQuery, SignInStatus, read_sign_ins};
use tokio::sync::Mutex as AsyncMutex;

use crate::boundary::{Workers, guarded_async, guarded_new, lock, unwire, wire};
use crate::session::GraphSession;
use crate::users::{milliseconds, place};
use crate::wire::{FfiError, Notice};
use crate::wire_reading::{SignInChoice, SignInEntry, SignInRecord, SignInReport, SignInRequest};

/// Entries of the sign-in log, read as they are asked for.
#[ffi(service)]
#[derive(AsyncRuntime)]
pub struct SignInReading {
    runtime: Workers,
    /// The inputs that name nothing to look for, until they have been told.
    invalid: Mutex<Vec<SignInEntry>>,
    /// None where nothing is left to look for; then nothing is read, rather than everything.
    reading: AsyncMutex<Option<Reading<SignIn>>>,
}

#[ffi]
impl SignInReading {
    /// Prepares to read; nothing is sent yet.
    pub fn start(session: &GraphSession, request: Wire<SignInRequest>) -> ffi::Result<Self, FfiError> {
        guarded_new(|| {
            let request = unwire(request)?;
            let connected = session.connected()?;
            let verbose = request.verbose;
            let (query, invalid) = query(request);
            let reading = query.map(|query| read_sign_ins(&connected, query, verbose));
            Ok(Self {
                runtime: session.workers().clone(),
                invalid: Mutex::new(invalid),
                reading: AsyncMutex::new(reading),
            })
        })
    }

    /// Waits for at least one entry, error or notice, or for the end.
    pub async fn next(this: Async<Self>, max: u32) -> ffi::Result<Wire<SignInReport>, FfiError> {
        guarded_async(async move {
            let invalid = std::mem::take(&mut *lock(&this.invalid));
            if !invalid.is_empty() {
                return wire(SignInReport { entries: invalid, notices: Vec::new(), finished: false });
            }
            let events = match &mut *this.reading.lock().await {
                Some(reading) => reading.next(max as usize).await,
                None => None,
            };
            let mut report = SignInReport { entries: Vec::new(), notices: Vec::new(), finished: events.is_none() };
            for event in events.unwrap_or_default() {
                match event {
                    ReadEvent::Item(entry) => {
                        report.entries.push(SignInEntry { sign_in: Some(entry.into()), error: None, about: None });
                    }
                    ReadEvent::Failed { detail, about } => report.entries.push(SignInEntry {
                        sign_in: None,
                        error: Some(detail.into()),
                        about: place(about),
                    }),
                    ReadEvent::Warning(text) => report.notices.push(Notice { text, warning: true }),
                    ReadEvent::Notice(text) => report.notices.push(Notice { text, warning: false }),
                }
            }
            wire(report)
        })
        .await
    }
}

/// What to read, and which inputs name nothing. Where all addresses or all users are such, nothing is read.
fn query(request: SignInRequest) -> (Option<SignInQuery>, Vec<SignInEntry>) {
    let mut invalid = Vec::new();
    let mut refuse = |detail: revoke_session_core::ErrorDetail, at: usize| {
        invalid.push(SignInEntry { sign_in: None, error: Some(detail.into()), about: place(Some(at)) });
    };
    let mut addresses: Vec<IpRange> = Vec::new();
    for (at, text) in request.addresses.iter().enumerate() {
        match text.parse::<IpRange>() {
            Ok(range) => addresses.push(range),
            Err(error) => refuse(error.detail(text), at),
        }
    }
    let mut users: Vec<UserId> = Vec::new();
    for (at, input) in request.users.iter().enumerate() {
        match Input::from(input).target() {
            Ok(target) => users.extend(target.user().cloned()),
            Err(detail) => refuse(detail, request.addresses.len() + at),
        }
    }
    let nothing_left =
        (addresses.is_empty() && !request.addresses.is_empty()) || (users.is_empty() && !request.users.is_empty());
    let moment = |time: Option<i64>| time.and_then(|time| Timestamp::from_millisecond(time).ok());
    let query = SignInQuery {
        addresses,
        users,
        since: moment(request.since),
        until: moment(request.until),
        app_id: request.app_id,
        status: match request.status {
            SignInChoice::Any => None,
            SignInChoice::Success => Some(SignInStatus::Success),
            SignInChoice::Failure => Some(SignInStatus::Failure),
        },
        filter: request.filter,
        top: request.top,
        everything: request.all,
    };
    ((!nothing_left).then_some(query), invalid)
}

impl From<SignIn> for SignInRecord {
    fn from(entry: SignIn) -> Self {
        Self {
            id: entry.id,
            user_id: entry.user_id,
            user_principal_name: entry.user_principal_name,
            user_display_name: entry.user_display_name,
            created: milliseconds(entry.created).unwrap_or_default(),
            ip_address: entry.ip_address,
            app_id: entry.app_id,
            app_display_name: entry.app_display_name,
            client_app_used: entry.client_app_used,
            succeeded: entry.status == SignInStatus::Success,
            error_code: entry.error_code,
            failure_reason: entry.failure_reason,
            city: entry.city,
            country_or_region: entry.country_or_region,
            is_interactive: entry.is_interactive,
        }
    }
}
