//! What is said of a file once it is whole: as a value, and in words for those whose form has no
//! files.

use super::{Language, MessageId, Name, Sha256};
use std::fmt::Write;

/// A file that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNotice {
    /// Its number.
    pub id: MessageId,
    /// When it was announced, in microseconds since 1970.
    pub unix_micros: u64,
    /// Who sent it.
    pub from: Name,
    /// To whom or where.
    pub to: Name,
    /// What it is called, a base name.
    pub name: Box<str>,
    /// How many bytes it has.
    pub size: u64,
    /// Its content.
    pub sha256: Sha256,
    /// What is said with it, perhaps nothing.
    pub text: Box<str>,
}

/// What stands for what was left off.
const CUT: char = '…';

/// `[file NAME, 12.3 KiB]` behind the text that came with the file, if any, in no more than `limit`
/// characters: where they are too many, first the text is cut, then the name.
#[must_use]
pub fn file_in_words(
    text: &str,
    name: &str,
    size_bytes: u64,
    language: Language,
    limit: usize,
) -> String {
    let word = match language {
        Language::English => "file",
        Language::Russian => "файл",
    };
    let size = size_in_words(size_bytes, language);
    let frame = word.chars().count() + size.chars().count() + "[ , ]".len();
    let name = shortened(name, limit.saturating_sub(frame));
    let told = format!("[{word} {name}, {size}]");
    let room = limit.saturating_sub(told.chars().count() + 1);
    if text.is_empty() || room == 0 {
        return told;
    }
    format!("{} {told}", shortened(text, room))
}

/// The first characters of a text, with a mark where that is not all.
fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(std::iter::once(CUT)).collect()
}

/// `517 B`, `12.3 KiB`; one digit behind the point, and never more than there is.
fn size_in_words(bytes: u64, language: Language) -> String {
    let (units, point) = match language {
        Language::English => (["B", "KiB", "MiB", "GiB"], '.'),
        Language::Russian => (["Б", "КиБ", "МиБ", "ГиБ"], ','),
    };
    let [plain, larger @ ..] = units;
    let mut words = format!("{bytes} {plain}");
    let mut tenths = u128::from(bytes) * 10;
    for unit in larger {
        tenths /= 1024;
        if tenths < 10 {
            break;
        }
        words.clear();
        // Writing into a text does not fail.
        let _ = write!(words, "{}{point}{} {unit}", tenths / 10, tenths % 10);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(text: &str, name: &str, size: u64, limit: usize) -> String {
        file_in_words(text, name, size, Language::English, limit)
    }

    #[test]
    fn name_and_size_stand_behind_the_text() {
        assert_eq!(english("", "a.txt", 0, 500), "[file a.txt, 0 B]");
        assert_eq!(english("look:", "a b.png", 12_600, 500), "look: [file a b.png, 12.3 KiB]");
        let russian = file_in_words("вот", "отчёт.pdf", 12_600, Language::Russian, 500);
        assert_eq!(russian, "вот [файл отчёт.pdf, 12,3 КиБ]");
    }

    #[test]
    fn sizes_have_the_largest_unit_that_they_reach() {
        let rows = [
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (16 << 20, "16.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ];
        for (size, words) in rows {
            assert_eq!(size_in_words(size, Language::English), words);
        }
    }

    #[test]
    fn it_is_never_longer_than_a_message_may_be() {
        for limit in [20, 30, 500] {
            for text in ["", "x", &"п".repeat(600)] {
                for name in ["a", &"н".repeat(500)] {
                    let words = english(text, name, 2048, limit);
                    assert!(words.chars().count() <= limit, "{limit}: {words}");
                    assert!(words.ends_with(", 2.0 KiB]"), "{words}");
                }
            }
        }
        let cut = english(&"x".repeat(600), "a", 1, 30);
        assert_eq!(cut, format!("{}… [file a, 1 B]", "x".repeat(15)));
    }
}
