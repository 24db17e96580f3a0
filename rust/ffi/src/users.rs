//! The service behind `Get-RsUserSession`.

use interoptopus::pattern::asynk::Async;
use interoptopus::wire::Wire;
use interoptopus::{AsyncRuntime, ffi};
use jiff::Timestamp;
use revoke_session_core::Input;
use revoke_session_core::reading::{Limit, ReadEvent, Reading, UserQuery, UserSession, look_up_users, read_users};
use tokio::sync::Mutex as AsyncMutex;

use crate::boundary::{Workers, guarded_async, guarded_new, unwire, wire};
use crate::session::GraphSession;
use crate::wire::{FfiError, Notice};
use crate::wire_reading::{UserEntry, UserRecord, UserReport, UserRequest};

/// Users, read as they are asked for.
#[ffi(service)]
#[derive(AsyncRuntime)]
pub struct UserReading {
    runtime: Workers,
    reading: AsyncMutex<Reading<UserSession>>,
}

#[ffi]
impl UserReading {
    /// Prepares to read; nothing is sent yet.
    pub fn start(session: &GraphSession, request: Wire<UserRequest>) -> ffi::Result<Self, FfiError> {
        guarded_new(|| {
            let UserRequest { users, filter, search, top, all, verbose } = unwire(request)?;
            let connected = session.connected()?;
            let reading = if users.is_empty() {
                let limit = match top {
                    Some(count) => Limit::First(count),
                    None if all => Limit::None,
                    None => Limit::Usual,
                };
                read_users(&connected, &UserQuery { filter, search, limit }, verbose)
            } else {
                let inputs: Vec<Input> = users.iter().map(Input::from).collect();
                look_up_users(&connected, &inputs, verbose)
            };
            Ok(Self { runtime: session.workers().clone(), reading: AsyncMutex::new(reading) })
        })
    }

    /// Waits for at least one user, error or notice, or for the end.
    pub async fn next(this: Async<Self>, max: u32) -> ffi::Result<Wire<UserReport>, FfiError> {
        guarded_async(async move {
            let events = this.reading.lock().await.next(max as usize).await;
            let mut report = UserReport { entries: Vec::new(), notices: Vec::new(), finished: events.is_none() };
            for event in events.unwrap_or_default() {
                match event {
                    ReadEvent::Item(user) => {
                        report.entries.push(UserEntry { user: Some(user.into()), error: None, about: None });
                    }
                    ReadEvent::Failed { detail, about } => {
                        report.entries.push(UserEntry { user: None, error: Some(detail.into()), about: place(about) });
                    }
                    ReadEvent::Warning(text) => report.notices.push(Notice { text, warning: true }),
                    ReadEvent::Notice(text) => report.notices.push(Notice { text, warning: false }),
                }
            }
            wire(report)
        })
        .await
    }
}

/// A place among the inputs; what is beyond any list is about none of them.
pub(crate) fn place(about: Option<usize>) -> Option<u32> {
    about.and_then(|place| u32::try_from(place).ok())
}

impl From<UserSession> for UserRecord {
    fn from(user: UserSession) -> Self {
        Self {
            id: user.id,
            user_principal_name: user.user_principal_name,
            display_name: user.display_name,
            sessions_valid_from: user.sessions_valid_from.and_then(milliseconds),
            account_enabled: user.account_enabled,
            user_type: user.user_type,
            department: user.department,
        }
    }
}

/// A moment in milliseconds, where .NET's calendar, from year 1 to 9999, has it in every time zone.
pub(crate) fn milliseconds(moment: Timestamp) -> Option<i64> {
    Some(moment.as_millisecond()).filter(|moment| (-62_135_510_400_000..253_402_128_000_000).contains(moment))
}
