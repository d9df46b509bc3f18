//! Any bytes as a script and as what is typed.
#![no_main]

#[path = "../checks/client_words.rs"]
mod client_words;

libfuzzer_sys::fuzz_target!(|data: &[u8]| client_words::check(data));
