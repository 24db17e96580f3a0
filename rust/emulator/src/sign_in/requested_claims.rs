//! The `claims` parameter: what a client wants its access token to say.
//!
//! Sources: `OpenID` Connect Core 1.0, section 5.5; Microsoft identity platform, "Claims challenges, claims
//! requests, and client capabilities".

use serde::Deserialize;

use super::refusal::Refusal;

/// What was asked of the access token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RequestedClaims {
    /// The client's capabilities; `cp1` is a client that can answer claims challenges.
    pub(super) capabilities: Vec<String>,
    /// The moment named by the claims challenge that is answered.
    pub(super) not_before: Option<i64>,
}

#[derive(Deserialize, Default)]
struct Claims {
    #[serde(default)]
    access_token: Option<AccessToken>,
}

#[derive(Deserialize, Default)]
struct AccessToken {
    #[serde(default)]
    xms_cc: Option<Values>,
    #[serde(default)]
    nbf: Option<Essential>,
}

#[derive(Deserialize, Default)]
struct Values {
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
struct Essential {
    value: String,
}

impl RequestedClaims {
    /// Reads the parameter, which need not be there.
    pub(super) fn parse(claims: Option<&str>) -> Result<Self, Refusal> {
        let Some(claims) = claims.filter(|claims| !claims.is_empty()) else { return Ok(Self::default()) };
        let malformed = || Refusal::new(9_002_313, &[]);
        let claims: Claims = serde_json::from_str(claims).map_err(|_| malformed())?;
        let AccessToken { xms_cc, nbf } = claims.access_token.unwrap_or_default();
        let not_before = nbf.map(|nbf| nbf.value.parse().map_err(|_| malformed())).transpose()?;
        Ok(Self { capabilities: xms_cc.unwrap_or_default().values, not_before })
    }
}

#[cfg(test)]
mod tests {
    use super::RequestedClaims;

    #[test]
    fn capabilities_and_the_challenge_are_read() {
        let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1700000000"},"xms_cc":{"values":["cp1"]}}}"#;
        let claims = RequestedClaims::parse(Some(claims)).expect("claims");
        assert_eq!((claims.capabilities, claims.not_before), (vec!["cp1".to_owned()], Some(1_700_000_000)));
        for nothing in [None, Some(""), Some("{}"), Some(r#"{"id_token":{"acr":null}}"#)] {
            assert_eq!(RequestedClaims::parse(nothing).ok(), Some(RequestedClaims::default()));
        }
        for nonsense in ["cp1", "7", r#"{"access_token":{"nbf":{"value":"soon"}}}"#] {
            assert!(RequestedClaims::parse(Some(nonsense)).is_err(), "{nonsense}");
        }
    }
}
