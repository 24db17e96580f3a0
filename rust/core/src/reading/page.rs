//! One page of a list, read item by item.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::graph::read_object;

/// Something that lists consist of.
pub(super) trait Entry: Sized + Send + 'static {
    /// Reads one; `None` where it is not what Graph documents.
    fn read(json: &[u8]) -> Option<Self>;
}

/// A page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub entries: Vec<T>,
    /// How many entries could not be read.
    pub odd: usize,
    /// Where the next page is, as the server wrote it.
    pub next_link: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(default, rename = "@odata.nextLink")]
    next_link: Option<String>,
}

/// Reads a page; `None` where it is none. Every entry is read on its own, so that an odd one loses itself
/// and no other.
pub(super) fn decode<T: Entry>(body: &[u8]) -> Option<Page<T>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let Envelope { value, next_link } = read_object(body)?;
    let total = value.len();
    let entries: Vec<T> = value.into_iter().filter_map(|json| T::read(json.get().as_bytes())).collect();
    Some(Page { odd: total - entries.len(), entries, next_link: next_link.filter(|link| !link.is_empty()) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::{SignIn, UserSession};

    #[test]
    fn an_odd_entry_loses_no_other() {
        let odd = [
            "7",
            "null",
            r#""user""#,
            "[]",
            "{}",
            r#"{"id":7}"#,
            r#"{"id":""}"#,
            r#"{"id":"b","accountEnabled":"yes"}"#,
            r#"{"id":"b","id":"c"}"#,
            r#"{"id":"\ud800"}"#,
        ];
        for entry in odd {
            let body = format!(r#"{{"@odata.nextLink":"n","value":[{{"id":"a"}},{entry},{{"id":"z"}}]}}"#);
            let page: Page<UserSession> = decode(body.as_bytes()).unwrap();
            let ids: Vec<_> = page.entries.iter().map(|user| user.id.as_str()).collect();
            assert_eq!(
                (ids.as_slice(), page.odd, page.next_link.as_deref()),
                (&["a", "z"][..], 1, Some("n")),
                "{entry}"
            );
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for body in
            ["", "<html>", "{}", "[]", r#"{"value":null}"#, r#"{"value":{}}"#, r#"{"value":[]}x"#, r#"{"value":[{"#]
        {
            assert_eq!(decode::<UserSession>(body.as_bytes()), None, "{body}");
        }
        assert!(decode::<UserSession>("\u{feff}{\"value\":[]}".as_bytes()).is_some_and(|page| page.entries.is_empty()));
    }

    proptest! {
        #[test]
        fn decoding_never_panics(body in any::<Vec<u8>>(), text in any::<String>()) {
            let _ = decode::<UserSession>(&body);
            let _ = UserSession::read(text.as_bytes());
            let _ = SignIn::read(text.as_bytes());
        }
    }
}
