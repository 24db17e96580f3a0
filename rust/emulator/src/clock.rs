//! The wall clock, in the forms Graph and Entra write it.

use jiff::Timestamp;

/// Whole seconds since the Unix epoch.
pub(crate) fn now_seconds() -> i64 {
    Timestamp::now().as_second()
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_millis() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A moment from whole seconds; the epoch when it is out of range.
pub(crate) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `2026-11-21T08:00:00`: the form inside a Graph error.
pub(crate) fn graph_error_date() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `2026-11-21 08:00:00Z`: the form inside an Entra refusal.
pub(crate) fn entra_date() -> String {
    Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
