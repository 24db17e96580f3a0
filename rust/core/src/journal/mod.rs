//! The journal of a run: what is about to be done is on disk before it is done, and what came of it before it is told.

mod entries;
pub mod file;
mod latest;
mod reading;
pub mod record;
mod records;
mod replay;
#[cfg(test)]
pub(crate) mod sample;
mod snapshot;
mod writer;

use std::fmt::{self, Debug};
use std::io;
use std::path::Path;

use thiserror::Error;
use uuid::Uuid;

use crate::error::{ErrorDetail, ErrorId};
use crate::session::Session;

use file::JournalFile;
use record::{Record, RunRecord, SCHEMA};

pub use entries::{Entries, Entry, Met};
pub use latest::LastWords;
pub use reading::Reading;
pub use records::{Records, Tail};
pub use replay::Replay;
pub use snapshot::Snapshot;
pub use writer::Sink;

pub(crate) use writer::{Writer, Written};

/// Why a journal cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another run writes to it.
    #[error("another run is writing to it")]
    Locked,
    /// It is not an ordinary file.
    #[error("it is not a file")]
    NotAFile,
    /// A line is no record of a journal, and it is not the last one.
    #[error("line {line} is not a line of a journal")]
    Corrupt {
        /// Its number, from one.
        line: u64,
    },
    /// A later version of the module wrote it.
    #[error("it has version {found} of the schema, and this module knows versions up to {SCHEMA}")]
    Schema {
        /// The version it has.
        found: u32,
    },
    /// It tells of another tenant.
    #[error("it belongs to the tenant {theirs}, and the sign-in is to {ours}")]
    AnotherTenant {
        /// The tenant it tells of.
        theirs: String,
        /// The tenant of the sign-in.
        ours: String,
    },
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl JournalError {
    /// The error as people are shown it.
    pub fn detail(&self, path: &Path) -> ErrorDetail {
        let advice = match self {
            Self::Locked => "Wait until the other run has ended, or give this one another -JournalPath.",
            Self::AnotherTenant { .. } => "Give each tenant a journal of its own.",
            Self::Corrupt { .. } => {
                "Keep the file as it is for the record, and begin a new one by another -JournalPath."
            }
            Self::Schema { .. } => "Update RevokeSession, or begin a new journal by another -JournalPath.",
            Self::NotAFile | Self::Io(_) => {
                "Give a -JournalPath in a folder that this account may write to, on a disk with room."
            }
        };
        ErrorId::JournalUnavailable
            .with_message(format!("The journal '{}' cannot be used: {self}.", path.display()))
            .with_advice(Some(advice))
    }

    /// The error as people are shown it who only read the journal.
    pub fn reading_detail(&self, path: &Path) -> ErrorDetail {
        let path = path.display();
        let advice = match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                return ErrorId::JournalNotFound.with_message(format!("There is no journal '{path}'."));
            }
            Self::Schema { .. } => "Update RevokeSession.",
            Self::Io(_) => "Read it as an account that may, while the disk it lies on is there.",
            _ => "Give the path of a file that -JournalPath of Revoke-RsUserSession wrote, as it was written.",
        };
        ErrorId::JournalUnavailable
            .with_message(format!("The journal '{path}' cannot be read: {self}."))
            .with_advice(Some(advice))
    }
}

/// What is to be said of a torn last line by somebody who only reads.
pub(crate) fn torn(path: &Path, tail: Tail) -> Option<String> {
    (tail.torn > 0).then(|| {
        format!(
            "The last line of the journal '{}' is torn, as a crash leaves it; its {} bytes are left out.",
            path.display(),
            tail.torn
        )
    })
}

/// A journal that is open, and what it said of earlier runs.
pub struct Journal {
    pub(crate) run: Uuid,
    pub(crate) header: RunRecord,
    pub(crate) replay: Replay,
    pub(crate) sink: Box<dyn Sink>,
    /// What the user should know of it.
    pub(crate) warnings: Vec<String>,
}

impl Journal {
    /// Opens the journal at `path` for a run on `session`, or begins one. Blocks while it reads.
    ///
    /// # Errors
    /// [`JournalError`]. The file is left as it was then.
    pub fn open(path: &Path, session: &Session) -> Result<Self, JournalError> {
        let mut replay = Replay::default();
        let (file, tail) = JournalFile::open(path, |record| replay.note(record))?;
        let mut warnings = Vec::new();
        if tail.torn > 0 {
            warnings.push(format!(
                "The last line of the journal '{}' was torn, as a crash leaves it; its {} bytes were cut off.",
                path.display(),
                tail.torn
            ));
        }
        Self::with_sink(session, replay, Box::new(file), warnings)
    }

    /// A journal on a sink of the caller's.
    ///
    /// # Errors
    /// [`JournalError::AnotherTenant`].
    pub fn with_sink(
        session: &Session,
        replay: Replay,
        sink: Box<dyn Sink>,
        mut warnings: Vec<String>,
    ) -> Result<Self, JournalError> {
        let header = header(session);
        if let Some(before) = replay.latest_run() {
            if let (Some(theirs), Some(ours)) = (&before.tenant_id, &header.tenant_id)
                && !theirs.eq_ignore_ascii_case(ours)
            {
                return Err(JournalError::AnotherTenant { theirs: theirs.clone(), ours: ours.clone() });
            }
            if replay.left_open() > 0 {
                warnings.push(format!(
                    "The run before this one ended before {} of its users had an outcome; they are revoked again where they are given.",
                    replay.left_open()
                ));
            }
        }
        Ok(Self { run: header.run, header, replay, sink, warnings })
    }

    pub(crate) fn opening(&self) -> Record {
        Record::Run(self.header.clone())
    }
}

fn header(session: &Session) -> RunRecord {
    let context = session.context();
    let parts = session.parts();
    RunRecord {
        schema: SCHEMA,
        run: parts.entropy.uuid(),
        at: parts.clock.utc(),
        module_version: env!("CARGO_PKG_VERSION").to_owned(),
        tenant_id: context.tenant_id,
        environment: context.endpoints.environment_name().to_owned(),
        graph_endpoint: context.endpoints.graph().as_str().to_owned(),
        account: context.account,
        client_id: context.client_id,
        auth_type: context.auth_type.name().to_owned(),
    }
}

impl Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("run", &self.run).finish_non_exhaustive()
    }
}
