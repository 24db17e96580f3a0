//! What the engine makes of faults, on a Graph in memory and a paused clock.

use std::collections::HashMap;
use std::time::Duration;

use jiff::SignedDuration;
use revoke_session_core::{ErrorId, Event, Input, RunOptions, Status, start};
use tokio::time::Instant;

use super::support::{
    Act, JumpingClock, MemoryGraph, Reply, Tokens, error, path, revoke, session, session_at, session_with, statuses,
    users,
};

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_within_a_wait_the_server_asked_for() {
    for (retry_after, seconds) in [("10", 10.0), ("2.5", 2.5), ("Sat, 21 Nov 2026 08:00:30 GMT", 29.0)] {
        let graph = MemoryGraph::new(move |number, _| {
            if number == 0 {
                Act::each(
                    move |user| if user == path(3) { Reply::throttled(Some(retry_after)) } else { Reply::revoked() },
                )
            } else {
                Act::revoked()
            }
        });
        let options = RunOptions::default().with_throttle_limit(1);
        let outcomes = revoke(&session(&graph), options, users(60)).await;
        assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 60)]));
        assert_eq!(outcomes[3].attempts, 2);
        let seen = graph.seen();
        let pause = seen[1].at.duration_since(seen[0].at).as_secs_f64();
        assert!(pause >= seconds, "{retry_after}: {pause}");
        assert_eq!(
            seen.iter().map(|request| request.users.len()).sum::<usize>(),
            61,
            "only the throttled step is repeated"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn two_sessions_of_one_app_and_tenant_share_the_wait() {
    let graph = MemoryGraph::new(
        |number, _| if number == 0 { Act::Whole(Reply::throttled(Some("20"))) } else { Act::revoked() },
    );
    let (one, two) =
        (session_with(&graph, Tokens::new(), Some("shared")), session_with(&graph, Tokens::new(), Some("shared")));
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        revoke(&two, RunOptions::default(), vec![Input::parse(0, Some("other@contoso.com"), None)]).await
    };
    let (first, second) = futures_util::join!(revoke(&one, RunOptions::default(), users(2)), second);
    assert!(first.iter().chain(&second).all(|o| o.status == Status::Revoked));
    let seen = graph.seen();
    assert!(seen[1..].iter().all(|request| request.at.duration_since(seen[0].at) >= Duration::from_secs(20)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_ends_as_throttled_at_once() {
    let graph = MemoryGraph::new(|_, _| Act::Whole(Reply::throttled(Some("3600"))));
    let begin = Instant::now();
    let options = RunOptions::default().with_timeout(Some(Duration::from_secs(60)));
    let outcomes = revoke(&session(&graph), options, users(40)).await;
    assert!(outcomes.iter().all(|o| o.status == Status::Throttled && error(o) == Some(ErrorId::Throttled)));
    assert!(begin.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn throttling_without_a_hint_backs_off_and_goes_on() {
    let graph =
        MemoryGraph::new(|number, _| if number < 4 { Act::Whole(Reply::throttled(None)) } else { Act::revoked() });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(20)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 20)]));
    let at: Vec<_> = graph.seen().iter().map(|request| request.at).collect();
    assert!(at[4] - at[3] > at[1] - at[0], "pauses grow");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_none_is_replaced_by_back_off_and_an_endless_one_is_not_sat_out() {
    for odd in ["-5", "soon", "", "NaN", "0"] {
        let graph = MemoryGraph::new(move |number, _| match number {
            0 => Act::Whole(Reply::throttled(Some(odd))),
            _ => Act::revoked(),
        });
        let outcomes = revoke(&session(&graph), RunOptions::default(), users(20)).await;
        assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 20)]), "{odd:?}");
    }
    let graph = MemoryGraph::new(|_, _| Act::Whole(Reply::throttled(Some("99999999999999999999"))));
    let begin = Instant::now();
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(20)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Throttled, 20)]));
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_busy_is_left_alone_for_as_long_as_it_asks() {
    for status in [429, 503, 504] {
        let graph = MemoryGraph::new(move |number, _| match number {
            0 => {
                let headers = vec![("Retry-After", "7".to_owned())];
                Act::Whole(Reply { headers, ..Reply::error(status, "Busy") })
            }
            _ => Act::revoked(),
        });
        let outcomes = revoke(&session(&graph), RunOptions::default().with_throttle_limit(1), users(60)).await;
        assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 60)]), "{status}");
        let seen = graph.seen();
        assert!(seen[1].at.duration_since(seen[0].at) >= Duration::from_secs(7), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn endless_throttling_ends_with_the_run_and_says_so() {
    let graph = MemoryGraph::new(|_, _| Act::Whole(Reply::throttled(Some("1"))));
    let begin = Instant::now();
    let options = RunOptions::default().with_timeout(Some(Duration::from_secs(60)));
    let outcomes = revoke(&session(&graph), options, users(100)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Throttled, 100)]));
    assert!(begin.elapsed() <= Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_everybody_is_asked_for_once_each() {
    let graph = MemoryGraph::new(|_, _| Act::each(|_| Reply::error(403, "Authorization_RequestDenied")));
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(200)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Denied, 200)]));
    assert_eq!(graph.seen().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_wall_clock_moves_no_wait_and_no_deadline() {
    for jump in [SignedDuration::from_hours(-24), SignedDuration::from_hours(24)] {
        let graph = MemoryGraph::new(|number, _| match number {
            0 => Act::Whole(Reply::throttled(Some("10"))),
            1 => Act::revoked(),
            _ => Act::Hang,
        });
        let session = session_at(&graph, JumpingClock::new(Duration::from_secs(5), jump));
        let options = RunOptions::default().with_throttle_limit(1).with_timeout(Some(Duration::from_secs(30)));
        let begin = Instant::now();
        let outcomes = revoke(&session, options, users(40)).await;
        assert_eq!(begin.elapsed().as_secs(), 30, "{jump}");
        assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 20), (Status::Unknown, 20)]), "{jump}");
        let seen = graph.seen();
        assert!(seen[1].at.duration_since(seen[0].at) >= Duration::from_secs(10), "{jump}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_for_all() {
    let tokens = Tokens::new();
    let graph = MemoryGraph::new(|_, seen| {
        let fresh = secrecy::ExposeSecret::expose_secret(seen.token.secret()).ends_with(".2");
        if fresh { Act::revoked() } else { Act::Whole(Reply::error(401, "InvalidAuthenticationToken")) }
    });
    let outcomes = revoke(&session_with(&graph, tokens.clone(), None), RunOptions::default(), users(100)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 100)]));
    assert_eq!(tokens.given(), 2);
    assert_eq!(graph.seen().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_token_refused_for_ever_ends_the_run_soon() {
    let graph = MemoryGraph::new(|_, _| Act::Whole(Reply::error(401, "InvalidAuthenticationToken")));
    let outcomes = revoke(&session(&graph), RunOptions::default().with_throttle_limit(2), users(1000)).await;
    assert_eq!(outcomes.len(), 1000);
    assert!(outcomes.iter().all(|o| o.status == Status::Failed && error(o) == Some(ErrorId::AuthenticationFailed)));
    assert!(graph.seen().len() < 10, "{}", graph.seen().len());
}

#[tokio::test(start_paused = true)]
async fn a_given_token_cannot_be_renewed_and_says_so() {
    let graph = MemoryGraph::new(|_, _| Act::Whole(Reply::error(401, "InvalidAuthenticationToken")));
    let outcomes =
        revoke(&session_with(&graph, Tokens::with(false, true), None), RunOptions::default(), users(3)).await;
    assert!(outcomes.iter().all(|o| error(o) == Some(ErrorId::AuthenticationFailed)));
    assert_eq!(graph.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_repeated_and_for_ever_lost_is_unknown() {
    let graph = MemoryGraph::new(|number, _| if number == 0 { Act::Lost } else { Act::revoked() });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(5)).await;
    assert!(outcomes.iter().all(|o| o.status == Status::Revoked && o.attempts == 2));
    let graph = MemoryGraph::new(|_, _| Act::Lost);
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(50)).await;
    assert_eq!(outcomes.len(), 50);
    for outcome in &outcomes {
        let sent = outcome.attempts > 0;
        assert_eq!(outcome.status, if sent { Status::Unknown } else { Status::Failed }, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_user_that_breaks_its_request_does_not_take_others_with_it() {
    let graph = MemoryGraph::new(|_, seen| if seen.users.contains(&path(7)) { Act::Lost } else { Act::revoked() });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(40)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 39), (Status::Unknown, 1)]));
    assert_eq!(error(&outcomes[7]), Some(ErrorId::OutcomeUnknown));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_revoked_is_never_called_untouched() {
    for last in [404, 403, 400] {
        let graph = MemoryGraph::new(
            move |number, _| if number == 0 { Act::Lost } else { Act::Whole(Reply::error(last, "Code")) },
        );
        let outcomes = revoke(&session(&graph), RunOptions::default(), users(1)).await;
        assert_eq!(
            (outcomes[0].status, error(&outcomes[0])),
            (Status::Unknown, Some(ErrorId::OutcomeUnknown)),
            "{last}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_out_of_reach_is_given_up_in_time_for_all() {
    let graph = MemoryGraph::new(|_, _| Act::NotSent);
    let begin = Instant::now();
    let options = RunOptions::default().with_outage_limit(Duration::from_secs(10));
    let outcomes = revoke(&session(&graph), options, users(3000)).await;
    assert_eq!(outcomes.len(), 3000);
    assert!(
        outcomes
            .iter()
            .all(|o| o.status == Status::Failed && error(o) == Some(ErrorId::GraphUnreachable) && o.attempts == 0)
    );
    assert!(begin.elapsed() < Duration::from_secs(40), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_while_it_lasts() {
    let graph = MemoryGraph::new(|number, _| if number < 4 { Act::NotSent } else { Act::revoked() });
    let mut run = start(&session(&graph), RunOptions::default());
    run.input.submit(users(1)).await;
    run.input.complete();
    let mut warnings = Vec::new();
    while let Some(events) = run.events.next(9).await {
        warnings.extend(events.into_iter().filter_map(|event| match event {
            Event::Warning(text) => Some(text),
            _ => None,
        }));
    }
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("cannot be reached") && warnings[0].contains("30 s"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_is_survived() {
    let begin = Instant::now();
    let graph = MemoryGraph::new(move |number, seen| match number {
        0..=2 => Act::revoked(),
        _ if seen.at - begin < Duration::from_secs(12) => Act::NotSent,
        _ => Act::revoked(),
    });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(500)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 500)]));
}

#[tokio::test(start_paused = true)]
async fn odd_answers_to_a_batch_prove_nothing_and_lose_nobody() {
    let odd: Vec<(u16, Vec<u8>)> = vec![
        (200, b"<html>sign in</html>".to_vec()),
        (200, Vec::new()),
        (200, br#"{"responses":null}"#.to_vec()),
        (204, Vec::new()),
        (500, b"oops".to_vec()),
        (503, b"".to_vec()),
        (504, b"".to_vec()),
    ];
    for (status, body) in odd {
        let (status_now, shown) = (status, String::from_utf8_lossy(&body).into_owned());
        let graph = MemoryGraph::new(
            move |number, _| if number == 0 { Act::Raw(status_now, body.clone()) } else { Act::revoked() },
        );
        let outcomes = revoke(&session(&graph), RunOptions::default(), users(20)).await;
        assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 20)]), "{status} {shown}");
        assert_eq!(graph.seen().len(), 2, "{status} {shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_rejected_as_a_whole_is_asked_for_one_by_one() {
    let graph = MemoryGraph::new(|number, seen| match number {
        0 => Act::Whole(Reply::error(400, "BadRequest")),
        _ if seen.path == path(2) => Act::Whole(Reply::error(400, "BadRequest")),
        _ => Act::revoked(),
    });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(5)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 4), (Status::Failed, 1)]));
    assert_eq!(error(&outcomes[2]), Some(ErrorId::RequestRejected));
}

