//! `cargo xtask memcheck`: the built native library, driven through its C ABI under valgrind.

use std::process::Command;

use crate::cargo;
use crate::console;
use crate::failure::{Failure, Outcome};
use crate::process;
use crate::project::{Profile, Project};

/// Tells the test how many times to go through each of its parts.
const ROUNDS: (&str, &str) = ("REVOKESESSION_ABI_ROUNDS", "10");

/// What valgrind is to find: invalid accesses, values that were never set, and blocks that nothing
/// points to any more. What a static still holds at the end is no leak.
const VALGRIND: [&str; 8] = [
    "valgrind",
    "--tool=memcheck",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
    "--error-exitcode=99",
    "--num-callers=30",
    "--fair-sched=yes",
];

/// Builds the library and its test, and runs the test under valgrind.
pub fn run(project: &Project) -> Outcome {
    if !process::quietly(process::command(VALGRIND[0]).arg("--version")) {
        return Err(Failure::new("memcheck needs valgrind, which runs on Linux only: install the package `valgrind`"));
    }
    cargo::build(project, Profile::Dev)?;
    // Compiled apart from its run: a compiler's error must not read as a finding.
    process::run(abi_test(project).arg("--no-run"))?;
    console::heading("C ABI under valgrind");
    let mut test = abi_test(project);
    test.args(["--config", &runner()])
        .args(["--", "--test-threads=1"])
        .env("REVOKESESSION_EMULATOR", project.emulator())
        .env(ROUNDS.0, ROUNDS.1);
    process::run(&mut test)
}

fn abi_test(project: &Project) -> Command {
    let mut cargo = cargo::command(project, "test");
    // The whole workspace is named for the sake of its features: see `cargo::build`.
    cargo.args(["--workspace", "--test", "abi"]);
    cargo
}

/// The setting that makes cargo start the test through valgrind.
fn runner() -> String {
    let words: Vec<_> = VALGRIND.iter().map(|word| format!("'{word}'")).collect();
    format!("target.'cfg(all())'.runner=[{}]", words.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_told_to_run_valgrind() {
        let runner = runner();
        assert!(runner.starts_with("target.'cfg(all())'.runner=['valgrind','--tool=memcheck',"), "{runner}");
        assert!(runner.ends_with("'--fair-sched=yes']"), "{runner}");
    }
}
