//! The file that a report is written to: it is there when it is whole, and not before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ReportError;

/// A file beside the one it will become.
#[derive(Debug)]
pub(super) struct Output {
    to: PathBuf,
    beside: PathBuf,
    replace: bool,
    writer: Option<BufWriter<File>>,
}

impl Output {
    /// Begins a file that will be `to`. `distinct` makes its name until then one that nobody else uses.
    pub(super) fn create(to: &Path, replace: bool, distinct: &str) -> Result<Self, ReportError> {
        refuse_existing(to, replace)?;
        let name = to.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{distinct}.tmp"));
        let beside = to.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        let writer = Some(BufWriter::with_capacity(256 * 1024, file));
        Ok(Self { to: to.to_owned(), beside, replace, writer })
    }

    /// Puts the file in its place.
    pub(super) fn finish(mut self) -> Result<(), ReportError> {
        if let Some(writer) = self.writer.take() {
            let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
        }
        // Somebody may have written one meanwhile.
        refuse_existing(&self.to, self.replace)?;
        Ok(fs::rename(&self.beside, &self.to)?)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().map_or(Ok(0), |writer| writer.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Windows removes no file that is open. After the renaming there is nothing left to remove.
        self.writer = None;
        let _ = fs::remove_file(&self.beside);
    }
}

fn refuse_existing(path: &Path, replace: bool) -> Result<(), ReportError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory).into()),
        Ok(_) if !replace => Err(ReportError::Exists),
        _ => Ok(()),
    }
}
