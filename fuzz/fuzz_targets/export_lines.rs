//! Any bytes as an export.
#![no_main]

#[path = "../checks/export_lines.rs"]
mod export_lines;
#[path = "../checks/scratch.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| export_lines::check(data));
