//! The journal of a run: what is on disk before what, and what a run makes of the journal of another.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use revoke_session_core::journal::record::Record;
use revoke_session_core::journal::{Journal, JournalError, Replay, Sink, file};
use revoke_session_core::{ErrorId, Input, Outcome, RunOptions, Session, Status, start_journaled};
use uuid::Uuid;

use super::support::{Act, MemoryGraph, Reply, Tokens, error, path, session, session_with, statuses, users};

/// A file that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("journal-{}.jsonl", Uuid::new_v4())))
    }

    fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        file::read(std::fs::File::open(&self.0).unwrap(), |record| records.push(record)).unwrap();
        records
    }

    fn append(&self, bytes: &[u8]) {
        use std::io::Write;
        std::fs::OpenOptions::new().append(true).open(&self.0).unwrap().write_all(bytes).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn revoke(session: &Session, journal: Journal, inputs: Vec<Input>) -> (Vec<Outcome>, Vec<String>) {
    let collected = start_journaled(session, RunOptions::default(), journal).collect(inputs).await;
    (collected.outcomes, collected.warnings)
}

#[tokio::test]
async fn every_user_has_an_intent_and_an_outcome_and_nothing_is_secret() {
    let scratch = Scratch::new();
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = session_with(&graph, Tokens::new(), Some("contoso"));
    let mut inputs = users(45);
    inputs.push(Input::parse(45, Some("../me"), None));
    let (outcomes, warnings) = revoke(&session, Journal::open(&scratch.0, &session).unwrap(), inputs).await;
    assert_eq!(statuses(&outcomes), HashMap::from([(Status::Revoked, 45), (Status::Failed, 1)]));
    assert!(warnings.is_empty(), "{warnings:?}");
    let records = scratch.records();
    let Some(Record::Run(run)) = records.first() else { panic!("{:?}", records.first()) };
    assert_eq!((run.schema, run.tenant_id.as_deref(), run.client_id.as_deref()), (1, Some("contoso"), Some("app")));
    let intents = records.iter().filter(|record| matches!(record, Record::Intent(_))).count();
    let told: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Outcome(outcome) => Some((outcome.status, outcome.error.clone())),
            _ => None,
        })
        .collect();
    assert_eq!((intents, told.len()), (45, 46));
    assert!(told.contains(&(Status::Failed, Some("InvalidUserId".to_owned()))), "{told:?}");
    assert!(matches!(records.last(), Some(Record::End(end)) if end.run == run.run));
    let text = std::fs::read_to_string(&scratch.0).unwrap();
    assert!(!text.contains("token"), "{text}");
}

#[tokio::test]
async fn users_that_the_journal_shows_as_revoked_are_answered_from_it() {
    let scratch = Scratch::new();
    let refused = path(3);
    let graph = MemoryGraph::new(move |_, _| {
        let refused = refused.clone();
        Act::Each(Box::new(move |user| {
            if user == refused { Reply::error(403, "Authorization_RequestDenied") } else { Reply::revoked() }
        }))
    });
    let session = session(&graph);
    let (first, _) = revoke(&session, Journal::open(&scratch.0, &session).unwrap(), users(10)).await;
    assert_eq!(first[3].status, Status::Denied);
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = super::support::session(&graph);
    let (again, warnings) = revoke(&session, Journal::open(&scratch.0, &session).unwrap(), users(11)).await;
    assert!(warnings.is_empty(), "{warnings:?}");
    for (before, now) in first.iter().zip(&again) {
        if before.status == Status::Revoked {
            assert_eq!((now.status, now.at, now.attempts), (Status::Skipped, before.at, 0));
            assert!(now.note.as_deref().unwrap().contains("earlier run"), "{now:?}");
        } else {
            assert_eq!(now.status, Status::Revoked);
        }
    }
    let asked: Vec<String> = graph.seen().into_iter().flat_map(|request| request.users).collect();
    assert_eq!(asked, [path(3), path(10)]);
}

#[tokio::test]
async fn intents_without_an_outcome_are_revoked_again_and_a_torn_line_is_repaired() {
    let scratch = Scratch::new();
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = session(&graph);
    revoke(&session, Journal::open(&scratch.0, &session).unwrap(), users(1)).await;
    let records = scratch.records();
    let run = match &records[0] {
        Record::Run(run) => run.run,
        other => panic!("{other:?}"),
    };
    let intent = |n: u64| {
        format!(
            "{{\"type\":\"intent\",\"run\":\"{run}\",\"at\":\"2026-11-21T10:00:00Z\",\"userPrincipalName\":\"user{n}@contoso.com\"}}\n"
        )
    };
    scratch.append(intent(1).as_bytes());
    let torn = &intent(2).as_bytes()[..30].to_vec();
    scratch.append(torn);
    let (outcomes, warnings) = revoke(&session, Journal::open(&scratch.0, &session).unwrap(), users(3)).await;
    let ended: Vec<_> = outcomes.iter().map(|outcome| outcome.status).collect();
    assert_eq!(ended, [Status::Skipped, Status::Revoked, Status::Revoked]);
    assert!(warnings.iter().any(|text| text.contains("torn") && text.contains("30 bytes")), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("before 1 of its users")), "{warnings:?}");
    // Every line is whole again.
    assert!(matches!(scratch.records().last(), Some(Record::End(_))));
}

