//! How values are written into a query.
//!
//! Source: `OData` Version 4.01 Part 2, sections 2.2 and 5.1.1.14.1.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986, section 2.3, is encoded.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path with query options, below the API version.
#[derive(Debug)]
pub(super) struct Query {
    text: String,
    any: bool,
}

impl Query {
    pub(super) fn new(path: &str) -> Self {
        Self { text: path.to_owned(), any: false }
    }

    /// Adds an option; whatever the value holds, it stays within it.
    pub(super) fn with(mut self, option: &str, value: &str) -> Self {
        self.text.push(if self.any { '&' } else { '?' });
        self.any = true;
        self.text.push_str(option);
        self.text.push('=');
        self.text.extend(utf8_percent_encode(value, VALUE));
        self
    }

    /// The same, where there is a value.
    pub(super) fn with_some(self, option: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(option, value),
            None => self,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A text as a literal of a filter.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Several conditions of which one must hold.
pub(super) fn any_of(conditions: &[String]) -> Option<String> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// Reads a literal back, as a server would, and gives what follows it.
    fn read_literal(text: &str) -> Option<(String, &str)> {
        let mut letters = text.strip_prefix('\'')?.char_indices().peekable();
        let mut value = String::new();
        while let Some((at, letter)) = letters.next() {
            if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
                return Some((value, &text[at + 2..]));
            }
            value.push(letter);
        }
        None
    }

    proptest! {
        #[test]
        fn no_text_ends_its_literal_early(text in any::<String>()) {
            let quoted = format!("{} and x eq 1", literal(&text));
            prop_assert_eq!(read_literal(&quoted), Some((text, " and x eq 1")));
        }

        #[test]
        fn no_value_leaves_its_option(filter in any::<String>(), search in r#"[a&=#?%+'" \$/\\]{0,20}"#) {
            let path = Query::new("users").with("$filter", &filter).with_some("$search", Some(&search)).finish();
            let url = Url::parse(&format!("https://graph.example/v1.0/{path}")).unwrap();
            prop_assert_eq!(url.path(), "/v1.0/users");
            prop_assert_eq!(url.fragment(), None);
            let options: Vec<_> = url.query().unwrap().split('&').collect();
            prop_assert_eq!(options.len(), 2);
            let value = |option: &str| percent_decode_str(option.split_once('=').unwrap().1).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(value(options[0]), filter);
            prop_assert_eq!(value(options[1]), search);
        }
    }

    #[test]
    fn conditions_are_joined() {
        assert_eq!(any_of(&[]), None);
        assert_eq!(any_of(&["a".to_owned()]).as_deref(), Some("a"));
        assert_eq!(any_of(&["a".to_owned(), "b".to_owned()]).as_deref(), Some("(a or b)"));
    }
}
