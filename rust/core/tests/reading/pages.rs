//! Lists of users: pages, limits, links, and what a bad day does to them.

use std::sync::Arc;
use std::time::Duration;

use revoke_session_core::ErrorId;
use revoke_session_core::reading::{Limit, UserQuery, read_users};
use serde_json::json;

use crate::support::{Act, GRAPH, MemoryGraph, Read, error, ok, page, read, throttled};

fn all() -> UserQuery {
    UserQuery { limit: Limit::None, ..UserQuery::default() }
}

fn filtered(filter: &str) -> UserQuery {
    UserQuery { filter: Some(filter.to_owned()), ..all() }
}

async fn users(graph: &Arc<MemoryGraph>, query: &UserQuery) -> Read<String> {
    let Read { items, failures, warnings, notices } = read(read_users(&graph.session(), query, true)).await;
    Read { items: items.into_iter().map(|user| user.id).collect(), failures, warnings, notices }
}

fn link(token: &str) -> String {
    format!("{GRAPH}users?$skiptoken={token}")
}

#[tokio::test(start_paused = true)]
async fn links_are_followed_to_the_end() {
    let graph =
        MemoryGraph::scripted([page(&["a", "b"], Some(&link("1"))), page(&[], Some(&link("2"))), page(&["c"], None)]);
    let read = users(&graph, &filtered("department ne null")).await;
    assert_eq!(read.items, ["a", "b", "c"]);
    assert!(read.failures.is_empty() && read.warnings.is_empty());
    let seen = graph.seen();
    assert_eq!((seen[1].path.as_str(), seen[2].path.as_str()), ("users?$skiptoken=1", "users?$skiptoken=2"));
    assert!(seen.iter().all(|request| request.eventual), "every page of an advanced query needs the header");
}

#[tokio::test(start_paused = true)]
async fn no_page_is_asked_for_before_it_is_wanted() {
    let graph = MemoryGraph::scripted([page(&["a", "b", "c"], Some(&link("1"))), page(&["d"], None)]);
    let mut reading = read_users(&graph.session(), &all(), false);
    for _ in 0..3 {
        assert_eq!(reading.next(1).await.map(|events| events.len()), Some(1));
        assert_eq!(graph.seen().len(), 1);
    }
    assert!(reading.next(1).await.is_some() && graph.seen().len() == 2);
}

#[tokio::test(start_paused = true)]
async fn a_limit_ends_the_list_and_the_usual_one_says_so() {
    let hundred: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let hundred: Vec<&str> = hundred.iter().map(String::as_str).collect();
    let graph = MemoryGraph::scripted([page(&hundred, Some(&link("1")))]);
    let read = users(&graph, &UserQuery::default()).await;
    assert_eq!((read.items.len(), read.warnings.len()), (100, 1));
    assert!(read.warnings[0].contains("-All"));

    let graph = MemoryGraph::scripted([page(&hundred, None)]);
    assert!(users(&graph, &UserQuery::default()).await.warnings.is_empty());

    let graph = MemoryGraph::scripted([page(&["a", "b"], Some(&link("1"))), page(&["c", "d"], Some(&link("2")))]);
    let read = users(&graph, &UserQuery { limit: Limit::First(3), ..UserQuery::default() }).await;
    assert_eq!((read.items.as_slice(), read.warnings.len()), (&["a", "b", "c"].map(str::to_owned)[..], 0));
}

