//! Finds a PowerShell to run scripts with.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::project::Project;
use crate::{dotnet, process};

/// How to get one, for a reader who has none.
pub const HOW_TO_INSTALL: &str =
    "install PowerShell 7.4 or later: `dotnet tool install --global PowerShell` (or see https://aka.ms/powershell)";

/// The least version the module loads in.
const LEAST: (u64, u64) = (7, 4);

/// A PowerShell that can be started.
pub struct PowerShell {
    start: Start,
}

/// The ways to start one.
enum Start {
    /// `pwsh`, from the PATH.
    OnPath,
    /// The tool that .config/dotnet-tools.json pins.
    LocalTool,
}

impl PowerShell {
    /// The one on the PATH, else the repository's own .NET tool, restored first.
    pub fn find(project: &Project) -> Option<Self> {
        let on_path = Self { start: Start::OnPath };
        if on_path.works(project) {
            return Some(on_path);
        }
        let local = Self { start: Start::LocalTool };
        (process::quietly(dotnet::command(project, "tool").arg("restore")) && local.works(project)).then_some(local)
    }

    /// A command that runs the script at `path`.
    pub fn script(&self, project: &Project, path: &Path) -> Command {
        let mut command = self.command(project);
        command.arg("-File").arg(path);
        command
    }

    /// A command that runs `text`.
    pub fn text(&self, project: &Project, text: impl AsRef<OsStr>) -> Command {
        let mut command = self.command(project);
        command.arg("-Command").arg(text);
        command
    }

    fn command(&self, project: &Project) -> Command {
        let mut command = match self.start {
            Start::OnPath => process::command("pwsh"),
            Start::LocalTool => {
                let mut command = dotnet::command(project, "tool");
                command.args(["run", "pwsh", "--"]);
                // The tool may be older than the only .NET on this machine.
                command.env("DOTNET_ROLL_FORWARD", "Major");
                command
            }
        };
        command
            .args(["-NoLogo", "-NoProfile", "-NonInteractive"])
            .env("POWERSHELL_TELEMETRY_OPTOUT", "1")
            .env("POWERSHELL_UPDATECHECK", "Off")
            .current_dir(project.root());
        command
    }

    fn works(&self, project: &Project) -> bool {
        let mut command = self.text(project, "\"$($PSVersionTable.PSVersion)\"");
        command
            .output()
            .is_ok_and(|output| output.status.success() && new_enough(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// Whether `version`, such as `7.6.5` or `7.7.0-preview.1`, can load the module.
fn new_enough(version: &str) -> bool {
    let mut numbers = version.trim().split('.').map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= LEAST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(new_enough("7.4.0\n") && new_enough("7.10.1") && new_enough("8.0.0-preview.1"));
        assert!(!new_enough("7.3.9") && !new_enough("5.1.19041.1") && !new_enough(""));
    }
}
