//! How fast the engine goes: up to the burst, along the quota, and slower when told to.

use std::collections::VecDeque;
use std::time::Duration;

use revoke_session_core::{RunOptions, Status, WriteQuota};
use tokio::time::Instant;

use super::support::{Act, MemoryGraph, Reply, Seen, Tokens, revoke, session, session_of, statuses, users};

const WINDOW: Duration = Duration::from_secs(15);

/// Counts as the server does: at most `limit` writes in any stretch of a window.
struct Quota {
    limit: u32,
    counted: VecDeque<Instant>,
    throttled: usize,
}

impl Quota {
    fn new(limit: u32) -> Self {
        Self { limit, counted: VecDeque::new(), throttled: 0 }
    }

    fn used(&self) -> usize {
        self.counted.len()
    }

    fn judge(&mut self, seen: &Seen) -> Act {
        while self.counted.front().is_some_and(|at| seen.at.duration_since(*at) >= WINDOW) {
            self.counted.pop_front();
        }
        if self.used() + seen.users.len() > self.limit as usize {
            self.throttled += 1;
            let wait = WINDOW.saturating_sub(seen.at.duration_since(self.counted[0]));
            return Act::Whole(Reply::throttled(Some(&format!("{}", wait.as_secs() + 1))));
        }
        self.counted.extend(seen.users.iter().map(|_| seen.at));
        let part = f64::from(u32::try_from(self.used()).unwrap()) / f64::from(self.limit);
        let used = format!("{part:.2}");
        Act::each(move |_| {
            let mut reply = Reply::revoked();
            if used.as_str() >= "0.80" {
                reply.headers.push(("x-ms-throttle-limit-percentage", used.clone()));
            }
            reply
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_quota_is_used_up_and_never_exceeded() {
    let mut quota = Quota::new(300);
    let graph = MemoryGraph::new(move |_, seen| {
        let act = quota.judge(seen);
        assert_eq!(quota.throttled, 0, "throttled at {:?}", seen.at);
        act
    });
    let session = session_of(&graph, Tokens::new(), None, WriteQuota::application(300, WINDOW));
    let begin = Instant::now();
    let outcomes = revoke(&session, RunOptions::default(), users(1500)).await;
    assert_eq!(statuses(&outcomes)[&Status::Revoked], 1500);
    // 300 at once, and four windows for the rest.
    let least = WINDOW * 4;
    assert!(begin.elapsed() >= least && begin.elapsed() < least.mul_f64(1.05), "{:?}", begin.elapsed());
    assert!(graph.seen().iter().all(|request| request.users.len() == 20));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_others_use_too_is_found_out() {
    // The server takes a third of what is thought, and says how much is used.
    let mut quota = Quota::new(100);
    let graph = MemoryGraph::new(move |_, seen| quota.judge(seen));
    let session = session_of(&graph, Tokens::new(), None, WriteQuota::application(300, WINDOW));
    let outcomes = revoke(&session, RunOptions::default().with_throttle_limit(1), users(600)).await;
    assert_eq!(statuses(&outcomes)[&Status::Revoked], 600);
    let throttled = outcomes.iter().filter(|outcome| outcome.attempts > 1).count();
    assert!(throttled <= 60, "{throttled} of 600 were throttled");
}

#[tokio::test(start_paused = true)]
async fn without_a_known_quota_only_the_server_sets_the_pace() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let begin = Instant::now();
    revoke(&session(&graph), RunOptions::default(), users(20_000)).await;
    // A thousand batches of 100 ms, sixteen at a time.
    assert!(begin.elapsed() < Duration::from_secs(7), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_before_the_quota_allows_ends_as_throttled() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = session_of(&graph, Tokens::new(), None, WriteQuota::application(40, WINDOW));
    let options = RunOptions::default().with_timeout(Some(Duration::from_secs(5)));
    let outcomes = revoke(&session, options, users(100)).await;
    let counts = statuses(&outcomes);
    assert_eq!((counts[&Status::Revoked], counts[&Status::Throttled]), (40, 60));
}

#[tokio::test(start_paused = true)]
async fn two_runs_of_one_application_share_its_quota() {
    let mut quota = Quota::new(300);
    let graph = MemoryGraph::new(move |_, seen| {
        let act = quota.judge(seen);
        assert_eq!(quota.throttled, 0);
        act
    });
    let one_of = || session_of(&graph, Tokens::new(), Some("pacing-shared"), WriteQuota::application(300, WINDOW));
    let (one, two) = (one_of(), one_of());
    let (first, second) = futures_util::join!(
        revoke(&one, RunOptions::default(), users(300)),
        revoke(&two, RunOptions::default(), users(600).split_off(300)),
    );
    assert!(first.iter().chain(&second).all(|outcome| outcome.status == Status::Revoked));
}

#[tokio::test(start_paused = true)]
async fn a_quota_smaller_than_a_batch_makes_the_batches_smaller() {
    let mut quota = Quota::new(5);
    let graph = MemoryGraph::new(move |_, seen| {
        let act = quota.judge(seen);
        assert_eq!(quota.throttled, 0, "throttled at {:?}", seen.at);
        act
    });
    let session = session_of(&graph, Tokens::new(), None, WriteQuota::application(5, WINDOW));
    let begin = Instant::now();
    let outcomes = revoke(&session, RunOptions::default(), users(14)).await;
    assert_eq!(statuses(&outcomes)[&Status::Revoked], 14);
    assert!(begin.elapsed() >= WINDOW * 2 && begin.elapsed() < WINDOW * 2 + Duration::from_secs(1));
    assert_eq!(graph.seen().iter().map(|request| request.users.len()).max(), Some(5));
}
