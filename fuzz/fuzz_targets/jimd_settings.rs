//! Any bytes as the settings file.
#![no_main]

#[path = "../checks/jimd_settings.rs"]
mod jimd_settings;
#[path = "../checks/scratch.rs"]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| jimd_settings::check(data));
