//! A user, as far as sessions go.

use jiff::Timestamp;
use serde::Deserialize;

use super::page::Entry;
use crate::graph::read_object;

/// The properties that are asked for; `signInSessionsValidFromDateTime` comes only when it is selected.
///
/// Source: Microsoft Learn, "user resource type".
pub(super) const SELECT: &str =
    "id,userPrincipalName,displayName,signInSessionsValidFromDateTime,accountEnabled,userType,department";

/// A user and the moment from which its sign-in sessions count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSession {
    /// Object id.
    pub id: String,
    /// User principal name.
    pub user_principal_name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
    /// Sessions that began before this moment are no longer good.
    pub sessions_valid_from: Option<Timestamp>,
    /// Whether the user may sign in.
    pub account_enabled: Option<bool>,
    /// `Member` or `Guest`.
    pub user_type: Option<String>,
    /// Where the user works.
    pub department: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    id: String,
    user_principal_name: Option<String>,
    display_name: Option<String>,
    #[serde(rename = "signInSessionsValidFromDateTime")]
    sessions_valid_from: Option<String>,
    account_enabled: Option<bool>,
    user_type: Option<String>,
    department: Option<String>,
}

impl Entry for UserSession {
    fn read(json: &[u8]) -> Option<Self> {
        let fields: Fields = read_object(json)?;
        let sessions_valid_from = match fields.sessions_valid_from {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        (!fields.id.is_empty()).then_some(Self {
            id: fields.id,
            user_principal_name: fields.user_principal_name,
            display_name: fields.display_name,
            sessions_valid_from,
            account_enabled: fields.account_enabled,
            user_type: fields.user_type,
            department: fields.department,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_graph_leaves_out_stays_empty() {
        let user = UserSession::read(br#"{"id":"a","department":null,"@odata.type":"x","signInSessionsValidFromDateTime":"2026-11-21T08:00:00Z"}"#).unwrap();
        assert_eq!((user.department, user.account_enabled), (None, None));
        assert_eq!(user.sessions_valid_from, Some("2026-11-21T08:00:00Z".parse().unwrap()));
        assert_eq!(UserSession::read(br#"{"id":"a","signInSessionsValidFromDateTime":"today"}"#), None);
    }
}
