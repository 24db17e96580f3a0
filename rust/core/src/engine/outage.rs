//! When nothing comes back from Graph at all.

use std::time::Duration;

use tokio::time::Instant;

use crate::pacing::backoff;

/// Follows how long Graph has been out of reach.
///
/// While it is, one probe at a time goes out, with growing pauses, instead of every batch failing
/// by itself; and after a limit the users that wait are given up together.
#[derive(Debug, Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    failures: u32,
    next_probe: Option<Instant>,
}

impl Outage {
    /// Takes note of a request that reached nobody, or whose answer got lost. Tells whether a second
    /// one in a row makes an outage of it.
    pub(super) fn failed(&mut self, now: Instant, chance: f64) -> bool {
        self.since.get_or_insert(now);
        // Requests that were on their way together fail together, which is one event.
        if self.next_probe.is_some_and(|probe| now < probe) {
            return false;
        }
        self.failures += 1;
        self.next_probe = Some(now + backoff::wait(self.failures.min(4), chance));
        self.failures == 2
    }

    /// Takes note of any answer.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// Whether a request may go out, given that `in_flight` are on their way.
    pub(super) fn allows(&self, now: Instant, in_flight: usize) -> bool {
        self.next_probe.is_none_or(|probe| in_flight == 0 && now >= probe)
    }

    /// When the next probe is due, while Graph is out of reach.
    pub(super) fn next_probe(&self) -> Option<Instant> {
        self.next_probe
    }

    /// Whether Graph has been out of reach for longer than `limit`.
    pub(super) fn exceeds(&self, now: Instant, limit: Duration) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) >= limit)
    }
}
