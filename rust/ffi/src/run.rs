//! The service behind `Revoke-RsUserSession`.

use std::sync::Mutex;
use std::time::Duration;

use interoptopus::pattern::asynk::Async;
use interoptopus::wire::Wire;
use interoptopus::{AsyncRuntime, ffi};
use revoke_session_core::{Event, EventStream, Input, InputSink, RunControl};
use tokio::sync::Mutex as AsyncMutex;

use crate::boundary::{Workers, guarded, guarded_async, guarded_new, lock, unwire, wire};
use crate::session::GraphSession;
use crate::wire::{FfiError, Notice, RunOptions, RunReport, UserInput};

/// How long a report waits for news at the most.
const PULSE: Duration = Duration::from_millis(500);

/// One run of `Revoke-RsUserSession`: users in, outcomes out, both bounded.
#[ffi(service)]
#[derive(AsyncRuntime)]
pub struct RevocationRun {
    runtime: Workers,
    input: Mutex<InputSink>,
    events: AsyncMutex<EventStream>,
    control: RunControl,
}

#[ffi]
impl RevocationRun {
    /// Starts a run on a connected session.
    pub fn start(session: &GraphSession, options: Wire<RunOptions>) -> ffi::Result<Self, FfiError> {
        guarded_new(|| {
            let options = unwire(options)?;
            let runtime = session.workers().clone();
            let connected = session.connected()?;
            let journal = if options.journaled { Some(session.take_journal()?) } else { None };
            let run = runtime.enter(|| match journal {
                Some(journal) => revoke_session_core::start_journaled(&connected, options.into(), journal),
                None => revoke_session_core::start(&connected, options.into()),
            });
            Ok(Self {
                runtime,
                input: Mutex::new(run.input),
                events: AsyncMutex::new(run.events),
                control: run.control,
            })
        })
    }

    /// Hands over users, waiting until the run has room for all of them.
    pub async fn submit(this: Async<Self>, users: Wire<Vec<UserInput>>) -> ffi::Result<(), FfiError> {
        guarded_async(async move {
            let inputs = unwire(users)?.iter().map(Input::from).collect();
            let sink = lock(&this.input).clone();
            sink.submit(inputs).await;
            Ok(())
        })
        .await
    }

    /// Says that no more users follow at once, so that a partial batch leaves now.
    pub async fn flush(this: Async<Self>) -> ffi::Result<(), FfiError> {
        guarded_async(async move {
            let sink = lock(&this.input).clone();
            sink.flush().await;
            Ok(())
        })
        .await
    }

    /// Says that no more users follow at all.
    pub fn complete_input(&self) -> ffi::Result<(), FfiError> {
        guarded(|| {
            lock(&self.input).complete();
            Ok(())
        })
    }

    /// Stops the run: nothing more is sent or taken, and what was sent without an answer ends as unknown.
    pub fn cancel(&self) -> ffi::Result<(), FfiError> {
        guarded(|| {
            self.control.cancel();
            lock(&self.input).complete();
            Ok(())
        })
    }

    /// Waits for news: at least one outcome or notice, or the end of the run. A run that waits itself tells from
    /// time to time how long it still will.
    pub async fn next(this: Async<Self>, max: u32) -> ffi::Result<Wire<RunReport>, FfiError> {
        guarded_async(async move {
            let news = async { this.events.lock().await.next(max as usize).await };
            let events = tokio::time::timeout(PULSE, news).await.unwrap_or_else(|_| Some(Vec::new()));
            let finished = events.is_none();
            let (mut outcomes, mut notices) = (Vec::new(), Vec::new());
            for event in events.unwrap_or_default() {
                match event {
                    Event::Outcome(outcome) => outcomes.push(outcome.into()),
                    Event::Warning(text) => notices.push(Notice { text, warning: true }),
                    Event::Notice(text) => notices.push(Notice { text, warning: false }),
                }
            }
            wire(RunReport { outcomes, notices, progress: this.control.progress().into(), finished })
        })
        .await
    }
}

impl Drop for RevocationRun {
    fn drop(&mut self) {
        self.control.cancel();
    }
}
