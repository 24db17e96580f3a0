//! The functions and services, each with the name it has in the library.

use std::marker::PhantomData;
use std::ptr;

use super::layout::{Bytes, Instance, RawWire, Reply, Status, exports};
use super::{OK, Outcome as _, Pending, Refusal, Wire, refusal};

/// `judge_user`.
pub fn judge_user(record: Wire) -> Result<Wire, Refusal> {
    // SAFETY: the buffer is whole and goes with the call.
    unsafe { (exports().judge_user)(record.give()) }.value()
}

/// `judge_user`, on memory that stays the caller's, with a length that may be no length.
pub fn judge_user_lent(bytes: &mut [u8], len: i32) -> Result<Wire, Refusal> {
    assert!(usize::try_from(len).is_ok_and(|len| len <= bytes.len()) || len < 0);
    // SAFETY: no more than `bytes` is read, and a capacity of zero says that the library owns nothing.
    unsafe { (exports().judge_user)(RawWire { data: bytes.as_mut_ptr(), len, capacity: 0 }) }.value()
}

/// `describe_not_connected`.
pub fn describe_not_connected() -> Result<Wire, Refusal> {
    // SAFETY: takes nothing.
    unsafe { (exports().describe_not_connected)() }.value()
}

/// A `GraphSession`.
pub struct Session(Instance);

impl Session {
    /// `graph_session_create`.
    pub fn create() -> Self {
        // SAFETY: takes nothing.
        let made = unsafe { (exports().graph_session_create)() };
        assert_eq!(made.tag, OK);
        Self(made.service)
    }

    /// `graph_session_provide_secret`; `None` is a null pointer.
    pub fn provide_secret(&self, secret: Option<&[u8]>) -> Result<(), Refusal> {
        let bytes = match secret {
            Some(secret) => Bytes { data: secret.as_ptr(), len: secret.len() as u64 },
            None => Bytes { data: ptr::null(), len: 0 },
        };
        // SAFETY: the session lives, and the secret is lent for the time of the call.
        unsafe { (exports().graph_session_provide_secret)(self.0, bytes) }.value()
    }

    /// `graph_session_connect`.
    pub fn connect(&self, request: Wire) -> Pending<Reply> {
        // SAFETY: the session lives, and the buffer goes with the call.
        Pending::begin(|callback| unsafe { (exports().graph_session_connect)(self.0, request.give(), callback) })
    }

    /// `graph_session_describe`.
    pub fn describe(&self) -> Result<Wire, Refusal> {
        // SAFETY: the session lives.
        unsafe { (exports().graph_session_describe)(self.0) }.value()
    }

    /// `revocation_run_start`.
    pub fn start(&self, options: Wire) -> Result<Run<'_>, Refusal> {
        // SAFETY: the session lives, and the buffer goes with the call.
        let made = unsafe { (exports().revocation_run_start)(self.0, options.give()) };
        if made.tag == OK {
            Ok(Run { instance: made.service, session: PhantomData })
        } else {
            Err(refusal(made.tag, made.error))
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: a session is destroyed once, here.
        unsafe { (exports().graph_session_destroy)(self.0) };
    }
}

/// A `RevocationRun`.
pub struct Run<'a> {
    instance: Instance,
    session: PhantomData<&'a Session>,
}

impl Run<'_> {
    /// Forgets that the run came from a session, which may then be destroyed first: the library
    /// counts its owners.
    pub fn outliving(self) -> Run<'static> {
        let run = Run { instance: self.instance, session: PhantomData };
        std::mem::forget(self);
        run
    }

    /// `revocation_run_submit`.
    pub fn submit(&self, users: Wire) -> Pending<Status> {
        // SAFETY: the run lives, and the buffer goes with the call.
        Pending::begin(|callback| unsafe { (exports().revocation_run_submit)(self.instance, users.give(), callback) })
    }

    /// `revocation_run_flush`.
    pub fn flush(&self) -> Pending<Status> {
        // SAFETY: the run lives.
        Pending::begin(|callback| unsafe { (exports().revocation_run_flush)(self.instance, callback) })
    }

    /// `revocation_run_next`.
    pub fn next(&self, max: u32) -> Pending<Reply> {
        // SAFETY: the run lives.
        Pending::begin(|callback| unsafe { (exports().revocation_run_next)(self.instance, max, callback) })
    }

    /// `revocation_run_complete_input`.
    pub fn complete_input(&self) {
        // SAFETY: the run lives.
        let status = unsafe { (exports().revocation_run_complete_input)(self.instance) };
        assert_eq!(status.value(), Ok(()));
    }

    /// `revocation_run_cancel`.
    pub fn cancel(&self) {
        // SAFETY: the run lives.
        let status = unsafe { (exports().revocation_run_cancel)(self.instance) };
        assert_eq!(status.value(), Ok(()));
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        // SAFETY: a run is destroyed once, here.
        unsafe { (exports().revocation_run_destroy)(self.instance) };
    }
}
