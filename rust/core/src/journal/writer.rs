//! Writes lines in groups: everything that waits goes to disk together, and is passed on when it is there.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::record::Record;

/// The most lines of one group. The disk is asked once for all of them.
const LARGEST_GROUP: usize = 4096;

/// Where lines go. What `append` has returned from is on disk.
pub trait Sink: Send {
    /// Appends whole lines durably.
    ///
    /// # Errors
    /// What the system says. Nothing of the lines counts as written then.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;
}

/// What a group carried, and whether it is on disk.
#[derive(Debug)]
pub(crate) struct Written<T> {
    pub carried: Vec<T>,
    /// Why it is not on disk. Nothing can be written after a failure.
    pub failure: Option<Arc<str>>,
}

/// Lines that wait to be written, each with what waits for it. There are never more than a run has room for.
#[derive(Debug)]
pub(crate) struct Writer<T> {
    lines: UnboundedSender<(Record, T)>,
    ended: oneshot::Receiver<()>,
}

impl<T: Send + 'static> Writer<T> {
    /// Starts the thread that writes. It ends, and lets the sink go, with the writer.
    pub(crate) fn start(sink: Box<dyn Sink>) -> (Self, UnboundedReceiver<Written<T>>) {
        let (lines, queue) = unbounded_channel();
        let (acknowledge, written) = unbounded_channel();
        let (end, ended) = oneshot::channel::<()>();
        // A thread of its own: a disk that hangs must not take one of those that carry requests.
        std::thread::spawn(move || {
            write_all(sink, queue, &acknowledge);
            drop(end);
        });
        (Self { lines, ended }, written)
    }

    /// Hands over a line; `carried` comes back when it is on disk.
    pub(crate) fn write(&self, record: Record, carried: T) {
        // The thread goes on for as long as there is a sender.
        let _ = self.lines.send((record, carried));
    }

    /// Waits until everything is written and the file is let go.
    pub(crate) async fn finish(self) {
        drop(self.lines);
        // It is never sent to; it closes with the thread, when the sink is gone.
        let _ = self.ended.await;
    }
}

fn write_all<T>(
    mut sink: Box<dyn Sink>,
    mut queue: UnboundedReceiver<(Record, T)>,
    acknowledge: &UnboundedSender<Written<T>>,
) {
    let mut failure: Option<Arc<str>> = None;
    let mut lines = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        let mut carried = Vec::new();
        lines.clear();
        let mut next = Some(first);
        while let Some((record, waits)) = next.take() {
            // A record holds nothing that JSON cannot.
            if serde_json::to_writer(&mut lines, &record).is_ok() {
                lines.push(b'\n');
            }
            carried.push(waits);
            if carried.len() < LARGEST_GROUP {
                next = queue.try_recv().ok();
            }
        }
        if failure.is_none() {
            failure = sink.append(&lines).err().map(|error| error.to_string().into());
        }
        // Nobody waits any more when this fails; what was handed over is still written.
        let _ = acknowledge.send(Written { carried, failure: failure.clone() });
    }
}
