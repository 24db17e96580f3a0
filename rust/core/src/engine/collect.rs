//! A run from its first user to its last outcome, for callers who have all users at hand.

use super::{Event, Input, Run};
use crate::outcome::Outcome;

/// Everything that happened in a run.
#[derive(Debug, Default)]
pub struct Collected {
    /// One outcome for every input, in the order of the inputs' numbers.
    pub outcomes: Vec<Outcome>,
    /// What the caller should know besides, in order.
    pub warnings: Vec<String>,
    /// Lines about batches, waits and repetitions, in order.
    pub notices: Vec<String>,
}

impl Run {
    /// Hands over `inputs`, says that no more follow, and waits for the end of the run.
    pub async fn collect(self, inputs: Vec<Input>) -> Collected {
        let Self { mut input, mut events, control: _control } = self;
        let feed = async {
            input.submit(inputs).await;
            input.complete();
        };
        let drain = async {
            let mut collected = Collected::default();
            while let Some(batch) = events.next(usize::from(u8::MAX)).await {
                for event in batch {
                    match event {
                        Event::Outcome(outcome) => collected.outcomes.push(outcome),
                        Event::Warning(text) => collected.warnings.push(text),
                        Event::Notice(text) => collected.notices.push(text),
                    }
                }
            }
            collected.outcomes.sort_by_key(|outcome| outcome.tag);
            collected
        };
        // The run takes inputs only while it gets rid of outcomes, so neither may wait for the other.
        futures_util::join!(feed, drain).1
    }
}
