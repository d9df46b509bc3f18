//! The SHA-256 fingerprint of a certificate, by which people compare two of them.

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The SHA-256 of a certificate's DER bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// What was given is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hexadecimal digits, with or without colons between them")]
pub struct NotAFingerprint;

impl Fingerprint {
    /// That of a certificate.
    #[must_use]
    pub fn of(certificate_der: &[u8]) -> Self {
        Self(Sha256::digest(certificate_der).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    /// Takes 64 digits in either case, as they are or in pairs with colons between.
    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let pairs: Vec<&[u8]> = if text.contains(':') {
            text.split(':').map(str::as_bytes).collect()
        } else {
            text.as_bytes().chunks(2).collect()
        };
        let bytes: Option<Vec<u8>> = pairs.into_iter().map(byte).collect();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(NotAFingerprint)
    }
}

fn byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sha_256_and_reads_back_in_each_form() {
        let print = Fingerprint::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(print.to_string(), text);
        let colons: Vec<&str> = (0..32).map(|at| &text[at * 2..at * 2 + 2]).collect();
        for form in [text.to_owned(), text.to_uppercase(), colons.join(":")] {
            assert_eq!(form.parse(), Ok(print), "{form}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let long = "0".repeat(66);
        let colons_amiss = format!("{}:{}", "0".repeat(32), "0".repeat(32));
        for text in ["", "00", "zz", &"0".repeat(63), &long, &"+1".repeat(32), &colons_amiss] {
            assert_eq!(text.parse::<Fingerprint>(), Err(NotAFingerprint), "{text}");
        }
    }
}
