//! Counting tests, from what each kind of runner says.

use std::fmt;
use std::ops::AddAssign;

use crate::json::Value;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, and suites that could not run.
    pub failed: u64,
    /// Tests that were not run.
    pub skipped: u64,
}

impl Totals {
    /// One suite that could not run at all.
    pub const BROKEN_SUITE: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// Whether nothing was counted.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Counts one line of cargo's output, if it is a result line.
    pub fn from_cargo_line(line: &str) -> Option<Self> {
        let counts = line.trim().strip_prefix("test result: ")?.split_once(". ")?.1;
        let count = |name: &str| counts.split(';').find_map(|part| part.trim().strip_suffix(name)?.trim().parse().ok());
        Some(Self { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")? })
    }

    /// Counts a .NET test result file.
    pub fn from_trx(trx: &str) -> Option<Self> {
        let counters = trx.split_once("<Counters ")?.1.split_once('>')?.0;
        let count = |name: &str| -> Option<u64> {
            let value = counters.split_once(&format!("{name}=\""))?.1;
            value.split_once('"')?.0.parse().ok()
        };
        let (total, passed) = (count("total")?, count("passed")?);
        // A test may also end as an error, a timeout or aborted: none of these passed.
        let executed = count("executed")?;
        Some(Self { passed, failed: executed.saturating_sub(passed), skipped: total.saturating_sub(executed) })
    }

    /// Counts what tests/run.ps1 wrote.
    pub fn from_pester(json: &str) -> Option<Self> {
        let value = Value::parse(json).ok()?;
        let count = |name: &str| value.get(name)?.as_count();
        Some(Self { passed: count("passed")?, failed: count("failed")?, skipped: count("skipped")? })
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_understood() {
        let line = "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.01s";
        assert_eq!(Totals::from_cargo_line(line), Some(Totals { passed: 12, failed: 1, skipped: 2 }));
        assert_eq!(Totals::from_cargo_line("test revoke::ok ... ok"), None);
    }

    #[test]
    fn trx_is_understood() {
        let trx = r#"<ResultSummary outcome="Failed"><Counters total="10" executed="9" passed="7" failed="1"
            error="1" timeout="0" /></ResultSummary>"#;
        assert_eq!(Totals::from_trx(trx), Some(Totals { passed: 7, failed: 2, skipped: 1 }));
        assert_eq!(Totals::from_trx("<TestRun/>"), None);
    }

    #[test]
    fn pester_is_understood() {
        let json = r#"{"passed":3,"failed":0,"skipped":1}"#;
        assert_eq!(Totals::from_pester(json), Some(Totals { passed: 3, failed: 0, skipped: 1 }));
        assert_eq!(Totals::from_pester(r#"{"passed":3}"#), None);
    }

    #[test]
    fn the_last_line_is_exact() {
        let mut totals = Totals { passed: 1, failed: 0, skipped: 2 };
        totals += Totals::BROKEN_SUITE;
        assert_eq!(totals.to_string(), "1 passed, 1 failed, 2 skipped");
    }
}
