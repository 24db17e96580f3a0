//! Calls of cargo.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use crate::failure::Outcome;
use crate::process;
use crate::project::{Profile, Project};
use crate::registry;

/// The cargo that runs this driver.
pub fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// `cargo <subcommand>` in the repository, able to find the crates.
pub fn command(project: &Project, subcommand: &str) -> Command {
    let mut command = process::command(program());
    command.arg(subcommand).args(registry::arguments(project)).current_dir(project.root());
    command
}

/// `cargo <subcommand>` on the driver itself, which needs no crates.
pub fn on_xtask(project: &Project, subcommand: &str) -> Command {
    let mut command = process::command(program());
    command.arg(subcommand).arg("--manifest-path").arg(project.xtask_manifest()).current_dir(project.root());
    // Its products lie apart, so that neither tree's build disturbs the other's.
    command.env_remove("CARGO_TARGET_DIR");
    command
}

/// Builds the native library, the emulator and the examples.
pub fn build(project: &Project, profile: Profile) -> Outcome {
    let mut cargo = command(project, "build");
    match profile {
        // The examples bring the tests' features with them, so build, test and demo share one
        // compilation of every dependency.
        Profile::Dev => cargo.args(["--workspace", "--lib", "--bins", "--examples"]),
        Profile::Release => cargo.args(["--release", "-p", "revoke-session-ffi"]),
    };
    process::run(&mut cargo)
}
