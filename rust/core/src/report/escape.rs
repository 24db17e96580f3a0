//! What a value becomes in a page, so that it is shown and never obeyed.

use std::fmt::{self, Display, Write};

/// A value as text of an element or of a quoted attribute, in HTML as well as in XML.
///
/// Characters that cannot be seen, or that turn the direction of the line around, are shown by their number:
/// a name in a report must be what it looks like.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(is_special) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            let mut chars = special.chars();
            match chars.next() {
                Some('&') => f.write_str("&amp;")?,
                Some('<') => f.write_str("&lt;")?,
                Some('>') => f.write_str("&gt;")?,
                Some('"') => f.write_str("&quot;")?,
                Some('\'') => f.write_str("&#39;")?,
                Some('\t' | '\n' | '\r') => f.write_char(' ')?,
                Some(unseen) => write!(f, "[U+{:04X}]", u32::from(unseen))?,
                None => {}
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '&' | '<' | '>' | '"' | '\'' | '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || c.is_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unescaped(text: &str) -> String {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        text.replace("&amp;", "&")
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        let shown = Escaped("a\u{202e}b\u{0}c\nd\u{200b}").to_string();
        assert_eq!(shown, "a[U+202E]b[U+0000]c d[U+200B]");
        assert_eq!(Escaped("<img src=x onerror=alert(1)>").to_string(), "&lt;img src=x onerror=alert(1)&gt;");
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_element_or_its_attribute(value in "(?s).*|[<>&\"'a-z#; ]*|(</?script>|]]>|-->|&#x3c;)*") {
            let escaped = Escaped(&value).to_string();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']), "{escaped}");
            for after in escaped.split('&').skip(1) {
                let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|name| after.starts_with(name));
                prop_assert!(known, "{escaped}");
            }
            prop_assert!(!escaped.chars().any(char::is_control), "{escaped:?}");
        }

        #[test]
        fn whatever_can_be_seen_is_told_as_it_is(value in "[a-zäß€漢😀<>&\"'#;. ]*") {
            prop_assert_eq!(unescaped(&Escaped(&value).to_string()), value);
        }
    }
}
