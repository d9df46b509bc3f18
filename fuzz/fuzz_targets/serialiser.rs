//! Values of all kinds: what the server says, and what it adds to objects.
#![no_main]

#[path = "../checks/input.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod input;
#[path = "../checks/serialiser.rs"]
mod serialiser;

libfuzzer_sys::fuzz_target!(|data: &[u8]| serialiser::check(data));
