//! What a connection speaks is known after eight bytes at the latest, and no further byte changes it.

use jim::wire::detect::{Wire, detect};

pub fn check(data: &[u8]) {
    let known = (0..=data.len()).find_map(|end| detect(&data[..end]));
    assert_eq!(detect(data), known, "a further byte changed it");
    match known {
        None => assert!(data.len() < 8, "it is not known yet"),
        Some(Wire::LengthPrefixed) => assert_eq!(data[0], 0),
        Some(Wire::Tls) => assert_eq!(data[..2], [0x16, 3]),
        Some(Wire::Http) => assert!(data[0].is_ascii_uppercase()),
        Some(Wire::Jim) => assert!(data.first() != Some(&0)),
    }
    if data.first().is_some_and(|byte| b"{ \t\r\n\xef\x80".contains(byte)) {
        assert_eq!(known, Some(Wire::Jim));
    }
}
