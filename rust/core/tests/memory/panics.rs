//! What a caller gets when the engine itself panics, wherever in its loop that happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use revoke_session_core::{Clock, Entropy, ErrorId, Input, RunOptions, Session, SystemClock, WriteQuota};
use revoke_session_core::{SeededEntropy, Status};

use super::support::{Act, MemoryGraph, Tokens, error, parts, path, revoke, users};

const USERS: u64 = 130;

/// Panics when it is asked for the given time.
#[derive(Debug)]
struct Tripwire(AtomicI64);

impl Tripwire {
    fn step(&self) {
        assert!(self.0.fetch_sub(1, Ordering::Relaxed) != 0, "this panic is wanted");
    }
}

#[derive(Debug)]
struct TrippingClock(Tripwire);

impl Clock for TrippingClock {
    fn utc(&self) -> Timestamp {
        self.0.step();
        SystemClock.utc()
    }
}

#[derive(Debug)]
struct TrippingEntropy(Tripwire, SeededEntropy);

impl Entropy for TrippingEntropy {
    fn next_u64(&self) -> u64 {
        self.1.next_u64()
    }

    fn fraction(&self) -> f64 {
        self.0.step();
        self.1.fraction()
    }
}

/// Runs on a session that panics somewhere, and holds every outcome against what the server did.
async fn hold_against_the_server(graph: &Arc<MemoryGraph>, session: &Session) -> (bool, usize) {
    // Some are given twice, and one is no user.
    let mut inputs = users(USERS);
    inputs.extend((0..10).map(|n| Input::parse(USERS + n, Some(&format!("user{n}@contoso.com")), None)));
    inputs.push(Input::parse(USERS + 10, Some("../me"), None));
    let outcomes = revoke(session, RunOptions::default(), inputs).await;
    let tags: Vec<u64> = outcomes.iter().map(|outcome| outcome.tag).collect();
    assert_eq!(tags, (0..USERS + 11).collect::<Vec<_>>());
    let sent: Vec<String> = graph.seen().into_iter().flat_map(|request| request.users).collect();
    for outcome in &outcomes {
        let was_sent = sent.contains(&path(outcome.tag % USERS));
        match outcome.status {
            Status::Revoked => assert!(was_sent, "{outcome:?}"),
            Status::Failed if error(outcome) == Some(ErrorId::InternalError) => assert!(!was_sent, "{outcome:?}"),
            Status::Failed => assert_eq!(error(outcome), Some(ErrorId::InvalidUserId)),
            _ => assert_eq!((outcome.status, error(outcome)), (Status::Unknown, Some(ErrorId::InternalError))),
        }
    }
    let revoked = outcomes.iter().filter(|outcome| outcome.status == Status::Revoked).count();
    let broken = outcomes.iter().any(|outcome| error(outcome) == Some(ErrorId::InternalError));
    (broken, revoked)
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_engine_loses_no_input_and_claims_nothing() {
    let mut seen = (false, false);
    // As many places as the clock is asked in; those after the last one break nothing.
    for place in 0..300 {
        let graph = MemoryGraph::new(|_, _| Act::revoked());
        let clock = Arc::new(TrippingClock(Tripwire(AtomicI64::new(place))));
        let session = Session::from_parts(parts(&graph, Tokens::new(), None, WriteQuota::NONE, clock));
        let (broken, revoked) = hold_against_the_server(&graph, &session).await;
        seen.0 |= broken && revoked > 0;
        seen.1 |= !broken;
    }
    assert_eq!(seen, (true, true), "some places must break the run midway, and some not at all");
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_while_an_answer_is_judged() {
    for place in 0..6 {
        let graph = MemoryGraph::new(|_, _| Act::revoked());
        let entropy = TrippingEntropy(Tripwire(AtomicI64::new(place)), SeededEntropy::new(7));
        let clock = Arc::new(SystemClock);
        let mut parts = parts(&graph, Tokens::new(), None, WriteQuota::NONE, clock);
        parts.entropy = Arc::new(entropy);
        let (broken, _) = hold_against_the_server(&graph, &Session::from_parts(parts)).await;
        assert!(broken, "place {place}");
    }
}
