//! The line that is typed: its text, its cursor, and the lines typed before.

use super::keys::Action;
use super::text::width;
use crate::client::bounds::{INPUT_HISTORY_LINES, PASTE_BYTES};
use crate::client::commands::has_password;
use ratatui_textarea::{CursorMove, TextArea};
use std::collections::VecDeque;
use std::mem::take;
use unicode_segmentation::UnicodeSegmentation;

/// The line that is typed; a paste may make it several.
#[derive(Debug, Default)]
pub(super) struct Input {
    area: TextArea<'static>,
    history: VecDeque<String>,
    /// How far back in the history we are, and what was typed before that.
    recalled: Option<(usize, Vec<String>)>,
}

/// The input as it is drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) rows: Vec<String>,
    /// The row and the column of the cursor.
    pub(super) cursor: (usize, usize),
}

impl Input {
    /// The lines.
    pub(super) fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Whether nothing is typed.
    pub(super) fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// The lines that say something.
    pub(super) fn full_lines(&self) -> Vec<String> {
        self.lines().iter().filter(|line| !line.trim().is_empty()).cloned().collect()
    }

    /// What stands before the cursor in its line, and what behind it.
    pub(super) fn around_cursor(&self) -> (&str, &str) {
        let cursor = self.area.cursor();
        let line = self.lines().get(cursor.0).map(String::as_str).unwrap_or_default();
        let at = line.char_indices().nth(cursor.1).map_or(line.len(), |(at, _)| at);
        line.split_at(at)
    }

    /// Whether the cursor is in the first line.
    pub(super) fn is_in_first_line(&self) -> bool {
        self.area.cursor().0 == 0
    }

    /// Takes everything away; the history remembers it.
    pub(super) fn take_all(&mut self) -> Vec<String> {
        let lines = self.clear();
        for line in lines.iter().filter(|line| !line.trim().is_empty()) {
            self.remember(line);
        }
        lines
    }

    /// Takes everything away.
    pub(super) fn clear(&mut self) -> Vec<String> {
        self.recalled = None;
        take(&mut self.area).into_lines()
    }

    /// Puts lines in the place of what is there.
    pub(super) fn set(&mut self, lines: Vec<String>) {
        self.recalled = None;
        self.put(lines);
    }

