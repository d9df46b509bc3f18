//! Any bytes as the settings file.
#![no_main]

#[path = "../checks/jimd_settings.rs"]
mod jimd_settings;
#[path = "../checks/scratch.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| jimd_settings::check(data));
