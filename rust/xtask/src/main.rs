//! The build driver of `RevokeSession`, run as `cargo xtask <command>`.
//!
//! Every build step exists here once, for people and for CI. It has no dependency, so it starts on a
//! machine that has nothing but Rust. Run it without arguments for the list of commands.

#![forbid(unsafe_code)]

mod bench;
mod bindings;
mod build;
mod cargo;
mod console;
mod demo;
mod docs;
mod dotnet;
mod emulator;
mod failure;
mod fuzz;
mod help;
mod http;
mod json;
mod lint;
mod manifest;
mod memcheck;
mod package;
mod pester;
mod platform;
mod powershell;
mod process;
mod project;
mod registry;
mod stage;
mod stress;
mod test_run;
mod totals;
mod zip;

use std::process::ExitCode;

use failure::{Failure, Outcome};
use project::{Profile, Project};

/// One thing the driver can be asked to do.
struct Task {
    name: &'static str,
    summary: &'static str,
    /// The only flag this task understands, if any.
    flag: Option<&'static str>,
    /// Runs it; `flagged` says whether the flag was given.
    run: fn(project: &Project, flagged: bool) -> Outcome,
}

const TASKS: &[Task] = &[
    Task {
        name: "build",
        summary: "builds everything and stages the module at out/RevokeSession",
        flag: Some("--release"),
        run: |project, release| build::run(project, Profile::of(release)),
    },
    Task {
        name: "test",
        summary: "builds, then runs the Rust, C# and Pester suites and ends with their totals",
        flag: None,
        run: |project, _| test_run::run(project),
    },
    Task {
        name: "demo",
        summary: "builds, then revokes 200 users' sessions on a Graph emulator",
        flag: None,
        run: |project, _| demo::run(project),
    },
    Task {
        name: "bench",
        summary: "measures the module and its rivals; writes docs/performance.md (--quick: a small try, to target/)",
        flag: Some("--quick"),
        run: |project, quick| bench::run(project, quick),
    },
    Task {
        name: "lint",
        summary: "checks formatting, lints and API documentation",
        flag: None,
        run: |project, _| lint::run(project),
    },
    Task {
        name: "bindings",
        summary: "writes the C# bindings of the native library anew; --check only compares",
        flag: Some("--check"),
        run: |project, check| {
            if check { bindings::check(project) } else { bindings::update(project) }
        },
    },
    Task {
        name: "fuzz",
        summary: "fuzzes what is read from others, a minute a target (REVOKESESSION_FUZZ_SECONDS); needs nightly",
        flag: None,
        run: |project, _| fuzz::run(project),
    },
    Task {
        name: "memcheck",
        summary: "drives the native library through its C ABI under valgrind",
        flag: None,
        run: |project, _| memcheck::run(project),
    },
    Task {
        name: "stress",
        summary: "kills a run with a journal ten thousand times, and takes it up again",
        flag: None,
        run: |project, _| stress::run(project),
    },
    Task {
        name: "docs",
        summary: "turns docs/en-US into the staged module's Get-Help files",
        flag: None,
        run: |project, _| docs::run(project),
    },
    Task {
        name: "package",
        summary: "builds for release; leaves the publishable folder and a zip under out/",
        flag: None,
        run: |project, _| package::run(project),
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = chosen(&arguments).and_then(|(task, flagged)| (task.run)(&Project::find()?, flagged));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // The totals of `test` are the last line of its output, so a failure that they already
            // tell has no text of its own.
            if !failure.is_told() {
                eprintln!("xtask: {failure}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The task the arguments ask for, and whether its flag was given.
fn chosen(arguments: &[String]) -> Result<(&'static Task, bool), Failure> {
    let Some((name, rest)) = arguments.split_first() else {
        return Err(Failure::new(format!("no command given\n\n{}", usage())));
    };
    let task = TASKS
        .iter()
        .find(|task| task.name == name)
        .ok_or_else(|| Failure::new(format!("there is no command `{name}`\n\n{}", usage())))?;
    for argument in rest {
        if task.flag != Some(argument.as_str()) {
            return Err(Failure::new(format!("`{name}` does not understand `{argument}`\n\n{}", usage())));
        }
    }
    Ok((task, !rest.is_empty()))
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask <command>\n\n");
    for task in TASKS {
        let call = match task.flag {
            Some(flag) => format!("{} [{flag}]", task.name),
            None => task.name.to_owned(),
        };
        text.push_str(&format!("  {call:<20} {}\n", task.summary));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_task_is_found_with_and_without_its_flag() {
        let (task, flagged) = chosen(&words("build")).ok().unwrap();
        assert_eq!((task.name, flagged), ("build", false));
        let (task, flagged) = chosen(&words("bindings --check")).ok().unwrap();
        assert_eq!((task.name, flagged), ("bindings", true));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_usage() {
        for line in ["", "deploy", "test --release", "build --check"] {
            let failure = chosen(&words(line)).err().unwrap().to_string();
            assert!(failure.contains("usage: cargo xtask"), "{line}: {failure}");
        }
    }
}
