//! Any bytes as the header of a balancer.
#![no_main]

#[path = "../checks/proxy_header.rs"]
mod proxy_header;

libfuzzer_sys::fuzz_target!(|data: &[u8]| proxy_header::check(data));
