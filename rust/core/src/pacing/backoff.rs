//! Exponential back-off with jitter, where the server names no wait.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The wait before repetition number `repetition`, counted from one: between half of and the whole
/// of an exponentially growing span, so that clients that failed together do not return together.
///
/// `chance` is a number from zero to one; requests that should return together share it.
pub(crate) fn wait(repetition: u32, chance: f64) -> Duration {
    let doublings = repetition.saturating_sub(1).min(16);
    let span = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    span.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        for (repetition, span) in [(1, 500), (2, 1000), (4, 4000), (7, 30_000), (u32::MAX, 30_000)] {
            assert_eq!(wait(repetition, 0.0).as_millis(), span / 2, "{repetition}");
            assert_eq!(wait(repetition, 1.0).as_millis(), span, "{repetition}");
        }
    }
}
