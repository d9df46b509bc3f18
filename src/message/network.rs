//! A range of addresses: one, or all with the same first bits.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What one customer of a provider has at least of IPv6: who is counted or banned by address is so
/// by this much of it.
const CUSTOMER_BITS: u8 = 64;

/// Addresses with the same first bits: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. An IPv4 address
/// that is written as an IPv6 one is the IPv4 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// With zeros behind the prefix.
    first: IpAddr,
    prefix: u8,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is neither an address nor a range such as 10.0.0.0/8")]
pub struct BadNetwork {
    text: String,
}

impl Network {
    /// One address.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self::new(address, u8::MAX)
    }

    /// What counts as one place: an IPv4 address, or the first 64 bits of an IPv6 one.
    #[must_use]
    pub fn place_of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self::new(address.into(), CUSTOMER_BITS),
            address @ IpAddr::V4(_) => Self::host(address),
        }
    }

    /// The range of the address's first `prefix` bits, at most all of them.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let prefix = prefix.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or_default();
                Self { first: Ipv4Addr::from_bits(address.to_bits() & mask).into(), prefix }
            }
            IpAddr::V6(address) => {
                let prefix = prefix.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or_default();
                Self { first: Ipv6Addr::from_bits(address.to_bits() & mask).into(), prefix }
            }
        }
    }

    /// Whether an address is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4()
            && Self::new(address, self.prefix).first == self.first
    }

    /// Whether some address is in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// Whether it is one address.
    #[must_use]
    pub const fn is_host(&self) -> bool {
        self.prefix == if self.first.is_ipv4() { 32 } else { 128 }
    }

    /// The same as a ban means it: a single IPv6 address stands for its place.
    #[must_use]
    pub fn as_place(&self) -> Self {
        if self.is_host() { Self::place_of(self.first) } else { *self }
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork { text: text.to_owned() };
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(Self::host).map_err(|_| bad());
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = prefix.parse().ok().filter(|_| digits).ok_or_else(bad)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        let mapped = if address.is_ipv6() && address.to_canonical().is_ipv4() { 96 } else { 0 };
        let prefix = Some(prefix).filter(|prefix| *prefix <= bits);
        let prefix = prefix.and_then(|prefix| prefix.checked_sub(mapped)).ok_or_else(bad)?;
        Ok(Self::new(address, prefix))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_host() {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}/{}", self.first, self.prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_is_read_and_shown() {
        let rows = [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("::1", "::1"),
            ("2001:db8:1:2:3::/64", "2001:db8:1:2::/64"),
            ("2001:db8::/0", "::/0"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ];
        for (text, shown) in rows {
            assert_eq!(network(text).to_string(), shown, "{text}");
            assert_eq!(network(shown), network(text), "{text}");
        }
        let overlap = |a, b| (network(a).overlaps(&network(b)), network(b).overlaps(&network(a)));
        assert_eq!(overlap("10.0.0.0/8", "10.3.0.0/16"), (true, true));
        assert_eq!(overlap("10.0.0.0/9", "10.128.0.0/9"), (false, false));
        assert_eq!(overlap("::/0", "10.0.0.0/8"), (false, false));
        let wrong = ["", "ann", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "10.0.0/8"];
        for text in wrong.into_iter().chain(["::ffff:10.0.0.0/8", "1.2.3.4:80", "10.0.0.0/8/8"]) {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_range_holds_what_begins_as_it_does() {
        let rows = [
            ("127.0.0.0/8", "127.3.2.1", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "1.2.3.4", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::1", "::1", true),
            ("::1", "::2", false),
        ];
        for (range, address, is_in) in rows {
            assert_eq!(
                network(range).contains(address.parse().unwrap()),
                is_in,
                "{range} {address}"
            );
        }
    }

    #[test]
    fn a_place_is_an_ipv4_address_or_64_bits() {
        let place = |text: &str| Network::place_of(text.parse().unwrap()).to_string();
        assert_eq!(place("192.0.2.7"), "192.0.2.7");
        assert_eq!(place("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(place("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8::1").as_place().to_string(), "2001:db8::/64");
        assert_eq!(network("2001:db8::/48").as_place().to_string(), "2001:db8::/48");
    }
}
