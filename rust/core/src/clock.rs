//! Time, passed in so that tests can run on a paused clock.

use std::fmt::Debug;

use jiff::Timestamp;
use tokio::time::Instant;

/// Where the library takes the time from.
pub trait Clock: Send + Sync + Debug {
    /// A monotonic instant: every wait and deadline is measured with it, so that a jump of the
    /// wall clock moves none of them. Sleeps use tokio's timer, which follows the same instants.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The wall clock, for time stamps in outcomes and for the lifetime of tokens.
    fn utc(&self) -> Timestamp;
}

/// The machine's own clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn utc(&self) -> Timestamp {
        Timestamp::now()
    }
}
