//! Any pieces of a file.
#![no_main]

#[path = "../checks/file_pieces.rs"]
mod file_pieces;
#[path = "../checks/input.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod input;
#[path = "../checks/scratch.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| file_pieces::check(data));
