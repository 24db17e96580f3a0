//! The decoding of records from the other side, opened to the fuzz targets in `rust/fuzz`.

use interoptopus::ffi;
use interoptopus::lang::types::{TypeInfo, WireIO};
use interoptopus::wire::Wire;

use crate::{boundary, judge};

pub use crate::wire::{ConnectRequest, FfiError, Judgement, RunOptions, UserInput};

/// Decodes a record as every export does.
pub fn unwire<T: TypeInfo + WireIO>(wire: Wire<T>) -> Result<T, FfiError> {
    boundary::unwire(wire)
}

/// The export of the same name.
pub fn judge_user(input: Wire<UserInput>) -> ffi::Result<Wire<Judgement>, FfiError> {
    judge::judge_user(input)
}
