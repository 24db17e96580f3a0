//! What the driver itself prints: short headings, and notes that must not be overlooked.

use std::io::{self, Write as _};

/// Announces a section.
pub fn heading(text: &str) {
    line(&format!("\n== {text}"));
}

/// Says something the reader must know, such as a suite that did not run.
pub fn note(text: &str) {
    line(&format!("note: {text}"));
}

/// Prints one line and flushes it, so that it keeps its place among the output of child processes.
pub fn line(text: &str) {
    let mut stdout = io::stdout().lock();
    // A reader that went away (`| head`) is no reason to stop building.
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
