//! Names that look alike: a Cyrillic `а` never makes a second `admin`.

use super::Name;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// What look-alike names have in common: UTS 39 skeletons of the name as it is, in lower case and
/// in upper case. Two names look alike if any one of the three is the same: no single one is enough,
/// since `Вася` and Latin `Bacя` meet only as they are, `АДМИН` and `админ` only in one case, `в`
/// and Latin `B` only in upper case. For comparing, never for showing.
///
/// Nor are the three: `I` looks like `l` in its capital form alone, so that `lvan` is `Ivan` and `ADMlN`
/// is `ADMIN`, but neither is `ivan` or `admin` in any one case. So a name as it is also meets another
/// in capital letters, and one with a capital letter first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Skeletons {
    /// Of the name as it is.
    pub raw: String,
    /// Of the name in lower case.
    pub lower: String,
    /// Of the name in upper case.
    pub upper: String,
    /// Of the name with a capital letter first in each word.
    title: String,
    /// In lower case, each word's first `l` taken for a capital `I`.
    untitled: String,
}

impl Skeletons {
    /// The skeletons of a text in NFKC, with each run of white space as one blank.
    pub(super) fn of(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let text: String = words.join(" ").nfkc().collect();
        let bones = |text: &str| skeleton(text).collect::<String>();
        let raw = bones(&text);
        Self {
            lower: bones(&text.to_lowercase()),
            upper: bones(&text.to_uppercase()),
            title: bones(&by_words(&text, titled)),
            untitled: bones(&by_words(&raw, untitled).to_lowercase()),
            raw,
        }
    }

    /// What another name's `raw` is, if the two look alike: any of these.
    #[must_use]
    pub fn raws(&self) -> [&str; 3] {
        [&self.raw, &self.upper, &self.title]
    }

    /// The same of its `lower`.
    #[must_use]
    pub fn lowers(&self) -> [&str; 2] {
        [&self.lower, &self.untitled]
    }

    /// The same of its `upper`.
    #[must_use]
    pub fn uppers(&self) -> [&str; 2] {
        [&self.upper, &self.raw]
    }

    /// Whether the two names look alike.
    #[must_use]
    pub fn look_alike(&self, other: &Self) -> bool {
        self.meets(other) || other.meets(self)
    }

    fn meets(&self, other: &Self) -> bool {
        self.raws().contains(&&*other.raw)
            || self.lowers().contains(&&*other.lower)
            || self.uppers().contains(&&*other.upper)
    }

    /// Whether one of the three is the same, whatever else the names may be read as: `ali` is no
    /// `all`.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.raw == other.raw || self.lower == other.lower || self.upper == other.upper
    }
}

fn by_words(text: &str, change: impl Fn(&str) -> String) -> String {
    text.split(' ').map(change).collect::<Vec<_>>().join(" ")
}

/// A word with a capital letter first.
fn titled(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters.flat_map(char::to_lowercase)).collect()
}

/// A word whose first letter, if it looks like a capital `I`, is one.
fn untitled(word: &str) -> String {
    word.strip_prefix('l').map_or_else(|| word.to_owned(), |rest| format!("I{rest}"))
}

/// What the server itself is called, and the common chat, as people write them.
const RESERVED: [&str; 5] = ["SERVER", "Server", "all", "All", "ALL"];

/// Whether a name is reserved, in any case and with any letters that look like it.
pub(super) fn is_reserved(name: &Name) -> bool {
    static BONES: LazyLock<Vec<Skeletons>> =
        LazyLock::new(|| RESERVED.iter().map(|text| Skeletons::of(text)).collect());
    let own = name.skeletons();
    BONES.iter().any(|reserved| reserved.is_same(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> bool {
        let skeletons = |text| Name::account(text, 25).unwrap().skeletons();
        skeletons(one).look_alike(&skeletons(other))
    }

    #[test]
    fn look_alikes_meet() {
        let pairs = [
            ("admin", "аdmin"),
            ("Вася", "Bacя"),
            ("АДМИН", "админ"),
            ("в", "B"),
            ("Ivan", "lvan"),
            ("O", "0"),
            ("user1", "userl"),
            ("m", "rn"),
            ("Йод", "Йод"),
            ("Йод", "йОД"),
            ("Ⅷ", "VIII"),
            ("１２", "12"),
            ("Иван Петров", "иван петров"),
            ("Иван Петров", "Иван  Петров"),
            ("Иван Петров", "Иван\u{a0}Петров"),
            ("cop", "сор"),
            ("Straße", "STRASSE"),
            ("admin", "ADMlN"),
            ("Admin", "AdmIn"),
            ("ivan", "lvan"),
            ("IVAN", "lvan"),
            ("ivan petrov", "lvan Petrov"),
        ];
        for (one, other) in pairs {
            assert!(alike(one, other), "{one} and {other}");
            assert!(alike(other, one), "{other} and {one}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        let pairs = [
            ("ёлка", "елка"),
            ("йод", "иод"),
            ("Вася", "Васи"),
            ("тест", "test"),
            ("Иван Петров", "ИванПетров"),
            ("😀", "😁"),
            ("user", "user_"),
            ("Ian", "Lan"),
            ("Kari", "Karl"),
        ];
        for (one, other) in pairs {
            assert!(!alike(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn one_skeleton_is_not_enough() {
        let of = |text| Name::shown(text).skeletons();
        assert_ne!(of("Вася").lower, of("Bacя").lower);
        assert_ne!(of("АДМИН").raw, of("админ").raw);
        assert_ne!(of("в").raw, of("B").raw);
        assert_ne!(of("в").lower, of("B").lower);
        assert_eq!(of("в").upper, of("B").upper);
    }
}
