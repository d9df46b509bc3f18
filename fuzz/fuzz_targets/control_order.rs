//! Any bytes as an operator's order.
#![no_main]

#[path = "../checks/control_order.rs"]
mod control_order;

libfuzzer_sys::fuzz_target!(|data: &[u8]| control_order::check(data));
