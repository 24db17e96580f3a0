//! What comes out of a reading, and the stream that it comes out of.

use std::collections::VecDeque;
use std::fmt::{self, Debug};

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, Stream};
use tokio::sync::mpsc;

use crate::error::ErrorDetail;

/// Something that happened while reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadEvent<T> {
    /// Something was read.
    Item(T),
    /// Something could not be read; the rest goes on where it can.
    Failed {
        /// Why.
        detail: ErrorDetail,
        /// The place of the input it is about, counted from zero, where it is about one.
        about: Option<usize>,
    },
    /// Something the caller should know of what was read.
    Warning(String),
    /// A line about requests, waits and repetitions; only where it was asked for.
    Notice(String),
}

/// What is read, as it comes. Dropping it sends nothing more.
pub struct Reading<T> {
    source: BoxStream<'static, Vec<ReadEvent<T>>>,
    notices: mpsc::UnboundedReceiver<String>,
    ready: VecDeque<ReadEvent<T>>,
}

impl<T> Debug for Reading<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

impl<T> Reading<T> {
    pub(super) fn new(
        source: impl Stream<Item = Vec<ReadEvent<T>>> + Send + 'static,
        notices: mpsc::UnboundedReceiver<String>,
    ) -> Self {
        Self { source: source.fuse().boxed(), notices, ready: VecDeque::new() }
    }

    /// Waits for at least one event and gives up to `max` of them; `None` once everything was read.
    ///
    /// A request is only sent when nothing that was read before is left.
    pub async fn next(&mut self, max: usize) -> Option<Vec<ReadEvent<T>>> {
        loop {
            while let Ok(notice) = self.notices.try_recv() {
                self.ready.push_back(ReadEvent::Notice(notice));
            }
            if !self.ready.is_empty() {
                let count = self.ready.len().min(max.max(1));
                return Some(self.ready.drain(..count).collect());
            }
            // The stream keeps what it was waiting for, so leaving it for a notice loses nothing.
            tokio::select! {
                biased;
                Some(notice) = self.notices.recv() => self.ready.push_back(ReadEvent::Notice(notice)),
                events = self.source.next() => {
                    let Some(events) = events else {
                        let last: Vec<_> = std::iter::from_fn(|| self.notices.try_recv().ok()).collect();
                        return (!last.is_empty()).then(|| last.into_iter().map(ReadEvent::Notice).collect());
                    };
                    self.ready.extend(events);
                }
            }
        }
    }
}

/// Where the lines about requests, waits and repetitions go.
#[derive(Debug, Clone)]
pub(super) struct Notices(Option<mpsc::UnboundedSender<String>>);

impl Notices {
    /// A way for notices and its end; nobody gets any unless `wanted`.
    pub(super) fn new(wanted: bool) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(wanted.then_some(sender)), receiver)
    }

    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        if let Some(sender) = &self.0 {
            // Nobody listens any more when this fails, so nobody is to be told.
            let _ = sender.send(text());
        }
    }
}
