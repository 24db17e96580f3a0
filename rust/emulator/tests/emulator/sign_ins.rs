//! Reading the sign-in log.

use std::collections::HashSet;

use graph_emulator::{EmulatorConfig, TokenGrant};
use serde_json::{Value, json};

use crate::wire::{Answer, Wire};

async fn reader(config: EmulatorConfig) -> Wire {
    let mut wire = Wire::with(config).await;
    let roles = Some(vec!["AuditLog.Read.All".to_owned()]);
    wire.token = wire.emulator.mint_token(&TokenGrant { roles, ..TokenGrant::default() });
    wire
}

fn entries(page: &Answer) -> &Vec<Value> {
    assert_eq!(page.status, 200, "{}", page.body);
    page.body["value"].as_array().expect("entries")
}

#[tokio::test]
async fn pages_lead_through_the_log_from_the_newest_on() {
    let wire = reader(EmulatorConfig { sign_ins: 2500, ..EmulatorConfig::default() }).await;
    let mut path = "/v1.0/auditLogs/signIns".to_owned();
    let (mut seen, mut times, mut pages) = (HashSet::new(), Vec::new(), 0);
    loop {
        let page = wire.get(&path).await;
        pages += 1;
        for entry in entries(&page) {
            assert!(seen.insert(entry["id"].as_str().expect("an id").to_owned()));
            times.push(entry["createdDateTime"].as_str().expect("a time").to_owned());
        }
        let Some(next) = page.body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(&wire.emulator.endpoints().graph).expect("a link to the same host").to_owned();
    }
    assert_eq!((seen.len(), pages), (2500, 3));
    assert!(times.is_sorted_by(|newer, older| newer >= older));
}

#[tokio::test]
async fn a_filter_goes_on_over_the_pages() {
    let wire = reader(EmulatorConfig::default()).await;
    let wanted = wire.emulator.sign_ins().entries().iter().filter(|entry| entry.ip_address() == "203.0.113.7").count();
    let mut path = "/v1.0/auditLogs/signIns?$top=7&$filter=ipAddress%20eq%20'203.0.113.7'".to_owned();
    let mut seen = 0;
    loop {
        let page = wire.get(&path).await;
        assert!(entries(&page).iter().all(|entry| entry["ipAddress"] == "203.0.113.7"));
        seen += entries(&page).len();
        let Some(next) = page.body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(&wire.emulator.endpoints().graph).expect("a link to the same host").to_owned();
    }
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn permission_and_licence_are_asked_for() {
    let wire = Wire::start().await;
    let refused = wire.get("/v1.0/auditLogs/signIns").await;
    assert_eq!((refused.status, refused.code()), (403, "Authentication_MSGraphPermissionMissing"));
    let wire = reader(EmulatorConfig::default()).await;
    assert_eq!(wire.control("POST", "license", &json!({"premium": false})).await.status, 204);
    let refused = wire.get("/v1.0/auditLogs/signIns").await;
    assert_eq!((refused.status, refused.code()), (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"));
    wire.control("POST", "reset", &Value::Null).await;
    assert_eq!(wire.get("/v1.0/auditLogs/signIns?$top=1").await.status, 200);
}

#[tokio::test]
async fn what_the_log_cannot_do_is_refused() {
    let wire = reader(EmulatorConfig::default()).await;
    for query in
        ["$filter=ipAddress%20ne%20'x'", "$top=1001", "$top=0", "$select=id", "$skiptoken=made-up", "$count=true"]
    {
        let answer = wire.get(&format!("/v1.0/auditLogs/signIns?{query}")).await;
        assert_eq!((answer.status, answer.code()), (400, "BadRequest"), "{query}");
    }
    let listed = wire.control("GET", "sign-ins", &Value::Null).await.body;
    assert_eq!(listed.as_array().map(Vec::len), Some(1000));
}
