//! The sign-in log: its time, its refusals, and what is compared here.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use revoke_session_core::ErrorId;
use revoke_session_core::reading::{SignInQuery, SignInStatus, read_sign_ins};
use serde_json::{Value, json};

use crate::support::{Act, GRAPH, MemoryGraph, error, ok, read};

fn entry(id: &str, address: &str) -> Value {
    json!({"id": id, "createdDateTime": "2026-11-21T07:00:00Z", "ipAddress": address, "status": {"errorCode": 0}})
}

fn log(entries: &[Value], next: Option<&str>) -> Act {
    let mut body = json!({"value": entries});
    if let Some(next) = next {
        body["@odata.nextLink"] = json!(format!("{GRAPH}auditLogs/signIns?$skiptoken={next}"));
    }
    ok(body)
}

fn asked(graph: &Arc<MemoryGraph>) -> String {
    percent_decode_str(&graph.seen()[0].path).decode_utf8().unwrap().into_owned()
}

#[tokio::test(start_paused = true)]
async fn without_a_beginning_the_log_goes_back_a_day() {
    let graph = MemoryGraph::scripted([log(&[], None)]);
    let day = read(read_sign_ins(&graph.session(), SignInQuery::default(), true)).await;
    assert_eq!(asked(&graph), "auditLogs/signIns?$top=1000&$filter=createdDateTime ge 2026-11-20T08:00:00Z");
    assert!(day.notices[0].contains("2026-11-20 08:00:00Z"), "{:?}", day.notices);
    let graph = MemoryGraph::scripted([log(&[], None)]);
    let until = Some("2026-11-01T08:00:00Z".parse().unwrap());
    read(read_sign_ins(&graph.session(), SignInQuery { until, ..SignInQuery::default() }, false)).await;
    assert!(asked(&graph).ends_with("ge 2026-10-31T08:00:00Z and createdDateTime le 2026-11-01T08:00:00Z"));
    let graph = MemoryGraph::scripted([log(&[], None)]);
    let query = SignInQuery { everything: true, status: Some(SignInStatus::Success), ..SignInQuery::default() };
    read(read_sign_ins(&graph.session(), query, false)).await;
    assert_eq!(asked(&graph), "auditLogs/signIns?$top=1000&$filter=status/errorCode eq 0");
}

#[tokio::test(start_paused = true)]
async fn a_number_counts_what_is_in_the_range() {
    let graph = MemoryGraph::scripted([
        log(&[entry("a", "10.1.0.1"), entry("b", "10.1.99.1"), entry("c", "")], Some("1")),
        log(&[entry("d", "10.1.1.1"), entry("e", "10.1.2.1")], Some("2")),
    ]);
    let query = SignInQuery { addresses: vec!["10.1.0.0/20".parse().unwrap()], top: Some(2), ..SignInQuery::default() };
    let found = read(read_sign_ins(&graph.session(), query, false)).await;
    assert_eq!(found.items.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["a", "d"]);
    assert!(asked(&graph).contains("startsWith(ipAddress,'10.1.')") && asked(&graph).contains("$top=1000"));
    assert_eq!(graph.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn refusals_say_what_is_missing() {
    for (status, code, id, advice) in [
        (403, "Authentication_MSGraphPermissionMissing", ErrorId::AccessDenied, "AuditLog.Read.All"),
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", ErrorId::LicenseRequired, "P1"),
        (400, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", ErrorId::LicenseRequired, "P1"),
        (400, "BadRequest", ErrorId::RequestRejected, "-Filter"),
    ] {
        let graph = MemoryGraph::scripted([error(status, code)]);
        // A refusal of the first of several queries is one of all.
        let addresses = (0..25).map(|n| format!("10.0.0.{n}").parse().unwrap()).collect();
        let query = SignInQuery { addresses, ..SignInQuery::default() };
        let refused = read(read_sign_ins(&graph.session(), query, false)).await;
        assert_eq!(refused.error_ids(), [id], "{code}");
        assert!(refused.failures[0].1.recommended_action().contains(advice), "{:?}", refused.failures);
        assert!(refused.failures[0].1.message.contains(code));
    }
}
