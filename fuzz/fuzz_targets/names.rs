//! Any texts as names.
#![no_main]

#[path = "../checks/input.rs"]
mod input;
#[path = "../checks/names.rs"]
mod names;

libfuzzer_sys::fuzz_target!(|data: &[u8]| names::check(data));
