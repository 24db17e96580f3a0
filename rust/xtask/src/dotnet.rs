//! Calls of the .NET SDK.

use std::path::Path;
use std::process::Command;

use crate::failure::Outcome;
use crate::process;
use crate::project::{Profile, Project};

/// `dotnet <subcommand>` in the repository.
pub fn command(project: &Project, subcommand: &str) -> Command {
    let mut command = process::command("dotnet");
    command.arg(subcommand).current_dir(project.root());
    command
}

/// Builds the module's assembly. Warnings are errors here, by the project's own settings.
pub fn build_module(project: &Project, profile: Profile) -> Outcome {
    // Even a quiet build announces its success at length.
    process::run_silently(command(project, "build").arg(project.module_project()).args([
        "--configuration",
        profile.configuration(),
        "--verbosity",
        "quiet",
        "--nologo",
    ]))
}

/// `dotnet test` of the C# unit tests, leaving its results at `trx`.
pub fn test(project: &Project, trx: &Path) -> Command {
    let mut command = command(project, "test");
    command.arg(project.unit_tests_project()).args(["--nologo", "--verbosity", "quiet"]);
    if let (Some(folder), Some(file)) = (trx.parent(), trx.file_name()) {
        command
            .arg("--results-directory")
            .arg(folder)
            .arg("--logger")
            .arg(format!("trx;LogFileName={}", file.display()))
            .args(["--logger", "console;verbosity=normal"]);
    }
    command
}
