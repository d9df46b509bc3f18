//! The PROXY header never panics, never claims more than is there, and reads a header in pieces as
//! it reads it whole.
#![no_main]

use jim::wire::proxy::{HEADER_BYTES, Header, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match header(bytes) {
        Header::Whole { length, .. } => {
            assert!(length <= bytes.len() && length <= HEADER_BYTES);
            assert_eq!(header(&bytes[..length]), header(bytes));
            for cut in 0..length {
                assert_eq!(header(&bytes[..cut]), Header::Incomplete);
            }
        }
        Header::Incomplete => assert!(bytes.len() < HEADER_BYTES),
        Header::Wrong => {}
    }
});
