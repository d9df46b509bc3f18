//! An operator's order never panics, and what is none is answered in words.

use jim::control::read_order;

pub fn check(data: &[u8]) {
    if let Err(text) = read_order(data) {
        assert!(!text.is_empty());
    }
}
