//! Starts the emulator, says where it is, and ends with its parent.

mod arguments;
mod lifetime;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use graph_emulator::Emulator;
use serde_json::json;

use arguments::Arguments;

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_max_level(arguments.log).with_writer(std::io::stderr).init();
    // One thread is enough for the emulator, and leaves the others to the client it is measured with.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&arguments))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("caused by: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    lifetime::end_with_parent(arguments.exit_on_stdin_eof);
    let emulator = Emulator::start(arguments.config()?).await?;
    announce(&emulator)?;
    if !emulator.asked_to_end().await {
        emulator.shutdown().await;
    }
    Ok(())
}

/// Writes the one line that a script waits for.
fn announce(emulator: &Emulator) -> std::io::Result<()> {
    let endpoints = emulator.endpoints();
    let mut line = json!({
        "graph": endpoints.graph,
        "authority": endpoints.authority,
        "control": endpoints.control,
        "tenantId": endpoints.tenant_id,
        "clientId": endpoints.client_id,
        "clientSecret": endpoints.client_secret,
        "imds": endpoints.imds,
        "identityEndpoint": endpoints.identity_endpoint,
        "identityHeader": endpoints.identity_header,
        "managedIdentityClientId": endpoints.managed_identity_client_id,
        "pid": std::process::id(),
    });
    if let Some(proxy) = &endpoints.proxy {
        line["proxy"] = json!(proxy);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
