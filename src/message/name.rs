//! Account and room names: one rule, one identity (PROTOCOL.md, "Names").

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A name in NFC, shared cheaply. Two spellings with one NFC are one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// Nothing there.
    Empty,
    /// Too many characters.
    TooLong {
        /// The most allowed.
        limit: usize,
        /// What was counted.
        got: usize,
    },
    /// A control or invisible character.
    Hidden(char),
    /// A `\`, which the exchange wire cannot carry.
    Backslash,
    /// White space at an end.
    EdgeSpace,
    /// An account's name that begins with `#`.
    Hash,
    /// A room's name without `#`, or `#` alone.
    NoHash,
    /// A combining mark first, or more than 2 in a row.
    Marks,
    /// `SERVER` or `all`, in any case.
    Reserved,
    /// Refused by the PRECIS Nickname profile (RFC 8266).
    NotAName,
}

/// What look-alike names have in common: UTS 39 skeletons of the name as it is, in lower case and
/// in upper case. Two names look alike if any one of the three is the same. For comparing, never
/// for showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Skeletons {
    /// Of the name as it is.
    pub raw: String,
    /// Of the name in lower case.
    pub lower: String,
    /// Of the name in upper case.
    pub upper: String,
}

impl Name {
    /// Any text in NFC, unchecked: for echoing in an answer and for looking up.
    #[must_use]
    pub fn shown(text: &str) -> Self {
        Self(Arc::from(&*Self::nfc(text)))
    }

    /// A text in NFC, borrowed where it is so already.
    #[must_use]
    pub fn nfc(text: &str) -> Cow<'_, str> {
        if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.nfc().collect())
    }

    /// Whether a text is this name, in any spelling of the same NFC.
    #[must_use]
    pub fn is_spelled(&self, text: &str) -> bool {
        *self.0 == *text || *self.0 == *Self::nfc(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Name {
    /// A text as an account's (or a guest's) name.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn account(text: &str, limit_chars: usize) -> Result<Self, NameFault> {
        if text.starts_with('#') {
            return Err(NameFault::Hash);
        }
        Self::checked(text, limit_chars)
    }

    /// A text as a room's name, with its `#`.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn room(text: &str, limit_chars: usize) -> Result<Self, NameFault> {
        let bare = text.strip_prefix('#').ok_or(NameFault::NoHash)?;
        Self::checked(bare, limit_chars).map(|_| Self::shown(text))
    }

    fn checked(text: &str, limit_chars: usize) -> Result<Self, NameFault> {
        let got = text.chars().count();
        if got > limit_chars {
            return Err(NameFault::TooLong { limit: limit_chars, got });
        }
        Ok(Self::shown(text))
    }
}

impl Name {
    /// What this name has in common with those that look like it.
    #[must_use]
    pub fn skeletons(&self) -> Skeletons {
        let skeleton = |text: &str| unicode_security::skeleton(text).collect::<String>();
        let folded: String = self.0.nfkc().collect();
        Skeletons {
            raw: skeleton(&folded),
            lower: skeleton(&folded.to_lowercase()),
            upper: skeleton(&folded.to_uppercase()),
        }
    }
}
