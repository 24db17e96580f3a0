//! The core library as a client that `cargo xtask bench` measures.
//!
//! Revokes the users of a file, round after round, and prints what that took as one line of JSON.

#![forbid(unsafe_code)]

mod arguments;
mod own_process;
mod report;

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::mem;
use std::path::PathBuf;
use std::process;
use std::time::Instant;

use clap::Parser as _;
use revoke_session_core::journal::Journal;
use revoke_session_core::{
    ConnectOptions, Credential, Endpoints, Environment, Event, EventStream, Input, InputSink, Run, RunOptions, Session,
    Status, start, start_journaled,
};

use arguments::Arguments;
use report::{Report, Round};

/// Users handed over at once, as the cmdlet does.
const CHUNK: usize = 200;

/// Outcomes taken at once, as the cmdlet does.
const REPORT: usize = 256;

/// What can go wrong here, all of it for a person to read.
type Failure = Box<dyn Error>;

// As many threads as the native library has.
#[tokio::main(worker_threads = 1)]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let session = connect(&arguments).await?;
    let mut options = RunOptions::default().with_verify(arguments.verify);
    if let Some(batches) = arguments.inflight {
        options = options.with_throttle_limit(batches);
    }
    if arguments.warmup > 0 {
        round(&session, options.clone(), &arguments, arguments.warmup).await?;
    }
    let mut rounds = Vec::new();
    for _ in 0..arguments.rounds {
        rounds.push(round(&session, options.clone(), &arguments, arguments.take).await?);
    }
    let report = Report { rounds, peak_kib: own_process::peak_memory_kib() };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// Signs in at the emulator that the environment describes.
async fn connect(arguments: &Arguments) -> Result<Session, Failure> {
    let told = |name: &str| env::var(name).map_err(|_| format!("{name} is not set"));
    let (graph, authority) = (told("BENCH_GRAPH")?, told("BENCH_AUTHORITY")?);
    let endpoints = Endpoints::new(Environment::Global, Some(&graph), Some(&authority))?;
    let credential = Credential::ClientSecret {
        tenant_id: told("BENCH_TENANT_ID")?,
        client_id: told("BENCH_CLIENT_ID")?,
        secret: told("BENCH_CLIENT_SECRET")?.into(),
    };
    let mut options = ConnectOptions::new(endpoints, credential);
    if let Some(quota) = arguments.quota {
        options = options.with_quota(quota);
    }
    Ok(Session::connect(options).await?)
}

/// Revokes the first `take` users of the file, reading it as it goes so that memory shows no list.
async fn round(session: &Session, options: RunOptions, from: &Arguments, take: usize) -> Result<Round, Failure> {
    let lines = BufReader::new(File::open(&from.users)?).lines().take(take);
    let journal = from.journal.then(|| Scratch(from.users.with_file_name(format!("journal-{}.jsonl", process::id()))));
    let cpu = own_process::cpu_seconds();
    let begin = Instant::now();
    let Run { input, events, .. } = match &journal {
        Some(Scratch(path)) => start_journaled(session, options, Journal::open(path, session)?),
        None => start(session, options),
    };
    let ((), (revoked, other)) = tokio::try_join!(feed(input, lines), drain(events))?;
    let seconds = begin.elapsed().as_secs_f64();
    let cpu_seconds = own_process::cpu_seconds().zip(cpu).map(|(after, before)| after - before);
    Ok(Round { seconds, cpu_seconds, revoked, other })
}

/// A file that goes with its round.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Hands over the users, a chunk at a time.
async fn feed(mut input: InputSink, lines: impl Iterator<Item = std::io::Result<String>>) -> Result<(), Failure> {
    let mut chunk = Vec::with_capacity(CHUNK);
    for (line, tag) in lines.zip(1..) {
        chunk.push(Input::parse(tag, Some(&line?), None));
        if chunk.len() == CHUNK {
            input.submit(mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).await;
        }
    }
    input.submit(chunk).await;
    input.complete();
    Ok(())
}

/// Counts the outcomes: the revoked, and the others.
async fn drain(mut events: EventStream) -> Result<(u64, u64), Failure> {
    let (mut revoked, mut other) = (0, 0);
    while let Some(batch) = events.next(REPORT).await {
        for event in batch {
            let Event::Outcome(outcome) = event else { continue };
            if outcome.status == Status::Revoked {
                revoked += 1;
            } else {
                other += 1;
            }
        }
    }
    Ok((revoked, other))
}
