//! What a client measured of itself.

use crate::json::Value;

/// All rounds of one client.
pub struct Sample {
    /// Round by round; never empty.
    pub rounds: Vec<Round>,
    /// The most memory that was resident at once.
    pub peak_kib: Option<f64>,
    /// What it ran on, where it says so.
    pub runtime: Option<String>,
}

/// One round.
#[derive(Clone, Copy)]
pub struct Round {
    /// How long it took.
    pub seconds: f64,
    /// CPU time of the client's process, where the system tells it.
    pub cpu_seconds: Option<f64>,
    /// Users whose sessions were revoked.
    pub revoked: f64,
    /// Users that were answered otherwise.
    pub other: f64,
}

impl Sample {
    /// Reads the line of JSON a client printed.
    pub fn read(text: &str) -> Option<Self> {
        let value = Value::parse(text).ok()?;
        let rounds: Option<Vec<_>> = value.get("rounds")?.elements().iter().map(Round::read).collect();
        let rounds = rounds.filter(|rounds| !rounds.is_empty())?;
        Some(Self {
            rounds,
            peak_kib: value.get("peakKib").and_then(number),
            runtime: value.get("runtime").and_then(Value::as_text).map(str::to_owned),
        })
    }

    /// How long a round took, the median of all.
    pub fn seconds(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.seconds))
    }

    /// The users of one round.
    pub fn users(&self) -> f64 {
        self.rounds[0].revoked + self.rounds[0].other
    }

    /// Users a second, in the median round.
    pub fn rate(&self) -> f64 {
        self.users() / self.seconds()
    }

    /// Microseconds of CPU time a user, over all rounds.
    pub fn cpu_micros(&self) -> Option<f64> {
        let cpu: f64 = self.rounds.iter().map(|round| round.cpu_seconds).sum::<Option<f64>>()?;
        let users: f64 = self.rounds.iter().map(|round| round.revoked + round.other).sum();
        Some(cpu * 1e6 / users)
    }

    /// How many users were not revoked, in all rounds.
    pub fn not_revoked(&self) -> f64 {
        self.rounds.iter().map(|round| round.other).sum()
    }

    /// The peak of memory, in MiB.
    pub fn peak_mib(&self) -> Option<f64> {
        self.peak_kib.map(|kib| kib / 1024.0)
    }
}

impl Round {
    fn read(value: &Value) -> Option<Self> {
        let field = |name| value.get(name).and_then(number);
        Some(Self {
            seconds: field("seconds")?,
            cpu_seconds: field("cpuSeconds"),
            revoked: field("revoked")?,
            other: field("other")?,
        })
    }
}

/// The value of a number.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// The middle one, or what lies between the middle two; not a number where there are none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_report_is_read() {
        let sample = Sample::read(
            r#"{"rounds":[{"seconds":2.0,"cpuSeconds":0.5,"revoked":90,"other":10},
                {"seconds":4.0,"cpuSeconds":0.5,"revoked":100,"other":0}],"peakKib":2048}"#,
        )
        .unwrap();
        assert!(close(sample.seconds(), 3.0) && close(sample.users(), 100.0));
        assert!(close(sample.cpu_micros().unwrap(), 5000.0));
        assert!(close(sample.not_revoked(), 10.0) && close(sample.peak_mib().unwrap(), 2.0));
    }

    #[test]
    fn what_is_not_measured_stays_unknown() {
        let sample = Sample::read(r#"{"rounds":[{"seconds":1,"cpuSeconds":null,"revoked":1,"other":0}]}"#).unwrap();
        assert!(sample.cpu_micros().is_none() && sample.peak_mib().is_none());
        assert!(Sample::read(r#"{"rounds":[]}"#).is_none() && Sample::read("oops").is_none());
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!(close(median([5.0, 1.0, 3.0].into_iter()), 3.0));
        assert!(close(median([1.0, 2.0].into_iter()), 1.5));
    }
}
