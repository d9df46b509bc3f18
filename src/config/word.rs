//! The settings that are one of a few words.

use crate::chat::{Guests, Probe, Registration, Sessions};
use crate::message::{Durability, Language};
use crate::server::{Pacing, Plaintext};

/// A closed set of values, each with its word.
trait Worded: Copy + PartialEq + 'static {
    /// Every value and its word.
    const WORDS: &'static [(&'static str, Self)];
}

/// A setting that is one of a few words, whatever its type.
pub(super) trait Choice {
    /// The word of the value.
    fn word(&self) -> &'static str;
    /// All words.
    fn words(&self) -> Vec<&'static str>;
    /// Takes the value of a word; false if there is no such word.
    fn choose(&mut self, word: &str) -> bool;
}

impl<T: Worded> Choice for T {
    fn word(&self) -> &'static str {
        T::WORDS.iter().find(|(_, value)| value == self).map_or("", |(word, _)| word)
    }

    fn words(&self) -> Vec<&'static str> {
        T::WORDS.iter().map(|(word, _)| *word).collect()
    }

    fn choose(&mut self, word: &str) -> bool {
        let value = T::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
        value.map(|value| *self = value).is_some()
    }
}

impl Worded for Language {
    const WORDS: &'static [(&'static str, Self)] = &[("ru", Self::Russian), ("en", Self::English)];
}

impl Worded for Guests {
    const WORDS: &'static [(&'static str, Self)] =
        &[("write", Self::Write), ("read", Self::Read), ("none", Self::None)];
}

impl Worded for Registration {
    const WORDS: &'static [(&'static str, Self)] =
        &[("open", Self::Open), ("invite", Self::Invite), ("closed", Self::Closed)];
}

impl Worded for Sessions {
    const WORDS: &'static [(&'static str, Self)] =
        &[("one", Self::One), ("newest", Self::Newest), ("many", Self::Many)];
}

impl Worded for Probe {
    const WORDS: &'static [(&'static str, Self)] =
        &[("features", Self::Features), ("all", Self::All), ("off", Self::Off)];
}

impl Worded for Pacing {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}

impl Worded for Plaintext {
    const WORDS: &'static [(&'static str, Self)] =
        &[("allow", Self::Allow), ("local", Self::Local), ("refuse", Self::Refuse)];
}

impl Worded for Durability {
    const WORDS: &'static [(&'static str, Self)] =
        &[("fsync", Self::Fsync), ("os", Self::Os), ("none", Self::None)];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word gives a value whose word it is.
    fn check(mut choice: impl Choice + Default) {
        assert!(!choice.words().is_empty());
        for word in choice.words() {
            assert!(choice.choose(word), "{word}");
            assert_eq!(choice.word(), word);
        }
        let before = choice.word();
        assert!(!choice.choose("nonsense"));
        assert_eq!(choice.word(), before);
    }

    #[test]
    fn words_and_values_agree() {
        check(Language::default());
        check(Guests::default());
        check(Registration::default());
        check(Sessions::default());
        check(Probe::default());
        check(Pacing::default());
        check(Plaintext::default());
        check(Durability::default());
    }
}
