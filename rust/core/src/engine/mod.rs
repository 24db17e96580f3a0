//! The engine: users in, outcomes out, both bounded.
//!
//! One task owns the state of a run and takes no lock. It takes inputs while it has room, sends
//! batches while pacing lets it, and gives every input exactly one outcome.

mod collect;
mod dispatch;
mod exchange;
mod flights;
mod job;
mod journaling;
mod last_words;
mod ledger;
mod options;
mod outage;
mod progress;
mod read_exchange;
mod settle;
mod verify;
mod wording;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::identity::{InvalidUserId, Target, UserId};
use crate::journal::Journal;
use crate::outcome::Outcome;
use crate::session::Session;

pub use collect::Collected;
pub use options::RunOptions;
pub use progress::Progress;

use progress::Meter;

/// How many inputs one message to the engine carries at most.
const CHUNK: usize = 200;

/// How many events wait for the caller before the engine stops taking new work.
const EVENTS: usize = 1024;

/// One user to revoke, with the caller's own number for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    tag: u64,
    target: Result<Target, InvalidInput>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct InvalidInput {
    reason: InvalidUserId,
    given: String,
}

impl Input {
    /// Judges what the caller has: `id` is an object id or a UPN, `upn` a UPN beside it.
    ///
    /// What names no user is an input all the same, and ends as failed before any request.
    pub fn parse(tag: u64, id: Option<&str>, upn: Option<&str>) -> Self {
        let target = UserId::parse(id, upn).map(Target::User).map_err(|reason| {
            let given = id.filter(|id| !id.trim().is_empty()).or(upn).unwrap_or_default();
            InvalidInput { reason, given: printable(given) }
        });
        Self { tag, target }
    }

    /// The signed-in user.
    pub fn me(tag: u64) -> Self {
        Self { tag, target: Ok(Target::Me(None)) }
    }

    /// Whom the input names.
    ///
    /// # Errors
    /// Why it names nobody, as people are shown it.
    pub fn target(&self) -> Result<&Target, crate::error::ErrorDetail> {
        self.target.as_ref().map_err(InvalidInput::detail)
    }
}

impl InvalidInput {
    fn detail(&self) -> crate::error::ErrorDetail {
        let message = match self.reason {
            InvalidUserId::Empty => {
                "The input names no user: it has neither an object id nor a user principal name.".to_owned()
            }
            reason => format!("'{}' is not a user id: {reason}.", self.given),
        };
        crate::error::ErrorId::InvalidUserId.with_message(message)
    }
}

/// A hostile text, made fit for a message.
fn printable(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut shown: String = text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An input has its outcome.
    Outcome(Outcome),
    /// Something the caller should know before the outcomes come, such as that Graph is out of reach.
    Warning(String),
    /// A line about batches, waits and repetitions; only when [`RunOptions::verbose`] is set.
    Notice(String),
}

enum Command {
    Users(Vec<Input>),
    Flush,
}

/// A run that has been started.
#[derive(Debug)]
pub struct Run {
    /// Where users go in.
    pub input: InputSink,
    /// Where outcomes come out.
    pub events: EventStream,
    /// Stops the run and tells how far it is.
    pub control: RunControl,
}

/// Starts a run on `session`, as a task of the current tokio runtime.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn start(session: &Session, options: RunOptions) -> Run {
    launch(session, options, None)
}

/// As [`start`], with a journal: an intent is on disk before its request is sent, and an outcome before it is told.
/// Users that the journal shows as revoked are answered from it.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn start_journaled(session: &Session, options: RunOptions, journal: Journal) -> Run {
    launch(session, options, Some(journal))
}

fn launch(session: &Session, options: RunOptions, journal: Option<Journal>) -> Run {
    let (commands, inbox) = mpsc::channel(4);
    let (outbox, events) = mpsc::channel(EVENTS);
    let cancel = CancellationToken::new();
    let meter = Arc::new(Meter::new(session.parts().clock.now()));
    let engine = dispatch::Engine::new(session.clone(), options, cancel.clone(), Arc::clone(&meter));
    tokio::spawn(engine.run(inbox, outbox, journal));
    Run {
        input: InputSink { commands: Some(commands) },
        events: EventStream { events },
        control: RunControl { cancel, meter, session: session.clone() },
    }
}

/// Where users go in. Dropping it says that no more follow.
#[derive(Debug, Clone)]
pub struct InputSink {
    commands: Option<mpsc::Sender<Command>>,
}

impl InputSink {
    /// Hands over users, waiting until the run has room for them.
    ///
    /// Once the run has ended nothing waits for them any more, and they are dropped.
    pub async fn submit(&self, inputs: Vec<Input>) {
        let Some(commands) = &self.commands else { return };
        let mut inputs = inputs.into_iter();
        loop {
            let chunk: Vec<_> = inputs.by_ref().take(CHUNK).collect();
            if chunk.is_empty() || commands.send(Command::Users(chunk)).await.is_err() {
                return;
            }
        }
    }

    /// Says that no more users follow at once, so that a partial batch need not wait for company.
    pub async fn flush(&self) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(Command::Flush).await;
        }
    }

    /// Says that no more users follow at all.
    pub fn complete(&mut self) {
        self.commands = None;
    }
}

/// Where outcomes come out, in order of completion. Dropping it stops the run.
#[derive(Debug)]
pub struct EventStream {
    events: mpsc::Receiver<Event>,
}

impl EventStream {
    /// Waits for at least one event and gives up to `max` of them; `None` once the run is over.
    pub async fn next(&mut self, max: usize) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        (self.events.recv_many(&mut events, max.max(1)).await > 0).then_some(events)
    }
}

/// Stops a run and tells how far it is.
#[derive(Debug, Clone)]
pub struct RunControl {
    cancel: CancellationToken,
    meter: Arc<Meter>,
    session: Session,
}

impl RunControl {
    /// Stops the run: nothing more is sent, and what was sent without an answer ends as unknown.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// How far the run is.
    pub fn progress(&self) -> Progress {
        let now = self.session.parts().clock.now();
        let mut progress = self.meter.progress(now);
        // A run that is still in the burst is faster than it can go on.
        if let Some(remaining) = &mut progress.remaining {
            let left = progress.accepted.saturating_sub(progress.done);
            *remaining = self.session.pacer().time_for(now, left).max(*remaining);
        }
        progress
    }
}
