//! When the next request may go: waits that the server asked for, and back-off where it did not.
//!
//! A rate limiter that follows the quota's slope belongs beside the gate, and is asked in the same
//! place: before a batch leaves the engine.

pub(crate) mod backoff;
pub(crate) mod gate;
