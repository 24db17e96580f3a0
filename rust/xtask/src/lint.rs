//! Formatting, lints and API documentation.

use std::process::Command;

use crate::failure::Outcome;
use crate::project::Project;
use crate::{cargo, console, dotnet, process};

/// Checks them all; the first that is not clean ends the run.
pub fn run(project: &Project) -> Outcome {
    console::heading("Rust formatting");
    process::run(format_check(process::command(cargo::program()).current_dir(project.root()).args(["fmt", "--all"])))?;
    process::run(format_check(&mut cargo::on_xtask(project, "fmt")))?;

    console::heading("Rust lints");
    process::run(cargo::command(project, "clippy").args(["--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    process::run(cargo::on_xtask(project, "clippy").args(["--all-targets", "--", "-D", "warnings"]))?;

    console::heading("Rust API documentation");
    process::run(cargo::command(project, "doc").args(["--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;

    console::heading("C# formatting");
    for csharp in [project.module_project(), project.unit_tests_project()] {
        process::run(dotnet::command(project, "format").arg("whitespace").arg(csharp).args([
            "--verify-no-changes",
            "--verbosity",
            "quiet",
        ]))?;
    }
    Ok(())
}

fn format_check(command: &mut Command) -> &mut Command {
    command.args(["--", "--check"])
}
