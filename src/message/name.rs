//! Account and room names: one rule, one identity (PROTOCOL.md, "Names").

use super::lookalike::{Skeletons, is_reserved};
use super::phrase_english::write_name_fault;
use super::precis::{in_precis, keeps_bidi_rule};
use precis_profiles::Nickname;
use precis_profiles::precis_core::profile::Profile;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// More combining marks in a row than any living script needs pile up over other lines.
const MARKS_IN_A_ROW: usize = 2;

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
    /// Letters of both directions of writing, or digits and signs where they change the place in
    /// which such letters are shown: two names could look the same (the Bidi Rule of RFC 5893, which
    /// RFC 8265 asks of names).
    Directions,
    /// Refused by the PRECIS Nickname profile (RFC 8266).
    NotAName,
}

/// In English, as what follows "the name": for the operator. Clients are answered by a `Phrase`.
impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name_fault(*self, f)
    }
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
        if text.chars().all(is_surely_nfc) || is_nfc_quick(text.chars()) == IsNormalized::Yes {
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
    /// A text as an account's (or a guest's) name, of at most `limit_chars` characters as given.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn account(text: &str, limit_chars: usize) -> Result<Self, NameFault> {
        if text.nfkc().next() == Some('#') {
            return Err(NameFault::Hash);
        }
        let name = Self::checked(text, limit_chars)?;
        if is_reserved(&name) {
            return Err(NameFault::Reserved);
        }
        Ok(name)
    }

    /// A text as a room's name, with its `#`; what follows has at most `limit_chars` characters
    /// as given.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn room(text: &str, limit_chars: usize) -> Result<Self, NameFault> {
        let bare = text.strip_prefix('#').ok_or(NameFault::NoHash)?;
        if bare.is_empty() {
            return Err(NameFault::NoHash);
        }
        Self::checked(bare, limit_chars).map(|_| Self::shown(text))
    }

    /// Whether a room's name is the server's, the common chat's, or one of `common`, in any case and
    /// with any letters that look like it. No new room is called so.
    #[must_use]
    pub fn is_reserved_room(&self, common: &[Self]) -> bool {
        let own = self.skeletons();
        self.0.strip_prefix('#').is_some_and(|bare| is_reserved(&Self::shown(bare)))
            || common.iter().any(|name| name.skeletons().is_same(&own))
    }

    /// What the name has in common with names that look like it.
    #[must_use]
    pub fn skeletons(&self) -> Skeletons {
        Skeletons::of(&self.0)
    }

    /// The rules that accounts and rooms share.
    fn checked(text: &str, limit_chars: usize) -> Result<Self, NameFault> {
        check_length(text, limit_chars)?;
        if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
            return Err(NameFault::Hidden(hidden));
        }
        if text.contains('\\') {
            return Err(NameFault::Backslash);
        }
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            return Err(NameFault::EdgeSpace);
        }
        let name = Self::shown(text);
        check_marks(name.as_str())?;
        check_profile(name.as_str())?;
        if !keeps_bidi_rule(name.as_str()) {
            return Err(NameFault::Directions);
        }
        Ok(name)
    }
}

/// Whether a character is in NFC whatever stands beside it: ASCII, Latin-1 and other Latin letters,
/// Cyrillic ones. Most names are of these, and every message names somebody.
const fn is_surely_nfc(c: char) -> bool {
    matches!(c, '\0'..'\u{300}' | '\u{400}'..='\u{482}' | '\u{48a}'..='\u{52f}')
}

fn check_length(text: &str, limit: usize) -> Result<(), NameFault> {
    match text.chars().count() {
        0 => Err(NameFault::Empty),
        got if got > limit => Err(NameFault::TooLong { limit, got }),
        _ => Ok(()),
    }
}

fn check_marks(text: &str) -> Result<(), NameFault> {
    let mut row = 0;
    for (place, c) in text.chars().enumerate() {
        row = if is_combining_mark(c) { row + 1 } else { 0 };
        if row > MARKS_IN_A_ROW || (row > 0 && place == 0) {
            return Err(NameFault::Marks);
        }
    }
    Ok(())
}

