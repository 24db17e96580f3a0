//! What is measured, and how much of it.

/// A write quota: so many in so many seconds.
#[derive(Clone, Copy)]
pub struct Quota {
    /// Writes in one window.
    pub writes: u32,
    /// The window's length.
    pub seconds: u32,
}

/// The sizes of a benchmark.
pub struct Plan {
    /// How long the emulator holds back each answer, where there is latency.
    pub latency_ms: u32,
    /// Users of the short run, which everybody does.
    pub short: u32,
    /// How many of them the one-by-one loop does, because it takes so long.
    pub one_by_one: u32,
    /// How often the fast clients repeat the short run.
    pub short_rounds: u32,
    /// Users of the long run.
    pub long: u32,
    /// How often the long run is repeated.
    pub long_rounds: u32,
    /// Batches in flight in the long run.
    pub in_flight: u32,
    /// The quota of the run at the quota's edge.
    pub quota: Quota,
    /// Users of that run.
    pub quota_users: u32,
    /// Users of the runs with a journal and without.
    pub journaled: u32,
    /// Users of one round in which the cost in CPU is measured.
    pub cost: u32,
    /// How many such rounds there are.
    pub cost_rounds: u32,
    /// The sizes of run whose cost and memory are compared, from the smallest to the largest.
    pub sizes: [u32; 4],
    /// How often one user alone is revoked.
    pub alone: u32,
}

impl Plan {
    /// What docs/performance.md shows.
    pub const FULL: Self = Self {
        latency_ms: 100,
        short: 1000,
        one_by_one: 200,
        short_rounds: 5,
        long: 20_000,
        long_rounds: 2,
        in_flight: 8,
        quota: Quota { writes: 300, seconds: 15 },
        quota_users: 1500,
        journaled: 100_000,
        cost: 40_000,
        cost_rounds: 3,
        sizes: [1000, 10_000, 100_000, 1_000_000],
        alone: 200,
    };

    /// Small enough to see in half a minute that everything works; the figures mean little.
    pub const QUICK: Self = Self {
        one_by_one: 20,
        short_rounds: 2,
        long: 1600,
        long_rounds: 1,
        quota: Quota { writes: 60, seconds: 3 },
        quota_users: 180,
        journaled: 6400,
        cost: 5000,
        cost_rounds: 1,
        sizes: [1000, 2000, 5000, 10_000],
        alone: 20,
        ..Self::FULL
    };

    /// The least time in which latency lets the long run end.
    pub fn long_bound(&self) -> f64 {
        f64::from(self.long) / self.latency_bound(self.in_flight)
    }

    /// The most users a second that latency lets through with so many batches in flight.
    pub fn latency_bound(&self, in_flight: u32) -> f64 {
        f64::from(MAX_STEPS * in_flight) * 1000.0 / f64::from(self.latency_ms)
    }

    /// The least time in which the quota lets its run end: the windows that must pass before the last one begins.
    pub fn quota_bound(&self) -> f64 {
        f64::from((self.quota_users.div_ceil(self.quota.writes) - 1) * self.quota.seconds)
    }

    /// The largest run.
    pub fn largest(&self) -> u32 {
        self.sizes.into_iter().max().unwrap_or_default()
    }
}

/// The most users that Graph takes in one batch.
const MAX_STEPS: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_of_the_issue() {
        assert!((Plan::FULL.long_bound() - 12.5).abs() < 1e-9);
        assert!((Plan::FULL.quota_bound() - 60.0).abs() < 1e-9);
    }
}
