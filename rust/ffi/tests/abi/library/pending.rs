//! Asynchronous calls.

use std::ffi::c_void;
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::layout::{Callback, Completion, Task};
use super::{Outcome, Refusal};

/// How long an asynchronous call may take, also under valgrind.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a callback told; `None` says that the call was cancelled.
type Answer<T> = Option<Result<<T as Outcome>::Value, Refusal>>;

/// An asynchronous call under way.
pub struct Pending<T: Outcome> {
    task: Task,
    answers: Receiver<Answer<T>>,
}

extern "C" fn completed<T: Outcome>(completion: *const Completion<T>, context: *const c_void) {
    // SAFETY: the context is the box that `begin` gave away, and a callback comes only once.
    let sender = unsafe { Box::from_raw(context.cast::<Sender<Answer<T>>>().cast_mut()) };
    // SAFETY: the library lends a completion for the time of the call. Its result is looked at only
    // where there is one, and what is in it is ours from then on.
    let result = unsafe { (ptr::read(&raw const (*completion).cancelled) == 0).then(|| (*completion).result) };
    // Where nobody waits any more, the answer goes with the channel.
    let _ = sender.send(result.map(Outcome::value));
}

impl<T: Outcome> Pending<T> {
    pub(super) fn begin(start: impl FnOnce(Callback<T>) -> Task) -> Self {
        let (sender, answers) = channel::<Answer<T>>();
        let context = Box::into_raw(Box::new(sender)).cast_const().cast();
        Self { task: start(Callback { call: completed::<T>, context }), answers }
    }

    /// Asks the call to stop where it waits.
    pub fn abort(&self) {
        if let Some(abort) = self.task.abort {
            // SAFETY: the data is that of this task, which has not been released.
            unsafe { abort(self.task.data) };
        }
    }

    /// Waits for the one callback.
    pub fn wait(self) -> Answer<T> {
        let answer = self.answers.recv_timeout(PATIENCE).expect("every call is answered");
        // The sender has gone with the callback, so a second one would be an invalid access, too.
        assert!(self.answers.recv_timeout(PATIENCE).is_err(), "a second answer came");
        answer
    }
}

impl<T: Outcome> Drop for Pending<T> {
    fn drop(&mut self) {
        if let Some(release) = self.task.release {
            // SAFETY: a task is released once, here.
            unsafe { release(self.task.data) };
        }
    }
}
