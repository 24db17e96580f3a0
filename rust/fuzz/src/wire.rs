//! Records at the C ABI: whatever the bytes are, the caller gets an answer and keeps its process.

use std::marker::PhantomData;

use interoptopus::ffi;
use interoptopus::lang::types::{TypeInfo, WireIO};
use interoptopus::wire::Wire;
use revoke_session::fuzzing::{ConnectRequest, FfiError, RunOptions, UserInput, judge_user, unwire};

/// The first byte says which record the rest is: `J` for a user to judge, `U` for a list of users,
/// `C` for a request to connect, `O` for the options of a run. Without one of these the whole input
/// is taken for each of them in turn.
pub fn fuzz_one(data: &[u8]) {
    match data.split_first() {
        Some((b'J', record)) => judges(record),
        Some((b'U', record)) => decodes::<Vec<UserInput>>(record),
        Some((b'C', record)) => decodes::<ConnectRequest>(record),
        Some((b'O', record)) => decodes::<RunOptions>(record),
        _ => {
            judges(data);
            decodes::<Vec<UserInput>>(data);
            decodes::<ConnectRequest>(data);
            decodes::<RunOptions>(data);
        }
    }
}

/// The exported function gives a judgement or says that the input is none: it never panics.
fn judges(bytes: &[u8]) {
    let lent = Lent::new(bytes);
    let whole = unwire(lent.wire::<UserInput>()).is_ok();
    match judge_user(lent.wire()) {
        ffi::Result::Ok(mut judgement) => {
            assert!(whole, "a record that cannot be read was judged");
            let judgement = judgement.try_unwire().expect("what the library wrote can be read");
            assert_eq!(judgement.error.is_none(), !judgement.display.is_empty(), "{judgement:?}");
        }
        ffi::Result::Err(error) => assert_eq!((error, whole), (FfiError::InvalidInput, false)),
        ffi::Result::Panic | ffi::Result::Null => panic!("a panic came back over the boundary"),
    }
}

/// A record is refused, or read as something that can be written and read again.
fn decodes<T: TypeInfo + WireIO>(bytes: &[u8]) {
    match unwire(Lent::new(bytes).wire::<T>()) {
        Err(error) => assert_eq!(error, FfiError::InvalidInput),
        Ok(record) => {
            let size = record.live_size();
            assert!(size <= bytes.len(), "{size} bytes were read from {}", bytes.len());
            let mut written = Vec::new();
            record.write(&mut written).expect("what was read can be written");
            let again = unwire(Lent::new(&written).wire::<T>()).expect("what was written can be read");
            let mut rewritten = Vec::new();
            again.write(&mut rewritten).expect("what was read can be written");
            assert_eq!(written, rewritten);
        }
    }
}

/// Bytes that wires can be made of, as the other side makes them on memory that it keeps.
struct Lent<'a> {
    header: Header,
    bytes: PhantomData<&'a [u8]>,
}

/// What crosses the boundary for any record.
#[repr(C)]
#[derive(Clone, Copy)]
struct Header {
    data: *const u8,
    len: i32,
    capacity: i32,
}

impl<'a> Lent<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let len = i32::try_from(bytes.len()).expect("no input is that long");
        // No capacity, so that the wire does not free what it does not own.
        Self { header: Header { data: bytes.as_ptr(), len, capacity: 0 }, bytes: PhantomData }
    }

    fn wire<T>(&self) -> Wire<T> {
        const { assert!(size_of::<Wire<T>>() == size_of::<Header>()) }
        // SAFETY: `Wire` is `repr(C)` with just these fields, as the C# side has it too, and every
        // wire made here is used up before the bytes that `self` borrows can go.
        unsafe { std::mem::transmute_copy(&self.header) }
    }
}
