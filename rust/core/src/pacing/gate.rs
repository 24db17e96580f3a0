//! The gate that a server's `Retry-After` closes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Closed until an instant.
///
/// Repeating before the instant would count against the quota, so nothing passes a closed gate.
/// Source: Microsoft Learn, "Microsoft Graph throttling guidance".
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    opens_at: Option<Instant>,
    /// Throttled answers in a row, for back-off where the server names no wait.
    in_a_row: u32,
}

impl Gate {
    /// Takes note of a throttled answer. The longest wait asked for wins.
    pub(crate) fn close(&self, now: Instant, wait: impl FnOnce(u32) -> Duration) {
        let mut state = self.state();
        // Answers to requests that were on their way together are one event.
        if state.opens_at.is_none_or(|at| at <= now) {
            state.in_a_row += 1;
        }
        let until = now + wait(state.in_a_row);
        state.opens_at = Some(state.opens_at.map_or(until, |at| at.max(until)));
    }

    /// Takes note of an answer that was not throttled.
    pub(crate) fn passed(&self, now: Instant) {
        let mut state = self.state();
        if state.opens_at.is_none_or(|at| at <= now) {
            state.in_a_row = 0;
        }
    }

    /// When the gate opens, if it is closed at `now`.
    pub(crate) fn closed_until(&self, now: Instant) -> Option<Instant> {
        self.state().opens_at.filter(|at| *at > now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_longest_wait_wins_and_ends() {
        let gate = Gate::default();
        let now = Instant::now();
        gate.close(now, |_| Duration::from_secs(10));
        gate.close(now, |_| Duration::from_secs(3));
        assert_eq!(gate.closed_until(now), Some(now + Duration::from_secs(10)));
        assert_eq!(gate.closed_until(now + Duration::from_secs(10)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_in_a_row_is_counted_by_event() {
        let gate = Gate::default();
        let mut now = Instant::now();
        for expected in 1..=3 {
            for _ in 0..5 {
                gate.close(now, |in_a_row| {
                    assert_eq!(in_a_row, expected);
                    Duration::from_secs(1)
                });
            }
            now += Duration::from_secs(2);
        }
        gate.passed(now);
        gate.close(now, |in_a_row| {
            assert_eq!(in_a_row, 1);
            Duration::ZERO
        });
    }
}
