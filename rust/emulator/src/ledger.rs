//! What was received and answered.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How many requests the log goes back.
const LOG_LENGTH: usize = 4096;

/// Counters and a log of everything that came over the wire, the control API apart.
#[derive(Debug, Default)]
pub struct Ledger {
    pub(crate) total: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) steps: AtomicU64,
    pub(crate) singles: AtomicU64,
    pub(crate) me: AtomicU64,
    pub(crate) token: AtomicU64,
    pub(crate) device: AtomicU64,
    pub(crate) identity: AtomicU64,
    pub(crate) users: AtomicU64,
    pub(crate) throttled: AtomicU64,
    pub(crate) early: AtomicU64,
    largest_batch: AtomicU64,
    in_flight: AtomicU64,
    most_in_flight: AtomicU64,
    log: Mutex<VecDeque<LogEntry>>,
}

/// How many requests of each kind came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// HTTP requests to Graph, for sign-ins and to managed identities.
    pub total: u64,
    /// Requests to `$batch`.
    pub batches: u64,
    /// Steps in those batches.
    pub steps: u64,
    /// Revocations sent as a plain `POST` on a user.
    pub singles: u64,
    /// Requests and steps that reached `/me`.
    pub me: u64,
    /// Requests to the token endpoint.
    pub token: u64,
    /// Requests for a device code.
    pub device: u64,
    /// Requests to the token endpoints of managed identities.
    pub identity: u64,
    /// Requests and steps that read users.
    pub users: u64,
}

/// The ledger at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// How many requests of each kind came in.
    pub requests: RequestCounts,
    /// The most steps that one batch had.
    pub max_batch_size: u64,
    /// The most HTTP requests that were under way at once.
    pub max_in_flight: u64,
    /// Answers with status 429, steps included.
    pub throttled: u64,
    /// Writes that came before the time a `Retry-After` had named.
    pub early: u64,
}

/// One request in the log.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The HTTP method.
    pub method: String,
    /// The `Host` header.
    pub host: Option<String>,
    /// The path and query as received; for `CONNECT`, the host and port.
    pub path: String,
    /// How many steps it carried, when it was a batch.
    pub steps: Option<usize>,
    /// The answered status; none when the connection was closed instead.
    pub status: Option<u16>,
    /// The `client-request-id` it came with.
    pub client_request_id: Option<String>,
}

impl Ledger {
    /// The counters.
    pub fn counts(&self) -> Counts {
        Counts {
            requests: RequestCounts {
                total: self.total.load(Relaxed),
                batches: self.batches.load(Relaxed),
                steps: self.steps.load(Relaxed),
                singles: self.singles.load(Relaxed),
                me: self.me.load(Relaxed),
                token: self.token.load(Relaxed),
                device: self.device.load(Relaxed),
                identity: self.identity.load(Relaxed),
                users: self.users.load(Relaxed),
            },
            max_batch_size: self.largest_batch.load(Relaxed),
            max_in_flight: self.most_in_flight.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            early: self.early.load(Relaxed),
        }
    }

    /// The last `count` requests, oldest first.
    pub fn log(&self, count: usize) -> Vec<LogEntry> {
        let log = self.lock();
        log.iter().skip(log.len().saturating_sub(count)).cloned().collect()
    }

    /// Counts one request as under way until the returned guard is dropped.
    pub(crate) fn begin(&self) -> InFlight<'_> {
        self.total.fetch_add(1, Relaxed);
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.most_in_flight.fetch_max(now, Relaxed);
        InFlight(self)
    }

    pub(crate) fn note_batch(&self, steps: usize) {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.steps.fetch_add(steps, Relaxed);
        self.largest_batch.fetch_max(steps, Relaxed);
    }

    pub(crate) fn record(&self, entry: LogEntry) {
        let mut log = self.lock();
        if log.len() == LOG_LENGTH {
            log.pop_front();
        }
        log.push_back(entry);
    }

    pub(crate) fn reset(&self) {
        let counters = [
            &self.total,
            &self.batches,
            &self.steps,
            &self.singles,
            &self.me,
            &self.token,
            &self.device,
            &self.identity,
            &self.users,
            &self.throttled,
            &self.early,
            &self.largest_batch,
            &self.most_in_flight,
        ];
        for counter in counters {
            counter.store(0, Relaxed);
        }
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LogEntry>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
pub(crate) struct InFlight<'a>(&'a Ledger);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// Adds one to a counter of the ledger.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::{LOG_LENGTH, Ledger, LogEntry};

    fn entry(path: usize) -> LogEntry {
        LogEntry {
            method: "GET".to_owned(),
            host: None,
            path: path.to_string(),
            steps: None,
            status: Some(200),
            client_request_id: None,
        }
    }

    #[test]
    fn the_log_keeps_the_latest() {
        let ledger = Ledger::default();
        (0..=LOG_LENGTH).for_each(|path| ledger.record(entry(path)));
        let paths: Vec<_> = ledger.log(2).into_iter().map(|entry| entry.path).collect();
        assert_eq!(paths, [(LOG_LENGTH - 1).to_string(), LOG_LENGTH.to_string()]);
        assert_eq!(ledger.log(usize::MAX).len(), LOG_LENGTH);
    }

    #[test]
    fn the_most_requests_at_once_are_remembered() {
        let ledger = Ledger::default();
        let first = ledger.begin();
        drop(ledger.begin());
        drop(first);
        drop(ledger.begin());
        assert_eq!(ledger.counts().max_in_flight, 2);
        assert_eq!(ledger.counts().requests.total, 3);
    }
}
