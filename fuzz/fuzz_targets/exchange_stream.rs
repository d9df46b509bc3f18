//! Any bytes as frames of the exchange.
#![no_main]

#[path = "../checks/exchange_stream.rs"]
mod exchange_stream;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exchange_stream::check(data));
