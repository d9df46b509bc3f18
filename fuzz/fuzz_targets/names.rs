//! Any texts as names.
#![no_main]

#[path = "../checks/input.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod input;
#[path = "../checks/names.rs"]
mod names;

libfuzzer_sys::fuzz_target!(|data: &[u8]| names::check(data));
