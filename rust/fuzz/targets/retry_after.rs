//! Fuzzes the reading of `Retry-After`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| revoke_session_fuzz::retry_after::fuzz_one(data));
