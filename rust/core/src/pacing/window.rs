//! Writes within the latest stretch of time, as the server counts them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::quota::Allowance;

/// The server's clock and this one do not start a window at the same instant.
const MARGIN: Duration = Duration::from_millis(50);

/// Counts writes in a sliding window, the strictest way a server can count them.
///
/// A write counts from when it leaves until a window after its answer came: the server counted it
/// somewhere between the two.
#[derive(Debug)]
pub(super) struct Window {
    allowance: Allowance,
    in_flight: u32,
    /// Answered writes and when they stop counting, earliest first.
    answered: VecDeque<(Instant, u32)>,
    counted: u32,
}

impl Window {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self { allowance, in_flight: 0, answered: VecDeque::new(), counted: 0 }
    }

    pub(super) fn allowance(&self) -> Allowance {
        self.allowance
    }

    pub(super) fn set(&mut self, allowance: Allowance) {
        self.allowance = allowance;
    }

    fn forget(&mut self, now: Instant) {
        while let Some((until, writes)) = self.answered.front().copied().filter(|(until, _)| *until <= now) {
            debug_assert!(until <= now);
            self.counted -= writes;
            self.answered.pop_front();
        }
    }

    fn free(&self) -> u32 {
        self.allowance.writes.saturating_sub(self.in_flight + self.counted)
    }

    /// Whether `writes` may leave now; if not, when they may at the earliest, so far as is known.
    pub(super) fn check(&mut self, now: Instant, writes: u32) -> Result<(), Option<Instant>> {
        self.forget(now);
        // A request larger than the whole quota would wait for ever, if anybody asked for one.
        let wanted = writes.min(self.allowance.writes.max(1));
        if wanted <= self.free() {
            return Ok(());
        }
        let mut missing = wanted - self.free();
        for (until, freed) in &self.answered {
            if *freed >= missing {
                return Err(Some(*until));
            }
            missing -= freed;
        }
        // What is missing is still on its way, and its answer will tell.
        Err(None)
    }

    pub(super) fn leave(&mut self, writes: u32) {
        self.in_flight += writes;
    }

    /// The answer to `writes` came, so that they stop counting a window from now.
    pub(super) fn answered(&mut self, now: Instant, writes: u32) {
        self.in_flight = self.in_flight.saturating_sub(writes);
        self.count(now, writes);
    }

    /// Takes the server's word that more of the quota is used than this process knows of.
    pub(super) fn learn(&mut self, now: Instant, used: f64) {
        self.forget(now);
        let told = f64::from(self.allowance.writes) * used.clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the limit")]
        let told = told as u32;
        let unknown = told.saturating_sub(self.in_flight + self.counted);
        if unknown > 0 {
            self.count(now, unknown);
        }
    }

    fn count(&mut self, now: Instant, writes: u32) {
        let until = now + self.allowance.window + MARGIN;
        self.counted += writes;
        match self.answered.back_mut() {
            // Entries of about one instant are one, so that single writes do not make a long list.
            Some((last, sum)) if until.duration_since(*last) < self.allowance.window / 1000 => {
                *last = until;
                *sum += writes;
            }
            _ => self.answered.push_back((until, writes)),
        }
    }

    /// How long `writes` more will take at the least, by this quota alone.
    pub(super) fn time_for(&mut self, now: Instant, writes: u64) -> Duration {
        self.forget(now);
        let free = u64::from(self.free());
        let beyond = writes.saturating_sub(free);
        if beyond == 0 {
            return Duration::ZERO;
        }
        let next = self.answered.front().map_or(self.allowance.window, |(until, _)| until.duration_since(now));
        let more_windows = (beyond - 1) / u64::from(self.allowance.writes.max(1));
        next + self.allowance.window.saturating_mul(u32::try_from(more_windows).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn window() -> Window {
        Window::new(Allowance { writes: 100, window: 10 * SECOND })
    }

    #[test]
    fn no_stretch_of_time_holds_more_than_the_limit() {
        let (start, mut window) = (Instant::now(), window());
        assert_eq!(window.check(start, 100), Ok(()));
        window.leave(100);
        assert_eq!(window.check(start, 1), Err(None), "the answer is still on its way");
        window.answered(start + SECOND, 60);
        window.answered(start + 2 * SECOND, 40);
        let opens = |seconds| Err(Some(start + seconds * SECOND + MARGIN));
        assert_eq!(window.check(start + 5 * SECOND, 1), opens(11));
        assert_eq!(window.check(start + 5 * SECOND, 61), opens(12));
        assert_eq!(window.check(start + 11 * SECOND + MARGIN, 60), Ok(()));
        assert_eq!(window.check(start + 11 * SECOND + MARGIN, 61), opens(12));
    }

    #[test]
    fn what_the_server_says_is_used_counts_and_is_forgotten_again() {
        let (start, mut window) = (Instant::now(), window());
        window.leave(10);
        window.answered(start, 10);
        window.learn(start, 0.9);
        assert_eq!(window.check(start, 10), Ok(()));
        assert!(window.check(start, 11).is_err());
        window.learn(start, 0.5);
        assert_eq!(window.check(start, 10), Ok(()), "less than known changes nothing");
        assert_eq!(window.check(start + 11 * SECOND, 100), Ok(()));
    }

    #[test]
    fn the_time_to_go_follows_the_quota() {
        let (start, mut window) = (Instant::now(), window());
        assert_eq!(window.time_for(start, 100), Duration::ZERO);
        window.leave(100);
        window.answered(start, 100);
        assert_eq!(window.time_for(start, 100), 10 * SECOND + MARGIN);
        assert_eq!(window.time_for(start, 101), 20 * SECOND + MARGIN);
        assert_eq!(window.check(start, 1000), Err(Some(start + 10 * SECOND + MARGIN)));
    }
}
