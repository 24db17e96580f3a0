//! The engine on a Graph in memory and a paused clock.

mod contract;
mod faults;
mod pacing;
mod support;
mod truth;
