//! Reading users.

use std::collections::HashSet;

use graph_emulator::EmulatorConfig;

use crate::wire::Wire;

const ADVANCED: &str = "ConsistencyLevel: eventual\r\n";

#[tokio::test]
async fn pages_lead_to_every_user_once() {
    let wire = Wire::with(EmulatorConfig { users: 1234, ..EmulatorConfig::default() }).await;
    let mut path = "/v1.0/users?$top=500&$select=id,userPrincipalName".to_owned();
    let mut seen = HashSet::new();
    let mut pages = 0;
    loop {
        let page = wire.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        pages += 1;
        for user in page.body["value"].as_array().expect("users") {
            assert!(seen.insert(user["id"].as_str().expect("an id").to_owned()));
        }
        let Some(next) = page.body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(&wire.emulator.endpoints().graph).expect("a link to the same host").to_owned();
    }
    assert_eq!((seen.len(), pages), (1234, 3));
    assert_eq!(wire.get("/v1.0/users").await.body["value"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn a_filter_goes_on_over_the_pages() {
    let wire = Wire::with(EmulatorConfig { users: 3000, ..EmulatorConfig::default() }).await;
    let expected = wire.emulator.directory().users().iter().filter(|user| !user.account_enabled).count();
    let mut path = "/v1.0/users?$filter=accountEnabled%20eq%20false&$select=accountEnabled&$top=50".to_owned();
    let mut seen = 0;
    loop {
        let page = wire.get(&path).await;
        let users = page.body["value"].as_array().expect("users");
        assert!(users.iter().all(|user| user["accountEnabled"] == false && user.get("id").is_none()));
        seen += users.len();
        let Some(next) = page.body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(&wire.emulator.endpoints().graph).expect("a link to the same host").to_owned();
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn one_user_comes_with_the_default_set_or_the_selection() {
    let wire = Wire::start().await;
    let user = wire.get("/v1.0/users/adele@contoso.com").await;
    assert_eq!(user.body["displayName"], "Adele Vance");
    assert!(user.body.get("signInSessionsValidFromDateTime").is_none() && user.body.get("accountEnabled").is_none());
    let user = wire.get("/v1.0/users('adele@contoso.com')?$select=id,signInSessionsValidFromDateTime").await;
    assert!(user.body["signInSessionsValidFromDateTime"].is_string());
    assert!(user.body["@odata.context"].as_str().is_some_and(|context| {
        context.ends_with("/v1.0/$metadata#users(id,signInSessionsValidFromDateTime)/$entity")
    }));
    let missing = wire.get("/v1.0/users/00000000-0000-0000-0000-000000000000").await;
    assert_eq!((missing.status, missing.code()), (404, "Request_ResourceNotFound"));
}

#[tokio::test]
async fn advanced_queries_need_both_marks() {
    let wire = Wire::start().await;
    for query in [
        "$filter=endswith(userPrincipalName,'%23EXT%23@contoso.com')",
        "$filter=accountEnabled%20ne%20true",
        "$filter=not(accountEnabled%20eq%20true)",
        "$search=%22displayName:adele%22",
    ] {
        for (path, headers) in [
            (format!("/v1.0/users?{query}"), ""),
            (format!("/v1.0/users?{query}"), ADVANCED),
            (format!("/v1.0/users?{query}&$count=true"), ""),
        ] {
            let refused = wire.send("GET", &path, headers, "").await;
            assert_eq!((refused.status, refused.code()), (400, "Request_UnsupportedQuery"), "{path}");
        }
        let answer = wire.send("GET", &format!("/v1.0/users?{query}&$count=true"), ADVANCED, "").await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let shown = answer.body["value"].as_array().map(Vec::len);
        assert!(shown > Some(0), "{query}");
        assert_eq!(answer.body["@odata.count"].as_u64(), shown.and_then(|shown| u64::try_from(shown).ok()));
    }
}

#[tokio::test]
async fn what_the_directory_cannot_do_is_refused() {
    let wire = Wire::start().await;
    for (query, code) in [
        ("$filter=contains(displayName,'x')", "Request_UnsupportedQuery"),
        ("$filter=jobTitle%20eq%20'x'", "Request_UnsupportedQuery"),
        ("$filter=shoeSize%20eq%20'x'", "BadRequest"),
        ("$filter=department", "BadRequest"),
        ("$orderby=displayName", "Request_UnsupportedQuery"),
        ("$top=1000", "Request_UnsupportedQuery"),
        ("$top=0", "Request_UnsupportedQuery"),
        ("$select=shoeSize", "BadRequest"),
        ("$skip=3", "BadRequest"),
        ("$skiptoken=made-up", "Directory_ExpiredPageToken"),
    ] {
        let answer = wire.get(&format!("/v1.0/users?{query}")).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{query}");
    }
}
