//! The PROXY header never panics, never claims more than is there, and reads a header in pieces as
//! it reads it whole.

use jim::wire::proxy::{HEADER_BYTES, Header, header};

pub fn check(data: &[u8]) {
    match header(data) {
        Header::Whole { length, .. } => {
            assert!(length <= data.len() && length <= HEADER_BYTES);
            assert_eq!(header(&data[..length]), header(data));
            for cut in 0..length {
                assert_eq!(header(&data[..cut]), Header::Incomplete);
            }
        }
        Header::Incomplete => assert!(data.len() < HEADER_BYTES),
        Header::Wrong => {}
    }
}
