//! An entry of the sign-in log.
//!
//! Source: Microsoft Learn, "signIn resource type".

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;

use super::page::Entry;
use crate::graph::read_object;

/// How a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInStatus {
    /// The error code is zero.
    Success,
    /// Any other error code.
    Failure,
}

/// An entry of the sign-in log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The id of the entry, which is not a user's.
    pub id: String,
    /// Object id of the user.
    pub user_id: Option<String>,
    /// User principal name, which the log keeps in lower case.
    pub user_principal_name: Option<String>,
    /// The name that people see.
    pub user_display_name: Option<String>,
    /// When it began.
    pub created: Timestamp,
    /// The address of the client, as the log writes it.
    pub ip_address: Option<String>,
    /// The application that was signed in to.
    pub app_id: Option<String>,
    /// The name of that application.
    pub app_display_name: Option<String>,
    /// `Browser`, `IMAP4` or another kind of client.
    pub client_app_used: Option<String>,
    /// How it ended.
    pub status: SignInStatus,
    /// The number behind `AADSTS`, or zero.
    pub error_code: i32,
    /// Why it failed, where it did.
    pub failure_reason: Option<String>,
    /// The city that the address belongs to.
    pub city: Option<String>,
    /// The country or region, in two letters.
    pub country_or_region: Option<String>,
    /// Whether somebody typed or touched something.
    pub is_interactive: Option<bool>,
}

impl SignIn {
    /// The address of the client by value.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.ip_address.as_deref().and_then(|text| text.trim().parse().ok())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    id: String,
    user_id: Option<String>,
    user_principal_name: Option<String>,
    user_display_name: Option<String>,
    created_date_time: String,
    ip_address: Option<String>,
    app_id: Option<String>,
    app_display_name: Option<String>,
    client_app_used: Option<String>,
    status: StatusFields,
    location: Option<Location>,
    is_interactive: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusFields {
    error_code: i32,
    failure_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    city: Option<String>,
    country_or_region: Option<String>,
}

impl Entry for SignIn {
    fn read(json: &[u8]) -> Option<Self> {
        let fields: Fields = read_object(json)?;
        let StatusFields { error_code, failure_reason } = fields.status;
        let status = if error_code == 0 { SignInStatus::Success } else { SignInStatus::Failure };
        let (city, country_or_region) =
            fields.location.map(|location| (location.city, location.country_or_region)).unwrap_or_default();
        Some(Self {
            id: Some(fields.id).filter(|id| !id.is_empty())?,
            created: fields.created_date_time.parse().ok()?,
            user_id: told(fields.user_id),
            user_principal_name: told(fields.user_principal_name),
            user_display_name: told(fields.user_display_name),
            ip_address: told(fields.ip_address),
            app_id: told(fields.app_id),
            app_display_name: told(fields.app_display_name),
            client_app_used: told(fields.client_app_used),
            status,
            error_code,
            // The log has "Other." for the reason of a failure that there was not.
            failure_reason: told(failure_reason).filter(|_| status == SignInStatus::Failure),
            city: told(city),
            country_or_region: told(country_or_region),
            is_interactive: fields.is_interactive,
        })
    }
}

/// The log writes an empty text for what it does not know.
fn told(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"{"id":"66ea54eb","createdDateTime":"2020-03-13T19:15:41.6195833Z","userDisplayName":"Test",
        "userPrincipalName":"t@contoso.com","userId":"26be570a","appId":"de8bc8b5","appDisplayName":"Graph explorer",
        "ipAddress":"131.107.159.37","clientAppUsed":"Browser","isInteractive":true,"riskEventTypes":[],
        "status":{"errorCode":0,"failureReason":"Other.","additionalDetails":null},
        "location":{"city":"","state":"x","countryOrRegion":"US","geoCoordinates":{"latitude":47.6}}}"#;

    #[test]
    fn an_entry_is_read() {
        let entry = SignIn::read(ENTRY.as_bytes()).unwrap();
        assert_eq!((entry.status, entry.error_code, entry.failure_reason.as_deref()), (SignInStatus::Success, 0, None));
        assert_eq!((entry.city.as_deref(), entry.country_or_region.as_deref()), (None, Some("US")));
        assert_eq!(entry.created, "2020-03-13T19:15:41.6195833Z".parse().unwrap());
        let failed =
            ENTRY.replace(r#""errorCode":0,"failureReason":"Other.""#, r#""errorCode":50126,"failureReason":"Bad.""#);
        let entry = SignIn::read(failed.as_bytes()).unwrap();
        assert_eq!((entry.status, entry.failure_reason.as_deref()), (SignInStatus::Failure, Some("Bad.")));
        for lacking in
            [ENTRY.replace("createdDateTime", "x"), ENTRY.replace("errorCode", "x"), ENTRY.replace("\"id\"", "\"x\"")]
        {
            assert_eq!(SignIn::read(lacking.as_bytes()), None, "{lacking}");
        }
    }
}
