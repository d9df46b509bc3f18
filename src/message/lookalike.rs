//! Names that look alike: a Cyrillic `а` never makes a second `admin`.

use super::Name;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// What look-alike names have in common: UTS 39 skeletons of the name as it is, in lower case and
/// in upper case. Two names look alike if any one of the three is the same: no single one is enough,
/// since `Вася` and Latin `Bacя` meet only as they are, `АДМИН` and `админ` only in one case, `в`
/// and Latin `B` only in upper case. For comparing, never for showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Skeletons {
    /// Of the name as it is.
    pub raw: String,
    /// Of the name in lower case.
    pub lower: String,
    /// Of the name in upper case.
    pub upper: String,
}

impl Skeletons {
    /// The skeletons of a text in NFKC, with each run of white space as one blank.
    pub(super) fn of(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let raw: String = words.join(" ").nfkc().collect();
        let bones = |text: &str| skeleton(text).collect::<String>();
        Self {
            lower: bones(&raw.to_lowercase()),
            upper: bones(&raw.to_uppercase()),
            raw: bones(&raw),
        }
    }

    /// Whether the two names look alike.
    #[must_use]
    pub fn look_alike(&self, other: &Self) -> bool {
        self.raw == other.raw || self.lower == other.lower || self.upper == other.upper
    }
}

/// What the server itself is called, and the common chat, as people write them.
const RESERVED: [&str; 5] = ["SERVER", "Server", "all", "All", "ALL"];

/// Whether a name is reserved, in any case and with any letters that look like it.
pub(super) fn is_reserved(name: &Name) -> bool {
    static BONES: LazyLock<Vec<Skeletons>> =
        LazyLock::new(|| RESERVED.iter().map(|text| Skeletons::of(text)).collect());
    let own = name.skeletons();
    BONES.iter().any(|reserved| reserved.look_alike(&own))
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