#[tokio::test]
async fn wherever_a_journal_is_cut_off_all_whole_lines_are_read() {
    let scratch = Scratch::new();
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = session(&graph);
    revoke(&session, Journal::open(&scratch.0, &session).unwrap(), users(3)).await;
    let whole = std::fs::read(&scratch.0).unwrap();
    for length in 0..=whole.len() {
        let (cut, mut records) = (&whole[..length], 0);
        let tail = file::read(cut, |_| records += 1).unwrap();
        let lines = cut.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!((records, tail.whole + tail.torn), (lines, length as u64));
        // What a disk that lost power leaves behind a whole line.
        let zeroed = [cut, &[0; 40]].concat();
        assert_eq!(file::read(zeroed.as_slice(), |_| {}).unwrap().whole, tail.whole);
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_trusted_is_left_alone() {
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = session_with(&graph, Tokens::new(), Some("contoso"));
    let open = |bytes: &[u8]| {
        let scratch = Scratch::new();
        std::fs::write(&scratch.0, bytes).unwrap();
        let error = Journal::open(&scratch.0, &session).unwrap_err();
        assert_eq!(std::fs::read(&scratch.0).unwrap(), bytes);
        assert_eq!(error.detail(&scratch.0).id, ErrorId::JournalUnavailable);
        error
    };
    let run = |schema: u32, tenant: &str| {
        format!(
            "{{\"type\":\"run\",\"schema\":{schema},\"run\":\"{}\",\"at\":\"2026-11-21T10:00:00Z\",\"moduleVersion\":\"9\",\"tenantId\":\"{tenant}\",\"environment\":\"Global\",\"graphEndpoint\":\"https://graph.microsoft.com/\",\"authType\":\"AppOnly\"}}\n",
            Uuid::nil()
        )
    };
    assert!(matches!(open(b"not a journal\nat all\n"), JournalError::Corrupt { line: 1 }));
    assert!(matches!(open(b"somebody's only line"), JournalError::Corrupt { line: 1 }));
    assert!(matches!(open(run(2, "contoso").as_bytes()), JournalError::Schema { found: 2 }));
    assert!(matches!(open(run(1, "fabrikam").as_bytes()), JournalError::AnotherTenant { .. }));
    assert!(matches!(
        Journal::open(&std::env::temp_dir(), &session),
        Err(JournalError::Io(_) | JournalError::NotAFile)
    ));
}

#[tokio::test]
async fn two_runs_do_not_share_a_journal() {
    let scratch = Scratch::new();
    let graph = MemoryGraph::new(|_, _| Act::revoked());
    let session = session(&graph);
    let held = Journal::open(&scratch.0, &session).unwrap();
    assert!(matches!(Journal::open(&scratch.0, &session), Err(JournalError::Locked)));
    revoke(&session, held, users(1)).await;
    // The end of the run lets it go.
    Journal::open(&scratch.0, &session).unwrap();
}

/// A disk that takes so many bytes, and remembers what it got.
struct Disk {
    room: usize,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Sink for Disk {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut written = self.written.lock().unwrap();
        if written.len() + lines.len() > self.room {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        written.extend_from_slice(lines);
        Ok(())
    }
}

#[tokio::test]
async fn nothing_is_sent_whose_intent_is_not_on_disk_wherever_the_disk_is_full() {
    let mut seen = HashMap::<Status, usize>::new();
    for room in (0..40_000).step_by(1700) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let on_disk = Arc::clone(&written);
        let graph = MemoryGraph::new(move |_, seen| {
            let disk = String::from_utf8(on_disk.lock().unwrap().clone()).unwrap();
            for user in &seen.users {
                let upn = user.trim_start_matches("users('").split("')").next().unwrap().replace("%40", "@");
                let is_there = disk.contains(&format!("\"userPrincipalName\":\"{upn}\""));
                assert!(is_there, "{user} was sent before its intent was on disk");
            }
            Act::revoked()
        });
        let session = session(&graph);
        let sink = Box::new(Disk { room, written: Arc::clone(&written) });
        let journal = Journal::with_sink(&session, Replay::default(), sink, Vec::new()).unwrap();
        let (outcomes, warnings) = revoke(&session, journal, users(60)).await;
        assert_eq!(outcomes.iter().map(|outcome| outcome.tag).collect::<Vec<_>>(), (0..60).collect::<Vec<_>>());
        let sent: Vec<String> = graph.seen().into_iter().flat_map(|request| request.users).collect();
        for outcome in &outcomes {
            *seen.entry(outcome.status).or_default() += 1;
            let was_sent = sent.contains(&path(outcome.tag));
            match outcome.status {
                Status::Revoked => assert!(was_sent),
                _ => assert_eq!((was_sent, error(outcome)), (false, Some(ErrorId::JournalUnavailable))),
            }
        }
        let failed = outcomes.iter().any(|outcome| outcome.status == Status::Failed);
        assert!(!failed || warnings.iter().any(|text| text.contains("cannot be written")), "{warnings:?}");
    }
    assert!(seen[&Status::Revoked] > 0 && seen[&Status::Failed] > 0, "{seen:?}");
}
