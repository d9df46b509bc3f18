//! What other people send never drives a terminal and never forges a line: control characters and
//! those that turn the direction of writing are shown, not obeyed.

use std::fmt::{self, Write};

/// Shows a text with its control and bidirectional characters as `\n`, `\r`, `\t` or `\u{1b}`.
///
/// Everything else stays as it is, a backslash too: the result is for reading, not for decoding.
#[must_use]
pub const fn visible(text: &str) -> Visible<'_> {
    Visible(text)
}

/// A text to be shown by [`visible`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visible<'a>(&'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaping(f).write_str(self.0)
    }
}

/// A writer that shows what is written through it as [`visible`] does, for texts that are
/// formatted piece by piece.
#[derive(Debug)]
pub struct Escaping<W>(pub W);

impl<W: Write> Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, hidden)) = rest.char_indices().find(|&(_, c)| is_control(c)) {
            let (shown, behind) = rest.split_at(at);
            self.0.write_str(shown)?;
            write_escaped(&mut self.0, hidden)?;
            rest = behind.strip_prefix(hidden).unwrap_or_default();
        }
        self.0.write_str(rest)
    }
}

fn write_escaped(to: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '\n' => to.write_str("\\n"),
        '\r' => to.write_str("\\r"),
        '\t' => to.write_str("\\t"),
        other => write!(to, "\\u{{{:x}}}", u32::from(other)),
    }
}

/// C0, DEL, C1, the line and paragraph separators, and what turns the direction of writing.
const fn is_control(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(visible(text).to_string(), expected);
    }

    #[test]
    fn plain_text_stays() {
        check("", "");
        check("Привет, \"мир\" 👋 \\n e\u{301}", "Привет, \"мир\" 👋 \\n e\u{301}");
    }

    #[test]
    fn controls_are_shown() {
        check("a\nb\r\tc", "a\\nb\\r\\tc");
        check("\x1b[2J", "\\u{1b}[2J");
        check("\0\x7f\u{85}\u{9b}", "\\u{0}\\u{7f}\\u{85}\\u{9b}");
        check("\u{2028}\u{2029}", "\\u{2028}\\u{2029}");
    }

    #[test]
    fn direction_is_not_turned() {
        for c in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}".chars() {
            check(&format!("a{c}b"), &format!("a\\u{{{:x}}}b", u32::from(c)));
        }
    }

    #[test]
    fn nothing_that_rust_calls_control_passes() {
        for c in (0..=0x3_ffff).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(!visible(&c.to_string()).to_string().contains(c), "{:x}", u32::from(c));
        }
    }
}
