//! The Graph emulator as a child process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::failure::{Context as _, Failure, Outcome};
use crate::json::Value;
use crate::process;
use crate::project::Project;

/// A running emulator, stopped when dropped.
pub struct Emulator {
    child: Child,
    ready: Value,
}

impl Emulator {
    /// Starts one with `users` users and waits until it is ready.
    pub fn start(project: &Project, users: u32) -> Outcome<Self> {
        let mut command = process::command(project.emulator());
        // Its standard input ends with the driver, however that ends.
        command
            .args(["--exit-on-stdin-eof", "--users"])
            .arg(users.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().context(|| "cannot start the emulator".to_owned())?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).context(|| "cannot read from the emulator".to_owned())?;
        }
        let ready = Value::parse(&line);
        let mut emulator = Self { child, ready: Value::Null };
        emulator.ready = ready.map_err(|_| Failure::new("the emulator did not say that it is ready"))?;
        Ok(emulator)
    }

    /// A text the emulator gave when it was ready, such as `graph` or `clientId`.
    pub fn told(&self, name: &str) -> Outcome<&str> {
        self.ready
            .get(name)
            .and_then(Value::as_text)
            .ok_or_else(|| Failure::new(format!("the emulator did not tell its {name}")))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Nothing can be done where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
