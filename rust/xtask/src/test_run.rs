//! `cargo xtask test`: every suite, and one line of totals at the end.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::project::{MODULE, Profile, Project};
use crate::totals::Totals;
use crate::{build, cargo, console, dotnet, pester, process};

/// How long the C# and the Pester suite may take, so that a hang fails the run instead of stalling it.
pub const LIMIT: Duration = Duration::from_mins(6);

/// Runs a suite and counts its tests.
type Suite = fn(&Project) -> Outcome<Totals>;

/// Builds, runs every suite whatever the others did, and prints the totals as the last line.
pub fn run(project: &Project) -> Outcome {
    let mut totals = Totals::default();
    let suites: [(&str, Suite); 4] =
        [("Build driver tests", driver), ("Rust tests", rust), ("C# tests", csharp), ("Pester tests", pester::run)];
    match build::run(project, Profile::Dev) {
        Ok(()) => {
            for (name, suite) in suites {
                console::heading(name);
                totals += counted(name, suite(project));
            }
        }
        Err(failure) => {
            eprintln!("xtask: {failure}");
            totals += Totals::BROKEN_SUITE;
        }
    }
    console::line("");
    console::line(&totals.to_string());
    if totals.failed == 0 { Ok(()) } else { Err(Failure::told()) }
}

/// The suite's totals; one failure where it could not run, or ran nothing.
fn counted(name: &str, outcome: Outcome<Totals>) -> Totals {
    match outcome {
        Ok(totals) if totals.is_empty() => {
            console::line(&format!("{name}: not one test ran"));
            Totals::BROKEN_SUITE
        }
        Ok(totals) => {
            console::line(&format!("{name}: {totals}"));
            totals
        }
        Err(failure) => {
            console::line(&format!("{name}: {failure}"));
            Totals::BROKEN_SUITE
        }
    }
}

/// Tells the suites where the things under test are.
pub fn with_products<'a>(project: &Project, command: &'a mut Command) -> &'a mut Command {
    command
        .env("REVOKESESSION_MODULE", project.staged_module().join(format!("{MODULE}.psd1")))
        .env("REVOKESESSION_EMULATOR", project.emulator())
        // A test that waits for an answer at the keyboard must fail, not hang.
        .stdin(Stdio::null())
}

fn driver(project: &Project) -> Outcome<Totals> {
    cargo_test(cargo::on_xtask(project, "test").arg("--quiet"))
}

fn rust(project: &Project) -> Outcome<Totals> {
    let mut cargo = cargo::command(project, "test");
    cargo_test(with_products(project, cargo.args(["--workspace", "--no-fail-fast"])))
}

fn cargo_test(command: &mut Command) -> Outcome<Totals> {
    let mut totals = Totals::default();
    let status = process::stream(command, |line| {
        if let Some(result) = Totals::from_cargo_line(line) {
            totals += result;
        }
    })?;
    // A crash or a compiler's error fails the run without failing a test.
    if totals.failed == 0 {
        process::succeeded(command, status)?;
    }
    Ok(totals)
}

fn csharp(project: &Project) -> Outcome<Totals> {
    let trx = project.target().join("test-results/units.trx");
    let _ = fs::remove_file(&trx);
    let mut command = dotnet::test(project, &trx);
    let status = process::run_within(with_products(project, &mut command), LIMIT)?;
    let text = fs::read_to_string(&trx);
    let totals = text.ok().and_then(|text| Totals::from_trx(&text));
    match totals {
        Some(totals) if totals.failed > 0 => Ok(totals),
        Some(totals) => process::succeeded(&command, status).map(|()| totals),
        None => process::succeeded(&command, status)
            .and_then(|()| Err(Failure::new(format!("no results at {}", trx.display())))),
    }
}
