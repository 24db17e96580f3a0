//! Child processes: what they inherit, and what is said when one fails.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::console;
use crate::failure::{Context as _, Failure, Outcome};

/// A command with the environment every child of the driver gets.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    // Cargo describes the running package to its process. Passed on, that would look like a change to
    // build scripts that watch these variables (ring's does) and rebuild half of the tree each time.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(describes_running_package) {
            command.env_remove(name);
        }
    }
    command.env("DOTNET_CLI_TELEMETRY_OPTOUT", "1").env("DOTNET_NOLOGO", "1");
    command
}

fn describes_running_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(name, "CARGO_CRATE_NAME" | "CARGO_BIN_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
}

/// Runs a command to its end, its output going where the driver's goes.
pub fn run(command: &mut Command) -> Outcome {
    let status = command.status().context(|| cannot_start(command))?;
    succeeded(command, status)
}

/// Runs a command whose output matters only when it fails; then it is part of the failure.
pub fn run_silently(command: &mut Command) -> Outcome {
    let output = command.output().context(|| cannot_start(command))?;
    succeeded(command, output.status).map_err(|failure| {
        let said = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream));
        Failure::new(format!("{failure}\n{}{}", said[0], said[1]))
    })
}

/// Runs a command that nobody needs to see and says whether it succeeded.
pub fn quietly(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command, printing each line it prints after showing it to `see`.
pub fn stream(command: &mut Command, mut see: impl FnMut(&str)) -> Outcome<ExitStatus> {
    let mut child = command.stdout(Stdio::piped()).spawn().context(|| cannot_start(command))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read =
                reader.read_until(b'\n', &mut bytes).context(|| format!("cannot read from {}", shown(command)))?;
            if read == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\r', '\n']);
            see(text);
            console::line(text);
        }
    }
    child.wait().context(|| format!("cannot wait for {}", shown(command)))
}

/// Runs a command like [`run`], but stops it when it has not ended within `limit`.
pub fn run_within(command: &mut Command, limit: Duration) -> Outcome<ExitStatus> {
    let end = Instant::now() + limit;
    let mut child = command.spawn().context(|| cannot_start(command))?;
    loop {
        if let Some(status) = child.try_wait().context(|| format!("cannot wait for {}", shown(command)))? {
            return Ok(status);
        }
        if Instant::now() >= end {
            // It may have ended in this very moment.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(format!(
                "{} was stopped: it did not end within {} s",
                shown(command),
                limit.as_secs()
            )));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Fails, naming the command, unless `status` is a success.
pub fn succeeded(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{} failed ({status})", shown(command)))) }
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {}", shown(command))
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    format!("`{}`", line.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_of_the_driver_is_not_passed_on() {
        assert!(describes_running_package("CARGO_PKG_VERSION"));
        assert!(describes_running_package("CARGO_MANIFEST_DIR"));
        assert!(!describes_running_package("CARGO_HOME"));
        assert!(!describes_running_package("CARGO_TARGET_DIR"));
        assert!(!describes_running_package("CARGO"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_stopped() {
        let mut hanging = command("sleep");
        hanging.arg("600");
        let failure = run_within(&mut hanging, Duration::from_millis(100)).unwrap_err().to_string();
        assert!(failure.contains("`sleep 600` was stopped"), "{failure}");
    }

    #[test]
    fn a_failing_command_is_named() {
        let mut missing = command("no-such-program-here");
        missing.arg("--flag");
        let failure = run(&mut missing).unwrap_err().to_string();
        assert!(failure.contains("`no-such-program-here --flag`"), "{failure}");
    }
}
