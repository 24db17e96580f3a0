//! Numbers, times and lengths of time as the report writes them, whatever the locale.

use std::fmt::{self, Display};

use jiff::Timestamp;

/// A number with a comma between its thousands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grouped(pub u64);

impl Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 {
            return write!(f, "{}", self.0);
        }
        write!(f, "{},{:03}", Self(self.0 / 1000), self.0 % 1000)
    }
}

/// So many users.
#[derive(Debug, Clone, Copy)]
pub(super) struct Users(pub u64);

impl Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Grouped(self.0), if self.0 == 1 { "user" } else { "users" })
    }
}

/// A moment, to the second, in UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub Timestamp);

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y-%m-%d %H:%M:%S").fmt(f)
    }
}

/// A length of time in milliseconds, no more exact than anybody wants to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lasting(pub i64);

impl Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.max(0);
        let (seconds, minutes, hours) = (milliseconds / 1000, milliseconds / 60_000, milliseconds / 3_600_000);
        match milliseconds {
            0..1000 => write!(f, "{milliseconds} ms"),
            1000..60_000 => write!(f, "{seconds}.{} s", milliseconds % 1000 / 100),
            60_000..3_600_000 => write!(f, "{minutes} min {} s", seconds % 60),
            3_600_000..172_800_000 => write!(f, "{hours} h {} min", minutes % 60),
            _ => write!(f, "{} days {} h", hours / 24, hours % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_are_told_as_people_read_them() {
        let numbers = [(0, "0"), (999, "999"), (1000, "1,000"), (1_000_001, "1,000,001")];
        for (number, told) in numbers {
            assert_eq!(Grouped(number).to_string(), told);
        }
        assert_eq!((Users(1).to_string(), Users(20_000).to_string()), ("1 user".into(), "20,000 users".into()));
        let lengths = [
            (-5, "0 ms"),
            (420, "420 ms"),
            (1250, "1.2 s"),
            (150_000, "2 min 30 s"),
            (7_500_000, "2 h 5 min"),
            (200_000_000, "2 days 7 h"),
        ];
        for (milliseconds, told) in lengths {
            assert_eq!(Lasting(milliseconds).to_string(), told);
        }
        let moment = "2026-11-21T08:00:30.5Z".parse().unwrap();
        assert_eq!(Moment(moment).to_string(), "2026-11-21 08:00:30");
    }
}
