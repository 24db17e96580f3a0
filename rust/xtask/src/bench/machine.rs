//! What the figures were measured on, without names or paths.

use std::fs;
use std::thread;

use crate::failure::{Context as _, Failure, Outcome};
use crate::json::Value;
use crate::process;

use super::tools::{self, Tools};

/// Overrides the day that is written beside the figures, for a benchmark that is to be reproduced.
const DATE: &str = "REVOKESESSION_BENCH_DATE";

/// The machine and its software.
pub struct Machine {
    /// One line a thing.
    pub lines: Vec<String>,
    /// The day.
    pub date: String,
}

impl Machine {
    /// Asks the system and PowerShell.
    pub fn describe(tools: &Tools<'_>) -> Outcome<Self> {
        let said = tools.run_script("machine", |_| Ok(()))?;
        let told = Value::parse(&said).map_err(|_| Failure::new("machine.ps1 does not describe the machine"))?;
        let text = |name: &str| told.get(name).and_then(Value::as_text).unwrap_or("unknown").to_owned();
        let cores = thread::available_parallelism().context(|| "cannot count the cores".to_owned())?;
        let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|info| model(&info)).unwrap_or_default();
        let rustc = tools::output(process::command("rustc").arg("--version"))?;
        Ok(Self {
            lines: vec![
                format!("{cores} cores {} {cpu}", text("architecture")).trim_end().to_owned(),
                text("system"),
                format!("PowerShell {} on {}", text("powershell"), text("dotnet")),
                rustc,
            ],
            date: std::env::var(DATE).unwrap_or_else(|_| text("date")),
        })
    }
}

fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(format!("({})", line.trim_start_matches([' ', '\t', ':']).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_found() {
        assert_eq!(model("processor\t: 0\nmodel name\t: Some CPU\n").as_deref(), Some("(Some CPU)"));
        assert_eq!(model("processor\t: 0\n"), None);
    }
}
