//! `Retry-After`: never beyond the longest wait, and never earlier than the server asked for.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use revoke_session_core::retry_after::{LONGEST, parse};

/// The text of the header, as UTF-8; other bytes are replaced.
pub fn fuzz_one(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let now = crate::batch::now();
    let wait = parse(&text, now);
    assert!(wait.is_none_or(|wait| wait <= LONGEST), "{text:?} gives {wait:?}");
    if let Some(least) = least(text.trim()) {
        assert!(wait.is_some_and(|wait| wait >= least), "{text:?} gives {wait:?}, asked for {least:?}");
    }
    if is_whole(text.trim()) {
        assert_eq!(wait, least(text.trim()), "{text:?}");
    }
    let later: Timestamp = now + 1.hour();
    assert!(parse(&text, later) <= wait, "{text:?} asks for more as time goes by");
}

/// What a plain number of seconds, whole or decimal, asks for at least.
fn least(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|c| c.is_ascii_digit());
    (is_whole(whole) && digits).then(|| whole.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST))
}

fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}
