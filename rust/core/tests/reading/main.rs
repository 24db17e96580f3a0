//! Reading, on a Graph in memory and a paused clock.

mod lookup;
mod pages;
mod sign_ins;
mod support;
