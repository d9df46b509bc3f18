//! A JSON string as it stands between its quotes, found valid by the cursor: what it means, without
//! making it anew where nothing was escaped.

use std::borrow::Cow;
use std::str::Chars;

/// A valid string's raw inside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// The bytes between the quotes.
    pub raw: &'a [u8],
    /// Its length in characters; an escape, and a surrogate pair of two, is one.
    pub chars: usize,
    /// Whether there is an escape in it.
    pub escaped: bool,
}

impl<'a> Text<'a> {
    /// The text, escapes resolved.
    pub(super) fn resolve(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.characters().collect())
        } else {
            Cow::Borrowed(self.str())
        }
    }

    /// Its characters, escapes resolved.
    pub(super) fn characters(&self) -> Unescaped<'a> {
        Unescaped { raw: self.str().chars() }
    }

    /// Whether it begins with this ASCII character, however that is spelled.
    pub(super) fn begins_with(&self, character: char) -> bool {
        match self.raw.first() {
            Some(b'\\') => self.characters().next() == Some(character),
            first => first.is_some_and(|byte| char::from(*byte) == character),
        }
    }

    /// Whether both mean the same text, however each is spelled.
    pub(super) fn same_as(&self, other: &Text<'_>) -> bool {
        if self.escaped || other.escaped {
            self.chars == other.chars && self.characters().eq(other.characters())
        } else {
            self.raw == other.raw
        }
    }

    /// The cursor has checked these bytes; an empty text stands for what cannot happen.
    fn str(&self) -> &'a str {
        std::str::from_utf8(self.raw).unwrap_or_default()
    }
}

/// The characters of a raw string, escapes resolved.
#[derive(Debug, Clone)]
pub(super) struct Unescaped<'a> {
    raw: Chars<'a>,
}

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.raw.next()? {
            '\\' => self.escape(),
            character => Some(character),
        }
    }
}

impl Unescaped<'_> {
    fn escape(&mut self) -> Option<char> {
        Some(match self.raw.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode()?,
            itself => itself,
        })
    }

    /// `\uXXXX`, or a surrogate pair of two.
    fn unicode(&mut self) -> Option<char> {
        let unit = self.unit()?;
        if let Some(character) = char::from_u32(unit) {
            return Some(character);
        }
        self.raw.next()?;
        self.raw.next()?;
        let low = self.unit()?;
        Some(char::from_u32(join_surrogates(unit, low)).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit << 4 | self.raw.next()?.to_digit(16)?))
    }
}

/// The code point that a high and a low surrogate stand for.
const fn join_surrogates(high: u32, low: u32) -> u32 {
    0x1_0000 + ((high & 0x3FF) << 10 | (low & 0x3FF))
}

#[cfg(test)]
mod tests {
    use super::Text;

    fn text(raw: &str) -> Text<'_> {
        let meant: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
        Text { raw: raw.as_bytes(), chars: meant.chars().count(), escaped: raw.contains('\\') }
    }

    #[test]
    fn escapes_mean_what_json_says() {
        let rows = [
            ("", ""),
            ("plain", "plain"),
            (r#"\"\\\/"#, "\"\\/"),
            (r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t"),
            (r"\u043f\u041F", "пП"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\udbff\udfff", "\u{10ffff}"),
            (r"\u0000", "\0"),
            ("при\\u0432ет😀", "привет😀"),
        ];
        for (raw, meant) in rows {
            assert_eq!(text(raw).resolve(), meant, "{raw}");
        }
    }

    #[test]
    fn texts_are_compared_by_meaning() {
        assert!(text("a").same_as(&text(r"\u0061")));
        assert!(text(r"\u0061").same_as(&text(r"\u0061")));
        assert!(!text("a").same_as(&text("b")));
        assert!(!text("a").same_as(&text(r"\u0061a")));
    }
}
