//! The decoder takes what serde_json and the added rules take, and reads the same fields.
#![no_main]

#[path = "../../src/wire/tests/checks.rs"]
#[allow(dead_code, reason = "each target runs one of the checks")]
mod checks;

use jim::limits::Limits;
use jim::message::{JsonFault, Phrase, Request};
use jim::wire::jim::{Bounds, Decoded, Decoder};

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::agrees_with_serde(data));
