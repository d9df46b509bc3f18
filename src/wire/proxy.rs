//! The PROXY protocol, versions 1 and 2: what a balancer says first of a connection that it hands on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header that is read: version 1 has at most 107 bytes, version 2 its 16 and what it says,
/// of which more than this is nobody's address.
pub const HEADER_BYTES: usize = 1024;

const MARK_1: &[u8] = b"PROXY ";
const MARK_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A line of version 1 with its end is no longer.
const LINE_BYTES: usize = 107;

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// The beginning of a header.
    Incomplete,
    /// A whole one.
    Whole {
        /// Its length, in bytes.
        length: usize,
        /// The address that the connection comes from; `None` where the balancer speaks for itself (a
        /// look at our health, say) or of something that has no address.
        source: Option<SocketAddr>,
    },
    /// None.
    Wrong,
}

/// Reads a header from a connection's first bytes.
#[must_use]
pub fn header(bytes: &[u8]) -> Header {
    if begins(bytes, MARK_2) {
        return version_2(bytes);
    }
    if begins(bytes, MARK_1) { version_1(bytes) } else { Header::Wrong }
}

/// Whether the bytes begin with the mark, as far as they are there.
fn begins(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.iter().zip(mark).all(|(byte, expected)| byte == expected)
}

fn version_1(bytes: &[u8]) -> Header {
    let line = bytes.get(..LINE_BYTES).unwrap_or(bytes);
    let Some(end) = memchr::memmem::find(line, b"\r\n") else {
        return if bytes.len() < LINE_BYTES { Header::Incomplete } else { Header::Wrong };
    };
    let text = line.get(MARK_1.len()..end).and_then(|text| std::str::from_utf8(text).ok());
    let Some(text) = text else { return Header::Wrong };
    let length = end + 2;
    let mut words = text.split(' ');
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Header::Whole { length, source: None };
    }
    let mut next = || words.next().unwrap_or_default();
    let (source, destination, port, other) = (next(), next(), next(), next());
    let addresses = match family {
        Some("TCP4") => same::<Ipv4Addr>(source, destination),
        Some("TCP6") => same::<Ipv6Addr>(source, destination),
        _ => None,
    };
    match (addresses, self::port(port), self::port(other), words.next()) {
        (Some(ip), Some(port), Some(_), None) => {
            Header::Whole { length, source: Some(SocketAddr::new(ip, port)) }
        }
        _ => Header::Wrong,
    }
}

/// The source, if both are addresses of that family.
fn same<A: std::str::FromStr + Into<IpAddr>>(source: &str, destination: &str) -> Option<IpAddr> {
    destination.parse::<A>().ok()?;
    source.parse::<A>().ok().map(Into::into)
}

/// Digits alone, and no zero before others.
fn port(text: &str) -> Option<u16> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

fn version_2(bytes: &[u8]) -> Header {
    let Some((head, rest)) = bytes.split_first_chunk::<16>() else { return Header::Incomplete };
    let [.., command, family, high, low] = *head;
    let said = usize::from(u16::from_be_bytes([high, low]));
    let length = head.len() + said;
    if !matches!(command, 0x20 | 0x21) || length > HEADER_BYTES {
        return Header::Wrong;
    }
    let Some(said) = rest.get(..said) else { return Header::Incomplete };
    if command == 0x20 {
        return Header::Whole { length, source: None };
    }
    match family {
        // TCP over IPv4, over IPv6.
        0x11 => source::<4, 12>(said, length, |ip| Ipv4Addr::from(ip).into()),
        0x21 => source::<16, 36>(said, length, |ip| Ipv6Addr::from(ip).into()),
        // Unspecified, datagrams, sockets of the machine: no address of ours.
        0x00 | 0x12 | 0x22 | 0x31 | 0x32 => Header::Whole { length, source: None },
        _ => Header::Wrong,
    }
}