/// The PRECIS Nickname profile must accept the name.
fn check_profile(text: &str) -> Result<(), NameFault> {
    Nickname::new().enforce(in_precis(text)).map(drop).map_err(|_| NameFault::NotAName)
}

/// Whether a character is a control or cannot be seen: controls, format characters (zero-width and
/// bidirectional ones among them), line separators, fillers, variation selectors, tags, and the few
/// symbols that are drawn as nothing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' | '\u{feff}'
            | '\u{600}'..='\u{605}' | '\u{890}'..='\u{891}'             // signs over digits
            | '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{ffa0}'        // Hangul fillers
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'        // zero-width, bidirectional
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'                                              // the Braille blank
            | '\u{fe00}'..='\u{fe0f}'                                 // variation selectors
            | '\u{fff0}'..='\u{fffc}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{16fe4}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}') // tags, more selectors
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 25;

    fn fault(text: &str) -> Option<NameFault> {
        Name::account(text, LIMIT).err()
    }

    #[test]
    fn ordinary_names_are_accepted() {
        let names = [
            "user",
            "Вася",
            "сор",
            "Иван Петров",
            "Иван\u{a0}Петров",
            "тест_test",
            "a",
            "O'Brien",
            "1",
            "x#y",
            "{\"a\"}",
            "😀",
            "🥰",
            "🪿",
            "Ⅷ",
            "क्षि",
            "عربى",
            "שלום",
            "שלום עולם 2",
            "عربى ٣",
            "日本語",
            "Nguyễn",
            "allan",
            "servers",
            "тест",
            "<b>",
            "-",
            "C1a",
        ];
        for name in names {
            assert_eq!(Name::account(name, LIMIT).map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn faults_are_named() {
        use NameFault as F;
        let rows = [
            ("", F::Empty),
            ("#room", F::Hash),
            ("#", F::Hash),
            ("＃room", F::Hash),
            ("a\\b", F::Backslash),
            ("\\", F::Backslash),
            (" a", F::EdgeSpace),
            ("a ", F::EdgeSpace),
            ("a\u{a0}", F::EdgeSpace),
            ("\u{3000}a", F::EdgeSpace),
            (" ", F::EdgeSpace),
            ("\u{301}a", F::Marks),
            ("a\u{334}\u{335}\u{336}", F::Marks),
            ("Z\u{351}\u{36b}\u{343}a\u{329}l\u{34d}go", F::Marks),
            ("SERVER", F::Reserved),
            ("server", F::Reserved),
            ("sErVeR", F::Reserved),
            ("all", F::Reserved),
            ("ALL", F::Reserved),
            ("aLl", F::Reserved),
            ("аll", F::Reserved),
            ("a11", F::Reserved),
            ("ЅЕRVЕR", F::Reserved),
            ("sеrver", F::Reserved),
            ("ｓｅｒｖｅｒ", F::Reserved),
            ("a\u{e000}", F::NotAName),
            ("a\u{378}", F::NotAName),
            ("a\u{fdd0}", F::NotAName),
            ("a\u{10fffe}", F::NotAName),
            ("a\u{1100}", F::NotAName),
            ("a·b", F::NotAName),
            ("aא1", F::Directions),
            ("a1א", F::Directions),
            ("1א", F::Directions),
            ("אa", F::Directions),
            ("א٣3", F::Directions),
            ("שלום.", F::Directions),
        ];
        for (name, expected) in rows {
            assert_eq!(fault(name), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused_by_name() {
        let hidden = [
            '\0',
            '\u{1b}',
            '\r',
            '\n',
            '\t',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0e}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffc}',
            '\u{1d159}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
        ];
        for c in hidden {
            for name in [format!("ad{c}min"), format!("{c}admin"), format!("admin{c}")] {
                assert_eq!(fault(&name), Some(NameFault::Hidden(c)), "{name:?}");
            }
            assert_eq!(Name::room(&format!("#a{c}"), LIMIT), Err(NameFault::Hidden(c)));
        }
    }

    #[test]
    fn no_ignorable_character_passes() {
        // UTS 39's skeleton drops exactly the default ignorable code points.
        let ignorable = |c: &char| unicode_security::skeleton(&c.to_string()).next().is_none();
        let suspects: Vec<char> = ('\0'..=char::MAX).filter(ignorable).collect();
        assert!(suspects.len() > 4_000, "the oracle finds the tags alone: {}", suspects.len());
        for c in suspects {
            let got = fault(&format!("a{c}b"));
            assert!(matches!(got, Some(NameFault::Hidden(_))), "{:x} {got:?}", u32::from(c));
        }
    }

    #[test]
    fn two_spellings_of_one_nfc_are_one_name() {
        let composed = Name::account("Йод", LIMIT).unwrap();
        let decomposed = Name::account("И\u{306}од", LIMIT).unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(decomposed.as_str(), "Йод");
        let room = Name::room("#чаи\u{306}", LIMIT).unwrap();
        assert_eq!(room.as_str(), "#чай");
    }

    #[test]
    fn what_is_surely_in_nfc_is_so_beside_any_other_of_its_kind() {
        use unicode_normalization::char::canonical_combining_class;
        let sure: Vec<char> = ('\0'..=char::MAX).filter(|c| is_surely_nfc(*c)).collect();
        assert!(sure.contains(&'я') && sure.contains(&'é') && !sure.contains(&'\u{301}'));
        for c in sure {
            assert_eq!(is_nfc_quick(std::iter::once(c)), IsNormalized::Yes, "{c:?}");
            assert_eq!(canonical_combining_class(c), 0, "{c:?}");
        }
    }

    #[test]
    fn the_shown_form_is_what_was_typed() {
        for name in ["Ⅷ", "ﬁ", "１２", "a  b"] {
            assert_eq!(Name::account(name, LIMIT).unwrap().as_str(), name);
        }
    }

    #[test]
    fn length_is_counted_in_characters_as_given() {
        for letter in ["a", "я", "😀", "日"] {
            let name = |chars| letter.repeat(chars);
            assert!(Name::account(&name(25), LIMIT).is_ok(), "{letter}");
            let too_long = NameFault::TooLong { limit: 25, got: 26 };
            assert_eq!(fault(&name(26)), Some(too_long), "{letter}");
            assert!(Name::room(&format!("#{}", name(25)), LIMIT).is_ok(), "{letter}");
            assert_eq!(Name::room(&format!("#{}", name(26)), LIMIT), Err(too_long), "{letter}");
        }
        let decomposed = "и\u{306}".repeat(13);
        assert_eq!(fault(&decomposed), Some(NameFault::TooLong { limit: 25, got: 26 }));
    }

    #[test]
    fn two_marks_in_a_row_are_a_living_script() {
        for name in ["a\u{323}\u{302}", "x\u{323}\u{302}", "ยิ้ม"] {
            assert!(Name::account(name, LIMIT).is_ok(), "{name}");
        }
    }

    #[test]
    fn rooms_have_a_hash_and_the_same_rules() {
        use NameFault as F;
        let rows = [
            ("room", F::NoHash),
            ("", F::NoHash),
            ("#", F::NoHash),
            ("# a", F::EdgeSpace),
            ("#a ", F::EdgeSpace),
            ("#a\\", F::Backslash),
            ("#\u{301}a", F::Marks),
            ("#a\u{e000}", F::NotAName),
        ];
        for (name, expected) in rows {
            assert_eq!(Name::room(name, LIMIT), Err(expected), "{name:?}");
        }
        for name in ["#geekbrains", "#дом", "##", "#😀", "#two words", "#server"] {
            assert_eq!(Name::room(name, LIMIT).map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }
}
