//! The services behind `Get-RsJournal` and `Export-RsReport`: each call goes on for a moment, so that whoever calls
//! can stop between two of them.

use std::path::PathBuf;
use std::sync::Mutex;

use interoptopus::ffi;
use interoptopus::wire::Wire;
use revoke_session_core::journal::Reading;
use revoke_session_core::report::{Progress, Report, ReportOptions};
use revoke_session_core::{Clock, ErrorDetail, SystemClock, SystemEntropy};

use crate::boundary::{guarded, guarded_new, lock, unwire, wire};
use crate::journal_wire::{JournalPage, JournalReadRequest, ReportRequest, ReportStep};
use crate::wire::FfiError;

/// A journal that is being read.
#[ffi(service)]
pub struct JournalReading {
    path: PathBuf,
    state: Mutex<Result<Reading, Option<ErrorDetail>>>,
}

#[ffi]
impl JournalReading {
    /// Opens a journal. Why that failed is told by the first page.
    pub fn open(request: Wire<JournalReadRequest>) -> ffi::Result<Self, FfiError> {
        guarded_new(|| {
            let request = unwire(request)?;
            let path = PathBuf::from(request.path);
            let state = Reading::open(&path, request.latest).map_err(|error| Some(error.reading_detail(&path)));
            Ok(Self { path, state: Mutex::new(state) })
        })
    }

    /// More entries, which can be none, until a page says that it is the last one.
    pub fn next(&self, max: u32) -> ffi::Result<Wire<JournalPage>, FfiError> {
        guarded(|| {
            let mut state = lock(&self.state);
            let (entries, error) = match &mut *state {
                Ok(reading) => match reading.next(max as usize) {
                    Ok(entries) => (entries, None),
                    Err(error) => (None, Some(error.reading_detail(&self.path))),
                },
                Err(error) => (None, error.take()),
            };
            let finished = entries.is_none();
            let mut page = JournalPage::from(entries.unwrap_or_default());
            page.warning = state.as_mut().ok().and_then(Reading::take_warning);
            page.error = error.map(Into::into);
            page.finished = finished;
            wire(page)
        })
    }
}

/// A report that is being made. Given up before its end, it leaves nothing behind.
#[ffi(service)]
pub struct JournalReport {
    options: ReportOptions,
    state: Mutex<Option<Result<Box<Report>, ErrorDetail>>>,
}

#[ffi]
impl JournalReport {
    /// Begins a report. Why that failed is told by the first step.
    pub fn begin(request: Wire<ReportRequest>) -> ffi::Result<Self, FfiError> {
        guarded_new(|| {
            let request = unwire(request)?;
            let options = ReportOptions {
                journal: request.journal_path.into(),
                output: request.output_path.into(),
                title: request.title,
                replace: request.replace,
                made: SystemClock.utc(),
            };
            let begun = Report::begin(options.clone(), &SystemEntropy);
            let state = begun.map(Box::new).map_err(|error| error.detail(&options));
            Ok(Self { options, state: Mutex::new(Some(state)) })
        })
    }

    /// Goes on for a moment.
    pub fn advance(&self) -> ffi::Result<Wire<ReportStep>, FfiError> {
        guarded(|| {
            let mut step = ReportStep { error: None, warning: None, finished: true };
            let mut state = lock(&self.state);
            match state.take() {
                Some(Ok(report)) => match report.step() {
                    Ok(Progress::Going(report)) => {
                        *state = Some(Ok(report));
                        step.finished = false;
                    }
                    Ok(Progress::Done { warning, .. }) => step.warning = warning,
                    Err(error) => step.error = Some(error.detail(&self.options).into()),
                },
                Some(Err(error)) => step.error = Some(error.into()),
                None => {}
            }
            wire(step)
        })
    }
}
