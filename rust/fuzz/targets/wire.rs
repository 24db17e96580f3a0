//! Fuzzes the decoding of records at the C ABI.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| revoke_session_fuzz::wire::fuzz_one(data));
