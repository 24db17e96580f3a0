//! The wire formats of Microsoft Graph: batches, single answers, errors and waits.

pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod error_body;
pub mod retry_after;
pub(crate) mod stamp;

use serde::Deserialize;

/// Reads a JSON object. serde would take an array for a record as well, which nobody here ever sends.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    (json.trim_ascii_start().first() == Some(&b'{')).then(|| serde_json::from_slice(json).ok()).flatten()
}
