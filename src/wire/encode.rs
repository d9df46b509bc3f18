//! What the server itself says, as JSON: compact, in raw UTF-8, one object a line.
//!
//! Whatever a terminal could obey or a reader take for a line end is escaped, so that one object is
//! one line and nothing in a name moves a cursor.

use crate::message::{Facts, Language, Reply};
use std::fmt::{self, Write};

/// The most bytes of an answer's text. What else an answer holds fits into the rest of
/// [`ANSWER_BYTES`](crate::limits::ANSWER_BYTES); a longer text, which only names that grow in NFC
/// can make, is cut.
const TEXT_BYTES: usize = 440;

/// Writes an answer and its line end.
pub fn reply(out: &mut Vec<u8>, reply: &Reply, language: Language, unix_micros: u64) {
    out.extend_from_slice(b"{\"response\":");
    number(out, u64::from(reply.code.number()));
    time(out, unix_micros);
    key(out, if reply.code.is_error() { "error" } else { "alert" });
    let spoken = reply.phrase.in_language(language);
    text(out, TEXT_BYTES, |quoted| write!(quoted, "{spoken}"));
    if reply.code.is_error() {
        facts(out, &reply.phrase.facts());
    }
    if let Some(features) = reply.features {
        key(out, "features");
        list(out, features);
    }
    out.extend_from_slice(b"}\n");
}

/// Writes the server's `probe` and its line end.
pub fn probe(out: &mut Vec<u8>, unix_micros: u64) {
    out.extend_from_slice(b"{\"action\":\"probe\"");
    time(out, unix_micros);
    out.extend_from_slice(b"}\n");
}

/// Writes a client's valid object with a `sender` more, before its closing brace. All other bytes
/// stay as they were sent.
pub fn push_with_sender(out: &mut Vec<u8>, raw: &[u8], sender: &str) {
    let Some((b'}', members)) = raw.split_last() else {
        return out.extend_from_slice(raw);
    };
    let (head, space) = members.split_at(members.trim_ascii_end().len());
    out.extend_from_slice(head);
    if !head.ends_with(b"{") {
        out.push(b',');
    }
    out.extend_from_slice(b"\"sender\":");
    text(out, usize::MAX, |quoted| quoted.write_str(sender));
    out.extend_from_slice(space);
    out.push(b'}');
}

/// What a program can branch on.
fn facts(out: &mut Vec<u8>, facts: &Facts) {
    for (name, fact) in [("reason", Some(facts.reason)), ("field", facts.field)] {
        if let Some(fact) = fact {
            key(out, name);
            text(out, usize::MAX, |quoted| quoted.write_str(fact));
        }
    }
    for (name, fact) in [("limit", facts.limit), ("got", facts.got), ("at", facts.at)] {
        if let Some(fact) = fact {
            key(out, name);
            number(out, fact as u64);
        }
    }
}

fn key(out: &mut Vec<u8>, name: &'static str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn list(out: &mut Vec<u8>, items: &[&str]) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        text(out, usize::MAX, |quoted| quoted.write_str(item));
    }
    out.push(b']');
}

/// `,"time":` and seconds since 1970, with six digits behind the point.
fn time(out: &mut Vec<u8>, unix_micros: u64) {
    key(out, "time");
    number(out, unix_micros / 1_000_000);
    out.push(b'.');
    digits(out, unix_micros % 1_000_000, 6);
}

fn number(out: &mut Vec<u8>, value: u64) {
    digits(out, value, 1);
}

/// The most digits that 64 bits make.
const DIGITS: usize = 20;

/// Writes a number in decimal, with zeros before it up to `least` digits.
fn digits(out: &mut Vec<u8>, mut value: u64, least: usize) {
    let mut written = [b'0'; DIGITS];
    let mut first = DIGITS - least;
    for (place, digit) in written.iter_mut().enumerate().rev() {
        if value == 0 {
            break;
        }
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        first = first.min(place);
    }
    out.extend_from_slice(written.get(first..).unwrap_or_default());
}

/// Writes a string of at most `room` bytes between its quotes.
fn text(out: &mut Vec<u8>, room: usize, say: impl FnOnce(&mut Quoted<'_>) -> fmt::Result) {
    out.push(b'"');
    // An error only says that the room is used up, and the text is then cut already.
    let _ = say(&mut Quoted { out, room });
    out.push(b'"');
}

/// Escapes what is written through it.
struct Quoted<'a> {
    out: &'a mut Vec<u8>,
    room: usize,
}

/// What a text that was cut ends with.
const CUT: &str = "…";

impl Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, character) in text.char_indices().filter(|(_, c)| needs_escape(*c)) {
            self.plain(text.get(plain..at).unwrap_or_default())?;
            self.escaped(character)?;
            plain = at + character.len_utf8();
        }
        self.plain(text.get(plain..).unwrap_or_default())
    }
}

impl Quoted<'_> {
    fn plain(&mut self, text: &str) -> fmt::Result {
        if text.len() + CUT.len() <= self.room {
            self.room -= text.len();
            self.out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let end = text.floor_char_boundary(self.room.saturating_sub(CUT.len()));
        self.out.extend_from_slice(text.get(..end).unwrap_or_default().as_bytes());
        self.cut()
    }

    fn escaped(&mut self, character: char) -> fmt::Result {
        let long = unicode_escape(u32::from(character));
        let escape: &[u8] = match character {
            '"' => b"\\\"",
            '\\' => b"\\\\",
            '\n' => b"\\n",
            '\r' => b"\\r",
            '\t' => b"\\t",
            _ => &long,
        };
        if escape.len() + CUT.len() > self.room {
            return self.cut();
        }
        self.room -= escape.len();
        self.out.extend_from_slice(escape);
        Ok(())
    }

    /// Ends the text here; the error keeps the rest away.
    fn cut(&mut self) -> fmt::Result {
        self.out.extend_from_slice(CUT.as_bytes());
        self.room = 0;
        Err(fmt::Error)
    }
}

/// Whether JSON, a terminal or a reader of lines could take a character for more than text: C0 and
/// C1 controls, DEL, line and paragraph separators, and what turns the direction of writing.
const fn needs_escape(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '"'
            | '\\'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// `\uXXXX`; all that is escaped lies below U+10000.
const fn unicode_escape(code: u32) -> [u8; 6] {
    [
        b'\\',
        b'u',
        hex_digit(code >> 12),
        hex_digit(code >> 8),
        hex_digit(code >> 4),
        hex_digit(code),
    ]
}

const fn hex_digit(nibble: u32) -> u8 {
    match (nibble & 0xF) as u8 {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + letter - 10,
    }
}
