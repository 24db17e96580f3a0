//! The file of a journal: locked while it is written, read back to its end, and repaired where a crash tore it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::record::Record;
use super::records::{Records, Tail};
use super::{JournalError, Sink};

/// A run that has just ended lets its lock go within moments, which is waited for.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// Reads the records of a journal one by one.
///
/// # Errors
/// As [`Records`] has them.
pub fn read(source: impl io::Read, mut each: impl FnMut(Record)) -> Result<Tail, JournalError> {
    let mut records = Records::new(source);
    for record in &mut records {
        each(record?);
    }
    Ok(records.tail())
}

/// A journal that is open for writing, and nobody else's meanwhile.
#[derive(Debug)]
pub(super) struct JournalFile {
    file: File,
    /// Where the last line that is known to be whole ends.
    whole: u64,
}

impl JournalFile {
    /// Opens or makes the file, locks it, hands its records to `each`, and cuts off what a crash tore.
    pub(super) fn open(path: &Path, each: impl FnMut(Record)) -> Result<(Self, Tail), JournalError> {
        let existed = path.try_exists()?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(JournalError::NotAFile);
        }
        lock(&file)?;
        let tail = read(&file, each)?;
        if tail.torn > 0 {
            file.set_len(tail.whole)?;
            file.sync_all()?;
        }
        file.seek(SeekFrom::Start(tail.whole))?;
        if !existed {
            sync_folder(path)?;
        }
        Ok((Self { file, whole: tail.whole }, tail))
    }
}

impl Sink for JournalFile {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(lines).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.whole += lines.len() as u64,
            // Half a line in the middle would make the whole journal unreadable.
            Err(_) => drop(self.file.set_len(self.whole)),
        }
        written
    }
}

fn lock(file: &File) -> Result<(), JournalError> {
    for _ in 1..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Whether a run holds the lock at this moment. Where the file system knows no locks, nobody does.
pub(super) fn is_locked(file: &File) -> bool {
    // Held for this instant only, which a run that begins waits out.
    let locked = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    if !locked {
        let _ = file.unlock();
    }
    locked
}

/// The name of a new file is durable only when its folder is.
fn sync_folder(path: &Path) -> Result<(), JournalError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
