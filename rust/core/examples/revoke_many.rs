//! Revokes the sessions of the users named on standard input, one a line, and prints what became of each.
//!
//! ```text
//! REVOKESESSION_CLIENT_SECRET=… revoke_many <graph> <authority> <tenant> <client id> < users.txt
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::Instant;

use revoke_session_core::{
    ConnectOptions, Credential, Endpoints, Environment, Event, Input, Run, RunOptions, Session, start,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [graph, authority, tenant_id, client_id] = arguments.as_slice() else {
        return Err("usage: revoke_many <graph> <authority> <tenant> <client id> < users.txt".into());
    };
    let secret = std::env::var("REVOKESESSION_CLIENT_SECRET")?.into();
    let endpoints = Endpoints::new(Environment::Global, Some(graph), Some(authority))?;
    let credential = Credential::ClientSecret { tenant_id: tenant_id.clone(), client_id: client_id.clone(), secret };
    let session = Session::connect(ConnectOptions::new(endpoints, credential)).await?;

    let lines: Vec<String> = stdin().lock().lines().collect::<Result<_, _>>()?;
    let inputs = lines.iter().zip(1..).map(|(line, tag)| Input::parse(tag, Some(line), None)).collect();
    let begin = Instant::now();
    let Run { mut input, mut events, .. } = start(&session, RunOptions::default());
    let feed = async {
        input.submit(inputs).await;
        input.complete();
    };
    let drain = async {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(batch) = events.next(100).await {
            for event in batch {
                let Event::Outcome(outcome) = event else { continue };
                let status = format!("{:?}", outcome.status);
                let user = outcome.target.map_or_else(|| "(no user)".to_owned(), |target| target.to_string());
                let why = outcome.failure.map(|failure| failure.detail.message);
                if let Some(why) = why.as_deref().or(outcome.note.as_deref()) {
                    println!("{status:<9} {user}: {why}");
                }
                *counts.entry(status).or_default() += 1;
            }
        }
        counts
    };
    let ((), counts) = futures_util::join!(feed, drain);
    for (status, count) in counts {
        println!("{count:>7} {status}");
    }
    println!("{} users in {:.2} s", lines.len(), begin.elapsed().as_secs_f64());
    Ok(())
}
