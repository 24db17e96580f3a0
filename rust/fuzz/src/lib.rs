//! What `RevokeSession` reads from others, held against what must be true of any input.
//!
//! Each module has one function, `fuzz_one`, that takes any bytes and panics where a promise is
//! broken. The targets of libFuzzer in `targets/` call it (`cargo xtask fuzz`), and so does the test
//! `replay`, on stable, with every file of `corpus/`.

// A panic is how a target tells what it found.
#![allow(clippy::missing_panics_doc, clippy::single_match_else)]

pub mod batch;
pub mod retry_after;
pub mod user_id;
pub mod wire;

/// Takes any bytes; panics where a promise is broken.
pub type FuzzOne = fn(&[u8]);

/// Every target by its name, which is also that of its corpus.
pub const TARGETS: [(&str, FuzzOne); 4] = [
    ("batch", batch::fuzz_one),
    ("retry_after", retry_after::fuzz_one),
    ("user_id", user_id::fuzz_one),
    ("wire", wire::fuzz_one),
];
