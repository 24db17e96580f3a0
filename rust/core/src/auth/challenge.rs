//! The claims challenge in a `WWW-Authenticate` header.
//!
//! Source: Microsoft identity platform, "Claims challenges, claims requests, and client capabilities"; the form of
//! the header is that of RFC 9110, section 11.6.1.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The longest challenge that is carried on, in bytes.
const LONGEST: usize = 8 * 1024;

/// The claims that `header` asks for, as JSON; `None` where it asks for none that can be read.
pub(crate) fn claims(header: &str) -> Option<Arc<str>> {
    let encoded = parameter(header, "claims").filter(|claims| claims.len() <= LONGEST)?;
    let json = [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(encoded).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())?;
    matches!(serde_json::from_str(&json), Ok(Value::Object(_))).then(|| json.into())
}

/// The value of a parameter of the Bearer challenge.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (before, after) = rest.split_once('=')?;
        let this = before.rsplit([' ', ',', '\t']).next().unwrap_or(before);
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if this.eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

    #[test]
    fn claims_are_found_among_the_other_parameters() {
        let encoded = STANDARD.encode(CHALLENGE);
        for header in [
            format!(
                r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize?a=b, claims=x", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{encoded}""#
            ),
            format!("Bearer claims={encoded}, error=insufficient_claims"),
            format!(r#"bearer error="insufficient_claims",Claims="{}""#, URL_SAFE_NO_PAD.encode(CHALLENGE)),
        ] {
            assert_eq!(claims(&header).as_deref(), Some(CHALLENGE), "{header}");
        }
    }

    #[test]
    fn what_cannot_be_read_asks_for_nothing() {
        let array = STANDARD.encode("[1]");
        for header in [
            String::new(),
            "Bearer".to_owned(),
            "Bearer claims".to_owned(),
            r#"Bearer claims="!!""#.to_owned(),
            r#"Bearer claims="unterminated"#.to_owned(),
            format!(r#"Bearer claims="{array}""#),
            format!(r#"Bearer claims="{}""#, "A".repeat(LONGEST + 4)),
        ] {
            assert_eq!(claims(&header), None, "{header:.60}");
        }
    }
}