/// Two addresses of so many bytes and two ports; what is behind them is the balancer's own.
fn source<const IP: usize, const ALL: usize>(
    said: &[u8],
    length: usize,
    ip: impl FnOnce([u8; IP]) -> IpAddr,
) -> Header {
    let Some(addresses) = said.first_chunk::<ALL>() else { return Header::Wrong };
    let port = addresses.get(2 * IP..).and_then(|ports| ports.first_chunk::<2>());
    match (addresses.first_chunk::<IP>(), port) {
        (Some(source), Some(port)) => {
            let port = u16::from_be_bytes(*port);
            Header::Whole { length, source: Some(SocketAddr::new(ip(*source), port)) }
        }
        _ => Header::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v2(command: u8, family: u8, said: &[u8]) -> Vec<u8> {
        let length = u16::try_from(said.len()).unwrap().to_be_bytes();
        [MARK_2, &[command, family], &length, said].concat()
    }

    fn whole(length: usize, source: &str) -> Header {
        Header::Whole { length, source: Some(source.parse().unwrap()) }
    }

    #[test]
    fn headers_of_both_versions_name_the_source() {
        let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 4000 7777\r\n{\"action\"";
        assert_eq!(header(line), whole(45, "192.0.2.7:4000"));
        let line = b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 7777\r\n";
        assert_eq!(header(line), whole(line.len(), "[2001:db8::7]:4000"));
        let unknown = Header::Whole { length: 15, source: None };
        assert_eq!(header(b"PROXY UNKNOWN\r\n"), unknown);
        assert!(matches!(
            header(b"PROXY UNKNOWN ff::1 what 7\r\n"),
            Header::Whole { source: None, .. }
        ));
        let four = v2(0x21, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 15, 160, 30, 97]);
        assert_eq!(header(&four), whole(28, "192.0.2.7:4000"));
        let mut said = vec![0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        said.extend([0; 16]);
        said.extend([15, 160, 30, 97, 4, 0, 1, 9]);
        let six = v2(0x21, 0x21, &said);
        assert_eq!(header(&six), whole(six.len(), "[2001:db8::7]:4000"));
        let local = v2(0x20, 0x00, &[]);
        assert_eq!(header(&local), Header::Whole { length: 16, source: None });
    }

    #[test]
    fn a_header_in_pieces_is_waited_for() {
        let headers = [
            b"PROXY TCP4 192.0.2.7 198.51.100.1 4000 7777\r\n".to_vec(),
            v2(0x21, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 15, 160, 30, 97]),
        ];
        for bytes in headers {
            for cut in 0..bytes.len() {
                assert_eq!(header(&bytes[..cut]), Header::Incomplete, "{cut}");
            }
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let lines = [
            "{\"action\":\"presence\"}",
            "PROXY TCP4 192.0.2.7 198.51.100.1 4000\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 4000 7777 8\r\n",
            "PROXY TCP4 ::1 ::1 1 1\r\n",
            "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
            "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
            "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
            "PROXY \r\n",
            "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
            "\u{16}\u{3}\u{1}",
        ];
        for line in lines {
            assert_eq!(header(line.as_bytes()), Header::Wrong, "{line}");
        }
        assert_eq!(header(&[b"PROXY TCP4 ", &[b'1'; 200][..]].concat()), Header::Wrong, "no end");
        let short = v2(0x21, 0x11, &[1, 2, 3]);
        for bytes in
            [short, v2(0x11, 0x11, &[0; 12]), v2(0x22, 0x11, &[0; 12]), v2(0x21, 0x99, &[0; 12])]
        {
            assert_eq!(header(&bytes), Header::Wrong, "{bytes:?}");
        }
        // What it claims is refused before it is waited for.
        let mut long = v2(0x21, 0x11, &[]);
        long[14..].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(header(&long), Header::Wrong);
    }

    #[test]
    fn the_longest_headers_are_read_and_no_longer_ones() {
        let said = vec![0; HEADER_BYTES - 16];
        let length = HEADER_BYTES;
        assert_eq!(header(&v2(0x21, 0x11, &said)), whole(length, "0.0.0.0:0"));
        assert_eq!(header(&v2(0x21, 0x11, &[&said[..], &[0]].concat())), Header::Wrong);
        let line = |bytes: usize| [b"PROXY UNKNOWN ", &[b'x'; LINE_BYTES][..bytes - 14]].concat();
        let ended = [&line(LINE_BYTES - 2)[..], b"\r\n"].concat();
        assert_eq!(header(&ended), Header::Whole { length: LINE_BYTES, source: None });
        assert_eq!(header(&line(LINE_BYTES - 1)), Header::Incomplete);
        assert_eq!(header(&line(LINE_BYTES)), Header::Wrong, "no end could come any more");
    }

    proptest! {
        #[test]
        fn no_bytes_harm_it(bytes in prop::collection::vec(any::<u8>(), 0..300), mark in 0..3usize) {
            let bytes = [[MARK_1, MARK_2, b""][mark], &bytes].concat();
            match header(&bytes) {
                Header::Whole { length, .. } => {
                    prop_assert!(length <= bytes.len() && length <= HEADER_BYTES);
                    prop_assert_eq!(header(&bytes[..length]), header(&bytes));
                }
                Header::Incomplete => prop_assert!(bytes.len() < HEADER_BYTES),
                Header::Wrong => {}
            }
        }
    }
}
