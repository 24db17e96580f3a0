//! The Graph emulator as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::failure::{Context as _, Failure, Outcome};
use crate::json::Value;
use crate::process;

/// A running emulator, stopped when dropped.
pub struct Emulator {
    child: Child,
    ready: Value,
}

impl Emulator {
    /// Starts `program` with `users` users and further arguments, and waits until it is ready.
    pub fn start(program: &Path, users: u32, arguments: &[&str]) -> Outcome<Self> {
        let mut command = process::command(program);
        // Its standard input ends with the driver, however that ends.
        command
            .args(["--exit-on-stdin-eof", "--users"])
            .arg(users.to_string())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let child = command.spawn().context(|| "cannot start the emulator".to_owned())?;
        // From here on it is stopped, whatever goes wrong.
        let mut emulator = Self { child, ready: Value::Null };
        let mut line = String::new();
        if let Some(stdout) = emulator.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).context(|| "cannot read from the emulator".to_owned())?;
        }
        emulator.ready = Value::parse(&line).map_err(|_| Failure::new("the emulator did not say that it is ready"))?;
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
