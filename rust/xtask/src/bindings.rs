//! The generated C# bindings of the native library: committed, and never stale.

use crate::cargo;
use crate::console;
use crate::failure::{Failure, Outcome};
use crate::process;
use crate::project::Project;

/// Tells the bindings test to write rather than to compare.
const UPDATE: &str = "REVOKESESSION_UPDATE_BINDINGS";

/// What the bindings test says of a committed file that is not the generated one.
const STALE: &str = "is stale";

/// Fails unless the committed bindings are those the native library would generate.
pub fn check(project: &Project) -> Outcome {
    console::heading("C# bindings");
    // Compiled apart from its run: a compiler's error must not read as stale bindings.
    process::run(bindings_test(project).args(["--quiet", "--no-run"]))?;
    process::run_silently(bindings_test(project).env_remove(UPDATE)).map_err(|failure| {
        if failure.to_string().contains(STALE) {
            Failure::new("bindings are stale: run `cargo xtask bindings`")
        } else {
            failure
        }
    })
}

/// Writes the bindings anew.
pub fn update(project: &Project) -> Outcome {
    console::heading("C# bindings");
    process::run_silently(bindings_test(project).env(UPDATE, "1"))
}

fn bindings_test(project: &Project) -> std::process::Command {
    let mut cargo = cargo::command(project, "test");
    // The whole workspace is named for the sake of its features: see `cargo::build`.
    cargo.args(["--workspace", "--test", "bindings"]);
    cargo
}
