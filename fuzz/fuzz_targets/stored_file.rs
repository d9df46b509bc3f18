//! A store that was damaged anywhere.
#![no_main]

#[path = "../checks/input.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod input;
#[path = "../checks/scratch.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod scratch;
#[path = "../checks/stored_file.rs"]
mod stored_file;

libfuzzer_sys::fuzz_target!(|data: &[u8]| stored_file::check(data));
