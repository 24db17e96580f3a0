//! `$search` on users, as far as one clause: `"displayName:adele"`.

use crate::directory::User;
use crate::properties::Property;

/// A search that was understood.
#[derive(Debug)]
pub(crate) struct Search {
    property: Property,
    start: String,
}

impl Search {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let clause = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
        let (name, start) =
            clause.split_once(':').ok_or("Syntax error: character ':' is missing in the search clause.")?;
        let searchable = [Property::DisplayName, Property::UserPrincipalName, Property::Mail];
        let property = Property::parse(name).filter(|property| searchable.contains(property));
        match property {
            Some(property) if !start.contains('"') => Ok(Self { property, start: start.to_lowercase() }),
            _ => Err("Unsupported or invalid search clause."),
        }
    }

    /// A word of the property has to start with what is searched.
    pub(crate) fn matches(&self, user: &User) -> bool {
        let Some(text) = self.property.text(user) else {
            return false;
        };
        let text = text.to_lowercase();
        let after_break = |at: usize| text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        text.match_indices(self.start.as_str()).any(|(at, _)| after_break(at))
    }
}

#[cfg(test)]
mod tests {
    use super::Search;
    use crate::directory::Directory;

    #[test]
    fn words_are_found_from_their_start() {
        let directory = Directory::generate(14, 1);
        let adele = directory.find("adele@contoso.com").expect("in the cast");
        let found = |text: &str| Search::parse(text).expect(text).matches(adele);
        assert!(found("\"displayName:van\"") && found("\"displayName:Adele V\"") && found("\"mail:contoso\""));
        assert!(!found("\"displayName:ance\""));
        for bad in ["displayName:x", "\"adele\"", "\"id:x\"", "\"mail:a\" OR \"mail:b\""] {
            assert!(Search::parse(bad).is_err(), "{bad}");
        }
    }
}
