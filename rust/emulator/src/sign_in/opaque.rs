//! Codes and tokens that mean nothing to a client and cannot be guessed.

use uuid::Uuid;

/// Random text behind a fixed start.
pub(crate) fn opaque_text(start: &str) -> String {
    format!("{start}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
