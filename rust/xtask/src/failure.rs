//! The one error type of the driver: a sentence for the person who reads it.

use std::fmt;

/// What a step gives back.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a step could not be done.
#[derive(Debug)]
pub struct Failure {
    text: String,
}

impl Failure {
    /// A failure described by `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// A failure whose description is on the screen already.
    pub fn told() -> Self {
        Self::new(String::new())
    }

    /// Whether there is nothing left to print.
    pub fn is_told(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Says what was being done when something went wrong.
pub trait Context<T> {
    /// Turns the error into a [`Failure`] that begins with `doing`.
    fn context(self, doing: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn context(self, doing: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{}: {error}", doing())))
    }
}
