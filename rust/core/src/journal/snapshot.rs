//! A journal as it is at one moment, so that a run which goes on writing to it does not disturb its reader.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Take};
use std::path::Path;

use super::JournalError;
use super::entries::Entries;
use super::file::alone::is_taken;

/// A journal that is open for reading, up to where it ended when it was opened.
#[derive(Debug)]
pub struct Snapshot {
    file: File,
    length: u64,
    written: bool,
}

impl Snapshot {
    /// Opens the journal at `path`. It is neither locked nor repaired.
    ///
    /// # Errors
    /// [`JournalError::NotAFile`], [`JournalError::Io`].
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        // Asked first: opening a pipe would wait for somebody to write to it.
        if !fs::metadata(path)?.is_file() {
            return Err(JournalError::NotAFile);
        }
        let file = File::open(path)?;
        // A run that begins or ends just now was still writing as far as this reader can tell.
        let before = is_taken(path, &file);
        let length = file.metadata()?.len();
        let written = is_taken(path, &file) || before;
        Ok(Self { file, length, written })
    }

    /// Whether a run was writing to it.
    pub fn is_being_written(&self) -> bool {
        self.written
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads it from its beginning. There can be one reader at a time: each begins where the one before it is.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn entries(&self) -> Result<Entries<Take<File>>, JournalError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Entries::new(file.take(self.length), self.written))
    }
}
