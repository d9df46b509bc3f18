//! A place in the bytes of an object, and the tokens of JSON that are read there.

use super::text::Text;
use crate::message::JsonFault;

/// What is wrong with the bytes as JSON, and at which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub what: JsonFault,
    /// The byte, counted from the object's first.
    pub at: usize,
}

/// What was read, or why it could not be.
pub(super) type Lexed<T> = Result<T, Fault>;

/// A number that fits JSON's grammar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// How many characters it is written with.
    pub chars: usize,
    /// Whether it has neither a fraction nor an exponent.
    pub integer: bool,
    /// Whether a 64-bit float can hold it.
    pub finite: bool,
}

/// What a string had beside ASCII.
#[derive(Debug, Default)]
struct Seen {
    /// The bytes that continue a character.
    continuations: usize,
    /// Not zero if something is not plainly good: a character of three bytes or more, or bytes that
    /// are no UTF-8. The string then has to be looked at once more.
    odd: u64,
}

impl Seen {
    /// Takes eight bytes in, of which some may be blanked out as zeros behind the others. A
    /// character of two bytes may begin before them, where `lead_before` is not zero, and end
    /// behind them: then what is given back is not zero.
    #[inline]
    const fn note(&mut self, word: u64, lead_before: u64) -> u64 {
        let high = word & HIGHS;
        let lead = high & word << 1;
        let continuation = high & !(word << 1);
        let longer = lead & word << 2;
        // C0 and C1 would spell ASCII in two bytes.
        let overlong = lead & !((word & (ONES * 0x1E)) + ONES * 0x7E);
        self.odd |= longer | overlong | (continuation ^ (lead << 8 | lead_before));
        self.continuations += continuation.count_ones() as usize;
        lead >> 56
    }
}

/// So many digits and no exponent are finite without a look: the largest float has 309.
const SURELY_FINITE_DIGITS: usize = 300;

