//! An operator's order never panics, and none is longer than what is read.
#![no_main]

use jim::control::read_order;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(text) = read_order(bytes) {
        assert!(!text.is_empty());
    }
});
