//! How answers are put in words.

use super::exchange::StepReport;
use crate::graph::answer::Verdict;
use crate::graph::error_body::GraphError;

/// Graph's own words, or others where it has none.
pub(super) fn describe(error: Option<&GraphError>, otherwise: &str) -> String {
    match error {
        Some(error) if !error.message.is_empty() => error.message.clone(),
        Some(error) if !error.code.is_empty() => error.code.clone(),
        _ => otherwise.to_owned(),
    }
}

/// How many users of a batch ended how.
pub(super) fn summary(reports: &[StepReport]) -> String {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for report in reports {
        let word = brief(&report.verdict);
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// A verdict in a word or two.
pub(super) fn brief(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Revoked => "revoked",
        Verdict::Refused => "refused",
        Verdict::NotFound(_) => "not found",
        Verdict::Denied(_) => "denied",
        Verdict::Unauthorized { .. } => "unauthorized",
        Verdict::Rejected { .. } => "rejected",
        Verdict::Throttled { .. } => "throttled",
        Verdict::Unavailable { .. } => "unavailable",
        Verdict::Untrusted(_) => "without a usable answer",
        Verdict::Redirected { .. } => "redirected",
    }
}
