//! What a client of the benchmark prints.

use serde::Serialize;

/// All that was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Round by round.
    pub(crate) rounds: Vec<Round>,
    /// The most memory that was resident at once.
    pub(crate) peak_kib: Option<u64>,
}

/// One run over the users.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Round {
    /// From the first user handed over to the last outcome taken.
    pub(crate) seconds: f64,
    /// CPU time of this process in that time.
    pub(crate) cpu_seconds: Option<f64>,
    /// Outcomes that say so.
    pub(crate) revoked: u64,
    /// All other outcomes.
    pub(crate) other: u64,
}
