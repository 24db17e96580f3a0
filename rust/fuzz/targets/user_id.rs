//! Fuzzes user ids and their addresses.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| revoke_session_fuzz::user_id::fuzz_one(data));
