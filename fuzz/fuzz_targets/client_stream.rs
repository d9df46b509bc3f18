//! Any bytes as what a JIM server sends to the client.
#![no_main]

#[path = "../checks/client_stream.rs"]
mod client_stream;

libfuzzer_sys::fuzz_target!(|data: &[u8]| client_stream::check(data));
