//! Drives a running emulator over the wire.

mod batch;
mod control;
mod faults;
mod program;
mod revoke;
mod secure;
mod sign_in;
mod throttling;
mod tokens;
mod users;
mod wire;
