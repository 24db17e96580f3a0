//! The programs that take part, built for release.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Context as _, Failure, Outcome};
use crate::powershell::{self, PowerShell};
use crate::project::{MODULE, Profile, Project};
use crate::{cargo, console, dotnet, platform, process, stage};

use super::job::{Client, Job};
use super::sample::Sample;
use super::server::Server;

/// Where the programs are.
pub struct Tools<'a> {
    project: &'a Project,
    powershell: PowerShell,
    folder: PathBuf,
}

impl<'a> Tools<'a> {
    /// Builds them all, and stages the module apart from the one that tests and demo use.
    pub fn build(project: &'a Project) -> Outcome<Self> {
        let powershell = PowerShell::find(project).ok_or_else(|| {
            Failure::new(format!("there is no PowerShell to measure: {}", powershell::HOW_TO_INSTALL))
        })?;
        console::heading("Release builds");
        process::run(cargo::command(project, "build").args([
            "--release",
            "-p",
            "revoke-session-ffi",
            "-p",
            "revoke-session-emulator",
            "-p",
            "revoke-session-bench",
        ]))?;
        dotnet::build_module(project, Profile::Release)?;
        let tools = Self { project, powershell, folder: project.target().join("bench") };
        process::run_silently(
            dotnet::command(project, "build")
                .arg(project.path("bench/dotnet-client/DotNetClient.csproj"))
                .args(["--configuration", Profile::Release.configuration(), "--verbosity", "quiet", "--nologo"])
                .arg("--output")
                .arg(tools.folder.join("dotnet-client")),
        )?;
        stage::module(project, Profile::Release, &tools.folder.join(MODULE))?;
        Ok(tools)
    }

    /// Where everything lies that a benchmark leaves behind.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The emulator.
    pub fn emulator(&self) -> PathBuf {
        self.release("graph-emulator")
    }

    /// Lets `client` do `job` and gives what it measured. Every user must have been revoked.
    pub fn measure(&self, client: Client, server: &Server, job: &Job) -> Outcome<Sample> {
        let (mut command, prefix) = match client {
            Client::OneByOne => (self.script("one-by-one"), "-"),
            Client::Parallel => (self.script("parallel"), "-"),
            Client::Module => (self.script("module"), "-"),
            Client::Core => (process::command(self.release("core-client")), "--"),
            Client::DotNet => {
                let mut command = process::command("dotnet");
                command.arg(self.folder.join("dotnet-client/DotNetClient.dll"));
                (command, "--")
            }
        };
        command.arg(format!("{prefix}users")).arg(server.users());
        for (name, value) in job.arguments() {
            command.arg(format!("{prefix}{name}")).arg(value);
        }
        let said = output(server.introduce(&mut command)?)?;
        let sample = Sample::read(&said)
            .ok_or_else(|| Failure::new(format!("{} did not say what it measured: {said}", client.name())))?;
        console::line(&format!("{:<37} {:>9.1} users/s", client.name(), sample.rate()));
        if sample.not_revoked() > 0.0 {
            return Err(Failure::new(format!("{}: {} users not revoked", client.name(), sample.not_revoked())));
        }
        Ok(sample)
    }

    /// What the script bench/powershell/`name`.ps1 prints.
    pub fn run_script(&self, name: &str, arguments: impl FnOnce(&mut Command) -> Outcome) -> Outcome<String> {
        let mut command = self.script(name);
        arguments(&mut command)?;
        output(&mut command)
    }

    fn script(&self, name: &str) -> Command {
        let mut command =
            self.powershell.script(self.project, &self.project.path(&format!("bench/powershell/{name}.ps1")));
        command.env("BENCH_MODULE", self.folder.join(MODULE).join(format!("{MODULE}.psd1")));
        command
    }

    fn release(&self, program: &str) -> PathBuf {
        self.project.native_library(Profile::Release).with_file_name(platform::executable(program))
    }
}

/// What a command prints; its errors go where the driver's go.
pub fn output(command: &mut Command) -> Outcome<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context(|| format!("cannot start {}", command.get_program().display()))?;
    process::succeeded(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
