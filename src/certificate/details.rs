//! What a certificate says of itself, for the operator: until when it is good, and for which names.
//!
//! Only what was loaded and checked gets here, and nothing is decided by it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::net::IpAddr;
use std::str;

/// What is read from a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// From when on it is good, in seconds since 1970.
    pub from_unix: i64,
    /// Until when.
    pub until_unix: i64,
    /// Host names and addresses that it is for.
    pub names: Vec<String>,
}

// The tags of DER that are looked for (X.690, RFC 5280).
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;
const DNS_NAME: u8 = 0x82;
const ADDRESS: u8 = 0x87;

/// The object identifier of subjectAltName: 2.5.29.17.
const ALT_NAMES: [u8; 3] = [0x55, 0x1D, 0x11];

impl Details {
    /// Reads them; `None` where it is no certificate.
    #[must_use]
    pub fn of(certificate_der: &[u8]) -> Option<Self> {
        let mut all = Der(certificate_der);
        let mut certificate = Der(all.take_tagged(SEQUENCE)?);
        let mut fields = Der(certificate.take_tagged(SEQUENCE)?);
        let (tag, _) = fields.next()?;
        if tag == VERSION {
            fields.next()?; // the serial number
        }
        fields.next()?; // the algorithm
        fields.next()?; // the issuer
        let mut validity = Der(fields.take_tagged(SEQUENCE)?);
        let (from_unix, until_unix) = (time(validity.next()?)?, time(validity.next()?)?);
        let mut rest = std::iter::from_fn(|| fields.next());
        let extensions = rest.find(|(tag, _)| *tag == EXTENSIONS);
        let names = extensions.and_then(|(_, extensions)| names(extensions)).unwrap_or_default();
        Some(Self { from_unix, until_unix, names })
    }
}

/// What is left of a row of values, each a tag, a length and a content.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let is_short = digits.len() <= 4;
            let length = digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
            (is_short.then_some(length)?, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn take_tagged(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, content)| content)
    }
}

fn names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut list = Der(Der(extensions).take_tagged(SEQUENCE)?);
    let mut all = std::iter::from_fn(|| list.take_tagged(SEQUENCE));
    let of_names = |extension: &&[u8]| Der(extension).take_tagged(OBJECT) == Some(&ALT_NAMES);
    let extension = all.find(of_names)?;
    let mut parts = Der(extension);
    let (_, value) = std::iter::from_fn(|| parts.next()).find(|(tag, _)| *tag == OCTETS)?;
    let mut names = Der(Der(value).take_tagged(SEQUENCE)?);
    Some(std::iter::from_fn(|| names.next()).filter_map(name).collect())
}

fn name((tag, content): (u8, &[u8])) -> Option<String> {
    match (tag, content.len()) {
        (DNS_NAME, _) => str::from_utf8(content).ok().map(str::to_owned),
        (ADDRESS, 4) => <[u8; 4]>::try_from(content).ok().map(|ip| IpAddr::from(ip).to_string()),
        (ADDRESS, 16) => <[u8; 16]>::try_from(content).ok().map(|ip| IpAddr::from(ip).to_string()),
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ`, or with a year of four digits.
fn time((tag, content): (u8, &[u8])) -> Option<i64> {
    let text = str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    let date = Date::new(year, two(0)?, two(2)?).ok()?;
    let moment = date.at(two(4)?, two(6)?, two(8)?, 0);
    moment.to_zoned(TimeZone::UTC).ok().map(|moment| moment.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(names: &[&str], from: i32, until: i32) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(from, 1, 2);
        params.not_after = date_time_ymd(until, 3, 4);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn its_time_and_its_names_are_read() {
        let names = ["chat.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"];
        for (from, until) in [(1975, 4096), (1999, 2049), (2000, 2050)] {
            let details = Details::of(&certificate(&names, from, until)).unwrap();
            let date = |year: i32, month, day| {
                let date = Date::new(i16::try_from(year).unwrap(), month, day).unwrap();
                date.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
            };
            assert_eq!(details.from_unix, date(from, 1, 2));
            assert_eq!(details.until_unix, date(until, 3, 4));
            assert_eq!(details.names, names);
        }
        assert_eq!(Details::of(&certificate(&[], 2000, 2050)).unwrap().names, [""; 0]);
    }

    #[test]
    fn what_is_cut_or_changed_is_read_as_far_as_it_goes() {
        let whole = certificate(&["a.example"], 2000, 2050);
        for end in 0..whole.len() {
            assert_eq!(Details::of(&whole[..end]), None, "{end}");
        }
        for at in 0..whole.len() {
            for bits in [0x80, 0xFF, 0x01] {
                let mut changed = whole.clone();
                changed[at] ^= bits;
                // Whatever comes out, it comes.
                let _ = Details::of(&changed);
            }
        }
        assert_eq!(Details::of(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]), None);
        assert_eq!(Details::of(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]), None);
    }
}
