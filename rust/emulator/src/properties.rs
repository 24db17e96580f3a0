//! The properties of a user as Graph writes them.

use std::fmt::Write as _;

use crate::directory::User;
use crate::error_body::quote;

/// A property that can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    Id,
    UserPrincipalName,
    DisplayName,
    GivenName,
    Surname,
    Mail,
    AccountEnabled,
    UserType,
    Department,
    CreatedDateTime,
    SignInSessionsValidFromDateTime,
    BusinessPhones,
    JobTitle,
    MobilePhone,
    OfficeLocation,
    PreferredLanguage,
}

const ALL: [(Property, &str); 16] = [
    (Property::BusinessPhones, "businessPhones"),
    (Property::DisplayName, "displayName"),
    (Property::GivenName, "givenName"),
    (Property::JobTitle, "jobTitle"),
    (Property::Mail, "mail"),
    (Property::MobilePhone, "mobilePhone"),
    (Property::OfficeLocation, "officeLocation"),
    (Property::PreferredLanguage, "preferredLanguage"),
    (Property::Surname, "surname"),
    (Property::UserPrincipalName, "userPrincipalName"),
    (Property::Id, "id"),
    (Property::AccountEnabled, "accountEnabled"),
    (Property::UserType, "userType"),
    (Property::Department, "department"),
    (Property::CreatedDateTime, "createdDateTime"),
    (Property::SignInSessionsValidFromDateTime, "signInSessionsValidFromDateTime"),
];

/// How many of [`ALL`] come without being selected.
const DEFAULTS: usize = 11;

/// The properties an answer has.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    properties: Vec<Property>,
    is_default: bool,
}

impl Property {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(property, _)| *property)
    }

    pub(crate) fn name(self) -> &'static str {
        ALL.iter().find(|(property, _)| *property == self).map_or("", |(_, name)| name)
    }

    /// The text of a property, as filters and searches see it; none when it is null or no text.
    pub(crate) fn text(self, user: &User) -> Option<String> {
        match self {
            Self::Id => Some(user.id.to_string()),
            Self::UserPrincipalName => Some(user.user_principal_name.to_string()),
            Self::Mail if !user.is_guest => Some(user.user_principal_name.to_string()),
            Self::DisplayName => Some(user.display_name()),
            Self::GivenName => Some(user.given_name.to_string()),
            Self::Surname => Some(user.surname.to_string()),
            Self::UserType => Some(user.user_type().to_owned()),
            Self::Department => user.department.map(str::to_owned),
            Self::CreatedDateTime => Some(user.created().to_string()),
            Self::SignInSessionsValidFromDateTime => Some(user.sessions_valid_from_as_read().to_string()),
            _ => None,
        }
    }

    fn write(self, user: &User, out: &mut String) {
        match self {
            Self::AccountEnabled => out.push_str(if user.account_enabled { "true" } else { "false" }),
            Self::BusinessPhones => out.push_str("[]"),
            Self::UserPrincipalName => quote(out, &user.user_principal_name),
            _ => match self.text(user) {
                Some(text) => quote(out, &text),
                None => out.push_str("null"),
            },
        }
    }
}

impl Selection {
    /// Reads `$select`; the error is the name of a property that users do not have.
    pub(crate) fn parse(select: Option<&str>) -> Result<Self, String> {
        let names: Vec<&str> = select
            .into_iter()
            .flat_map(|select| select.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        if names.is_empty() || names == ["*"] {
            let properties = ALL[..DEFAULTS].iter().map(|(property, _)| *property).collect();
            return Ok(Self { properties, is_default: true });
        }
        let mut properties = Vec::with_capacity(names.len());
        for name in names {
            let property = Property::parse(name).ok_or_else(|| name.to_owned())?;
            if !properties.contains(&property) {
                properties.push(property);
            }
        }
        Ok(Self { properties, is_default: false })
    }

    /// The part of `@odata.context` behind the number sign: `users` or `users(id,displayName)`.
    pub(crate) fn context(&self) -> String {
        if self.is_default {
            return "users".to_owned();
        }
        let names: Vec<_> = self.properties.iter().map(|property| property.name()).collect();
        format!("users({})", names.join(","))
    }

    /// Appends the selected properties, without braces.
    pub(crate) fn write(&self, user: &User, out: &mut String) {
        for (position, property) in self.properties.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            // Writing to a String cannot fail.
            let _ = write!(out, "\"{}\":", property.name());
            property.write(user, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use crate::directory::Directory;

    fn selected(select: Option<&str>) -> serde_json::Value {
        let directory = Directory::generate(20, 1);
        let user = directory.find("o'hara@contoso.com").expect("in the cast");
        let mut json = "{".to_owned();
        Selection::parse(select).expect("known names").write(user, &mut json);
        serde_json::from_str(&(json + "}")).expect("valid JSON")
    }

    #[test]
    fn the_default_set_leaves_out_what_graph_leaves_out() {
        let user = selected(None);
        assert_eq!(user["displayName"], "Maeve O'Hara");
        assert_eq!(user["jobTitle"], serde_json::Value::Null);
        assert_eq!(user.as_object().map(serde_json::Map::len), Some(11));
        for absent in ["accountEnabled", "signInSessionsValidFromDateTime", "userType", "department"] {
            assert!(user.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn only_what_is_selected_is_written() {
        let user = selected(Some("accountEnabled, SIGNINSESSIONSVALIDFROMDATETIME"));
        assert_eq!(user.as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(user["accountEnabled"], true);
        let stamp = user["signInSessionsValidFromDateTime"].as_str().expect("a stamp");
        assert!(stamp.len() == 20 && stamp.ends_with('Z'), "{stamp}");
        assert_eq!(Selection::parse(Some("id,shoeSize")).err().as_deref(), Some("shoeSize"));
        assert_eq!(Selection::parse(Some("id,userType")).expect("known").context(), "users(id,userType)");
    }
}
