//! The report of a journal: one page for the file of an incident, that needs nothing but itself.
//!
//! The journal is gone through several times, so that the page can begin with what matters most and a long journal
//! needs no more memory than a few numbers for each user.

mod escape;
mod output;
mod page;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;
mod users;
mod wording;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Take};
use std::path::PathBuf;

use jiff::Timestamp;
use thiserror::Error;

use crate::entropy::Entropy;
use crate::error::{ErrorDetail, ErrorId};
use crate::journal::{Entries, Entry, JournalError, LastWords, Met, Snapshot, torn};
use crate::outcome::Status;

use output::Output;
use page::Page;
use summary::{Group, RunFacts};
use timeline::Timeline;

pub use escape::Escaped;
pub use summary::Summary;

/// Lines of the journal that one step goes through.
const STEP: usize = 4096;

/// Runs that get a chart of their own.
const MOST_CHARTS: usize = 6;

/// What to write.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// The journal.
    pub journal: PathBuf,
    /// The page.
    pub output: PathBuf,
    /// Its title; there is one for every page without.
    pub title: Option<String>,
    /// Whether a file that is there already is replaced.
    pub replace: bool,
    /// When the page is made.
    pub made: Timestamp,
}

/// Why there is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is a file already.
    #[error("there is a file already")]
    Exists,
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl ReportError {
    /// The error as people are shown it.
    pub fn detail(&self, options: &ReportOptions) -> ErrorDetail {
        let output = options.output.display();
        match self {
            Self::Journal(error) => error.reading_detail(&options.journal),
            Self::Exists => ErrorId::ReportExists.with_message(format!("There is a file '{output}' already.")),
            Self::Io(error) => {
                ErrorId::ReportNotWritten.with_message(format!("The report '{output}' cannot be written: {error}."))
            }
        }
    }
}

/// A report that is being made. Whoever makes it can stop between two steps, and nothing is left behind then.
#[derive(Debug)]
pub struct Report {
    options: ReportOptions,
    snapshot: Snapshot,
    output: Output,
    page: Page,
    last_words: HashSet<u64>,
    stage: Stage,
}

type FileEntries = Entries<Take<File>>;

#[derive(Debug)]
enum Stage {
    /// Finding the last word on each user.
    Search(FileEntries, LastWords),
    /// Counting them.
    Count(FileEntries, Counting),
    /// Writing the users of one group after another.
    Write(FileEntries, Listing),
    Over,
}

#[derive(Debug, Default)]
struct Counting {
    number: u64,
    run: usize,
}

#[derive(Debug)]
struct Listing {
    number: u64,
    run: usize,
    groups: Vec<(Group, u64)>,
}

impl Report {
    /// Opens the journal and begins the page.
    ///
    /// # Errors
    /// [`ReportError`]. Nothing is left behind then.
    pub fn begin(options: ReportOptions, entropy: &dyn Entropy) -> Result<Self, ReportError> {
        let snapshot = Snapshot::open(&options.journal)?;
        let output = Output::create(&options.output, options.replace, &entropy.uuid().simple().to_string())?;
        let page = Page::new(&options, &snapshot);
        let stage = Stage::Search(snapshot.entries()?, LastWords::default());
        Ok(Self { options, snapshot, output, page, last_words: HashSet::new(), stage })
    }

