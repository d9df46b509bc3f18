//! What of a message, and of a search, the index of words is given: both the same, so that they
//! meet.
//!
//! The index folds case itself, but knows `й` and `и` with a breve as two letters, and `ё` and `е`.

use crate::message::Conversation;
use std::borrow::Cow;
use std::ops::Range;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text in NFC, with `е` for `ё`.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let text = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    };
    if text.contains(['ё', 'Ё']) { Cow::Owned(text.replace(['ё', 'Ё'], "е")) } else { text }
}

/// A message's words: what its JSON string at this place says. `None` where there is none.
pub(super) fn of_object(object: &[u8], at: Range<i64>) -> Option<String> {
    let at = usize::try_from(at.start).ok()?..usize::try_from(at.end).ok()?;
    let literal = object.get(at).filter(|literal| !literal.is_empty())?;
    let text: String = serde_json::from_slice(literal).ok()?;
    Some(match folded(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(folded) => folded,
    })
}

/// The words that a message's place is known by in the index: a search that looks in few places
/// never sees what was said in the others.
pub(super) fn of_place(conversation: Conversation) -> String {
    match conversation {
        Conversation::Common => "c".to_owned(),
        Conversation::Room(room) => format!("r{}", room.0),
        Conversation::Direct(one, other) => format!("a{} a{}", one.0, other.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{AccountId, RoomId};

    #[test]
    fn spellings_of_one_letter_become_one() {
        for (text, expected) in [
            ("Hello", "Hello"),
            ("чаи\u{306}", "чай"),
            ("чай", "чай"),
            ("е\u{308}лка", "елка"),
            ("Ёлка и ёж", "елка и еж"),
            ("😀 𝄞", "😀 𝄞"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn the_text_is_found_in_the_object_or_there_is_none() {
        let object = r#"{"m":"\u043f\"ё"}"#.as_bytes();
        assert_eq!(of_object(object, 5..17).as_deref(), Some("п\"е"));
        let max = i64::MAX;
        for (start, end) in
            [(0, 0), (3, 3), (5, 16), (0, 18), (16, 5), (5, 99), (-1, 3), (max, max)]
        {
            assert_eq!(of_object(object, start..end), None, "{start}..{end}");
        }
        assert_eq!(of_object(b"\"\xff\"", 0..3), None);
    }

    #[test]
    fn places_have_words_of_their_own() {
        assert_eq!(of_place(Conversation::Common), "c");
        assert_eq!(of_place(Conversation::Room(RoomId(5))), "r5");
        assert_eq!(of_place(Conversation::direct(AccountId(9), AccountId(5))), "a5 a9");
    }
}
