//! What was typed into a search, as an expression of FTS5.
//!
//! The syntax is ours: words that must all be there, in any order; `"phrases"`; `prefix*`. All else
//! is punctuation, a quote without its partner too, so that nothing that is typed is an error.

use super::words::folded;
use crate::message::{Conversation, SearchQuery};
use std::fmt::Write;

/// So many words and phrases count; the rest is not looked at.
const TERMS: usize = 32;

/// So many of them may be beginnings: each gathers all words that begin so.
const PREFIXES: usize = 4;

/// A word, or words in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    text: String,
    is_prefix: bool,
}

/// The expression; `None` where nothing can match. Terms that hold no word are FTS5's to drop.
pub(super) fn expression(query: &SearchQuery) -> Option<String> {
    let places = places(query)?;
    let mut terms = terms(&query.query);
    let mut prefixes = 0;
    terms.retain(|term| {
        prefixes += usize::from(term.is_prefix);
        !term.is_prefix || prefixes <= PREFIXES
    });
    terms.truncate(TERMS);
    if terms.is_empty() {
        return None;
    }
    let mut expression = String::from("{text} : (");
    for term in &terms {
        // Writing into a text cannot fail.
        let star = if term.is_prefix { "*" } else { "" };
        let _ = write!(expression, "\"{}\"{star} ", term.text.replace('"', "\"\""));
    }
    let _ = write!(expression, ") AND {{place}} : ({places})");
    Some(expression)
}

/// The words of the places, one of which must be there.
fn places(query: &SearchQuery) -> Option<String> {
    let scope = query.scope.iter().map(|place| match place.conversation {
        Conversation::Common => "\"c\"".to_owned(),
        Conversation::Room(room) => format!("\"r{}\"", room.0),
        Conversation::Direct(one, other) => format!("(\"a{}\" AND \"a{}\")", one.0, other.0),
    });
    let own = query.direct_of.map(|account| format!("\"a{}\"", account.0));
    let places: Vec<String> = scope.chain(own).collect();
    (!places.is_empty()).then(|| places.join(" OR "))
}

/// The words and phrases, each once.
fn terms(typed: &str) -> Vec<Term> {
    // FTS5 would take a NUL for the end.
    let typed = folded(typed).replace('\0', " ");
    let mut terms = Vec::new();
    let mut rest = typed.as_str();
    while let Some((words, behind)) = rest.split_once('"') {
        let Some((phrase, after)) = behind.split_once('"') else { break };
        add_words(&mut terms, words);
        let (is_prefix, after) = match after.strip_prefix('*') {
            Some(after) => (true, after),
            None => (false, after),
        };
        add(&mut terms, phrase, is_prefix);
        rest = after;
    }
    add_words(&mut terms, rest);
    terms
}

fn add_words(terms: &mut Vec<Term>, words: &str) {
    for word in words.split(|letter: char| letter.is_whitespace() || letter == '"') {
        add(terms, word.trim_end_matches('*'), word.ends_with('*'));
    }
}

fn add(terms: &mut Vec<Term>, text: &str, is_prefix: bool) {
    let term = Term { text: text.to_owned(), is_prefix };
    if text.contains(char::is_alphanumeric) && !terms.contains(&term) {
        terms.push(term);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{AccountId, MessageId, Place, RoomId};

    fn typed(text: &str) -> Vec<String> {
        let show = |term: &Term| format!("{}{}", term.text, if term.is_prefix { "*" } else { "" });
        terms(text).iter().map(show).collect()
    }

    #[test]
    fn words_phrases_and_prefixes_are_told_apart() {
        for (text, expected) in [
            ("", vec![]),
            (" \t ", vec![]),
            ("one  two", vec!["one", "two"]),
            ("one one", vec!["one"]),
            ("\"one two\" three", vec!["one two", "three"]),
            ("one\"two three\"four", vec!["one", "two three", "four"]),
            ("\"one two", vec!["one", "two"]),
            ("\"one\" two\" three", vec!["one", "two", "three"]),
            ("маш* \"два сло\"*", vec!["маш*", "два сло*"]),
            ("* ** \"\" \"*\" \"!\"* -- 😀", vec![]),
            ("a** *b", vec!["a*", "*b"]),
            ("Ёж\0чаи\u{306}", vec!["еж", "чай"]),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }

    fn query(query: &str) -> SearchQuery {
        let conversations = [
            Conversation::Common,
            Conversation::Room(RoomId(7)),
            Conversation::direct(AccountId(2), AccountId(1)),
        ];
        let place = |conversation| Place { conversation, floor: MessageId::ZERO };
        SearchQuery {
            query: query.to_owned(),
            scope: conversations.map(place).to_vec(),
            direct_of: Some(AccountId(1)),
            before: None,
            limit: 1,
            bytes: 1,
        }
    }

    #[test]
    fn an_expression_names_words_and_places() {
        let places = r#"{place} : ("c" OR "r7" OR ("a1" AND "a2") OR "a1")"#;
        let expected = format!(r#"{{text}} : ("a" "b"* ) AND {places}"#);
        assert_eq!(expression(&query("a b*")), Some(expected));
        assert_eq!(expression(&query("\"")), None);
        let nowhere = SearchQuery { scope: vec![], direct_of: None, ..query("a") };
        assert_eq!(expression(&nowhere), None);
    }

    #[test]
    fn work_is_bounded() {
        let many: String = (0..500).map(|n| format!("{n}* w{n} ")).collect();
        let expression = expression(&query(&many)).unwrap();
        assert_eq!(expression.matches("\"*").count(), PREFIXES);
        assert_eq!(expression.matches("\"w").count(), TERMS - PREFIXES);
    }
}
