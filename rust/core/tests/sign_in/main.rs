//! Signing in at an emulated authority: every way there is, and what goes wrong.

mod claims;
mod refusals;
mod support;
mod ways;
