//! Lines of standard input, cut out of its bytes.

use super::bounds::INPUT_LINE_BYTES;

/// One line, without its line end (`\n` or `\r\n`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A text.
    Text(String),
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// More than [`INPUT_LINE_BYTES`].
    TooBig,
}

/// The input's bytes that are not yet a line.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    /// How much of `held` holds no line end.
    seen: usize,
    /// Whether the rest of the current line is dropped.
    dropping: bool,
}

impl Lines {
    /// Takes bytes in. The caller takes all lines out before it reads more.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next whole line.
    pub fn poll_line(&mut self) -> Option<Line> {
        let unseen = self.held.get(self.seen..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', unseen).map(|at| self.seen + at) else {
            self.seen = self.held.len();
            self.drop_too_big();
            return None;
        };
        let rest = self.held.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.held, rest);
        self.seen = 0;
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(self.finish(line))
    }

    /// Whether [`Self::poll_line`] has one.
    pub(super) fn has_line(&self) -> bool {
        let unseen = self.held.get(self.seen..).unwrap_or_default();
        memchr::memchr(b'\n', unseen).is_some()
    }

    /// Whether more may be taken in though nobody takes lines out.
    pub(super) fn has_room(&self) -> bool {
        self.held.len() < INPUT_LINE_BYTES
    }

    /// The lines that nobody has taken out yet, and what was typed behind them.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let lines = self.held.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.is_empty()).map(|line| str::from_utf8(line).unwrap_or_default())
    }

    /// What stands behind the last line end when the input has ended.
    pub fn poll_last(&mut self) -> Option<Line> {
        self.seen = 0;
        let line = std::mem::take(&mut self.held);
        (self.dropping || !line.is_empty()).then(|| self.finish(line))
    }

    fn drop_too_big(&mut self) {
        self.dropping |= self.held.len() > INPUT_LINE_BYTES;
        if self.dropping {
            self.held.clear();
            self.seen = 0;
        }
    }

    fn finish(&mut self, line: Vec<u8>) -> Line {
        if std::mem::take(&mut self.dropping) || line.len() > INPUT_LINE_BYTES {
            return Line::TooBig;
        }
        String::from_utf8(line).map_or(Line::NotUtf8, Line::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(parts: &[&[u8]]) -> Vec<Line> {
        let mut input = Lines::default();
        let mut lines = Vec::new();
        for part in parts {
            input.handle_bytes(part);
            lines.extend(std::iter::from_fn(|| input.poll_line()));
            assert!(input.held.len() <= INPUT_LINE_BYTES);
        }
        lines.extend(input.poll_last());
        assert_eq!(input.poll_last(), None);
        lines
    }

    fn text(line: &str) -> Line {
        Line::Text(line.into())
    }

    #[test]
    fn lines_stay_as_they_stand() {
        let lines = cut(&[b"/one \n\n two\r\nth", b"r", b"ee"]);
        assert_eq!(lines, [text("/one "), text(""), text(" two"), text("three")]);
        assert_eq!(cut(&[b""]), []);
    }

    #[test]
    fn a_line_that_is_no_text_harms_no_other() {
        assert_eq!(cut(&[b"a\n\xff\xfe\n\xd0", b"\xbf\n"]), [text("a"), Line::NotUtf8, text("п")]);
    }

    #[test]
    fn a_line_too_big_is_dropped_as_it_comes() {
        let chunk = vec![b'x'; INPUT_LINE_BYTES / 2];
        let lines = cut(&[b"a\n", &chunk, &chunk, b"x", &chunk, b"y\nb\n"]);
        assert_eq!(lines, [text("a"), Line::TooBig, text("b")]);
        assert_eq!(cut(&[&chunk, &chunk, b"x"]), [Line::TooBig]);
        assert_eq!(cut(&[&chunk, &chunk]).len(), 1);
    }
}
