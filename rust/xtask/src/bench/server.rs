//! The emulated Graph that all clients of a measurement talk to: another process, built for release.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::emulator::Emulator;
use crate::failure::{Context as _, Failure, Outcome};
use crate::http;
use crate::json::Value;

use super::plan::Quota;
use super::tools::Tools;

/// Users listed in one request.
const PAGE: u32 = 50_000;

/// What a server is told to be.
pub struct Setup {
    /// How many users can be revoked in it.
    pub users: u32,
    /// How long it holds back each answer.
    pub latency_ms: u32,
    /// Its write quota.
    pub quota: Option<Quota>,
}

/// A running server, stopped when dropped.
pub struct Server {
    emulator: Emulator,
    users: PathBuf,
}

impl Server {
    /// Starts one and lists its users in a file.
    pub fn start(tools: &Tools<'_>, setup: &Setup) -> Outcome<Self> {
        let quota = setup.quota.map_or_else(|| "off".to_owned(), |quota| format!("{}/{}", quota.writes, quota.seconds));
        let latency = setup.latency_ms.to_string();
        let arguments = ["--latency-ms", latency.as_str(), "--quota", quota.as_str()];
        let emulator = Emulator::start(tools.emulator().as_ref(), in_directory(setup.users), &arguments)?;
        let server = Self { emulator, users: tools.folder().join("users.txt") };
        server.list_users(setup.users)?;
        Ok(server)
    }

    /// Tells a client where the server is and what it accepts.
    pub fn introduce<'a>(&self, command: &'a mut Command) -> Outcome<&'a mut Command> {
        for (variable, name) in [
            ("BENCH_GRAPH", "graph"),
            ("BENCH_AUTHORITY", "authority"),
            ("BENCH_CONTROL", "control"),
            ("BENCH_TENANT_ID", "tenantId"),
            ("BENCH_CLIENT_ID", "clientId"),
            ("BENCH_CLIENT_SECRET", "clientSecret"),
        ] {
            command.env(variable, self.emulator.told(name)?);
        }
        Ok(command)
    }

    /// The file with one object id a line.
    pub fn users(&self) -> &Path {
        &self.users
    }

    /// A number of what the server recorded, such as `throttled`.
    pub fn recorded(&self, name: &str) -> Outcome<u64> {
        let state = http::get(&format!("{}/state", self.emulator.told("control")?))?;
        let count = Value::parse(&state).ok().and_then(|state| state.get(name)?.as_count());
        count.ok_or_else(|| Failure::new(format!("the emulator does not tell its {name}")))
    }

    /// Writes the object ids of users that can be revoked: no guests, no administrators.
    fn list_users(&self, wanted: u32) -> Outcome {
        let doing = || format!("cannot write {}", self.users.display());
        let mut file = BufWriter::new(fs::File::create(&self.users).context(doing)?);
        let mut listed = 0;
        while listed < wanted {
            let top = PAGE.min(wanted - listed);
            let page =
                http::get(&format!("{}/users?kind=member&skip={listed}&top={top}", self.emulator.told("control")?))?;
            // A page of megabytes: searched, not parsed. Within a JSON string the quotes would be escaped.
            let ids = page.split("\"id\":\"").skip(1).filter_map(|rest| rest.split_once('"'));
            let before = listed;
            for (id, _) in ids {
                writeln!(file, "{id}").context(doing)?;
                listed += 1;
            }
            if listed == before {
                return Err(Failure::new(format!("the emulator has only {listed} of {wanted} users")));
            }
        }
        file.flush().context(doing)
    }
}

/// How large a directory must be so that `members` of it are neither guests nor protected.
fn in_directory(members: u32) -> u32 {
    members + members / 2 + 50
}
