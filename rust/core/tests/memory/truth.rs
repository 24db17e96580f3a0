//! One property over random schedules of faults: every input one outcome, and no outcome a lie.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use revoke_session_core::{Entropy, RunOptions, SeededEntropy, Status};
use tokio::time::Instant;

use super::support::{Act, MemoryGraph, Reply, path, revoke, session, users};

const USERS: u64 = 90;
const TIME: Duration = Duration::from_secs(120);

/// What the server did, whatever it said.
#[derive(Default)]
struct Record {
    revoked: HashSet<String>,
    /// The wait that the server asked for last, as an instant.
    closed_until: Option<Instant>,
    early: usize,
}

/// Answers one user by chance, doing the work or not, and telling the truth or not.
fn reply(dice: u64, user: &str, record: &mut Record) -> Reply {
    let mut done = |status: Reply| {
        record.revoked.insert(user.to_owned());
        status
    };
    match dice % 24 {
        0 => Reply::error(404, "Request_ResourceNotFound"),
        1 => Reply::error(403, "Authorization_RequestDenied"),
        2 => done(Reply::error(500, "InternalServerError")),
        3 => Reply::error(502, "BadGateway"),
        4 => done(Reply { status: 0, headers: vec![], body: None }),
        5 => done(Reply { status: 200, headers: vec![], body: Some(serde_json::json!("yes")) }),
        6 => Reply { status: 200, headers: vec![], body: Some(serde_json::json!({"value": false})) },
        7 => Reply::throttled(None),
        _ => done(Reply::revoked()),
    }
}

fn server(seed: u64, record: Arc<Mutex<Record>>) -> Arc<MemoryGraph> {
    let chance = SeededEntropy::new(seed);
    MemoryGraph::new(move |_, seen| {
        let mut record = record.lock().unwrap();
        if record.closed_until.is_some_and(|until| seen.at < until) {
            record.early += 1;
        }
        let replies: HashMap<String, Reply> = match chance.next_u64() % 12 {
            0 => return Act::NotSent,
            1 => return Act::Lost,
            2 => {
                // The work is done, and then the answer gets lost.
                record.revoked.extend(seen.users.iter().cloned());
                return Act::Lost;
            }
            3 => {
                let wait = 1 + chance.next_u64() % 9;
                // The answer arrives after the latency, and the wait counts from then.
                let until = seen.at + Duration::from_millis(100) + Duration::from_secs(wait);
                record.closed_until = Some(record.closed_until.map_or(until, |at| at.max(until)));
                return Act::Whole(Reply::throttled(Some(&wait.to_string())));
            }
            4 => return Act::Whole(Reply::error(503, "ServiceUnavailable")),
            5 => {
                record.revoked.extend(seen.users.iter().cloned());
                return Act::Raw(200, b"<html>".to_vec());
            }
            _ => seen.users.iter().map(|user| (user.clone(), reply(chance.next_u64(), user, &mut record))).collect(),
        };
        Act::each(move |user| replies[user].clone())
    })
}

async fn check(seed: u64) -> Result<(), TestCaseError> {
    let record = Arc::new(Mutex::new(Record::default()));
    let graph = server(seed, Arc::clone(&record));
    let begin = Instant::now();
    let options = RunOptions::default().with_throttle_limit(1 + (seed % 4) as usize).with_timeout(Some(TIME));
    let outcomes = revoke(&session(&graph), options, users(USERS)).await;
    prop_assert!(begin.elapsed() <= TIME + Duration::from_millis(1), "the run ends by its deadline");
    prop_assert_eq!(outcomes.iter().map(|o| o.tag).collect::<Vec<_>>(), (0..USERS).collect::<Vec<_>>());
    let record = record.lock().unwrap();
    for outcome in &outcomes {
        let revoked = record.revoked.contains(&path(outcome.tag));
        match outcome.status {
            Status::Revoked => prop_assert!(revoked, "said to be revoked and was not: {:?}", outcome),
            Status::Unknown => prop_assert!(outcome.attempts > 0, "unknown without a request: {:?}", outcome),
            _ => prop_assert!(!revoked, "said to be untouched and was not: {:?}", outcome),
        }
        prop_assert_eq!(outcome.failure.is_some(), outcome.status != Status::Revoked);
    }
    // A request that left before the wait was known is not early, so one batch in flight tells best.
    if seed.is_multiple_of(4) {
        prop_assert_eq!(record.early, 0, "a request was sent within a wait");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn every_input_one_outcome_and_no_outcome_a_lie(seed in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(check(seed)).map_err(|error| TestCaseError::fail(format!("seed {seed}: {error}")))?;
    }
}
