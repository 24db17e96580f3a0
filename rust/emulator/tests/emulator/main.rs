//! Drives a running emulator over the wire.

mod batch;
mod challenge;
mod control;
mod device;
mod faults;
mod federation;
mod managed_identity;
mod program;
mod refresh;
mod refusals;
mod revoke;
mod secure;
mod sign_in;
mod throttling;
mod tokens;
mod users;
mod wire;
