//! Texts cut into rows of a width, by what a terminal shows as one character.

use crate::message::Name;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// As the terminal shows text: blanks, bars, what is typed.
    Plain,
    /// A message's text.
    Text,
    /// The time before a line.
    Time,
    /// What happened to a user or a room.
    Event,
    /// What the client says.
    Notice,
    /// Warnings and errors.
    Error,
    /// A name, in the colour of this number.
    Name(u32),
    /// Our own name, which has this number.
    Own(u32),
    /// A link.
    Link,
    /// Our own name in someone's text.
    Mention,
    /// The line of a day, or of what is new.
    Separator,
    /// Lines between panes, and behind names.
    Border,
    /// Signs beside names and messages.
    Mark,
    /// A conversation with something new.
    Unread,
    /// A conversation where somebody calls us.
    Called,
    /// Who or what is not there.
    Absent,
    /// Where the line that is typed goes.
    Prompt,
}

impl Look {
    /// Whether it is that of a name.
    pub(super) const fn is_name(self) -> bool {
        matches!(self, Self::Name(_) | Self::Own(_))
    }
}

/// A piece of text in one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) look: Look,
}

impl Piece {
    pub(super) fn new(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), look }
    }
}

/// One row of a screen.
pub(super) type Row = Vec<Piece>;

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The beginning of a text that fits, with `…` where something is left out.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > most {
            break;
        }
        short.push_str(grapheme);
    }
    if most > 0 {
        short.push('…');
    }
    short
}

/// Rows of at most `columns`, broken between words; what fits in no row is broken anywhere.
pub(super) fn wrap(pieces: &[Piece], columns: usize) -> Vec<Row> {
    let mut wrapping = Wrapping { columns: columns.max(1), rows: vec![Row::new()], used: 0 };
    for piece in pieces {
        for word in piece.text.split_inclusive(' ') {
            wrapping.word(word, piece.look);
        }
    }
    wrapping.rows
}

struct Wrapping {
    columns: usize,
    rows: Vec<Row>,
    used: usize,
}

impl Wrapping {
    fn word(&mut self, word: &str, look: Look) {
        let bare = width(word.trim_end_matches(' '));
        // A link longer than a row has as much of it together as can be.
        if self.used > 0
            && self.used + bare > self.columns
            && (bare <= self.columns || look == Look::Link)
        {
            self.next_row();
        }
        let mut held = String::new();
        for grapheme in word.graphemes(true) {
            let wide = grapheme.width();
            if self.used + wide > self.columns {
                self.push(std::mem::take(&mut held), look);
                // The blank at the end of a row is the break itself.
                if grapheme == " " {
                    continue;
                }
                self.next_row();
            }
            held.push_str(grapheme);
            self.used += wide;
        }
        self.push(held, look);
    }

    fn next_row(&mut self) {
        self.rows.push(Row::new());
        self.used = 0;
    }

    fn push(&mut self, text: String, look: Look) {
        if text.is_empty() {
            return;
        }
        let Some(row) = self.rows.last_mut() else { return };
        match row.last_mut() {
            Some(last) if last.look == look => last.text.push_str(&text),
            _ => row.push(Piece { text, look }),
        }
    }
}

/// A message's text, with links and the places where `me` is named.
pub(super) fn marked(text: &str, me: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for word in text.split_inclusive(' ') {
        let (bare, blank) = word.split_at(word.trim_end_matches(' ').len());
        if let Some(at) = ["https://", "http://"].iter().find_map(|scheme| bare.find(scheme)) {
            let (before, link) = bare.split_at(at);
            pieces.push(Piece::new(before, Look::Text));
            pieces.push(Piece::new(link, Look::Link));
            pieces.push(Piece::new(blank, Look::Text));
        } else {
            pieces.push(Piece::new(word, Look::Text));
        }
    }
    joined(pieces).into_iter().flat_map(|piece| with_mentions(piece, me)).collect()
}

/// Neighbours of one look as one piece.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    for piece in pieces.into_iter().filter(|piece| !piece.text.is_empty()) {
        match all.last_mut() {
            Some(last) if last.look == piece.look => last.text.push_str(&piece.text),
            _ => all.push(piece),
        }
    }
    all
}

