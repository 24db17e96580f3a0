//! The file of a journal: locked while it is written, read back to its end, and repaired where a crash tore it.

use std::fs::{File, OpenOptions};
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
        let mut file = alone::open(path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?;
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

/// Tries until the file is there for this run alone.
fn patiently(mut attempt: impl FnMut() -> Result<Option<File>, JournalError>) -> Result<File, JournalError> {
    for _ in 1..LOCK_ATTEMPTS {
        if let Some(file) = attempt()? {
            return Ok(file);
        }
        sleep(LOCK_PAUSE);
    }
    attempt()?.ok_or(JournalError::Locked)
}

fn checked(file: File) -> Result<File, JournalError> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(JournalError::NotAFile) }
}

/// One writer, and any readers: by a lock, which keeps only those out who ask for it.
#[cfg(not(windows))]
pub(super) mod alone {
    use std::fs::TryLockError;

    use super::{File, JournalError, OpenOptions, Path, checked, patiently};

    pub(in super::super) fn open(path: &Path, options: &OpenOptions) -> Result<File, JournalError> {
        let file = checked(options.open(path)?)?;
        patiently(|| match file.try_lock() {
            Ok(()) => Ok(Some(file.try_clone()?)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        })
    }

    /// Whether a run writes to the file at this moment. Where the file system knows no locks, nobody does.
    pub(in super::super) fn is_taken(_: &Path, file: &File) -> bool {
        // Held for this instant only, which a run that begins waits out.
        let taken = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        if !taken {
            let _ = file.unlock();
        }
        taken
    }
}

/// One writer, and any readers: by what the writer shares, because a lock would keep readers out of the bytes.
#[cfg(windows)]
pub(super) mod alone {
    use std::os::windows::fs::OpenOptionsExt;

    use super::{File, JournalError, OpenOptions, Path, checked, patiently};

    /// `FILE_SHARE_READ` of the Windows API.
    const SHARE_READ: u32 = 1;
    /// `ERROR_SHARING_VIOLATION` of the Windows API.
    const SHARING_VIOLATION: i32 = 32;

    pub(in super::super) fn open(path: &Path, options: &OpenOptions) -> Result<File, JournalError> {
        let mut options = options.clone();
        options.share_mode(SHARE_READ);
        patiently(|| match options.open(path) {
            Ok(file) => checked(file).map(Some),
            Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
            Err(error) => Err(error.into()),
        })
    }

    /// Whether a run writes to the file at this moment.
    pub(in super::super) fn is_taken(path: &Path, _: &File) -> bool {
        let opened = OpenOptions::new().write(true).open(path);
        matches!(opened, Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION))
    }
}

/// The name of a new file is durable only when its folder is.
fn sync_folder(path: &Path) -> Result<(), JournalError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
