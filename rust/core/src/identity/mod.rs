//! Who is meant: object ids, UPNs, and what is neither.

mod address;

use std::fmt;

use thiserror::Error;
use uuid::Uuid;

/// The longest UPN that is taken, in bytes of UTF-8.
///
/// Entra keeps UPNs below this (Microsoft Learn, "user resource type"), and a longer text would
/// only make an over-long URL.
pub const MAX_UPN_BYTES: usize = 1024;

/// Why a text cannot name a user. It is decided before any request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidUserId {
    /// There is no id and no UPN.
    #[error("there is neither an object id nor a user principal name")]
    Empty,
    /// The text is longer than [`MAX_UPN_BYTES`].
    #[error("the text is longer than any user principal name")]
    TooLong,
    /// The text is neither a GUID nor of the form `name@domain`.
    #[error("the text is neither an object id (GUID) nor a user principal name (name@domain)")]
    NotAnId,
    /// The text holds a character that no UPN has and that could change the meaning of a URL.
    #[error("the text holds a character that a user principal name cannot have")]
    ForbiddenCharacter,
}

/// A user principal name that is safe to address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upn(Box<str>);

impl Upn {
    /// Takes `name@domain`, with surrounding white space removed.
    ///
    /// `#EXT#`, `$`, `+`, `'` and non-ASCII letters are all fine. Slashes, white space, control
    /// characters and invisible format characters are not.
    ///
    /// # Errors
    /// [`InvalidUserId`], telling which of the rules the text breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidUserId> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidUserId::Empty);
        }
        if text.len() > MAX_UPN_BYTES {
            return Err(InvalidUserId::TooLong);
        }
        if text.chars().any(is_forbidden) {
            return Err(InvalidUserId::ForbiddenCharacter);
        }
        match text.split_once('@') {
            Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !domain.contains('@') => {
                Ok(Self(text.into()))
            }
            _ => Err(InvalidUserId::NotAnId),
        }
    }

    /// The UPN as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is that of an account invited from elsewhere.
    ///
    /// Source: Microsoft Learn, "Properties of a Microsoft Entra B2B collaboration user".
    pub fn is_guest(&self) -> bool {
        self.0.to_ascii_uppercase().contains("#EXT#")
    }

    /// The form in which two spellings of one UPN are equal.
    ///
    /// Only ASCII is folded: taking two different users for one would lose a user, while taking
    /// one user for two only repeats a harmless call.
    pub(crate) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '/' | '\\' | '\u{fffd}' | '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || c.is_control()
        || c.is_whitespace()
}

/// A user, by object id or by UPN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserId {
    /// The object id, which requests use whenever there is one, because UPNs change.
    ObjectId {
        /// The id itself.
        id: Uuid,
        /// The UPN beside it, for people to read.
        upn: Option<Upn>,
    },
    /// The UPN alone.
    Upn(Upn),
}

impl UserId {
    /// Takes what the caller has: `id` is an object id, or a UPN where there was one text only.
    ///
    /// A UPN that cannot be read is dropped where there is an object id.
    ///
    /// # Errors
    /// [`InvalidUserId`] when neither names a user.
    pub fn parse(id: Option<&str>, upn: Option<&str>) -> Result<Self, InvalidUserId> {
        let given = |text: Option<&str>| text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
        match (given(id), given(upn)) {
            (None, None) => Err(InvalidUserId::Empty),
            (None, Some(upn)) => Ok(Self::Upn(Upn::parse(&upn)?)),
            (Some(id), upn) => match parse_object_id(&id) {
                Some(id) => Ok(Self::ObjectId { id, upn: upn.and_then(|upn| Upn::parse(&upn).ok()) }),
                None => Ok(Self::Upn(Upn::parse(&id)?)),
            },
        }
    }

    /// The object id, where known.
    pub fn object_id(&self) -> Option<Uuid> {
        match self {
            Self::ObjectId { id, .. } => Some(*id),
            Self::Upn(_) => None,
        }
    }

