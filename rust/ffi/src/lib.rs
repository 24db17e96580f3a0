//! The C ABI of RevokeSession: interoptopus services over `revoke-session-core`, and nothing else.
//!
//! Every rule lives in the core library. This crate translates types, moves hundreds of users a
//! call in [`Wire`](interoptopus::wire::Wire) buffers, and keeps panics on this side of the boundary.
//! The C# bindings are generated from [`ffi_inventory`] by the test `bindings`.

// What the macros of interoptopus generate cannot be written otherwise here.
#![allow(clippy::items_after_statements, clippy::ptr_cast_constness, clippy::used_underscore_binding)]

use interoptopus::inventory::RustInventory;
use interoptopus::{builtins_string, builtins_wire, function, guard, service};

mod boundary;
mod connect;
mod convert;
mod extent;
#[doc(hidden)]
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod host;
mod journal;
mod journal_wire;
mod judge;
mod run;
mod session;
mod sign_ins;
mod users;
mod wire;
mod wire_reading;

/// Everything that crosses the boundary, as interoptopus sees it.
pub fn ffi_inventory() -> RustInventory {
    RustInventory::new()
        .register(builtins_string!())
        .register(builtins_wire!())
        .register(function!(judge::judge_user))
        .register(function!(judge::describe_not_connected))
        .register(service!(session::GraphSession))
        .register(service!(run::RevocationRun))
        .register(service!(users::UserReading))
        .register(service!(sign_ins::SignInReading))
        .register(service!(journal::JournalReading))
        .register(service!(journal::JournalReport))
        .register(guard!(ffi_inventory))
        .validate()
}
