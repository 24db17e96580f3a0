//! The Pester suite: PowerShell's own view of the staged module.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::console;
use crate::failure::{Context as _, Failure, Outcome};
use crate::powershell::{self, PowerShell};
use crate::process;
use crate::project::Project;
use crate::test_run;
use crate::totals::Totals;

/// The version that is fetched where there is none.
const PESTER: &str = "5.7.1";

/// Runs tests/*.Tests.ps1; where that is impossible, counts each file as skipped and says why.
pub fn run(project: &Project) -> Outcome<Totals> {
    let files = test_files(&project.path("tests"))?;
    let Some(powershell) = PowerShell::find(project) else {
        return Ok(skipped(files, "there is no PowerShell here", powershell::HOW_TO_INSTALL));
    };
    if !has_pester(project, &powershell) && !fetch_pester(project, &powershell) {
        let how = format!("install it: `Install-PSResource Pester -Version {PESTER}` in PowerShell");
        return Ok(skipped(files, "there is no Pester 5 here", &how));
    }

    let results = project.target().join("test-results/pester.json");
    let _ = fs::remove_file(&results);
    if let Some(folder) = results.parent() {
        fs::create_dir_all(folder).context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut command = powershell.script(project, &project.path("tests/run.ps1"));
    command.arg("-ResultPath").arg(&results);
    let command = test_run::with_products(project, with_modules(project, &mut command));
    let status = process::run_within(command, test_run::LIMIT)?;
    let totals = fs::read_to_string(&results).ok().and_then(|json| Totals::from_pester(&json));
    match totals {
        Some(totals) if totals.failed > 0 => Ok(totals),
        Some(totals) => process::succeeded(command, status).map(|()| totals),
        None => Err(Failure::new("tests/run.ps1 left no results")),
    }
}

fn skipped(files: u64, why: &str, how: &str) -> Totals {
    console::note(&format!("{files} Pester test files are skipped: {why}"));
    console::note(how);
    Totals { skipped: files, ..Totals::default() }
}

fn test_files(folder: &Path) -> Outcome<u64> {
    let mut files = 0;
    for entry in fs::read_dir(folder).context(|| format!("cannot list {}", folder.display()))? {
        let name = entry.context(|| format!("cannot list {}", folder.display()))?.file_name();
        files += u64::from(name.to_string_lossy().ends_with(".Tests.ps1"));
    }
    Ok(files)
}

/// The folder a Pester of the repository's own is kept in.
fn modules(project: &Project) -> PathBuf {
    project.target().join("psmodules")
}

/// Adds that folder to the places PowerShell looks for modules in.
fn with_modules<'a>(project: &Project, command: &'a mut Command) -> &'a mut Command {
    let mut path = OsString::from(modules(project));
    if let Some(present) = env::var_os("PSModulePath") {
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(present);
    }
    command.env("PSModulePath", path)
}

fn has_pester(project: &Project, powershell: &PowerShell) -> bool {
    let text = "exit [int](-not (Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -eq 5 }))";
    process::quietly(with_modules(project, &mut powershell.text(project, text)))
}

fn fetch_pester(project: &Project, powershell: &PowerShell) -> bool {
    let folder = modules(project);
    if fs::create_dir_all(&folder).is_err() {
        return false;
    }
    let folder = folder.display().to_string().replace('\'', "''");
    let text = format!(
        "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'
         if (Get-Command Save-PSResource -ErrorAction Ignore) {{
             Save-PSResource Pester -Version {PESTER} -Path '{folder}' -TrustRepository
         }} else {{
             Save-Module Pester -RequiredVersion {PESTER} -Path '{folder}'
         }}"
    );
    process::quietly(&mut powershell.text(project, text)) && has_pester(project, powershell)
}
