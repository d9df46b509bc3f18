//! Any bytes as an object of console chat.
#![no_main]

#[path = "../checks/console_object.rs"]
mod console_object;

libfuzzer_sys::fuzz_target!(|data: &[u8]| console_object::check(data));
