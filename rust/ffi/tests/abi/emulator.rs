//! The Graph emulator as a process of its own, so that what is checked here is the library alone.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use serde_json::Value;

/// A running emulator, stopped when dropped.
pub struct Emulator {
    child: Child,
    ready: Value,
}

impl Emulator {
    /// Starts one and waits until it is ready.
    pub fn start(latency_ms: u32) -> Self {
        let mut child = Command::new(program())
            .args(["--exit-on-stdin-eof", "--users", "400", "--latency-ms"])
            .arg(latency_ms.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("the emulator says where it is");
        let ready = serde_json::from_str(&line).expect("JSON");
        Self { child, ready }
    }

    /// A text the emulator gave when it was ready.
    pub fn told(&self, name: &str) -> &str {
        self.ready[name].as_str().expect("the emulator tells it")
    }

    /// The ids of so many users.
    pub fn users(&self, count: usize) -> Vec<String> {
        let listed = self.control(&format!("users?kind=member&top={count}"));
        let users = listed.as_array().expect("a list");
        users.iter().filter_map(|user| Some(user["id"].as_str()?.to_owned())).collect()
    }

    /// How many users had their sessions revoked.
    pub fn revoked(&self) -> u64 {
        self.control("state")["distinctRevoked"].as_u64().expect("a count")
    }

    fn control(&self, path: &str) -> Value {
        let base = self.told("control");
        let (authority, folder) = base.trim_start_matches("http://").split_once('/').expect("an address");
        let mut stream = TcpStream::connect(authority).expect("the emulator listens");
        let request = format!("GET /{folder}/{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The emulator that was built beside the library, or else one that is built now.
fn program() -> PathBuf {
    let named = env::var_os("REVOKESESSION_EMULATOR").map(PathBuf::from);
    if let Some(named) = named.filter(|file| file.is_file()) {
        return named;
    }
    let products = env::current_exe().expect("the test has a place");
    let products = products.ancestors().nth(2).expect("the test lies in a folder of the products");
    let beside = products.join(format!("graph-emulator{}", env::consts::EXE_SUFFIX));
    if !fs::exists(&beside).is_ok_and(|there| there) {
        // Happens where this package alone is tested in a fresh clone.
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "-p", "revoke-session-emulator", "--target-dir"])
            .arg(products.parent().expect("the target folder"));
        assert!(cargo.status().is_ok_and(|status| status.success()), "{cargo:?} failed");
    }
    beside
}
