//! Judging a user id before any request.

use interoptopus::ffi;
use interoptopus::wire::Wire;
use revoke_session_core::{ErrorId, Input};

use crate::boundary::{guarded, unwire, wire};
use crate::wire::{ErrorDetail, FfiError, Judgement, UserInput};

/// Tells what the core library makes of one input, without any request.
#[ffi]
pub fn judge_user(input: Wire<UserInput>) -> ffi::Result<Wire<Judgement>, FfiError> {
    guarded(|| {
        let input = Input::from(&unwire(input)?);
        wire(match input.target() {
            Ok(target) => target.into(),
            Err(detail) => Judgement {
                display: String::new(),
                object_id: None,
                user_principal_name: None,
                error: Some(detail.into()),
            },
        })
    })
}

/// The error for a cmdlet that needs a connection and has none.
#[ffi]
pub fn describe_not_connected() -> ffi::Result<Wire<ErrorDetail>, FfiError> {
    guarded(|| wire(ErrorId::not_connected().into()))
}
