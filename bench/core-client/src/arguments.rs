//! The command line, which all clients of the benchmark share.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use revoke_session_core::WriteQuota;

/// Revokes users through the core library and prints what it took.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// A file with one object id a line.
    #[arg(long)]
    pub(crate) users: PathBuf,
    /// How many of them one round revokes.
    #[arg(long)]
    pub(crate) take: usize,
    /// How often the same is measured.
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: u32,
    /// How many users are revoked before anything is measured.
    #[arg(long, default_value_t = 0)]
    pub(crate) warmup: usize,
    /// Batches in flight; without it, the default.
    #[arg(long)]
    pub(crate) inflight: Option<usize>,
    /// The write quota to keep to, as LIMIT/SECONDS; without it, none.
    #[arg(long, value_parser = parse_quota)]
    pub(crate) quota: Option<WriteQuota>,
    /// Whether every revocation is proved.
    #[arg(long, default_value_t = false, action = clap::ArgAction::Set)]
    pub(crate) verify: bool,
    /// Whether every round keeps a journal, beside the file of the users.
    #[arg(long, default_value_t = false, action = clap::ArgAction::Set)]
    pub(crate) journal: bool,
}

fn parse_quota(text: &str) -> Result<WriteQuota, String> {
    let parsed = text.split_once('/').and_then(|(writes, seconds)| {
        Some(WriteQuota::application(writes.parse().ok()?, Duration::from_secs(seconds.parse().ok()?)))
    });
    parsed.ok_or_else(|| "expected LIMIT/SECONDS, such as 300/15".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_read() {
        assert_eq!(parse_quota("300/15"), Ok(WriteQuota::application(300, Duration::from_secs(15))));
        assert!(parse_quota("300").is_err() && parse_quota("/15").is_err());
    }
}
