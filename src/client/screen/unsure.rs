//! Letters that terminals give different widths: flags, emoji joined or coloured. Behind one of
//! them a terminal's row may hold what was there before, so such rows are drawn whole.

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use std::collections::BTreeMap;

/// The rows with such letters, as they were drawn last.
#[derive(Debug, Default)]
pub(super) struct UnsureRows {
    drawn: BTreeMap<u16, Vec<Cell>>,
}

impl UnsureRows {
    /// Has rows that hold or held such letters drawn whole where anything in them changes; gives
    /// them: they are to be erased first.
    pub(super) fn mark(&mut self, buffer: &mut Buffer) -> Vec<u16> {
        let columns = usize::from(buffer.area.width).max(1);
        let before = std::mem::take(&mut self.drawn);
        let mut changed = Vec::new();
        for (y, row) in (buffer.area.y..).zip(buffer.content.chunks_mut(columns)) {
            let is_unsure = row.iter().any(|cell| is_unsure(cell.symbol()));
            let before = before.get(&y);
            if is_unsure {
                self.drawn.insert(y, row.to_vec());
            }
            if (is_unsure || before.is_some()) && before.is_none_or(|before| *before != *row) {
                changed.push(y);
                for cell in row {
                    cell.set_diff_option(CellDiffOption::AlwaysUpdate);
                }
            }
        }
        changed
    }
}

/// Whether a letter has a regional indicator, a joiner, an emoji's selector or a skin tone in it.
fn is_unsure(letter: &str) -> bool {
    let is_sign = |sign: char| matches!(sign, '\u{1f1e6}'..='\u{1f1ff}' | '\u{200d}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    letter.chars().any(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn rows_with_unsure_letters_are_drawn_whole_when_they_change() {
        let mut rows = UnsureRows::default();
        let mut before = Buffer::with_lines(["      "; 3]);
        for (lines, erased) in [
            (["plain", "a 🇷🇺 b", "👍"], vec![1]),
            (["plane", "a 🇷🇺 b", "👍"], vec![]),
            (["plane", "a 🇷🇺 c", "👍🏽"], vec![1, 2]),
            (["plane", "a b c", "❤\u{fe0f} x"], vec![1, 2]),
            (["plane", "a b d", "❤\u{fe0f} x"], vec![]),
        ] {
            let mut next = Buffer::empty(*before.area());
            for (y, line) in (0..).zip(lines) {
                next.set_string(0, y, line, Style::new());
            }
            assert_eq!(rows.mark(&mut next), erased, "{lines:?}");
            for y in erased {
                let first_and_last =
                    |x| before.diff(&next).iter().any(|cell| (cell.0, cell.1) == (x, y));
                assert!([0, 5].into_iter().all(first_and_last), "{lines:?}");
            }
            before = next;
        }
    }
}
