//! `cargo xtask demo`: a real revocation run against the emulator, for a newcomer to watch.

use std::io::Write as _;
use std::process::Stdio;

use crate::emulator::Emulator;
use crate::failure::{Context as _, Outcome};
use crate::json::Value;
use crate::powershell::{self, PowerShell};
use crate::project::{MODULE, Profile, Project};
use crate::{build, cargo, console, http, process};

/// How many users the emulated tenant has.
const USERS: u32 = 200;

/// The environment variable that carries the application's secret: a command line can be read by others.
const SECRET: &str = "REVOKESESSION_CLIENT_SECRET";

/// Builds, and shows the module at work; where there is no PowerShell, the library alone.
pub fn run(project: &Project) -> Outcome {
    build::run(project, Profile::Dev)?;
    let emulator = Emulator::start(project.emulator().as_ref(), USERS, &[])?;
    if let Some(powershell) = PowerShell::find(project) {
        in_powershell(project, &powershell, &emulator)
    } else {
        console::note("there is no PowerShell here, so the module itself cannot be shown");
        console::note(powershell::HOW_TO_INSTALL);
        in_rust(project, &emulator)
    }
}

fn in_powershell(project: &Project, powershell: &PowerShell, emulator: &Emulator) -> Outcome {
    console::heading("Demo");
    let mut command = powershell.script(project, &project.path("demo/demo.ps1"));
    command.arg("-Module").arg(project.staged_module().join(format!("{MODULE}.psd1")));
    for (parameter, name) in [
        ("-Graph", "graph"),
        ("-Authority", "authority"),
        ("-Control", "control"),
        ("-TenantId", "tenantId"),
        ("-ClientId", "clientId"),
    ] {
        command.arg(parameter).arg(emulator.told(name)?);
    }
    process::run(command.env(SECRET, emulator.told("clientSecret")?))
}

fn in_rust(project: &Project, emulator: &Emulator) -> Outcome {
    console::heading("The same job, done by the core library's example `revoke_many`");
    let users = user_list(emulator)?;
    let mut command = cargo::command(project, "run");
    // The whole workspace is named for the sake of its features: see `cargo::build`.
    command.args(["--quiet", "-p", "revoke-session-core", "--example", "revoke_many", "--"]);
    for name in ["graph", "authority", "tenantId", "clientId"] {
        command.arg(emulator.told(name)?);
    }
    command.env(SECRET, emulator.told("clientSecret")?).stdin(Stdio::piped());
    let mut child = command.spawn().context(|| "cannot start the example".to_owned())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(users.join("\n").as_bytes()).context(|| "cannot write to the example".to_owned())?;
    }
    let status = child.wait().context(|| "cannot wait for the example".to_owned())?;
    process::succeeded(&command, status)?;

    let state = http::get(&format!("{}/state", emulator.told("control")?))?;
    console::line(&format!("What the server recorded: {state}"));
    Ok(())
}

/// The users the PowerShell demo revokes as well: everybody, a user who left, and a trap.
fn user_list(emulator: &Emulator) -> Outcome<Vec<String>> {
    let list = http::get(&format!("{}/users", emulator.told("control")?))?;
    let everybody = Value::parse(&list).context(|| "cannot read the list of users".to_owned())?;
    let id = |user: &Value| user.get("userPrincipalName").and_then(Value::as_text).map(str::to_owned);
    let mut users: Vec<_> = everybody.elements().iter().filter_map(id).collect();
    users.extend(["gone@contoso.com".to_owned(), "../me".to_owned()]);
    Ok(users)
}
