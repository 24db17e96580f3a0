//! The file of a journal: locked while it is written, read back to its end, and repaired where a crash tore it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::record::{Record, SCHEMA};
use super::{JournalError, Sink};

/// A line longer than this, in bytes, is none of ours.
const LONGEST_LINE: u64 = 1024 * 1024;

/// A run that has just ended lets its lock go within moments, which is waited for.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// What reading a journal found besides its records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tail {
    /// Bytes at the end that are no whole line, as a crash leaves them.
    pub torn: u64,
    /// Bytes up to there.
    pub whole: u64,
}

/// Reads the records of a journal one by one.
///
/// # Errors
/// [`JournalError::Corrupt`] when a line is no record although more follow it, [`JournalError::Schema`] when a newer
/// version wrote it, [`JournalError::Io`].
pub fn read(source: impl io::Read, mut each: impl FnMut(Record)) -> Result<Tail, JournalError> {
    let mut reader = BufReader::with_capacity(256 * 1024, source);
    let mut tail = Tail::default();
    let mut line = Vec::new();
    let mut unreadable: Option<u64> = None;
    for number in 1.. {
        line.clear();
        let length = io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        if let Some(line) = unreadable {
            return Err(JournalError::Corrupt { line });
        }
        match parse(&line) {
            Some(Record::Run(run)) if run.schema > SCHEMA => return Err(JournalError::Schema { found: run.schema }),
            Some(record) => {
                each(record);
                tail.whole += length;
            }
            // Only the last line may be torn; whether this is the last one shows at the next.
            None => {
                unreadable = Some(number);
                tail.torn = length;
            }
        }
        if length == LONGEST_LINE {
            return Err(JournalError::Corrupt { line: number });
        }
    }
    Ok(tail)
}

fn parse(line: &[u8]) -> Option<Record> {
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
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

/// The name of a new file is durable only when its folder is.
fn sync_folder(path: &Path) -> Result<(), JournalError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
