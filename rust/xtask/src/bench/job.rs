//! Who revokes how many users.

use super::plan::Quota;

/// One who revokes users.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// A PowerShell loop of single calls.
    OneByOne,
    /// Ten single calls at once, by `ForEach-Object -Parallel`.
    Parallel,
    /// `HttpClient` with batches.
    DotNet,
    /// The core library, from Rust.
    Core,
    /// The module, from PowerShell.
    Module,
}

impl Client {
    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneByOne => "loop of single calls, PowerShell",
            Self::Parallel => "ForEach-Object -Parallel, 10 at once",
            Self::DotNet => ".NET client, HttpClient and $batch",
            Self::Core => "RevokeSession core, from Rust",
            Self::Module => "RevokeSession, from PowerShell",
        }
    }
}

/// How many users it revokes, and how.
#[derive(Clone, Copy, Default)]
pub struct Job {
    /// Users of one round.
    pub take: u32,
    /// Rounds that are measured; one where this is zero.
    pub rounds: u32,
    /// Users that are revoked beforehand, unmeasured.
    pub warm_up: u32,
    /// Batches in flight; the client's own default where this is empty.
    pub in_flight: Option<u32>,
    /// The quota the client is told.
    pub quota: Option<Quota>,
    /// Whether every revocation is proved; the core's alone.
    pub verify: bool,
    /// Whether a journal is kept; the core's alone.
    pub journal: bool,
}

impl Job {
    /// The names and values of the arguments a client needs beyond its defaults.
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![("take", self.take.to_string())];
        let mut add = |name, number: u32| {
            if number > 0 {
                arguments.push((name, number.to_string()));
            }
        };
        add("rounds", self.rounds);
        add("warmup", self.warm_up);
        add("inflight", self.in_flight.unwrap_or_default());
        if let Some(quota) = self.quota {
            arguments.push(("quota", format!("{}/{}", quota.writes, quota.seconds)));
        }
        for (name, wanted) in [("verify", self.verify), ("journal", self.journal)] {
            if wanted {
                arguments.push((name, wanted.to_string()));
            }
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_from_the_default_is_said() {
        let job = Job { take: 5, quota: Some(Quota { writes: 3, seconds: 2 }), ..Job::default() };
        assert_eq!(job.arguments(), [("take", "5".to_owned()), ("quota", "3/2".to_owned())]);
        let job = Job { take: 5, rounds: 2, in_flight: Some(8), ..Job::default() };
        assert_eq!(job.arguments().len(), 3);
    }
}
