//! `Retry-After` in every form that servers send (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The longest wait that is told apart from for ever.
pub const LONGEST: Duration = Duration::from_hours(365 * 24);

/// Reads a `Retry-After` value: whole seconds, decimal seconds as Graph documents them, or an HTTP
/// date, which is compared with `now`.
///
/// A date in the past and a negative number are no wait at all. What is no wait in any form gives
/// `None`, so that the caller falls back to its own back-off. Waits beyond [`LONGEST`] are cut to it.
pub fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        // Rust reads "+infinity" as a number, too, which no server means.
        let is_number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
        return text.parse::<f64>().ok().filter(|_| is_number).map(seconds_to_wait);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let wait = date.duration_since(SystemTime::from(now)).unwrap_or_default();
    Some(wait.min(LONGEST))
}

fn seconds_to_wait(seconds: f64) -> Duration {
    if seconds <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_form_is_read() {
        let wait = |text| parse(text, now());
        assert_eq!(wait("10"), Some(Duration::from_secs(10)));
        assert_eq!(wait(" 2.128 "), Some(Duration::from_millis(2128)));
        assert_eq!(wait("Sat, 21 Nov 2026 08:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sat, 21 Nov 2026 07:00:30 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("-5"), Some(Duration::ZERO));
        assert_eq!(wait("99999999999999999999999"), Some(LONGEST));
        assert_eq!(wait("1e400"), Some(LONGEST));
        for garbage in ["", "soon", "NaN", "inf", "10 s", "0x10", "--1", "10,5", "+inf", "-infinity", "+nan"] {
            assert_eq!(wait(garbage), None, "{garbage:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_never_exceeds_the_longest(text in any::<String>()) {
            prop_assert!(parse(&text, now()).is_none_or(|wait| wait <= LONGEST));
        }

        #[test]
        fn whole_seconds_are_never_shortened(seconds in 0u32..1_000_000) {
            prop_assert_eq!(parse(&seconds.to_string(), now()), Some(Duration::from_secs(seconds.into())));
        }
    }
}
