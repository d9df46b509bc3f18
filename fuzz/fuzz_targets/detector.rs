//! First bytes: which wire a connection speaks.
#![no_main]

#[path = "../checks/detector.rs"]
mod detector;

libfuzzer_sys::fuzz_target!(|data: &[u8]| detector::check(data));
