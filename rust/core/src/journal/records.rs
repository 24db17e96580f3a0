//! The lines of a journal, read one at a time.

use std::io::{BufRead, BufReader, Read};

use super::JournalError;
use super::record::{Record, SCHEMA};

/// A line longer than this, in bytes, is none of ours.
const LONGEST_LINE: u64 = 1024 * 1024;

/// How the first line of a journal begins.
const OPENING: &[u8] = br#"{"type":"run""#;

/// What reading a journal found besides its records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tail {
    /// Bytes at the end that are no whole line, as a crash leaves them.
    pub torn: u64,
    /// Bytes up to there.
    pub whole: u64,
}

/// Gives the records of a journal in their order, and nothing more after an error.
///
/// # Errors
/// [`JournalError::Corrupt`] when a line is no record although more follow it or no journal begins so,
/// [`JournalError::Schema`] when a newer version wrote it, [`JournalError::Io`].
#[derive(Debug)]
pub struct Records<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    tail: Tail,
    ended: bool,
}

impl<R: Read> Records<R> {
    /// Reads from the beginning of `source`.
    pub fn new(source: R) -> Self {
        Self {
            reader: BufReader::with_capacity(256 * 1024, source),
            line: Vec::new(),
            number: 0,
            tail: Tail::default(),
            ended: false,
        }
    }

    /// What was found so far; all there is once the iterator has ended.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// The number of the line that was read last, from one.
    pub fn line(&self) -> u64 {
        self.number
    }

    fn step(&mut self) -> Result<Option<Record>, JournalError> {
        let length = self.read_line()?;
        if length == 0 {
            return Ok(None);
        }
        match parse(&self.line) {
            Some(Record::Run(run)) if run.schema > SCHEMA => Err(JournalError::Schema { found: run.schema }),
            Some(record) => {
                self.tail.whole += length;
                Ok(Some(record))
            }
            // Only the last line may be torn, and only a line of ours is: anything else is somebody's other file.
            None if self.is_ours() => {
                let line = self.number;
                self.tail.torn = length;
                if self.read_line()? > 0 { Err(JournalError::Corrupt { line }) } else { Ok(None) }
            }
            None => Err(JournalError::Corrupt { line: self.number }),
        }
    }

    fn read_line(&mut self) -> Result<u64, JournalError> {
        self.line.clear();
        let length = Read::take(&mut self.reader, LONGEST_LINE).read_until(b'\n', &mut self.line)? as u64;
        if length > 0 {
            self.number += 1;
        }
        if length == LONGEST_LINE {
            return Err(JournalError::Corrupt { line: self.number });
        }
        Ok(length)
    }

    /// Whether a line that is no record can be what a crash left of one.
    fn is_ours(&self) -> bool {
        // A disk that lost power has zeros where it had no time for more.
        let written = self.line.iter().position(|byte| *byte == 0).unwrap_or(self.line.len());
        let written = &self.line[..written];
        self.number > 1 || written.starts_with(OPENING) || OPENING.starts_with(written)
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.step().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn parse(line: &[u8]) -> Option<Record> {
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
}
