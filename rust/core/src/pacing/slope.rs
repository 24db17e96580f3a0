//! Going slowly after the server throttled although the known quota was not used up.

use std::time::Duration;

use tokio::time::Instant;

use super::quota::Allowance;

/// The part of the quota's slope that is used at first; others use the rest.
const FIRST: f64 = 0.9;

/// What is left of it after each further throttling.
const AGAIN: f64 = 0.7;

/// The least part of it.
const LEAST: f64 = 0.05;

/// Spreads writes over time at a part of the quota's slope, until a window passed in peace.
#[derive(Debug)]
pub(super) struct Slope {
    allowance: Allowance,
    part: f64,
    next: Instant,
    until: Instant,
}

impl Slope {
    pub(super) fn new(now: Instant, allowance: Allowance) -> Self {
        Self { allowance, part: FIRST, next: now, until: now + allowance.window }
    }

    /// The server throttled once more.
    pub(super) fn throttled(&mut self, now: Instant) {
        self.part = (self.part * AGAIN).max(LEAST);
        self.until = now + self.allowance.window;
    }

    /// Whether a window has passed in peace, so that full speed may be tried again.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    /// When the next write may leave.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    pub(super) fn leave(&mut self, now: Instant, writes: u32) {
        let per_write = self.allowance.window.div_f64(f64::from(self.allowance.writes.max(1)) * self.part);
        self.next = self.next.max(now) + per_write.saturating_mul(writes).min(Duration::from_secs(3600));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_spread_and_more_so_after_each_throttling() {
        let start = Instant::now();
        let mut slope = Slope::new(start, Allowance { writes: 100, window: Duration::from_secs(10) });
        slope.leave(start, 9);
        let after = |slope: &Slope| slope.next().duration_since(start).as_secs_f64();
        assert!((after(&slope) - 1.0).abs() < 0.001);
        slope.throttled(start + Duration::from_secs(5));
        slope.leave(start + Duration::from_secs(5), 63);
        assert!((after(&slope) - 15.0).abs() < 0.001);
        assert!(!slope.is_over(start + Duration::from_secs(14)));
        assert!(slope.is_over(start + Duration::from_secs(15)));
    }
}