fn with_mentions(piece: Piece, me: &str) -> Vec<Piece> {
    if piece.look != Look::Text {
        return vec![piece];
    }
    let mut pieces = Vec::new();
    let mut rest = piece.text.as_str();
    while let Some((before, name, behind)) = next_mention(rest, me) {
        pieces.push(Piece::new(before, Look::Text));
        pieces.push(Piece::new(name, Look::Mention));
        rest = behind;
    }
    pieces.push(Piece::new(rest, Look::Text));
    joined(pieces)
}

/// Whether a text names someone.
pub(super) fn mentions(text: &str, me: &str) -> bool {
    next_mention(text, me).is_some()
}

/// What stands before, in and behind the first place where a name stands as a word of its own.
fn next_mention<'a>(text: &'a str, me: &str) -> Option<(&'a str, &'a str, &'a str)> {
    if me.is_empty() {
        return None;
    }
    let mut before_is_letter = false;
    for (at, character) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        if !before_is_letter && let Some(length) = begins_with(rest, me) {
            let (name, behind) = rest.split_at(length);
            if !behind.chars().next().is_some_and(char::is_alphanumeric) {
                return Some((before, name, behind));
            }
        }
        before_is_letter = character.is_alphanumeric();
    }
    None
}

/// How many bytes of a text are this name, in any case.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().flat_map(char::to_lowercase);
    for (at, character) in text.char_indices() {
        let mut lower = character.to_lowercase();
        let first = lower.next();
        match (first, wanted.next()) {
            (_, None) => return Some(at),
            (Some(one), Some(other)) if one == other => {}
            _ => return None,
        }
        for more in lower {
            if wanted.next() != Some(more) {
                return None;
            }
        }
    }
    wanted.next().is_none().then_some(text.len())
}

/// The number of a name's colour: always the same one.
pub(super) fn name_colour(name: &str) -> u32 {
    let name = Name::shown(name);
    // FNV-1a: stable over versions of Rust, which std's hashes are not.
    let hash = name
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Vec<String> {
        let rows = wrap(&[Piece::new(text, Look::Plain)], columns);
        rows.iter().map(|row| row.iter().map(|piece| piece.text.as_str()).collect()).collect()
    }

    #[test]
    fn rows_break_between_words() {
        assert_eq!(rows("one two three", 8), ["one two ", "three"]);
        assert_eq!(rows("one two three", 7), ["one two", "three"]);
        assert_eq!(rows("привет, мир", 8), ["привет, ", "мир"]);
        assert_eq!(rows("", 8), [""]);
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("a abcdefgh", 4), ["a ab", "cdef", "gh"]);
    }

    #[test]
    fn wide_characters_are_never_cut() {
        assert_eq!(rows("中文字", 5), ["中文", "字"]);
        assert_eq!(rows("👋👋", 3), ["👋", "👋"]);
        let family = "👨‍👩‍👧";
        assert_eq!(rows(&family.repeat(2), 3), [family, family]);
        assert_eq!(rows("中", 1), ["", "中"]);
        assert_eq!(shortened("中文字", 5), "中文…");
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
    }

    #[test]
    fn links_begin_a_row_and_stay_whole() {
        let pieces = marked("see https://example.org/long now", "me");
        let looks: Vec<Look> = pieces.iter().map(|piece| piece.look).collect();
        assert_eq!(looks, [Look::Text, Look::Link, Look::Text]);
        let rows = wrap(&pieces, 20);
        assert_eq!(rows[1][0].text, "https://example.org/");
        assert_eq!(rows[2][0].text, "long");
    }

    #[test]
    fn a_name_is_found_as_a_word() {
        for (text, expected) in [
            ("anna, hi", true),
            ("hi @Anna!", true),
            ("АННА", false),
            ("hanna", false),
            ("annas", false),
            ("(anna)", true),
            ("", false),
        ] {
            assert_eq!(mentions(text, "anna"), expected, "{text}");
        }
        assert!(mentions("эй, ИВАН ПЕТРОВ?", "Иван Петров"));
        assert!(!mentions("anything", ""));
        let pieces = marked("a anna b anna", "anna");
        assert_eq!(pieces.iter().filter(|piece| piece.look == Look::Mention).count(), 2);
    }

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(name_colour("anna"), name_colour("anna"));
        for count in [2, 5, 12] {
            let of = |number| name_colour(&format!("user{number}")) % count;
            let all: std::collections::BTreeSet<u32> = (0..200).map(of).collect();
            assert_eq!(all.len(), usize::try_from(count).unwrap());
        }
    }
}
