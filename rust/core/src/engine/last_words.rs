//! What a run still says when it has failed in a way that nobody foresaw: an outcome for every input.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::mpsc;

use super::dispatch::Engine;
use super::journaling::{Acknowledged, Held};
use super::{Command, Event, Input};
use crate::error::ErrorId;
use crate::journal::Journal;
use crate::outcome::{Failure, Outcome, Status};

const UNTOUCHED: &str = "RevokeSession itself failed before anything was sent for this user.";

/// Who listened has gone.
type Unheard = mpsc::error::SendError<Event>;

impl Engine {
    /// Runs until every input has its outcome and no more can come, even if the work itself panics.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
        journal: Option<Journal>,
    ) {
        let mut acknowledged = self.open_log(journal);
        // What a panic leaves behind is only ever read as the list of those who still wait.
        let work = self.work(&mut inbox, &events, &mut acknowledged);
        if AssertUnwindSafe(work).catch_unwind().await.is_err() {
            tracing::error!("The run has panicked");
            // Nobody listens when this fails, so nobody is to be told.
            let _ = self.answer_the_rest(inbox, events, acknowledged).await;
        }
    }

    async fn answer_the_rest(
        &mut self,
        mut inbox: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
        acknowledged: Acknowledged,
    ) -> Result<(), Unheard> {
        self.tell_what_is_written(acknowledged).await;
        let waiting = self.ledger.abandon();
        let mut admitting = self.admitting.take().filter(|tag| waiting.iter().all(|(waits, _)| waits != tag));
        for event in std::mem::take(&mut self.outbox) {
            admitting = admitting.filter(|tag| !matches!(&event, Event::Outcome(outcome) if outcome.tag == *tag));
            events.send(event).await?;
        }
        if let Some(tag) = admitting {
            self.say(&events, self.lost(tag, Status::Failed, UNTOUCHED.to_owned())).await?;
        }
        for (tag, target) in waiting {
            // Which of them were sent died with the run, so none is told as untouched.
            let message = format!(
                "RevokeSession itself failed while it revoked the sessions of {target}; whether they were revoked is not known."
            );
            self.say(&events, Outcome { target: Some(target), ..self.lost(tag, Status::Unknown, message) }).await?;
        }
        for input in std::mem::take(&mut self.arriving) {
            self.say(&events, self.untouched(input)).await?;
        }
        // Who hands over users goes on until it is told to stop, and those are answered as well.
        while let Some(command) = inbox.recv().await {
            if let Command::Users(inputs) = command {
                self.meter.accept(inputs.len());
                for input in inputs {
                    self.say(&events, self.untouched(input)).await?;
                }
            }
        }
        Ok(())
    }

    /// Outcomes that waited for nothing but the journal are known, and told as they are.
    async fn tell_what_is_written(&mut self, acknowledged: Acknowledged) {
        self.close_log().await;
        let Some(mut acknowledged) = acknowledged else { return };
        while let Some(written) = acknowledged.recv().await {
            for held in written.carried {
                if let Held::Outcome(outcome) = held {
                    self.outbox.push_back(Event::Outcome(*outcome));
                }
            }
        }
    }

    async fn say(&self, events: &mpsc::Sender<Event>, outcome: Outcome) -> Result<(), Unheard> {
        self.meter.finish_one();
        events.send(Event::Outcome(outcome)).await
    }

    fn untouched(&self, input: Input) -> Outcome {
        Outcome { target: input.target.ok(), ..self.lost(input.tag, Status::Failed, UNTOUCHED.to_owned()) }
    }

    fn lost(&self, tag: u64, status: Status, message: String) -> Outcome {
        Outcome {
            tag,
            target: None,
            status,
            note: None,
            warn: false,
            failure: Some(Failure { detail: ErrorId::InternalError.with_message(message), graph_code: None }),
            request_id: None,
            attempts: 0,
            at: self.utc(),
            sessions_valid_from: None,
            verified: None,
        }
    }
}
