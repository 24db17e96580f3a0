//! `cargo xtask stress`: a run with a journal, killed ten thousand times at random points.

use crate::cargo;
use crate::console;
use crate::failure::Outcome;
use crate::process;
use crate::project::Project;

/// How often it is killed, unless the variable says otherwise.
const KILL_POINTS: (&str, &str) = ("REVOKESESSION_KILL_POINTS", "10000");

/// Runs the crash test for as many kills. The seed is printed, and can be given by `REVOKESESSION_SEED`.
pub fn run(project: &Project) -> Outcome {
    console::heading("Runs with a journal, killed at random points");
    let mut test = cargo::command(project, "test");
    test.args(["--workspace", "--test", "crash", "--", "--nocapture"]);
    if std::env::var_os(KILL_POINTS.0).is_none() {
        test.env(KILL_POINTS.0, KILL_POINTS.1);
    }
    process::run(&mut test)
}
