//! Which queries on users Graph takes as advanced queries only.
//!
//! Source: Microsoft Learn, "Advanced query capabilities on Microsoft Entra ID objects".

/// Whether a filter uses something that needs `ConsistencyLevel: eventual` and `$count=true`.
///
/// What stands in quotes is text and means nothing. The list is that of operators; properties that can
/// be compared in advanced queries alone show in Graph's refusal, see [`is_asked_for`].
pub(super) fn filter_needs_it(filter: &str) -> bool {
    let bare = without_literals(filter).to_ascii_lowercase();
    bare.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','))
        .any(|word| matches!(word, "ne" | "not" | "endswith" | "contains") || word.contains("/$count"))
}

/// Whether a refusal of Graph says that the query may do as an advanced one.
pub(super) fn is_asked_for(code: &str) -> bool {
    code.eq_ignore_ascii_case("Request_UnsupportedQuery")
}

/// The filter with every text in quotes taken out. A doubled quote ends one text and begins the next,
/// which comes to the same.
fn without_literals(filter: &str) -> String {
    filter.split('\'').step_by(2).collect::<Vec<_>>().join(" ")
}

/// The search in the quotes that Graph wants around each clause, where there are none at all.
///
/// Source: Microsoft Learn, "Use the $search query parameter".
pub(super) fn quoted_search(search: &str) -> String {
    let search = search.trim();
    if search.contains('"') {
        return search.to_owned();
    }
    let mut quoted = String::new();
    let mut rest = search;
    while let Some((clause, joint, after)) = split_at_joint(rest) {
        quoted.push_str(&in_quotes(clause));
        quoted.push_str(joint);
        rest = after;
    }
    quoted + &in_quotes(rest)
}

fn in_quotes(clause: &str) -> String {
    format!("\"{}\"", clause.trim().replace('\\', "\\\\"))
}

/// The first ` AND ` or ` OR ` with a clause on either side; one within a name is part of the name.
fn split_at_joint(text: &str) -> Option<(&str, &'static str, &str)> {
    let joints = [" AND ", " OR "];
    let mut found: Vec<_> =
        joints.into_iter().flat_map(|joint| text.match_indices(joint).map(move |(at, _)| (at, joint))).collect();
    found.sort_unstable();
    found.into_iter().find_map(|(at, joint)| {
        let (clause, after) = (&text[..at], &text[at + joint.len()..]);
        let begins_clause = |text: &str| text.split_whitespace().next().is_some_and(|word| word.contains(':'));
        (begins_clause(clause) && begins_clause(after)).then_some((clause, joint, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_outside_of_quotes_need_it() {
        for filter in [
            "accountEnabled ne true",
            "not(accountEnabled eq true)",
            "NOT startsWith(displayName,'a')",
            "department eq 'x' and not (userType eq 'Guest')",
            "endswith(mail,'x')",
            "endsWith (mail,'x')",
            "contains(displayName,'x')",
            "assignedLicenses/$count eq 0",
            "displayName eq 'O''Hara' and department ne null",
            "department eq null or(userType ne 'Guest')",
        ] {
            assert!(filter_needs_it(filter), "{filter}");
        }
        for filter in [
            "accountEnabled eq true",
            "displayName eq 'not this'",
            "displayName eq 'a ne b' and department eq 'endsWith(x)'",
            "displayName eq 'it''s not (that)'",
            "startsWith(displayName,'ne')",
            "userPrincipalName in ('a@b','not')",
            "department eq '/$count'",
            "note eq 'x' or nothing eq 'y'",
            "",
        ] {
            assert!(!filter_needs_it(filter), "{filter}");
        }
    }

    #[test]
    fn a_search_is_quoted_where_it_is_not() {
        assert_eq!(quoted_search("displayName:adele"), r#""displayName:adele""#);
        assert_eq!(quoted_search(" displayName:Adele V "), r#""displayName:Adele V""#);
        assert_eq!(quoted_search(r#""displayName:adele""#), r#""displayName:adele""#);
        assert_eq!(quoted_search(r#""displayName:a" OR "mail:b""#), r#""displayName:a" OR "mail:b""#);
        assert_eq!(quoted_search("displayName:a OR mail:b AND mail:c"), r#""displayName:a" OR "mail:b" AND "mail:c""#);
        assert_eq!(quoted_search("displayName:Research AND Development"), r#""displayName:Research AND Development""#);
        assert_eq!(quoted_search(r"displayName:a\b"), r#""displayName:a\\b""#);
    }
}
