//! The C ABI as a C header would have it, written down a second time on purpose: what the library
//! and its bindings agree on must hold for a stranger, too.
//!
//! All unsafe code of this test is in here.

mod buffer;
mod layout;
mod pending;
mod services;

pub use buffer::Wire;
pub use pending::Pending;
pub use services::{Run, Session, describe_not_connected, judge_user, judge_user_lent};

use layout::{Reply, Status};

/// What the first field of every result says.
pub const OK: u32 = 0;
/// The call failed; `error` says how.
pub const ERR: u32 = 1;
/// `FfiError::InvalidInput`.
pub const INVALID_INPUT: u8 = 0;

/// Why a call did not do what it is for: the tag of its result, and the error if the tag says so.
pub type Refusal = (u32, Option<u8>);

/// The refusal of what is no record.
pub const REFUSED: Refusal = (ERR, Some(INVALID_INPUT));

fn refusal(tag: u32, error: u8) -> Refusal {
    (tag, (tag == ERR).then_some(error))
}

/// What results have in common.
pub trait Outcome: Copy {
    /// The value of a result that has one.
    type Value: Send;
    /// Takes the value out.
    fn value(self) -> Result<Self::Value, Refusal>;
}

impl Outcome for Status {
    type Value = ();

    fn value(self) -> Result<(), Refusal> {
        if self.tag == OK { Ok(()) } else { Err(refusal(self.tag, self.error)) }
    }
}

impl Outcome for Reply {
    type Value = Wire;

    fn value(self) -> Result<Wire, Refusal> {
        if self.tag == OK { Ok(Wire(self.wire)) } else { Err(refusal(self.tag, self.error)) }
    }
}
