//! Reading a journal in small steps, so that whoever reads can stop between them.

use std::collections::HashSet;
use std::fs::File;
use std::io::Take;
use std::path::{Path, PathBuf};

use super::entries::{Entries, Entry, Met};
use super::latest::LastWords;
use super::snapshot::Snapshot;
use super::{JournalError, torn};

/// Entries that one step of the search for the last words goes through.
const STEP: usize = 4096;

type FileEntries = Entries<Take<File>>;

/// The entries of a journal file.
#[derive(Debug)]
pub struct Reading {
    path: PathBuf,
    snapshot: Snapshot,
    stage: Stage,
    failure: Option<JournalError>,
    warning: Option<String>,
}

#[derive(Debug)]
enum Stage {
    /// Looking for the last word on each user.
    Search(FileEntries, LastWords),
    /// Giving the entries: of these numbers, or all. The next one has the last number.
    Give(FileEntries, Option<HashSet<u64>>, u64),
    Over,
}

impl Reading {
    /// Opens a journal, for all of its entries or for the last one of each user.
    ///
    /// # Errors
    /// As [`Snapshot::open`] has them.
    pub fn open(path: &Path, latest: bool) -> Result<Self, JournalError> {
        let snapshot = Snapshot::open(path)?;
        let entries = snapshot.entries()?;
        let stage = if latest { Stage::Search(entries, LastWords::default()) } else { Stage::Give(entries, None, 0) };
        Ok(Self { path: path.to_owned(), snapshot, stage, failure: None, warning: None })
    }

    /// Up to `max` more entries, or `None` at the end. There may be none yet before the end.
    ///
    /// # Errors
    /// As [`Entries`] has them, after the entries before the error. Nothing follows.
    pub fn next(&mut self, max: usize) -> Result<Option<Vec<Entry>>, JournalError> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Search(entries, words) => self.search(entries, words).map(|()| Some(Vec::new())),
            Stage::Give(entries, wanted, next) => Ok(Some(self.give(entries, wanted, next, max))),
            Stage::Over => Ok(None),
        }
    }

    /// What the user should know of the journal besides; told once, when the reader has come to its end.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }

    fn search(&mut self, mut entries: FileEntries, mut words: LastWords) -> Result<(), JournalError> {
        for _ in 0..STEP {
            let Some(met) = entries.next() else {
                self.stage = Stage::Give(self.snapshot.entries()?, Some(words.numbers()), 0);
                return Ok(());
            };
            if let Met::Entry(entry) = met? {
                words.note(&entry);
            }
        }
        self.stage = Stage::Search(entries, words);
        Ok(())
    }

    fn give(
        &mut self,
        mut entries: FileEntries,
        wanted: Option<HashSet<u64>>,
        mut next: u64,
        max: usize,
    ) -> Vec<Entry> {
        let mut given = Vec::new();
        for _ in 0..max {
            match entries.next() {
                Some(Ok(Met::Entry(entry))) => {
                    if wanted.as_ref().is_none_or(|wanted| wanted.contains(&next)) {
                        given.push(entry);
                    }
                    next += 1;
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    self.failure = Some(error);
                    return given;
                }
                None => {
                    // A run that is at work has not torn its line, but not ended it yet.
                    self.warning = torn(&self.path, entries.tail()).filter(|_| !self.snapshot.is_being_written());
                    return given;
                }
            }
        }
        self.stage = Stage::Give(entries, wanted, next);
        given
    }
}