    fn put(&mut self, lines: Vec<String>) {
        self.area = TextArea::new(lines);
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// Has the arrow keys find a line again, but for one with a password in it.
    pub(super) fn remember(&mut self, line: &str) {
        if has_password(line) {
            return;
        }
        if self.history.back().is_none_or(|last| last != line) {
            self.history.push_back(line.to_owned());
        }
        if self.history.len() > INPUT_HISTORY_LINES {
            self.history.pop_front();
        }
    }

    /// Puts a text in at the cursor; false where it is too long.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        let held: usize = self.lines().iter().map(String::len).sum();
        if held + text.len() > PASTE_BYTES {
            return false;
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        self.area.insert_str(text.trim_end_matches('\n'));
        true
    }

    /// Puts a text in the place of so many characters before the cursor.
    pub(super) fn replace_before(&mut self, chars: usize, text: &str) {
        for _ in 0..chars {
            self.area.delete_char();
        }
        self.area.insert_str(text);
    }

    /// Edits; false where the action is no editing.
    pub(super) fn edit(&mut self, action: Action) -> bool {
        match action {
            Action::Insert(character) => self.insert(character),
            Action::NewLine => self.area.insert_newline(),
            Action::EraseBack => self.erase(self.chars_before(), false),
            Action::EraseForward => self.erase(self.chars_behind(), true),
            Action::EraseWordBack => drop(self.area.delete_word()),
            Action::EraseWordForward => drop(self.area.delete_next_word()),
            Action::EraseToStart => drop(self.area.delete_line_by_head()),
            Action::EraseToEnd => drop(self.area.delete_line_by_end()),
            Action::Yank => drop(self.area.paste()),
            Action::Undo => drop(self.area.undo()),
            Action::Left => self.step(self.chars_before(), CursorMove::Back),
            Action::Right => self.step(self.chars_behind(), CursorMove::Forward),
            Action::WordLeft => self.area.move_cursor(CursorMove::WordBack),
            Action::WordRight => self.area.move_cursor(CursorMove::WordForward),
            Action::Start => self.area.move_cursor(CursorMove::Head),
            Action::End => self.area.move_cursor(CursorMove::End),
            Action::Up => self.up(),
            Action::Down => self.down(),
            _ => return false,
        }
        true
    }

    /// How many characters what is seen as one letter before the cursor has; 1 at a line's start.
    fn chars_before(&self) -> usize {
        let last = self.around_cursor().0.graphemes(true).next_back();
        last.map_or(1, |letter| letter.chars().count())
    }

    /// The same behind the cursor; 1 at a line's end.
    fn chars_behind(&self) -> usize {
        let first = self.around_cursor().1.graphemes(true).next();
        first.map_or(1, |letter| letter.chars().count())
    }

    fn step(&mut self, chars: usize, by: CursorMove) {
        for _ in 0..chars {
            self.area.move_cursor(by);
        }
    }

    /// Erases so many characters, which one undoing brings back.
    fn erase(&mut self, chars: usize, is_forward: bool) {
        if chars <= 1 {
            let _ = if is_forward { self.area.delete_next_char() } else { self.area.delete_char() };
            return;
        }
        if !is_forward {
            self.step(chars, CursorMove::Back);
        }
        // A letter is not what `yank` is to put in.
        let yank = self.area.yank_text();
        self.area.delete_str(chars);
        self.area.set_yank_text(yank);
    }

    fn insert(&mut self, character: char) {
        let held: usize = self.lines().iter().map(String::len).sum();
        if held < PASTE_BYTES && !character.is_control() {
            self.area.insert_char(character);
        }
    }

    fn up(&mut self) {
        if !self.is_in_first_line() {
            return self.area.move_cursor(CursorMove::Up);
        }
        let back = self.recalled.as_ref().map_or(0, |(back, _)| *back) + 1;
        let Some(line) = self.history.iter().rev().nth(back - 1).cloned() else { return };
        let typed = self.recalled.take().map(|(_, typed)| typed);
        let typed = typed.unwrap_or_else(|| self.lines().to_vec());
        self.put(vec![line]);
        self.recalled = Some((back, typed));
    }

    fn down(&mut self) {
        if self.area.cursor().0 + 1 < self.lines().len() {
            return self.area.move_cursor(CursorMove::Down);
        }
        let Some((back, typed)) = self.recalled.take() else { return };
        match self.history.iter().rev().nth(back.wrapping_sub(2)).cloned() {
            Some(line) if back > 1 => {
                self.put(vec![line]);
                self.recalled = Some((back - 1, typed));
            }
            _ => self.put(typed),
        }
    }

    /// The rows, broken anywhere, and where the cursor is in them.
    pub(super) fn draw(&self, columns: usize) -> Drawn {
        let columns = columns.max(2);
        let cursor = self.area.cursor();
        let mut drawn = Drawn { rows: Vec::new(), cursor: (0, 0) };
        for (number, line) in self.lines().iter().enumerate() {
            let wanted = (number == cursor.0).then_some(cursor.1);
            drawn.line(line, wanted, columns);
        }
        drawn
    }
}

impl Drawn {
    fn line(&mut self, line: &str, cursor: Option<usize>, columns: usize) {
        let (mut row, mut used, mut chars) = (String::new(), 0, 0);
        let mut found = false;
        for grapheme in line.graphemes(true) {
            let wide = width(grapheme);
            if used + wide > columns {
                self.rows.push(take(&mut row));
                used = 0;
            }
            let behind = chars + grapheme.chars().count();
            if cursor.is_some_and(|cursor| (chars..behind).contains(&cursor)) {
                self.cursor = (self.rows.len(), used);
                found = true;
            }
            row.push_str(grapheme);
            used += wide;
            chars = behind;
        }
        // Behind a full row the cursor stands at the beginning of the next one.
        if cursor.is_some() && used == columns {
            self.rows.push(take(&mut row));
            used = 0;
        }
        if cursor.is_some() && !found {
            self.cursor = (self.rows.len(), used);
        }
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Input {
        let mut input = Input::default();
        for character in text.chars() {
            input.edit(Action::Insert(character));
        }
        input
    }

    #[test]
    fn words_are_edited_in_any_script() {
        let mut input = typed("привет, милый мир");
        input.edit(Action::EraseWordBack);
        assert_eq!(input.lines(), ["привет, милый "]);
        input.edit(Action::WordLeft);
        input.edit(Action::EraseToStart);
        assert_eq!(input.lines(), ["милый "]);
        input.edit(Action::Yank);
        assert_eq!(input.lines(), ["привет, милый "]);
        input.edit(Action::EraseToEnd);
        assert_eq!(input.around_cursor(), ("привет, ", ""));
        input.edit(Action::Start);
        input.edit(Action::EraseForward);
        assert_eq!(input.around_cursor(), ("", "ривет, "));
    }

    #[test]
    fn what_is_seen_as_one_letter_is_gone_over_and_erased_as_one() {
        for letter in ["👨\u{200d}👩\u{200d}👧", "🇷🇺", "e\u{301}", "👍🏽", "❤\u{fe0f}", "中", "я"]
        {
            let mut input = typed(&format!("a{letter}b"));
            input.edit(Action::Left);
            input.edit(Action::Left);
            assert_eq!(input.around_cursor(), ("a", format!("{letter}b").as_str()));
            input.edit(Action::Right);
            assert_eq!(input.around_cursor(), (format!("a{letter}").as_str(), "b"));
            input.edit(Action::EraseBack);
            assert_eq!(input.around_cursor(), ("a", "b"));
            input.edit(Action::Undo);
            assert_eq!(input.lines(), [format!("a{letter}b")]);
            input.edit(Action::Start);
            input.edit(Action::Right);
            input.edit(Action::EraseForward);
            assert_eq!(input.around_cursor(), ("a", "b"));
        }
        // Two flags are two letters.
        let mut input = typed("🇷🇺🇩🇪");
        input.edit(Action::EraseBack);
        assert_eq!(input.lines(), ["🇷🇺"]);
        // Lines are joined and gone over as ever.
        let mut input = Input::default();
        input.paste("a\nb");
        input.edit(Action::Left);
        input.edit(Action::Left);
        assert_eq!(input.around_cursor(), ("a", ""));
        input.edit(Action::EraseForward);
        input.edit(Action::Right);
        assert_eq!(input.around_cursor(), ("ab", ""));
    }

    #[test]
    fn the_arrow_keys_find_lines_and_what_was_typed_again() {
        let mut input = typed("one");
        assert_eq!(input.take_all(), ["one"]);
        for character in "two".chars() {
            input.edit(Action::Insert(character));
        }
        input.take_all();
        input.edit(Action::Insert('d'));
        for (action, expected) in [
            (Action::Up, "two"),
            (Action::Up, "one"),
            (Action::Up, "one"),
            (Action::Down, "two"),
            (Action::Down, "d"),
            (Action::Down, "d"),
        ] {
            input.edit(action);
            assert_eq!(input.lines(), [expected], "{action:?}");
        }
    }

    #[test]
    fn a_paste_is_lines_without_controls() {
        let mut input = typed("ab");
        input.edit(Action::Left);
        assert!(input.paste("1\r\n\t2\r\u{1b}[31m3\n"));
        assert_eq!(input.lines(), ["a1", "    2", "[31m3b"]);
        assert!(!input.paste(&"x".repeat(PASTE_BYTES)));
        assert_eq!(input.full_lines().len(), 3);
        input.edit(Action::Up);
        assert_eq!(input.around_cursor(), ("    2", ""));
    }

    #[test]
    fn rows_and_the_cursor_keep_to_what_is_seen() {
        let mut input = typed("ab中文");
        let drawn = input.draw(4);
        assert_eq!((drawn.rows, drawn.cursor), (vec!["ab中".into(), "文".into()], (1, 2)));
        input.edit(Action::Left);
        assert_eq!(input.draw(4).cursor, (1, 0));
        input.edit(Action::Left);
        assert_eq!(input.draw(4).cursor, (0, 2));
        let drawn = typed("abcd").draw(4);
        assert_eq!((drawn.rows, drawn.cursor), (vec!["abcd".into(), String::new()], (1, 0)));
        assert_eq!(typed("").draw(4).cursor, (0, 0));
        // A letter with its mark is one.
        assert_eq!(typed("e\u{301}x").draw(9).cursor, (0, 2));
    }
}
