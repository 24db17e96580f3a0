//! Fuzzes the decoder of batch answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| revoke_session_fuzz::batch::fuzz_one(data));