#[tokio::test(start_paused = true)]
async fn a_link_to_elsewhere_is_told_and_not_followed() {
    for bad in [
        "https://evil.example/v1.0/users",
        "http://graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com/beta/users",
        "users?$skiptoken=1",
        &format!("{GRAPH}../beta/users"),
    ] {
        let graph = MemoryGraph::scripted([page(&["a"], Some(bad))]);
        let read = users(&graph, &all()).await;
        assert_eq!((read.items.len(), read.error_ids()), (1, vec![ErrorId::InvalidAnswer]), "{bad}");
        assert!(read.failures[0].1.message.contains("incomplete"));
        assert_eq!(graph.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_odd_entry_is_told_and_loses_no_other() {
    let graph = MemoryGraph::scripted([ok(json!({"value": [{"id": "a"}, {"id": 7}, {"id": "c"}]}))]);
    let read = users(&graph, &all()).await;
    assert_eq!((read.items.len(), read.error_ids()), (2, vec![ErrorId::InvalidAnswer]));
    assert!(read.failures[0].1.message.contains("1 of the 3"), "{:?}", read.failures);
}

#[tokio::test(start_paused = true)]
async fn waits_are_kept_to_and_told() {
    let graph = MemoryGraph::scripted([
        throttled("30"),
        Act::Answer(503, vec![("retry-after", "20".to_owned())], json!({})),
        page(&["a"], None),
    ]);
    let read = users(&graph, &all()).await;
    assert_eq!((read.items.len(), read.failures.len()), (1, 0));
    let seen = graph.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(30) && seen[2].at - seen[1].at >= Duration::from_secs(20));
    assert!(seen[2].fresh && !seen[1].fresh, "after a 503 a new connection is taken");
    assert!(read.notices.iter().any(|notice| notice.contains("30.0 s")), "{:?}", read.notices);
}

#[tokio::test(start_paused = true)]
async fn what_gets_lost_is_asked_for_again_and_not_for_ever() {
    let graph = MemoryGraph::scripted([
        Act::Lost,
        Act::NotSent,
        Act::Raw(200, "<html>"),
        Act::Raw(404, "<html>"),
        Act::Hang,
        page(&["a"], None),
    ]);
    assert_eq!(users(&graph, &all()).await.items, ["a"]);
    for (rule, id) in [
        ((|_, _: &_| Act::Lost) as fn(usize, &_) -> Act, ErrorId::GraphUnreachable),
        (|_, _| Act::NotSent, ErrorId::GraphUnreachable),
        (|_, _| Act::Hang, ErrorId::GraphUnreachable),
        (|_, _| Act::Raw(200, "{}"), ErrorId::InvalidAnswer),
        (|_, _| error(500, "x"), ErrorId::GraphUnreachable),
        (|_, _| throttled("9000"), ErrorId::Throttled),
        (|_, _| throttled("200"), ErrorId::Throttled),
        (|_, _| Act::Raw(307, ""), ErrorId::InvalidAnswer),
    ] {
        let graph = MemoryGraph::new(rule);
        let read = users(&graph, &all()).await;
        assert_eq!((read.items.len(), read.error_ids()), (0, vec![id]));
        assert!(graph.seen().len() <= 30, "{}", graph.seen().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_with_the_claims_that_were_asked_for() {
    let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"".to_owned();
    let refused = || Act::Answer(401, vec![("www-authenticate", challenge.clone())], json!({}));
    let graph = MemoryGraph::scripted([refused(), page(&["a"], None)]);
    assert_eq!(users(&graph, &all()).await.items, ["a"]);
    assert_eq!(graph.seen().iter().map(|seen| seen.token.clone()).collect::<Vec<_>>(), ["1", "101"]);
    let graph = MemoryGraph::scripted([error(401, "A"), error(401, "B")]);
    let read = users(&graph, &all()).await;
    assert_eq!(read.error_ids(), [ErrorId::AuthenticationFailed]);
    assert!(read.failures[0].1.message.contains("B happened"));
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_in_graphs_words_with_what_to_do() {
    for (status, code, id, advice) in [
        (400, "BadRequest", ErrorId::RequestRejected, "-Filter"),
        (403, "Authorization_RequestDenied", ErrorId::AccessDenied, "User.Read.All"),
        (404, "ResourceNotFound", ErrorId::RequestRejected, "request id"),
    ] {
        let graph = MemoryGraph::scripted([error(status, code)]);
        let read = users(&graph, &filtered("department eq 'x'")).await;
        assert_eq!(read.error_ids(), [id]);
        let detail = &read.failures[0].1;
        assert!(detail.message.contains(&format!("{code} happened.")), "{detail:?}");
        assert!(detail.recommended_action().contains(advice), "{detail:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_turns_out_to_be_advanced_is_asked_as_one() {
    let graph = MemoryGraph::scripted([
        error(400, "Request_UnsupportedQuery"),
        page(&["a"], Some(&link("1"))),
        page(&["b"], None),
    ]);
    let read = users(&graph, &filtered("companyName eq 'x'")).await;
    assert_eq!((read.items.len(), read.failures.len()), (2, 0));
    let seen = graph.seen();
    assert_eq!(seen.iter().map(|seen| seen.eventual).collect::<Vec<_>>(), [false, true, true]);
    assert!(seen[1].path.ends_with("&$count=true") && !seen[0].path.contains("$count"));
    // But only once, and not where it was one already.
    let graph = MemoryGraph::scripted([error(400, "Request_UnsupportedQuery"), error(400, "Request_UnsupportedQuery")]);
    assert_eq!(users(&graph, &filtered("companyName eq 'x'")).await.error_ids(), [ErrorId::RequestRejected]);
    let graph = MemoryGraph::scripted([error(400, "Request_UnsupportedQuery")]);
    assert_eq!(users(&graph, &filtered("companyName ne 'x'")).await.error_ids(), [ErrorId::RequestRejected]);
}
