//! User ids: what is accepted is addressed as itself and as nobody else.

use percent_encoding::percent_decode_str;
use revoke_session_core::Input;
use revoke_session_core::identity::{Target, UserId};
use url::Url;

/// The id and the UPN beside it, each as UTF-8, with one byte `ff` between them. Other bytes are
/// replaced, as .NET does with lone surrogates.
pub fn fuzz_one(data: &[u8]) {
    let mut texts = data.splitn(2, |byte| *byte == 0xff).map(String::from_utf8_lossy);
    let (id, upn) = (texts.next(), texts.next());
    let (id, upn) = (id.as_deref(), upn.as_deref());
    let input = Input::parse(7, id, upn);
    match UserId::parse(id, upn) {
        Ok(user) => {
            addresses_itself(&user, id, upn);
            let target = input.target().expect("an id that was accepted is an input");
            assert!(matches!(target, Target::User(named) if *named == user));
        }
        Err(_) => {
            let refusal = input.target().expect_err("an id that was refused is no input");
            assert!(!refusal.message.chars().any(char::is_control), "{:?}", refusal.message);
        }
    }
}

/// The URL of a user's revocation leads to that user, whatever a client or server on the way makes
/// of dots, slashes and quotes. A rival sent `../me` on and signed out the administrator.
fn addresses_itself(user: &UserId, id: Option<&str>, upn: Option<&str>) {
    let path = Target::User(user.clone()).revoke_path();
    let url = Url::parse(&format!("https://graph.example/v1.0/{path}")).expect("an address is a URL");
    assert_eq!(url.path(), format!("/v1.0/{path}"), "the address changes when it is read");
    assert_eq!(url.host_str(), Some("graph.example"));
    assert_eq!((url.query(), url.fragment()), (None, None));
    let segments: Vec<_> = url.path_segments().expect("a path").collect();
    let [version, address, action] = match segments[..] {
        [version, "users", address, action] if user.object_id().is_some() => [version, address, action],
        [version, address, action] if user.object_id().is_none() => [version, address, action],
        _ => panic!("{path} is another path"),
    };
    assert_eq!((version, action), ("v1.0", "revokeSignInSessions"));

    let given = [id, upn].into_iter().flatten().map(str::trim).find(|text| !text.is_empty());
    let given = given.expect("nothing at all is no user");
    if let Some(id) = user.object_id() {
        assert_eq!(address, id.to_string());
        assert_eq!(given.trim_matches(['{', '}']).to_ascii_lowercase(), address);
        assert_eq!(UserId::parse(Some(address), None).ok().and_then(|user| user.object_id()), Some(id));
        return;
    }
    let key = address.strip_prefix("users('").and_then(|key| key.strip_suffix("')")).expect("key syntax");
    let literal = percent_decode_str(key).decode_utf8().expect("what went in was UTF-8");
    // Within the key no quote stands alone, so the literal cannot end early.
    assert!(!literal.replace("''", "").contains('\''), "{literal:?} ends early");
    assert_eq!(literal.replace("''", "'"), given);
    assert!(!literal.contains(['/', '\\']), "{literal:?} holds another segment");
    assert_eq!(UserId::parse(Some(given), None).as_ref(), Ok(user), "a UPN changes when it is read again");
}
