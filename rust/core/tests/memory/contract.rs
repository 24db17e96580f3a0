//! What the engine promises, on a Graph in memory and a paused clock.

use std::collections::HashMap;
use std::time::Duration;

use revoke_session_core::{ErrorId, Event, Input, RunOptions, Status, start};
use tokio::time::Instant;

use super::support::{Act, MemoryGraph, Reply, Tokens, error, path, revoke, session, session_with, statuses, users};

#[tokio::test(start_paused = true)]
async fn a_full_stream_goes_in_full_batches_and_nobody_twice() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(1000)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 1000)]));
    assert_eq!(outcomes.iter().map(|o| o.tag).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    let seen = graph.seen();
    assert_eq!(seen.len(), 50);
    assert!(seen.iter().all(|request| request.path == "$batch" && request.users.len() == 20));
    let mut asked: Vec<_> = seen.iter().flat_map(|request| request.users.clone()).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 1000);
}

#[tokio::test(start_paused = true)]
async fn no_more_batches_fly_than_allowed() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let begin = Instant::now();
    revoke(&session(&graph), RunOptions::default().with_throttle_limit(2), users(200)).await;
    // Ten batches of 100 ms, two at a time.
    assert_eq!(begin.elapsed().as_millis() / 100, 5);
}

#[tokio::test(start_paused = true)]
async fn a_single_user_goes_as_a_plain_post() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(1)).await;
    assert_eq!((outcomes[0].status, outcomes[0].attempts), (Status::Revoked, 1));
    assert_eq!(graph.seen()[0].path, path(0));
}

