//! How a user is addressed in a Graph URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Target, UserId};

/// Everything but the unreserved characters of RFC 3986, section 2.3, is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl UserId {
    /// The path segments of this user below the API version, such as `users/6e7b768e-…`.
    ///
    /// A UPN goes in key syntax with quotes doubled, which alone addresses names that begin with
    /// `$`. Source: Microsoft Learn, "Get user", and `OData` Version 4.01 Part 2, section 4.3.
    pub fn address(&self) -> String {
        match self {
            Self::ObjectId { id, .. } => format!("users/{id}"),
            Self::Upn(upn) => {
                let literal = upn.as_str().replace('\'', "''");
                format!("users('{}')", utf8_percent_encode(&literal, SEGMENT))
            }
        }
    }
}

impl Target {
    /// The path of the revocation below the API version, without a leading slash.
    pub fn revoke_path(&self) -> String {
        match self {
            Self::User(user) => format!("{}/revokeSignInSessions", user.address()),
            Self::Me(_) => "me/revokeSignInSessions".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn addresses_follow_the_key_syntax() {
        let path = |text| Target::User(UserId::parse(Some(text), None).unwrap()).revoke_path();
        assert_eq!(
            path("6E7B768E-07E2-4810-8459-485F84F8F204"),
            "users/6e7b768e-07e2-4810-8459-485f84f8f204/revokeSignInSessions"
        );
        assert_eq!(path("o'hara@c.d"), "users('o%27%27hara%40c.d')/revokeSignInSessions");
        assert_eq!(path("$a+b@c.d"), "users('%24a%2Bb%40c.d')/revokeSignInSessions");
        assert_eq!(path("x#EXT#@c.d"), "users('x%23EXT%23%40c.d')/revokeSignInSessions");
        assert_eq!(path("zoë@c.d"), "users('zo%C3%AB%40c.d')/revokeSignInSessions");
        assert_eq!(Target::Me(None).revoke_path(), "me/revokeSignInSessions");
    }

    /// A rival sent `../me` on and signed out the administrator.
    fn stays_with_its_own_user(text: &str) -> Result<(), TestCaseError> {
        let Ok(user) = UserId::parse(Some(text), None) else { return Ok(()) };
        let target = Target::User(user.clone());
        let url = Url::parse(&format!("https://graph.example/v1.0/{}", target.revoke_path())).unwrap();
        let segments: Vec<_> = url.path_segments().unwrap().collect();
        prop_assert_eq!(url.host_str(), Some("graph.example"));
        prop_assert_eq!((url.query(), url.fragment()), (None, None));
        prop_assert_eq!(segments[0], "v1.0");
        prop_assert_eq!(*segments.last().unwrap(), "revokeSignInSessions");
        if let Some(id) = user.object_id() {
            let id = id.to_string();
            prop_assert_eq!(&segments[1..], &["users", &id, "revokeSignInSessions"]);
            return Ok(());
        }
        prop_assert_eq!(segments.len(), 3);
        let key = segments[1].strip_prefix("users('").and_then(|s| s.strip_suffix("')")).unwrap();
        let literal = percent_decode_str(key).decode_utf8().unwrap().into_owned();
        // Within the key no quote stands alone, so the literal cannot end early.
        prop_assert!(!literal.replace("''", "").contains('\''));
        prop_assert_eq!(literal.replace("''", "'"), text.trim());
        prop_assert!(!literal.contains('/') && !literal.contains('\\'));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn no_string_reaches_another_path(text in any::<String>()) {
            stays_with_its_own_user(&text)?;
        }

        #[test]
        fn no_hostile_string_reaches_another_path(text in r"[a.%/\\'()?#@\$&;:=+ 2eEfF\u{0}-\u{20}é]{0,24}") {
            stays_with_its_own_user(&text)?;
            stays_with_its_own_user(&format!("a{text}@b"))?;
        }
    }
}
