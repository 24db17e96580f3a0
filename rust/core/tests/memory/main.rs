//! The engine on a Graph in memory and a paused clock.

mod contract;
mod faults;
mod journal;
mod pacing;
mod panics;
mod support;
mod truth;
