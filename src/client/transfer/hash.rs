//! A file's SHA-256 while its bytes come by, mostly in order.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The hash of a file's first bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningHash {
    sha256: Sha256,
    at: u64,
}

impl RunningHash {
    /// How many bytes it covers.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    /// Takes what of a piece is next; bytes that it covers already are left out, and so is a piece
    /// that begins behind the next byte.
    pub(super) fn take(&mut self, offset: u64, piece: &[u8]) {
        let known = self.at.checked_sub(offset).and_then(|known| usize::try_from(known).ok());
        if let Some(new) = known.and_then(|known| piece.get(known..)) {
            self.sha256.update(new);
            self.at += new.len() as u64;
        }
    }

    /// The hash of what it covers, in hexadecimal.
    pub(super) fn hex(&self) -> String {
        hex(&self.sha256.clone().finalize())
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The SHA-256 of a text, in hexadecimal.
pub(in crate::client) fn hex_of(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_counts_once() {
        let mut hash = RunningHash::default();
        hash.take(0, b"ab");
        hash.take(4, b"e");
        hash.take(1, b"bc");
        hash.take(0, b"a");
        assert_eq!(hash.at(), 3);
        assert_eq!(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.hex(), hex_of(b"abc"));
    }
}