    /// The UPN, where known.
    pub fn upn(&self) -> Option<&Upn> {
        match self {
            Self::ObjectId { upn, .. } => upn.as_ref(),
            Self::Upn(upn) => Some(upn),
        }
    }

    /// Whether the sessions of this user belong to another tenant, as far as the UPN tells.
    pub fn is_guest(&self) -> bool {
        self.upn().is_some_and(Upn::is_guest)
    }
}

impl fmt::Display for UserId {
    /// `adele@contoso.com (id)`, or the one of the two that is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ObjectId { id, upn: Some(upn) } => write!(f, "{} ({id})", upn.as_str()),
            Self::ObjectId { id, upn: None } => id.fmt(f),
            Self::Upn(upn) => f.write_str(upn.as_str()),
        }
    }
}

/// Object ids are GUIDs with hyphens, with or without braces as some tools print them.
fn parse_object_id(text: &str) -> Option<Uuid> {
    let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    // The length keeps out the other spellings that the parser knows.
    (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten()
}

/// Whose sessions are to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A user of the tenant.
    User(UserId),
    /// Whoever is signed in, by name where the token tells it.
    Me(Option<UserId>),
}

impl Target {
    /// The user, where known.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Me(user) => user.as_ref(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.user() {
            Some(user) => user.fmt(f),
            None => f.write_str("the signed-in user"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6e7b768e-07e2-4810-8459-485f84f8f204";

    #[test]
    fn guid_and_upn_are_told_apart() {
        let user = UserId::parse(Some(&ID.to_uppercase()), Some("adele@contoso.com")).unwrap();
        assert_eq!(user.to_string(), format!("adele@contoso.com ({ID})"));
        assert_eq!(UserId::parse(Some("{6e7b768e-07e2-4810-8459-485f84f8f204}"), None).unwrap().to_string(), ID);
        let by_upn = UserId::parse(Some(" adele@contoso.com\t"), None).unwrap();
        assert_eq!((by_upn.object_id(), by_upn.to_string().as_str()), (None, "adele@contoso.com"));
        assert_eq!(UserId::parse(Some(""), Some("a@b")).unwrap().to_string(), "a@b");
    }

    #[test]
    fn odd_but_real_upns_are_taken() {
        for upn in [
            "o'hara@contoso.com",
            "$dollar@contoso.com",
            "a+b@contoso.com",
            "zoë@contoso.com",
            "x_y.com#EXT#@contoso.com",
            "p%25@c.d",
        ] {
            assert_eq!(Upn::parse(upn).map(|u| u.as_str().to_owned()), Ok(upn.to_owned()));
        }
        assert!(Upn::parse("x_y.com#ext#@contoso.com").unwrap().is_guest());
        assert!(!Upn::parse("external@contoso.com").unwrap().is_guest());
    }

    #[test]
    fn what_names_no_user_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", InvalidUserId::Empty),
            ("  ", InvalidUserId::Empty),
            ("../me", InvalidUserId::ForbiddenCharacter),
            ("..\\me@x", InvalidUserId::ForbiddenCharacter),
            ("a@b/../../me", InvalidUserId::ForbiddenCharacter),
            ("adele vance@contoso.com", InvalidUserId::ForbiddenCharacter),
            ("adele@contoso.com\u{0}", InvalidUserId::ForbiddenCharacter),
            ("adele\u{200b}@contoso.com", InvalidUserId::ForbiddenCharacter),
            ("adele\r\nHost: x@c", InvalidUserId::ForbiddenCharacter),
            ("me", InvalidUserId::NotAnId),
            ("..", InvalidUserId::NotAnId),
            ("@contoso.com", InvalidUserId::NotAnId),
            ("a@b@c", InvalidUserId::NotAnId),
            ("6e7b768e07e248108459485f84f8f204", InvalidUserId::NotAnId),
        ] {
            assert_eq!(UserId::parse(Some(text), None), Err(reason), "{text:?}");
        }
        assert_eq!(Upn::parse(&format!("{}@c", "a".repeat(MAX_UPN_BYTES))), Err(InvalidUserId::TooLong));
        assert_eq!(UserId::parse(None, None), Err(InvalidUserId::Empty));
    }
}