#[tokio::test(start_paused = true)]
async fn a_missing_batch_endpoint_says_nothing_about_users() {
    let graph = MemoryGraph::new(|_, seen| {
        if seen.path == "$batch" { Act::Whole(Reply::error(404, "ResourceNotFound")) } else { Act::revoked() }
    });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(3)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 3)]));
}

#[tokio::test(start_paused = true)]
async fn steps_left_out_are_asked_again_alone() {
    let graph = MemoryGraph::new(|number, _| {
        Act::each(move |user| {
            if number == 0 && user == path(4) {
                Reply { status: 0, headers: vec![], body: None }
            } else {
                Reply::revoked()
            }
        })
    });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(20)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 20)]));
    assert_eq!(graph.seen()[1].users, [path(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_redirection_is_neither_followed_nor_repeated() {
    let graph = MemoryGraph::new(|_, _| {
        Act::Whole(Reply { status: 307, headers: vec![("Location", "https://evil.example/".to_owned())], body: None })
    });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(20)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Unknown, 20)]));
    assert_eq!(graph.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_defect_in_one_request_is_told_and_the_run_goes_on() {
    let graph = MemoryGraph::new(|number, _| if number == 1 { Act::Panic } else { Act::revoked() });
    let outcomes = revoke(&session(&graph), RunOptions::default(), users(60)).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 40), (Status::Unknown, 20)]));
    assert!(outcomes.iter().filter(|o| o.status == Status::Unknown).all(|o| error(o) == Some(ErrorId::InternalError)));
}