    /// Goes on for a while.
    ///
    /// # Errors
    /// [`ReportError`]. Nothing is left behind then.
    pub fn step(mut self) -> Result<Progress, ReportError> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Search(entries, words) => self.search(entries, words)?,
            Stage::Count(entries, counting) => self.count(entries, counting)?,
            Stage::Write(entries, listing) => self.write(entries, listing)?,
            Stage::Over => {
                self.page.end(&mut self.output)?;
                self.output.finish()?;
                return Ok(Progress::Done { summary: self.page.summary, warning: self.page.warning });
            }
        }
        Ok(Progress::Going(Box::new(self)))
    }

    fn search(&mut self, mut entries: FileEntries, mut words: LastWords) -> Result<(), ReportError> {
        for _ in 0..STEP {
            let Some(met) = entries.next() else {
                if !self.snapshot.is_being_written() {
                    self.page.warning = torn(&self.options.journal, entries.tail());
                }
                self.last_words = words.numbers();
                self.page.timelines = timelines(&self.page.runs);
                self.stage = Stage::Count(self.snapshot.entries()?, Counting::default());
                return Ok(());
            };
            let met = met?;
            summary::note(&mut self.page.runs, &met);
            if let Met::Entry(entry) = met {
                words.note(&entry);
            }
        }
        self.stage = Stage::Search(entries, words);
        Ok(())
    }

    fn count(&mut self, mut entries: FileEntries, mut counting: Counting) -> Result<(), ReportError> {
        for _ in 0..STEP {
            let Some(met) = entries.next() else {
                self.page.summary.finish();
                self.page.begin(&mut self.output)?;
                let groups = self.page.summary.groups();
                return self.list(groups);
            };
            match met? {
                Met::Run(_) => counting.run += 1,
                Met::Entry(entry) => {
                    if self.last_words.contains(&counting.number) {
                        self.page.summary.count(&entry.outcome);
                    }
                    counting.number += 1;
                    self.chart(counting.run - 1, &entry);
                }
                Met::End(_) => {}
            }
        }
        self.stage = Stage::Count(entries, counting);
        Ok(())
    }

    fn chart(&mut self, run: usize, entry: &Entry) {
        if let Some(Some(timeline)) = self.page.timelines.get_mut(run)
            && summary::happened(entry)
        {
            timeline.count(entry.outcome.at, entry.outcome.status == Status::Revoked);
        }
    }

    /// Begins the table of the first group, if there is one left.
    fn list(&mut self, groups: Vec<(Group, u64)>) -> Result<(), ReportError> {
        if let Some((group, count)) = groups.first() {
            self.page.begin_group(&mut self.output, *group, *count)?;
            self.stage = Stage::Write(self.snapshot.entries()?, Listing { number: 0, run: 0, groups });
        }
        Ok(())
    }

    fn write(&mut self, mut entries: FileEntries, mut listing: Listing) -> Result<(), ReportError> {
        for _ in 0..STEP {
            let Some(met) = entries.next() else {
                self.page.end_group(&mut self.output)?;
                listing.groups.remove(0);
                return self.list(listing.groups);
            };
            match met? {
                Met::Run(_) => listing.run += 1,
                Met::Entry(entry) => {
                    let wanted = listing.groups.first().is_some_and(|(group, _)| *group == Group::of(&entry.outcome));
                    if wanted && self.last_words.contains(&listing.number) {
                        self.page.row(&mut self.output, &entry.outcome, listing.run)?;
                    }
                    listing.number += 1;
                }
                Met::End(_) => {}
            }
        }
        self.stage = Stage::Write(entries, listing);
        Ok(())
    }
}

/// How far a report is.
#[derive(Debug)]
pub enum Progress {
    /// There is more to do.
    Going(Box<Report>),
    /// The page is there.
    Done {
        /// Its numbers.
        summary: Summary,
        /// What the user should know of the journal.
        warning: Option<String>,
    },
}

/// A chart for each of the runs that did most.
fn timelines(runs: &[RunFacts]) -> Vec<Option<Timeline>> {
    let mut busiest: Vec<usize> = (0..runs.len()).filter(|run| runs[*run].inputs > 0).collect();
    busiest.sort_by_key(|run| std::cmp::Reverse(runs[*run].inputs));
    busiest.truncate(MOST_CHARTS);
    let chart =
        |(place, run): (usize, &RunFacts)| busiest.contains(&place).then(|| Timeline::new(run.record.at, run.last));
    runs.iter().enumerate().map(chart).collect()
}

/// Makes a whole report at once.
///
/// # Errors
/// [`ReportError`]. Nothing is left behind then.
pub fn write(options: ReportOptions, entropy: &dyn Entropy) -> Result<Summary, ReportError> {
    let mut report = Report::begin(options, entropy)?;
    loop {
        match report.step()? {
            Progress::Going(going) => report = *going,
            Progress::Done { summary, .. } => return Ok(summary),
        }
    }
}
