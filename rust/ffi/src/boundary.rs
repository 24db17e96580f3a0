//! Keeps panics on this side of the boundary, and owns the threads behind it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use interoptopus::ffi;
use interoptopus::lang::types::TypeInfo;
use interoptopus::pattern::asynk::{AsyncRuntime, TaskHandle};
use interoptopus::wire::Wire;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

use crate::extent;
use crate::wire::FfiError;

/// Runs the body of an export. A panic becomes [`ffi::Result::Panic`], because unwinding into .NET
/// would end the user's PowerShell.
pub(crate) fn guarded<T: TypeInfo>(body: impl FnOnce() -> Result<T, FfiError>) -> ffi::Result<T, FfiError> {
    catch_unwind(AssertUnwindSafe(body)).map_or(ffi::Result::Panic, Into::into)
}

/// Runs the body of a constructor, with the same care. Services are no [`TypeInfo`] by themselves.
pub(crate) fn guarded_new<S>(body: impl FnOnce() -> Result<S, FfiError>) -> ffi::Result<S, FfiError> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(service)) => ffi::Result::Ok(service),
        Ok(Err(error)) => ffi::Result::Err(error),
        Err(_) => ffi::Result::Panic,
    }
}

/// Runs the body of an asynchronous export, with the same care.
pub(crate) async fn guarded_async<T: TypeInfo>(
    body: impl Future<Output = Result<T, FfiError>>,
) -> ffi::Result<T, FfiError> {
    AssertUnwindSafe(body).catch_unwind().await.map_or(ffi::Result::Panic, Into::into)
}

/// Decodes a record from the other side.
pub(crate) fn unwire<T>(mut wire: Wire<T>) -> Result<T, FfiError>
where
    T: TypeInfo + interoptopus::lang::types::WireIO,
{
    if !extent::is_whole(&wire) {
        return Err(FfiError::InvalidInput);
    }
    wire.try_unwire().map_err(|_| FfiError::InvalidInput)
}

/// Encodes a record for the other side.
pub(crate) fn wire<T>(record: T) -> Result<Wire<T>, FfiError>
where
    T: TypeInfo + interoptopus::lang::types::WireIO,
{
    Wire::try_from(record).map_err(|_| FfiError::Internal)
}

/// Locks a mutex whose data is whole at every instant, so that a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The threads of one session, shared with its runs and gone with the last of them.
#[derive(Clone)]
pub struct Workers {
    threads: Arc<Threads>,
}

struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

/// One thread carries a hundred times what Graph lets through. A second one would spend more on waking the first
/// than it takes off it. Nothing may block it: what reads files or waits for the caller does so elsewhere.
const THREADS: usize = 1;

impl Workers {
    pub(crate) fn new() -> Result<Self, FfiError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("revoke-session")
            .enable_all()
            .build()
            .map_err(|_| FfiError::Internal)?;
        let handle = runtime.handle().clone();
        Ok(Self { threads: Arc::new(Threads { handle, runtime: Some(runtime) }) })
    }

    /// Makes `tokio::spawn` work on the calling thread while `body` runs.
    pub(crate) fn enter<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = self.threads.handle.enter();
        body()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The last owner may be a task on one of these very threads, where waiting would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl AsyncRuntime for Workers {
    type T = ();

    fn spawn<Fn, F>(&self, f: Fn) -> TaskHandle
    where
        Fn: FnOnce(Self::T) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let task = self.threads.handle.spawn(f(()));
        TaskHandle::from_handle(task.abort_handle(), AbortHandle::abort)
    }
}