/// Reads forward over bytes, never back.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The bytes so far that are no character of their own.
    folded: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, folded: 0 }
    }

    /// How many bytes have been read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// How many characters have been read, an escape counting as one.
    pub(super) const fn chars(&self) -> usize {
        self.at - self.folded
    }

    /// The next byte, unread.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Reads `byte` if it is next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads `byte`, which must be next.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Lexed<()> {
        if self.take(byte) { Ok(()) } else { Err(self.expected(what)) }
    }

    /// Reads white space, if there is any.
    #[inline]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// The fault that something else stands here. Bytes that are no UTF-8 are called that, since
    /// what should have stood there does not help their sender.
    #[cold]
    pub(super) fn expected(&self, what: &'static str) -> Fault {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let not_utf8 = std::str::from_utf8(rest).is_err_and(|error| error.valid_up_to() == 0);
        let what = if not_utf8 { JsonFault::NotUtf8 } else { JsonFault::Expected(what) };
        Fault { what, at: self.at }
    }

    /// Reads a string, from its opening quote to its closing one; `what` is said where none begins.
    #[inline(always)]
    pub(super) fn string(&mut self, what: &'static str) -> Lexed<Text<'a>> {
        self.expect(b'"', what)?;
        let start = self.at;
        let (mut folded, mut escaped, mut seen) = (0, false, Seen::default());
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    folded += self.escapes(start)?;
                    escaped = true;
                }
                Some(0x80..) => self.skip_mixed(&mut seen),
                _ => return Err(self.fault_in_string(start, JsonFault::ControlCharacter)),
            }
        }
        let raw = self.since(start);
        folded += if seen.odd == 0 { seen.continuations } else { continuation_bytes(raw, start)? };
        self.at += 1;
        self.folded += folded;
        Ok(Text { raw, chars: raw.len() - folded, escaped })
    }

    /// Runs over plain ASCII, eight bytes a step: to the next quote, backslash, control character or
    /// byte beyond ASCII, or to the end.
    #[inline(always)]
    fn skip_plain(&mut self) {
        loop {
            let word = self.word_here();
            let stop = special_bytes(word) | word & HIGHS;
            if stop != 0 {
                self.at += stop.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    /// Runs over ASCII and other characters, to the next quote, backslash or control character, or
    /// to the end. What is seen is checked and counted on the way.
    #[inline(never)]
    fn skip_mixed(&mut self, seen: &mut Seen) {
        let mut lead_before = 0;
        loop {
            let word = self.word_here();
            let stop = special_bytes(word);
            // All bytes before the first that ends the run; all eight where none does.
            let passed = (stop & stop.wrapping_neg()).wrapping_sub(1);
            lead_before = seen.note(word & passed, lead_before);
            if stop != 0 {
                self.at += stop.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    /// The next eight bytes, with zeros behind the last.
    #[inline(always)]
    fn word_here(&self) -> u64 {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.first_chunk::<8>().map_or_else(|| last_word(rest), |eight| u64::from_le_bytes(*eight))
    }

    /// Reads escapes for as long as one follows another; how many bytes more than characters.
    #[inline(always)]
    fn escapes(&mut self, start: usize) -> Lexed<usize> {
        let mut folded = 0;
        while self.peek() == Some(b'\\') {
            match self.bytes.get(self.at + 1) {
                Some(b'u') => folded += self.unicode_escape(start)?,
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                    folded += 1;
                    self.at += 2;
                }
                _ => return Err(self.fault_in_string(start, JsonFault::BadEscape)),
            }
        }
        Ok(folded)
    }

    /// Reads `\uXXXX`, or the two of a surrogate pair; how many bytes more than the one character.
    #[inline(always)]
    fn unicode_escape(&mut self, start: usize) -> Lexed<usize> {
        match self.unit_at(self.at) {
            None => Err(self.fault_in_string(start, JsonFault::BadEscape)),
            Some(0xD800..=0xDBFF) => match self.unit_at(self.at + 6) {
                Some(0xDC00..=0xDFFF) => {
                    self.at += 12;
                    Ok(11)
                }
                _ => Err(self.fault_in_string(start, JsonFault::LoneSurrogate)),
            },
            Some(0xDC00..=0xDFFF) => Err(self.fault_in_string(start, JsonFault::LoneSurrogate)),
            Some(_) => {
                self.at += 6;
                Ok(5)
            }
        }
    }

    /// The unit of a `\uXXXX` that stands at `at`.
    #[inline(always)]
    fn unit_at(&self, at: usize) -> Option<u32> {
        let [b'\\', b'u', a, b, c, d] = *self.bytes.get(at..)?.first_chunk::<6>()? else {
            return None;
        };
        unit([a, b, c, d])
    }

    /// A fault inside the string that began at `start`, unless bytes before it are no UTF-8.
    #[cold]
    fn fault_in_string(&self, start: usize, what: JsonFault) -> Fault {
        if let Err(fault) = continuation_bytes(self.since(start), start) {
            return fault;
        }
        match self.peek() {
            None => self.expected("the end of the string"),
            Some(_) => Fault { what, at: self.at },
        }
    }

    /// Reads a number.
    pub(super) fn number(&mut self) -> Lexed<Number> {
        let start = self.at;
        self.take(b'-');
        let digits = if self.take(b'0') { 1 } else { self.digits()? };
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        let mut surely_finite = digits <= SURELY_FINITE_DIGITS;
        if self.take(b'e') || self.take(b'E') {
            (integer, surely_finite) = (false, false);
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let raw = self.since(start);
        Ok(Number { chars: raw.len(), integer, finite: surely_finite || is_finite(raw) })
    }

    /// Reads one digit or more; how many.
    fn digits(&mut self) -> Lexed<usize> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        if digits == 0 { Err(self.expected("a number")) } else { Ok(digits) }
    }

    /// Reads `true`, `false` or `null`, whichever `word` is.
    pub(super) fn word(&mut self, word: &'static str) -> Lexed<()> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.expected("true, false or null"));
        }
        self.at += word.len();
        Ok(())
    }

    /// The bytes read since `start`.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }
}

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// The high bit of each byte that ends a run of plain ones: a quote, a backslash, a control
/// character. Only the lowest bit is exact, since a borrow runs upwards.
#[inline]
const fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & HIGHS
}

/// Fewer than eight bytes, with zeros behind the last: as control characters those end any run.
#[inline(never)]
fn last_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// What a byte stands for as a hexadecimal digit, or [`NO_HEX`].
static HEX: [u8; 256] = hex_digits();

/// A bit that no digit has.
const NO_HEX: u8 = 0x80;

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn hex_digits() -> [u8; 256] {
    let mut values = [NO_HEX; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        values[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
}

/// The number that four hexadecimal digits make.
#[inline(always)]
fn unit([a, b, c, d]: [u8; 4]) -> Option<u32> {
    let (a, b, c, d) = (hex(a), hex(b), hex(c), hex(d));
    let is_valid = (a | b | c | d) & u32::from(NO_HEX) == 0;
    is_valid.then_some(a << 12 | b << 8 | c << 4 | d)
}

#[inline(always)]
fn hex(digit: u8) -> u32 {
    u32::from(HEX.get(usize::from(digit)).copied().unwrap_or(NO_HEX))
}

/// How many bytes of a string that begins at `start` continue a character.
fn continuation_bytes(raw: &[u8], start: usize) -> Lexed<usize> {
    match std::str::from_utf8(raw) {
        Ok(text) => Ok(raw.len() - text.chars().count()),
        Err(error) => Err(Fault { what: JsonFault::NotUtf8, at: start + error.valid_up_to() }),
    }
}

/// Whether a number that fits the grammar is finite as a 64-bit float.
#[cold]
fn is_finite(raw: &[u8]) -> bool {
    std::str::from_utf8(raw).is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite))
}

#[cfg(test)]
mod tests {
    use super::{Cursor, special_bytes};

    #[test]
    fn a_string_is_good_and_as_long_as_the_standard_library_says_wherever_its_bytes_stand() {
        let bytes = [
            b'a', 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xD0, 0xDF, 0xE0, 0xE1, 0xED,
            0xF0, 0xF4, 0xF5, 0xFF,
        ];
        let pairs = bytes.iter().flat_map(|a| bytes.iter().map(move |b| [*a, *b]));
        for pair in pairs {
            for third in bytes {
                for before in 0..9 {
                    let text = [&b"aaaaaaaaa"[..before], "п".as_bytes(), &pair, &[third]].concat();
                    let quoted = [b"\"", &*text, b"\":1"].concat();
                    let read = Cursor::new(&quoted).string("").ok();
                    let meant = std::str::from_utf8(&text).ok();
                    assert_eq!(read.map(|read| read.raw), meant.map(str::as_bytes), "{text:x?}");
                    assert_eq!(read.map(|read| read.chars), meant.map(|text| text.chars().count()));
                }
            }
        }
    }

    #[test]
    fn the_lowest_special_byte_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                for (low, high) in
                    [(b'a', 0xFF), (0x80, b'"'), (b'!', 0), (b'#', b'['), (0xFF, b'\\')]
                {
                    let mut bytes = [low; 8];
                    bytes[place..].fill(high);
                    bytes[place] = byte;
                    let expected = bytes.iter().position(|b| matches!(b, 0..0x20 | b'"' | b'\\'));
                    let stop = special_bytes(u64::from_le_bytes(bytes));
                    let found = (stop != 0).then(|| stop.trailing_zeros() as usize / 8);
                    assert_eq!(found, expected, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn a_number_is_finite_as_a_float_is() {
        let rows = [
            ("0", true, true),
            ("-0", true, true),
            ("1700000000.123456", false, true),
            ("1e999", false, false),
            ("-1e999", false, false),
            ("0e999", false, true),
            ("1E-999", false, true),
            ("1.7976931348623157e+308", false, true),
        ];
        for (text, integer, finite) in rows {
            let number = Cursor::new(text.as_bytes()).number().unwrap();
            assert_eq!((number.integer, number.finite), (integer, finite), "{text}");
            assert_eq!(number.chars, text.len());
        }
        for (digits, finite) in [(300, true), (308, true), (309, false), (9000, false)] {
            let text = "9".repeat(digits);
            assert_eq!(Cursor::new(text.as_bytes()).number().unwrap().finite, finite, "{digits}");
        }
        for text in ["", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "NaN"] {
            assert!(Cursor::new(text.as_bytes()).number().is_err(), "{text}");
        }
    }
}
