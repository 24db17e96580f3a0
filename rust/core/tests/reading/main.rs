//! Reading, on a Graph in memory and a paused clock, and from the emulator.

mod emulator;
mod lookup;
mod pages;
mod sign_ins;
mod support;
