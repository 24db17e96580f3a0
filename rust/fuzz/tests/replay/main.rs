//! Replays the corpora on stable: every file, and repeatable mutations of it.

mod allocations;
mod mutations;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use revoke_session_fuzz::TARGETS;

use mutations::Mutations;

/// A file of a corpus: its name and what it holds.
type Input = (String, Vec<u8>);

/// Set to repeat a run with the seed that it printed, or to try another.
const SEED: &str = "REVOKESESSION_FUZZ_SEED";

/// Mutations of each file.
const ROUNDS: u32 = 1000;

/// The most that one input may ask of the allocator at once. What was read is at most some times as
/// large as the input, and inputs are small.
const MOST: usize = 1 << 20;

#[test]
fn batch() -> Result<(), Box<dyn Error>> {
    replay("batch")
}

#[test]
fn retry_after() -> Result<(), Box<dyn Error>> {
    replay("retry_after")
}

#[test]
fn user_id() -> Result<(), Box<dyn Error>> {
    replay("user_id")
}

#[test]
fn wire() -> Result<(), Box<dyn Error>> {
    replay("wire")
}

#[test]
fn every_target_is_replayed_and_can_be_fuzzed() -> Result<(), Box<dyn Error>> {
    let names = |folder: &str| -> Result<Vec<String>, Box<dyn Error>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(crate_folder().join(folder))? {
            names.extend(entry?.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
        names.sort();
        Ok(names)
    };
    let targets = TARGETS.map(|(name, _)| name.to_owned());
    assert_eq!((names("corpus")?, names("targets")?), (targets.to_vec(), targets.to_vec()));
    Ok(())
}

fn replay(target: &str) -> Result<(), Box<dyn Error>> {
    let (_, fuzz_one) = TARGETS.into_iter().find(|(name, _)| *name == target).ok_or("no such target")?;
    let seed = env::var(SEED).map_or(Ok(1), |seed| seed.parse())?;
    println!("{target}: {SEED}={seed}");
    let corpus = corpus(target)?;
    assert!(!corpus.is_empty(), "{target} has no corpus");
    let mutations = Mutations::new(seed, &corpus);
    for (name, bytes) in &corpus {
        run(fuzz_one, &format!("{target}/{name}"), bytes);
        for round in 1..=ROUNDS {
            run(fuzz_one, &format!("{target}/{name}, mutation {round}"), &mutations.of(bytes));
        }
    }
    Ok(())
}

/// Runs one input; where it breaks a promise, it is kept for `cargo xtask fuzz` and a debugger.
fn run(fuzz_one: impl Fn(&[u8]), name: &str, bytes: &[u8]) {
    struct Kept<'a>(&'a str, &'a [u8]);
    impl Drop for Kept<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failing-input");
                let kept = fs::write(&file, self.1);
                eprintln!("{}: \"{}\"\nkept as {}: {kept:?}", self.0, self.1.escape_ascii(), file.display());
            }
        }
    }
    let kept = Kept(name, bytes);
    let largest = allocations::largest_of(|| fuzz_one(bytes));
    assert!(largest <= MOST, "{} bytes made it allocate {largest} at once", bytes.len());
    drop(kept);
}

/// A file of the corpus: its name and its bytes.
type Seed = (String, Vec<u8>);

/// The files of a corpus, in the same order everywhere.
fn corpus(target: &str) -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(crate_folder().join("corpus").join(target))? {
        let entry = entry?;
        files.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
    }
    files.sort();
    Ok(files)
}

fn crate_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
