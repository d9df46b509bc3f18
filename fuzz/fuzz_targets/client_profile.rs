//! Any bytes as client.toml.
#![no_main]

#[path = "../checks/client_profile.rs"]
mod client_profile;
#[path = "../checks/scratch.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| client_profile::check(data));
