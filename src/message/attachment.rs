//! Files that somebody sends: what is known of one, and its pieces.

use super::{AccountId, Conversation, MessageId};
use std::fmt;

/// The SHA-256 of a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte =
                pair.iter().try_fold(0, |byte, digit| Some(byte << 4 | digit_value(*digit)?))?;
        }
        Some(Self(bytes))
    }
}

const fn digit_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Sixty-four hexadecimal digits, the letters small.
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A file that somebody wants to send: what is known before its first piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its number, of those that messages have.
    pub id: MessageId,
    /// When it was asked for, in microseconds since 1970.
    pub created_unix_micros: u64,
    /// Whose it is; `None` for a guest.
    pub sender: Option<AccountId>,
    /// Where it goes.
    pub conversation: Conversation,
    /// The account that it was meant for, where that was offline.
    pub waits_for: Option<AccountId>,
    /// The file's name, a base name.
    pub name: Box<str>,
    /// How many bytes it has.
    pub size: u64,
    /// What is said with it, perhaps nothing.
    pub text: Box<str>,
}

/// A file as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRecord {
    /// What was known at its beginning.
    pub upload: Upload,
    /// What it is, once it is whole and announced; `None` while pieces are missing.
    pub sha256: Option<Sha256>,
}

/// What the announcement of a file changes beside the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Which upload is whole.
    pub upload: MessageId,
    /// Its content, which is on disk.
    pub sha256: Sha256,
}

/// A piece of a file, as it came.
#[derive(Clone, PartialEq, Eq)]
pub enum PutData {
    /// In base64 (the usual alphabet, with padding), at most [`PIECE_BYTES`](crate::limits::PIECE_BYTES) decoded.
    Base64(Box<[u8]>),
    /// As it is, at most [`RAW_PIECE_BYTES`](crate::limits::RAW_PIECE_BYTES).
    Bytes(Box<[u8]>),
}

impl PutData {
    /// The memory that it takes.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Base64(bytes) | Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for PutData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Base64(_) => "Base64",
            Self::Bytes(_) => "Bytes",
        };
        write!(f, "{name}({} bytes)", self.len())
    }
}

/// Why a piece was not taken. The pieces before it stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutFault {
    /// It is not base64.
    Base64,
    /// It is longer than a piece may be.
    Piece,
    /// With it the file would be longer than was said.
    Size,
}

/// How much the files may take, and for how long they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentBounds {
    /// The most bytes of one file; 0: no files.
    pub max_bytes: u64,
    /// The most bytes of one account's files, and of all guests' together.
    pub quota_user_bytes: u64,
    /// The most bytes of all files.
    pub quota_bytes: u64,
    /// For how many days a file is kept, at most as long as its message; 0: as long as that.
    pub days: u32,
}

impl Default for AttachmentBounds {
    fn default() -> Self {
        Self { max_bytes: 16 << 20, quota_user_bytes: 256 << 20, quota_bytes: 4 << 30, days: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_written_and_read_back() {
        let sum = Sha256(std::array::from_fn(|n| (n * 9) as u8));
        let text = sum.to_string();
        assert_eq!((text.len(), &text[..8]), (64, "0009121b"));
        assert_eq!(Sha256::parse(&text), Some(sum));
        let others = ["", "00", &text[1..], &text.to_uppercase(), &text.replacen('0', "g", 1)];
        for other in others {
            assert_eq!(Sha256::parse(other), None, "{other}");
        }
        assert_eq!(Sha256::parse(&"é".repeat(32)), None);
    }

    #[test]
    fn a_piece_is_not_shown() {
        let data = PutData::Base64(b"c2VjcmV0".as_slice().into());
        assert_eq!(format!("{data:?}"), "Base64(8 bytes)");
    }
}
