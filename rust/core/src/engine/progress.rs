//! How far a run is, and how fast.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The rate is that of the latest stretch of this length.
const WINDOW: Duration = Duration::from_secs(10);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Inputs taken so far.
    pub accepted: u64,
    /// Inputs with an outcome.
    pub done: u64,
    /// Outcomes a second, lately.
    pub per_second: f64,
    /// Time to go at that rate, once the last input is known.
    pub remaining: Option<Duration>,
}

/// Counts what the engine does, for others to look at.
#[derive(Debug)]
pub(super) struct Meter {
    accepted: AtomicU64,
    done: AtomicU64,
    complete: AtomicBool,
    samples: Mutex<VecDeque<(Instant, u64)>>,
}

impl Meter {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            accepted: AtomicU64::new(0),
            done: AtomicU64::new(0),
            complete: AtomicBool::new(false),
            samples: Mutex::new(VecDeque::from([(now, 0)])),
        }
    }

    pub(super) fn accept(&self, inputs: usize) {
        self.accepted.fetch_add(inputs as u64, Ordering::Relaxed);
    }

    pub(super) fn finish_one(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn complete(&self) {
        self.complete.store(true, Ordering::Relaxed);
    }

    pub(super) fn progress(&self, now: Instant) -> Progress {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed);
        let per_second = self.rate(now, done);
        let remaining = (self.complete.load(Ordering::Relaxed) && per_second > 0.0).then(|| {
            #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
            let seconds = accepted.saturating_sub(done) as f64 / per_second;
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        });
        Progress { accepted, done, per_second, remaining }
    }

    fn rate(&self, now: Instant, done: u64) -> f64 {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        // One sample a tenth of a second is enough, and keeps the list short however often it is asked.
        if samples.back().is_none_or(|(at, _)| now.duration_since(*at) >= WINDOW / 100) {
            samples.push_back((now, done));
        }
        while samples.len() > 2 && samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            samples.pop_front();
        }
        let Some((since, before)) = samples.front().copied() else { return 0.0 };
        let seconds = now.duration_since(since).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let finished = done.saturating_sub(before) as f64;
        if seconds > 0.0 { finished / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_latest_and_the_rest_follows_from_it() {
        let start = Instant::now();
        let meter = Meter::new(start);
        meter.accept(100);
        for second in 1..=40u64 {
            // Slow at first, then one a second.
            if second > 20 {
                meter.finish_one();
            }
            meter.progress(start + Duration::from_secs(second));
        }
        let before = meter.progress(start + Duration::from_secs(40));
        assert!((before.per_second - 1.0).abs() < 0.1, "{before:?}");
        assert_eq!((before.done, before.remaining), (20, None));
        meter.complete();
        let remaining = meter.progress(start + Duration::from_secs(40)).remaining.unwrap();
        assert!((70..=90).contains(&remaining.as_secs()), "{remaining:?}");
    }
}
