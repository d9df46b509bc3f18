//! Any bytes as what servers of the other wires send to the client.
#![no_main]

#[path = "../checks/client_dialects.rs"]
mod client_dialects;
#[path = "../checks/scratch.rs"]
#[allow(dead_code, reason = "each check takes what it needs")]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| client_dialects::check(data));
