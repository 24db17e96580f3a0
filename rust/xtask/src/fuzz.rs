//! `cargo xtask fuzz`: every target of rust/fuzz with coverage and address sanitizer.
//!
//! What cargo-fuzz does, without having to install it. The corpora of the repository are read and
//! never written; new inputs that reach new code stay in the target folder for the next run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::console;
use crate::failure::{Context as _, Failure, Outcome};
use crate::platform;
use crate::process;
use crate::project::Project;
use crate::registry;

/// Sets how many seconds each target runs for.
const SECONDS: &str = "REVOKESESSION_FUZZ_SECONDS";

/// How many seconds each target runs for unless it is set.
const DEFAULT_SECONDS: u64 = 60;

/// The targets, by the name of their program, corpus and dictionary.
const TARGETS: [&str; 4] = ["batch", "retry_after", "user_id", "wire"];

/// What makes the compiler report coverage to libFuzzer and check every access, as cargo-fuzz has it.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Zsanitizer=address",
    "-Awarnings",
];

/// A release build that still finds overflows and failed assertions, and knows its lines.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true"),
    ("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true"),
];

/// Builds the targets and runs them one after the other; the first finding ends the run.
pub fn run(project: &Project) -> Outcome {
    let seconds = seconds(env::var(SECONDS).ok().as_deref())?;
    let host = nightly_host()?;
    console::heading("Fuzz targets");
    process::run(&mut build(project, &host))?;
    let programs = folder(project).join(&host).join("release");
    for target in TARGETS {
        console::heading(&format!("Fuzzing {target} for {seconds} s"));
        fuzz(project, target, &programs.join(platform::executable(target)), seconds)?;
    }
    Ok(())
}

fn seconds(setting: Option<&str>) -> Outcome<u64> {
    let Some(text) = setting.filter(|text| !text.is_empty()) else { return Ok(DEFAULT_SECONDS) };
    // libFuzzer takes zero for no limit at all.
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| Failure::new(format!("{SECONDS} is `{text}`, which is no number of seconds")))
}

/// The nightly compiler's own platform: a target has to be named, so that build scripts and macros
/// stay without the sanitizer.
fn nightly_host() -> Outcome<String> {
    let missing = || {
        Failure::new(
            "fuzzing needs a nightly compiler for its coverage and sanitizer flags: run `rustup toolchain install nightly`",
        )
    };
    let output = nightly("rustc").arg("-vV").output().map_err(|_| missing())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).filter(|_| output.status.success());
    host.map(str::to_owned).ok_or_else(missing)
}

fn nightly(program: &str) -> Command {
    let mut command = process::command("rustup");
    command.args(["run", "nightly", program]);
    command
}

fn build(project: &Project, host: &str) -> Command {
    let mut cargo = nightly("cargo");
    cargo
        .arg("build")
        .args(registry::arguments(project))
        .args([
            "--locked",
            "--release",
            "-p",
            "revoke-session-fuzz",
            "--features",
            "libfuzzer",
            "--bins",
            "--target",
            host,
        ])
        .arg("--target-dir")
        .arg(folder(project))
        .current_dir(project.root())
        .env("RUSTFLAGS", FLAGS.join(" "))
        .envs(PROFILE);
    cargo
}

/// Everything that fuzzing leaves.
fn folder(project: &Project) -> PathBuf {
    project.target().join("fuzz")
}

fn fuzz(project: &Project, target: &str, program: &Path, seconds: u64) -> Outcome {
    let found = folder(project).join("corpus").join(target);
    let crashes = folder(project).join("crashes").join(target);
    for folder in [&found, &crashes] {
        fs::create_dir_all(folder).context(|| format!("cannot make {}", folder.display()))?;
    }
    let started = SystemTime::now();
    let sources = project.path("rust/fuzz");
    let mut fuzzer = process::command(program);
    fuzzer
        .arg(format!("-max_total_time={seconds}"))
        // libFuzzer puts the name of the file right behind this.
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(format!("-dict={}", sources.join("dictionaries").join(format!("{target}.dict")).display()))
        // The inputs are small: what takes this long or this much is a finding.
        .args(["-timeout=5", "-malloc_limit_mb=16", "-rss_limit_mb=1024", "-max_len=4096"])
        .args(["-print_final_stats=1", "-verbosity=0"])
        .arg(&found)
        .arg(sources.join("corpus").join(target))
        .current_dir(project.root());
    let limit = Duration::from_secs(seconds.saturating_add(120));
    let ended = process::run_within(&mut fuzzer, limit).and_then(|status| process::succeeded(&fuzzer, status));
    ended.map_err(|failure| match newest(&crashes, started) {
        Some(input) => Failure::new(format!(
            "the target {target} fails on the input at {}\nto see it again: {} {}",
            input.display(),
            program.display(),
            input.display()
        )),
        None => failure,
    })
}

/// The newest file in `folder` that is not older than `since`.
fn newest(folder: &Path, since: SystemTime) -> Option<PathBuf> {
    // Some file systems keep whole seconds only.
    let since = since.checked_sub(Duration::from_secs(1))?;
    let files = fs::read_dir(folder).ok()?.flatten();
    let dated = files.filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())));
    dated.filter(|(written, _)| *written >= since).max().map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_a_minute_unless_set() {
        assert_eq!(seconds(None).unwrap(), DEFAULT_SECONDS);
        assert_eq!(seconds(Some("")).unwrap(), DEFAULT_SECONDS);
        assert_eq!(seconds(Some("5")).unwrap(), 5);
        for odd in ["0", "-1", "a minute"] {
            assert!(seconds(Some(odd)).unwrap_err().to_string().contains(SECONDS), "{odd}");
        }
    }

    #[test]
    fn every_target_has_its_program_its_corpus_and_its_dictionary() {
        let project = Project::find().unwrap();
        for target in TARGETS {
            let sources = project.path("rust/fuzz");
            assert!(sources.join("targets").join(format!("{target}.rs")).is_file(), "{target}");
            assert!(sources.join("dictionaries").join(format!("{target}.dict")).is_file(), "{target}");
            assert!(sources.join("corpus").join(target).is_dir(), "{target}");
        }
    }

    #[test]
    fn the_newest_finding_is_named() {
        let project = Project::find().unwrap();
        let sources = project.path("rust/fuzz/corpus/wire");
        assert!(newest(&sources, SystemTime::UNIX_EPOCH + Duration::from_secs(1)).is_some());
        assert_eq!(newest(&sources, SystemTime::now() + Duration::from_mins(1)), None);
        assert_eq!(newest(&project.path("no-such-folder"), SystemTime::UNIX_EPOCH), None);
    }
}
