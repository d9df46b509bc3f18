//! Which wire a connection speaks, by its first bytes.

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// JSON objects, and everything that is no other wire: the JIM decoder tells the client so.
    Jim,
    /// A TLS handshake record.
    Tls,
    /// A 4-byte big-endian length first (the exchange of seed 004).
    LengthPrefixed,
    /// An HTTP request.
    Http,
}

/// The methods that a browser or a tool begins a request with.
const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"TRACE ",
    b"PATCH ",
];

/// The first byte of a TLS record that carries a handshake, and its major version.
const TLS: [u8; 2] = [0x16, 0x03];

/// The wire, or `None` while more bytes are needed: `GE` may become `GET `. Never more than 8.
#[must_use]
pub fn detect(first_bytes: &[u8]) -> Option<Wire> {
    match *first_bytes {
        [] => None,
        [0x00, ..] => Some(Wire::LengthPrefixed),
        _ if begins(first_bytes, &TLS) => Some(Wire::Tls),
        _ if METHODS.iter().any(|method| begins(first_bytes, method)) => Some(Wire::Http),
        _ if could_become(first_bytes, &TLS) => None,
        _ if METHODS.iter().any(|method| could_become(first_bytes, method)) => None,
        _ => Some(Wire::Jim),
    }
}

/// Whether the first bytes, of which there is one at least, are those of a TLS hello as far as they
/// have come.
#[must_use]
pub fn begins_tls(first_bytes: &[u8]) -> bool {
    !first_bytes.is_empty() && (begins(first_bytes, &TLS) || could_become(first_bytes, &TLS))
}

fn begins(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.starts_with(mark)
}

fn could_become(bytes: &[u8], mark: &[u8]) -> bool {
    mark.starts_with(bytes)
}

#[cfg(test)]
mod tests {
    use super::{METHODS, Wire, begins_tls, detect};

    #[test]
    fn a_hello_is_known_by_its_first_byte() {
        let rows: [&[u8]; 6] = [b"", b"\x16", b"\x16\x03", b"\x16\x03\x01", b"\x16\x04", b"{"];
        assert_eq!(rows.map(begins_tls), [false, true, true, true, false, false]);
    }

    #[test]
    fn each_wire_is_known_by_its_first_bytes() {
        let rows: [(&[u8], Option<Wire>); 22] = [
            (b"", None),
            (b"{", Some(Wire::Jim)),
            (b" ", Some(Wire::Jim)),
            (b"\n", Some(Wire::Jim)),
            (b"\xEF", Some(Wire::Jim)),
            (b"\x80\x04", Some(Wire::Jim)),
            (b"\xFF\xFE", Some(Wire::Jim)),
            (b"hello", Some(Wire::Jim)),
            (b"get /", Some(Wire::Jim)),
            (b"GETX", Some(Wire::Jim)),
            (b"GET\n", Some(Wire::Jim)),
            (b"\x16", None),
            (b"\x16\x03", Some(Wire::Tls)),
            (b"\x16\x03\x01\x02", Some(Wire::Tls)),
            (b"\x16\x04", Some(Wire::Jim)),
            (b"\x00", Some(Wire::LengthPrefixed)),
            (b"\x00\x00\x00\x10", Some(Wire::LengthPrefixed)),
            (b"P", None),
            (b"GE", None),
            (b"GET / HTTP/1.1", Some(Wire::Http)),
            (b"OPTIONS", None),
            (b"CONNECT a:1", Some(Wire::Http)),
        ];
        for (bytes, wire) in rows {
            assert_eq!(detect(bytes), wire, "{bytes:?}");
        }
    }

    #[test]
    fn a_method_is_known_at_its_blank_and_not_before() {
        for method in METHODS {
            for end in 1..method.len() {
                assert_eq!(detect(&method[..end]), None, "{method:?}");
            }
            assert_eq!(detect(method), Some(Wire::Http), "{method:?}");
        }
    }

    #[test]
    fn eight_bytes_are_always_enough() {
        for method in METHODS {
            assert!(method.len() <= 8);
            let mut other = method.to_vec();
            other.pop();
            other.resize(8, b'x');
            assert_eq!(detect(&other), Some(Wire::Jim));
        }
    }
}