#[tokio::test(start_paused = true)]
async fn a_lone_user_is_not_held_back_while_the_input_stays_open() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let mut run = start(&session(&graph), RunOptions::default());
    let begin = Instant::now();
    run.input.submit(users(1)).await;
    assert!(matches!(run.events.next(9).await.as_deref(), Some([Event::Outcome(_)])));
    assert!(begin.elapsed() <= Duration::from_millis(110), "{:?}", begin.elapsed());
    run.input.submit(users(2)).await;
    run.input.flush().await;
    let begin = Instant::now();
    run.events.next(9).await;
    assert!(begin.elapsed() <= Duration::from_millis(105), "{:?}", begin.elapsed());
    run.input.complete();
    while run.events.next(9).await.is_some() {}
    let progress = run.control.progress();
    assert_eq!((progress.accepted, progress.done), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn duplicates_are_called_once_and_each_is_answered() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let inputs = ["Adele@contoso.com", "adele@CONTOSO.com", " adele@contoso.com ", "b@contoso.com"];
    let inputs = inputs.iter().zip(0..).map(|(id, tag)| Input::parse(tag, Some(id), None)).collect();
    let outcomes = revoke(&session(&graph), RunOptions::default(), inputs).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 4)]));
    assert_eq!(outcomes.iter().filter(|o| o.note.is_some()).count(), 2);
    assert_eq!(graph.seen().iter().map(|request| request.users.len()).sum::<usize>(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_names_nobody_fails_before_any_request() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let inputs = ["../me", "", "me", "a@b/../../me"]
        .iter()
        .zip(0..)
        .map(|(id, tag)| Input::parse(tag, Some(id), None))
        .collect();
    let outcomes = revoke(&session(&graph), RunOptions::default(), inputs).await;
    assert_eq!(outcomes.len(), 4);
    assert!(
        outcomes
            .iter()
            .all(|o| o.status == Status::Failed && error(o) == Some(ErrorId::InvalidUserId) && o.attempts == 0)
    );
    assert!(graph.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_answer_of_a_batch_belongs_to_its_own_user() {
    let graph = MemoryGraph::new(|_, _| {
        Act::each(|user| match user {
            u if u == path(1) => Reply::error(404, "Request_ResourceNotFound"),
            u if u == path(2) => Reply::error(403, "Authorization_RequestDenied"),
            u if u == path(3) => Reply::error(400, "Request_BadRequest"),
            u if u == path(4) => {
                Reply { status: 200, headers: vec![], body: Some(serde_json::json!({"value": false})) }
            }
            u if u == path(5) => Reply { status: 204, headers: vec![], body: None },
            _ => Reply::revoked(),
        })
    });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(7)).await;
    let ended: Vec<_> = outcomes.iter().map(|o| (o.status, error(o))).collect();
    assert_eq!(
        ended,
        [
            (Status::Revoked, None),
            (Status::NotFound, Some(ErrorId::UserNotFound)),
            (Status::Denied, Some(ErrorId::AccessDenied)),
            (Status::Failed, Some(ErrorId::RequestRejected)),
            (Status::Failed, Some(ErrorId::RevocationRefused)),
            (Status::Revoked, None),
            (Status::Revoked, None),
        ]
    );
    assert_eq!(outcomes[2].failure.as_ref().unwrap().graph_code.as_deref(), Some("Authorization_RequestDenied"));
    assert!(outcomes[1].failure.as_ref().unwrap().detail.message.contains("user1@contoso.com"));
    assert_eq!(graph.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_tells_sent_from_not_sent() {
    let graph = MemoryGraph::new(|number, _| if number == 0 { Act::revoked() } else { Act::Hang });
    let options = RunOptions::default().with_throttle_limit(1).with_timeout(Some(Duration::from_secs(5)));
    let begin = Instant::now();
    let outcomes = revoke(&session(&graph), options, users(60)).await;
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert_eq!(
        statuses(&outcomes),
        HashMap::from([(Status::Revoked, 20), (Status::Unknown, 20), (Status::Failed, 20)])
    );
    assert!(
        outcomes
            .iter()
            .filter(|o| o.status == Status::Failed)
            .all(|o| error(o) == Some(ErrorId::TimedOut) && o.attempts == 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_answers_for_everybody_at_once() {
    let graph = MemoryGraph::new(|_, _| Act::Hang);
    let mut run = start(&session(&graph), RunOptions::default().with_throttle_limit(1));
    run.input.submit(users(30)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.control.cancel();
    run.input.submit(users(31).split_off(30)).await;
    run.input.complete();
    let begin = Instant::now();
    let mut counts = HashMap::new();
    while let Some(events) = run.events.next(100).await {
        for event in events {
            let Event::Outcome(outcome) = event else { continue };
            *counts.entry((outcome.status, error(&outcome))).or_insert(0) += 1;
        }
    }
    assert!(begin.elapsed() < Duration::from_millis(10));
    let unknown = ((Status::Unknown, Some(ErrorId::OutcomeUnknown)), 20);
    assert_eq!(counts, HashMap::from([unknown, ((Status::Failed, Some(ErrorId::Cancelled)), 11)]));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_does_not_listen_holds_the_run_back() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let run = start(&session(&graph), RunOptions::default());
    let endless = async {
        for _ in 0..1000 {
            run.input.submit(users(1000).into_iter().collect()).await;
        }
    };
    // Every input is a duplicate or new, but all want an answer, and nobody reads them.
    let held = tokio::time::timeout(Duration::from_secs(60), endless).await;
    assert!(held.is_err(), "input must wait for output to be read");
    assert!(run.control.progress().accepted < 10_000);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_output_stops_the_run() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let run = start(&session(&graph), RunOptions::default().with_throttle_limit(1));
    run.input.submit(users(1000)).await;
    drop(run.events);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(graph.seen().len() <= 2, "{}", graph.seen().len());
}

#[tokio::test(start_paused = true)]
async fn the_signed_in_user_needs_a_delegated_sign_in() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let app = revoke(&session(&graph), RunOptions::default(), vec![Input::me(1)]).await;
    assert_eq!((app[0].status, error(&app[0])), (Status::Failed, Some(ErrorId::DelegatedSignInRequired)));
    assert!(graph.seen().is_empty());
    let user =
        revoke(&session_with(&graph, Tokens::with(true, false), None), RunOptions::default(), vec![Input::me(1)]).await;
    assert_eq!(user[0].status, Status::Revoked);
    let name = user[0].target.as_ref().map(ToString::to_string);
    assert_eq!(name.as_deref(), Some("adele@contoso.com (6e7b768e-07e2-4810-8459-485f84f8f204)"));
    assert_eq!(graph.seen()[0].path, "me/revokeSignInSessions");
}

#[tokio::test(start_paused = true)]
async fn notices_come_only_when_asked_for_and_hold_no_token() {
    let graph = MemoryGraph::new(|number, _| if number == 0 { Act::Lost } else { Act::revoked() });
    let mut run = start(&session(&graph), RunOptions::default().with_verbose(true));
    run.input.submit(users(3)).await;
    run.input.complete();
    let mut notices = Vec::new();
    while let Some(events) = run.events.next(100).await {
        notices.extend(
            events.into_iter().filter_map(|event| if let Event::Notice(text) = event { Some(text) } else { None }),
        );
    }
    assert!(notices.iter().any(|text| text.contains("client-request-id")), "{notices:?}");
    assert!(notices.iter().any(|text| text.contains("repeated in")), "{notices:?}");
    assert!(notices.iter().all(|text| !text.contains("e30.")), "{notices:?}");
}
