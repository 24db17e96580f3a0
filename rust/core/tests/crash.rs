//! A run that is killed at random points, and taken up again with its journal.
//!
//! `REVOKESESSION_KILL_POINTS` says how often, `REVOKESESSION_SEED` where the dice begin.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use graph_emulator::{Emulator, EmulatorConfig, TokenGrant};
use revoke_session_core::journal::Journal;
use revoke_session_core::journal::file;
use revoke_session_core::journal::record::Record;
use revoke_session_core::{
    ConnectOptions, Credential, Endpoints, Entropy, Environment, Event, Input, RunOptions, SeededEntropy, Session,
    Status, start_journaled,
};
use uuid::Uuid;

const USERS: usize = 70;
const POINTS: u64 = 200;

const GRAPH: &str = "CRASH_TEST_GRAPH";
const TOKEN: &str = "CRASH_TEST_TOKEN";
const JOURNAL: &str = "CRASH_TEST_JOURNAL";
const IDS: &str = "CRASH_TEST_IDS";

/// The process that is killed: this test again, told by its environment what to do.
#[test]
fn the_run_that_is_killed() {
    let Ok(graph) = std::env::var(GRAPH) else {
        // Nobody is to be killed: only that the other test finds this one by its name can be seen.
        assert!(std::thread::current().name().is_some_and(|name| name == KILLED));
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let endpoints = Endpoints::new(Environment::Global, Some(&graph), Some(&graph)).unwrap();
        let credential = Credential::AccessToken(std::env::var(TOKEN).unwrap().into());
        let session = Session::connect(ConnectOptions::new(endpoints, credential)).await.unwrap();
        let journal = Journal::open(Path::new(&std::env::var(JOURNAL).unwrap()), &session).unwrap();
        let mut run = start_journaled(&session, RunOptions::default().with_throttle_limit(2), journal);
        let ids = std::env::var(IDS).unwrap();
        let inputs = (0..).zip(ids.split(',')).map(|(tag, id)| Input::parse(tag, Some(id), None)).collect();
        run.input.submit(inputs).await;
        run.input.complete();
        while let Some(events) = run.events.next(3).await {
            for event in events {
                if let Event::Outcome(outcome) = event {
                    println!(
                        "told {} {:?}",
                        outcome.target.unwrap().user().unwrap().object_id().unwrap(),
                        outcome.status
                    );
                }
            }
        }
        println!("done");
    });
}

const KILLED: &str = "the_run_that_is_killed";

struct Site {
    emulator: Emulator,
    token: String,
    journal: PathBuf,
    ids: Vec<Uuid>,
}

impl Site {
    fn spawn(&self) -> Child {
        let ids: Vec<String> = self.ids.iter().map(Uuid::to_string).collect();
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", KILLED, "--nocapture", "--test-threads", "1"])
            .env(GRAPH, &self.emulator.endpoints().graph)
            .env(TOKEN, &self.token)
            .env(JOURNAL, &self.journal)
            .env(IDS, ids.join(","))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Runs once, killed after `life` if it is not done by then. Gives what it told and whether it was done.
    fn run(&self, life: Option<Duration>) -> (HashMap<Uuid, String>, bool) {
        let mut child = self.spawn();
        let output = child.stdout.take().unwrap();
        let reader =
            std::thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).collect::<Vec<_>>());
        if let Some(life) = life {
            std::thread::sleep(life);
            let _ = child.kill();
        }
        child.wait().unwrap();
        let lines = reader.join().unwrap();
        let told = lines.iter().filter_map(|line| {
            let (id, status) = line.strip_prefix("told ")?.split_once(' ')?;
            Some((id.parse().ok()?, status.to_owned()))
        });
        (told.collect(), lines.iter().any(|line| line == "done"))
    }

    /// How often each user was about to be revoked, and how it ended last, as the journal shows.
    fn journal(&self) -> (HashMap<Uuid, u32>, HashMap<Uuid, Status>) {
        let (mut intents, mut ended) = (HashMap::new(), HashMap::new());
        let Ok(source) = std::fs::File::open(&self.journal) else { return (intents, ended) };
        file::read(source, |record| match record {
            Record::Intent(intent) => *intents.entry(intent.user.user_id.unwrap()).or_default() += 1,
            // What an earlier run did is repeated as skipped, and changes nothing.
            Record::Outcome(outcome) if outcome.status != Status::Skipped => {
                ended.insert(outcome.user.user_id.unwrap(), outcome.status);
            }
            _ => {}
        })
        .unwrap();
        (intents, ended)
    }

    /// What must be true after every kill.
    fn check(&self, told: &HashMap<Uuid, String>) {
        let (intents, ended) = self.journal();
        for user in self.emulator.directory().users() {
            let sent = intents.get(&user.id).copied().unwrap_or(0);
            assert!(user.revocations() <= sent, "{} was revoked more often than intended", user.id);
            if ended.get(&user.id) == Some(&Status::Revoked) {
                assert!(user.revocations() > 0, "{} is in the journal as revoked, and is not", user.id);
            }
        }
        for (id, status) in told {
            let on_disk = ended.get(id).map(|status| format!("{status:?}"));
            assert!(
                status == "Skipped" || on_disk.as_ref() == Some(status),
                "{id}: told {status}, on disk {on_disk:?}"
            );
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn after_any_kill_the_journal_and_the_server_agree_and_the_next_run_ends_the_work() {
    let (points, seed) = (number("REVOKESESSION_KILL_POINTS", POINTS), number("REVOKESESSION_SEED", 1));
    println!("{points} kill points, seed {seed}");
    let chance = SeededEntropy::new(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let config = EmulatorConfig { users: USERS, latency: Duration::from_millis(4), ..EmulatorConfig::default() };
    let emulator = runtime.block_on(Emulator::start(config)).unwrap();
    let members = emulator.directory().users().iter().filter(|user| !user.is_admin && !user.is_guest);
    let site = Site {
        token: emulator.mint_token(&TokenGrant::default()),
        journal: std::env::temp_dir().join(format!("crash-{}.jsonl", Uuid::new_v4())),
        ids: members.map(|user| user.id).collect(),
        emulator,
    };
    // How long a whole run takes here, from its start to its end.
    let begin = Instant::now();
    assert!(site.run(None).1);
    let whole = begin.elapsed();
    let mut killed = 0;
    let mut midway = 0;
    while killed < points {
        site.emulator.reset();
        let _ = std::fs::remove_file(&site.journal);
        loop {
            let life = (killed < points).then(|| whole.mul_f64(chance.fraction() * 1.1));
            let (told, done) = site.run(life);
            killed += u64::from(!done);
            site.check(&told);
            let (intents, ended) = site.journal();
            midway += u64::from(!done && intents.len() > ended.len());
            if done {
                break;
            }
        }
        let (_, ended) = site.journal();
        let revoked: HashSet<Uuid> = ended.iter().filter(|(_, s)| **s == Status::Revoked).map(|(id, _)| *id).collect();
        assert_eq!(revoked, site.ids.iter().copied().collect(), "seed {seed}, after {killed} kills");
    }
    println!("{midway} of {killed} kills left users open");
    assert!(midway * 10 >= killed, "only {midway} of {killed} kills came in the middle of the work");
    let _ = std::fs::remove_file(&site.journal);
}
