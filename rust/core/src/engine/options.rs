//! How a run behaves.

use std::time::Duration;

/// How a run behaves. The defaults suit a tenant with the published quota.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunOptions {
    /// Batches in flight at once.
    pub throttle_limit: usize,
    /// How long the whole run may take; `None` is no limit.
    pub timeout: Option<Duration>,
    /// Whether the run tells of batches, waits and repetitions as [`Event::Notice`](crate::Event).
    pub verbose: bool,
    /// Whether the stamp of each user is read before and after, and compared.
    pub verify: bool,
    /// How long a partial batch waits for company after the latest input.
    pub linger: Duration,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long one user is tried for, counted from its first request, before it is given up.
    pub retry_budget: Duration,
    /// How long Graph may be out of reach before the users that wait are given up.
    pub outage_limit: Duration,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            throttle_limit: 16,
            timeout: None,
            verbose: false,
            verify: false,
            linger: Duration::from_millis(5),
            request_timeout: Duration::from_mins(1),
            retry_budget: Duration::from_mins(10),
            outage_limit: Duration::from_secs(30),
        }
    }
}

impl RunOptions {
    /// Sets the number of batches in flight at once; at least one.
    #[must_use]
    pub fn with_throttle_limit(mut self, batches: usize) -> Self {
        self.throttle_limit = batches.max(1);
        self
    }

    /// Sets how long the whole run may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets whether the run tells of batches, waits and repetitions.
    #[must_use]
    pub fn with_verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Sets whether the stamp of each user is read before and after, and compared.
    #[must_use]
    pub fn with_verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Sets how long Graph may be out of reach before the users that wait are given up.
    #[must_use]
    pub fn with_outage_limit(mut self, limit: Duration) -> Self {
        self.outage_limit = limit;
        self
    }
}
