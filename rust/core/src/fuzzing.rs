//! The decoders that are nobody's API, opened to the fuzz targets in `rust/fuzz`.

use std::time::Duration;

use jiff::Timestamp;

use crate::graph::answer::Verdict;
use crate::graph::batch;

/// What the engine would make of the answer to one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The status of the answer.
    pub status: u16,
    /// Whether the user would be reported as revoked.
    pub revoked: bool,
    /// Whether the user would be reported as not found.
    pub not_found: bool,
    /// How long the answer asks to wait.
    pub wait: Option<Duration>,
}

/// Reads the answers to a batch of `steps` steps; `None` where it is no batch response.
pub fn decode_batch(body: &[u8], steps: usize, now: Timestamp) -> Option<Vec<Option<Step>>> {
    let answers = batch::decode(body, steps).ok()?;
    let judged = answers.iter().map(|answer| {
        let answer = answer.as_ref()?.answer();
        let verdict = answer.verdict(now);
        let wait = match verdict {
            Verdict::Throttled { wait } | Verdict::Unavailable { wait, .. } => wait,
            _ => None,
        };
        Some(Step {
            status: answer.status,
            revoked: verdict == Verdict::Revoked,
            not_found: matches!(verdict, Verdict::NotFound(_)),
            wait,
        })
    });
    Some(judged.collect())
}
