//! JSON as the server writes it: keys, numbers, times, and texts that no terminal could obey.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// A further member's key and its colon.
pub(in crate::wire) fn key(out: &mut Vec<u8>, name: &'static str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// `,"time":` and the moment.
pub(in crate::wire) fn time(out: &mut Vec<u8>, unix_micros: u64) {
    key(out, "time");
    seconds(out, unix_micros);
}

/// Seconds since 1970, with six digits behind the point.
pub(in crate::wire) fn seconds(out: &mut Vec<u8>, unix_micros: u64) {
    number(out, unix_micros / 1_000_000);
    out.push(b'.');
    digits(out, unix_micros % 1_000_000, 6);
}

/// A number in decimal.
pub(in crate::wire) fn number(out: &mut Vec<u8>, value: u64) {
    digits(out, value, 1);
}

/// `true` or `false`.
pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// A whole text.
pub(in crate::wire) fn string(out: &mut Vec<u8>, value: &str) {
    text(out, usize::MAX, |quoted| quoted.write_str(value));
}

/// Writes a guest's `presence`, for a client of another wire.
pub(in crate::wire) fn write_presence(out: &mut Vec<u8>, name: &str, unix_micros: u64) {
    out.extend_from_slice(b"{\"action\":\"presence\"");
    time(out, unix_micros);
    out.extend_from_slice(b",\"user\":{\"account_name\":");
    string(out, name);
    out.extend_from_slice(b"}}");
}

/// Writes a `msg`, for a client of another wire.
pub(in crate::wire) fn write_msg(
    out: &mut Vec<u8>,
    to: &str,
    from: &str,
    message: &str,
    unix_micros: u64,
) {
    out.extend_from_slice(b"{\"action\":\"msg\"");
    time(out, unix_micros);
    for (name, value) in [("to", to), ("from", from), ("message", message)] {
        key(out, name);
        string(out, value);
    }
    out.push(b'}');
}

/// Writes a `command`, for a client of another wire.
pub(in crate::wire) fn write_command(out: &mut Vec<u8>, command: &str, unix_micros: u64) {
    out.extend_from_slice(b"{\"action\":\"command\"");
    time(out, unix_micros);
    key(out, "command");
    string(out, command);
    out.push(b'}');
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
pub(in crate::wire) fn text(
    out: &mut Vec<u8>,
    room: usize,
    say: impl FnOnce(&mut Quoted<'_>) -> fmt::Result,
) {
    out.push(b'"');
    // An error only says that the room is used up, and the text is then cut already.
    let _ = say(&mut Quoted { out, room });
    out.push(b'"');
}

/// Escapes what is written through it.
pub(in crate::wire) struct Quoted<'a> {
    out: &'a mut Vec<u8>,
    room: usize,
}

/// What a text that was cut ends with.
const CUT: &str = "…";

impl Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.bytes().any(may_need_escape) {
            return self.plain(text);
        }
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

/// Whether a byte is, or begins, what may need an escape: those that begin none of it let a text
/// pass without a look at its characters.
const fn may_need_escape(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\' | 0x7f | 0xc2 | 0xd8 | 0xe2)
}

/// How many bytes a character takes within a text's quotes.
pub(in crate::wire) const fn escaped_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        character if needs_escape(character) => 6,
        character => character.len_utf8(),
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

/// JSON that a client wrote, with nothing in it that a terminal could obey or a reader take for a
/// line end. It means the same: outside of its texts only white space is replaced.
pub(super) fn cleaned(json: &str) -> Cow<'_, str> {
    let is_clean = |character| !needs_escape(character) || matches!(character, '"' | '\\');
    if json.bytes().all(|byte| matches!(byte, b' '..=b'~')) || json.chars().all(is_clean) {
        return Cow::Borrowed(json);
    }
    let mut clean = String::with_capacity(json.len() * 2);
    for character in json.chars() {
        match character {
            '\n' | '\r' | '\t' => clean.push(' '),
            character if is_clean(character) => clean.push(character),
            character => clean.extend(unicode_escape(u32::from(character)).map(char::from)),
        }
    }
    Cow::Owned(clean)
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

#[cfg(test)]
mod tests {
    use super::{may_need_escape, needs_escape};

    #[test]
    fn no_character_that_needs_an_escape_begins_with_a_byte_that_lets_it_pass() {
        for character in ('\0'..=char::MAX).filter(|character| needs_escape(*character)) {
            let first = character.to_string().as_bytes()[0];
            assert!(may_need_escape(first), "{character:?}");
        }
        assert!("Сообщение от user к #room доставлено".bytes().all(|byte| !may_need_escape(byte)));
    }
}
