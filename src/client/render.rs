//! What is shown on standard output: one line a message, and nothing in it that a terminal would
//! obey.

use super::incoming::Message;
use super::since::zoned;
use super::transfer::Progress;
use super::words::Notice;
use crate::message::{Language, Now, visible};
use jiff::civil::Date;
use jiff::{Zoned, tz::TimeZone};
use log::Level;
use std::fmt::{Display, Write};

/// Lines on their way to standard output, and notices on their way to standard error.
#[derive(Debug)]
pub struct Screen {
    language: Language,
    zone: TimeZone,
    /// Whether a terminal reads the output, which must not be driven by it.
    terminal: bool,
    /// The day of the message that was shown last.
    day: Option<Date>,
    lines: String,
    /// What gets a file that is announced.
    gets: &'static str,
    /// How far a file is that is sent or got.
    progress: Option<Progress>,
    /// Each with how many bytes of lines come before it.
    notices: Vec<(usize, Level, String)>,
}

/// A part of what is to be shown: lines, and a notice behind them.
pub type Part = (String, Option<(Level, String)>);

impl Screen {
    /// A screen that shows times of a zone.
    #[must_use]
    pub const fn new(language: Language, zone: TimeZone, terminal: bool) -> Self {
        Self {
            language,
            zone,
            terminal,
            day: None,
            lines: String::new(),
            gets: "jim-client get",
            progress: None,
            notices: Vec::new(),
        }
    }

    /// The same for who gets files by this command.
    #[must_use]
    pub const fn getting_by(mut self, command: &'static str) -> Self {
        self.gets = command;
        self
    }

    /// How far a file is that is sent or got, or that none is any more.
    pub fn progress(&mut self, progress: Option<Progress>) {
        self.progress = progress;
    }

    /// What was said last of that.
    #[must_use]
    pub const fn shown_progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// The language of what is shown.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The zone of the times that are shown.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Says something about the client itself.
    pub fn notice(&mut self, notice: &Notice) {
        self.notices.push((self.lines.len(), notice.level(), notice.text(self.language)));
    }

    /// Shows `[HH:MM:SS] TEXT`. What others wrote must be [`visible`] already.
    pub fn stamped(&mut self, now: Now, text: &impl Display) {
        let clock = zoned(now, &self.zone).strftime("%H:%M:%S").to_string();
        // Writing into a `String` cannot fail.
        let _ = writeln!(self.lines, "[{clock}] {text}");
    }

    /// Shows a line as it is. What others wrote must be [`visible`] already.
    pub fn line(&mut self, text: &impl Display) {
        let _ = writeln!(self.lines, "{text}");
    }

    /// Shows a line for a program that reads the output; a person was told already.
    pub fn line_for_a_program(&mut self, text: &impl Display) {
        if !self.terminal {
            self.line(text);
        }
    }

    /// Clears a terminal; nothing else.
    pub fn clear(&mut self) {
        if self.terminal {
            self.lines.push_str("\u{1b}[H\u{1b}[2J");
        }
    }

    /// Shows a question, behind which the answer is typed on the same line.
    pub fn prompt(&mut self, text: &str) {
        self.lines.push_str(text);
    }

    /// Shows a message: `[HH:MM:SS] FROM: TEXT`, with the time when the server took it.
    pub fn message(&mut self, now: Now, message: &Message) {
        let taken = self.enter_day(now, message);
        let (from, text) = (visible(&message.from), self.text(message));
        self.stamped(taken, &format_args!("{from}: {text}"));
    }

    /// Shows a message and whom it is to: `[HH:MM:SS] FROM (TO): TEXT`.
    pub fn message_to(&mut self, now: Now, message: &Message, to: &str) {
        let taken = self.enter_day(now, message);
        let (from, text) = (visible(&message.from), self.text(message));
        self.stamped(taken, &format_args!("{from} ({}): {text}", visible(to)));
    }

    /// A message's text, and what file it announces.
    fn text(&self, message: &Message) -> String {
        let mut text = visible(&message.text).to_string();
        if let Some(attachment) = &message.attachment {
            let blank = if text.is_empty() { "" } else { " " };
            text += blank;
            text += &attachment.text(self.language, self.gets);
        }
        text
    }

    /// Shows which day it is where a message is of another one than the last, and than today for
    /// the first. Gives the message's moment.
    fn enter_day(&mut self, now: Now, message: &Message) -> Now {
        let Some(unix_micros) = message.unix_micros else { return now };
        let taken = Now { unix_micros, ..now };
        let day = zoned(taken, &self.zone).date();
        let last = self.day.replace(day).unwrap_or_else(|| zoned(now, &self.zone).date());
        if day != last {
            self.line(&format_args!("--- {day} ---"));
        }
        taken
    }

    /// Shows a moment as a local day and time.
    #[must_use]
    pub fn moment(&self, unix_micros: u64) -> String {
        let at: Zoned = zoned(Now { unix_micros, ..Now::default() }, &self.zone);
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Shows an object as it came, on one line. Line ends in it can only stand between tokens. For
    /// a terminal the characters that would drive it are written as JSON escapes.
    pub fn object(&mut self, raw: &[u8]) {
        for character in String::from_utf8_lossy(raw).chars() {
            match character {
                '\n' | '\r' | '\t' => self.lines.push(' '),
                other if self.terminal && drives_terminal(other) => {
                    let mut units = [0_u16; 2];
                    for unit in other.encode_utf16(&mut units) {
                        let _ = write!(self.lines, "\\u{unit:04x}");
                    }
                }
                other => self.lines.push(other),
            }
        }
        self.lines.push('\n');
    }

    /// The lines to be written, taken out.
    pub fn poll_lines(&mut self) -> String {
        for (at, ..) in &mut self.notices {
            *at = 0;
        }
        std::mem::take(&mut self.lines)
    }

    /// The notices to be logged, taken out.
    pub fn poll_notices(&mut self) -> Vec<(Level, String)> {
        let notices = std::mem::take(&mut self.notices).into_iter();
        notices.map(|(_, level, text)| (level, text)).collect()
    }

    /// Everything in its order, taken out: where one terminal shows lines and notices, what was
    /// said behind a list stands behind it.
    pub fn poll_parts(&mut self) -> Vec<Part> {
        let mut lines = std::mem::take(&mut self.lines);
        let mut parts = Vec::new();
        for (at, level, text) in std::mem::take(&mut self.notices).into_iter().rev() {
            let behind = lines.split_off(at);
            parts.push((behind, None));
            parts.push((String::new(), Some((level, text))));
        }
        parts.push((lines, None));
        parts.reverse();
        parts
    }
}

fn drives_terminal(character: char) -> bool {
    let mut text = String::new();
    let _ = write!(text, "{}", visible(character.encode_utf8(&mut [0; 4])));
    !text.starts_with(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now { unix_micros: 1_700_000_000_000_000, uptime: std::time::Duration::ZERO };

    fn screen(terminal: bool) -> Screen {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        Screen::new(Language::English, zone, terminal)
    }

    fn message(from: &str, text: &str) -> Message {
        Message { from: from.into(), text: text.into(), ..Message::default() }
    }

    #[test]
    fn one_line_a_message_in_local_time() {
        let mut screen = screen(true);
        screen.message(NOW, &message("Иван Петров", "привет: 👋"));
        screen.message_to(NOW, &message("a", "b"), "#room");
        assert_eq!(
            screen.poll_lines(),
            "[01:13:20] Иван Петров: привет: 👋\n[01:13:20] a (#room): b\n"
        );
        assert_eq!(screen.poll_lines(), "");
    }

    #[test]
    fn notices_stand_where_they_were_said() {
        let mut screen = screen(true);
        screen.notice(&Notice::Nothing);
        screen.line(&"one");
        screen.line(&"two");
        screen.notice(&Notice::More);
        screen.notice(&Notice::NoMore);
        screen.line(&"three");
        let parts = screen.poll_parts();
        let shown: Vec<&str> = parts
            .iter()
            .map(|(lines, notice)| notice.as_ref().map_or(lines.as_str(), |(_, text)| text))
            .filter(|text| !text.is_empty())
            .collect();
        let [nothing, more, no_more] = [Notice::Nothing, Notice::More, Notice::NoMore]
            .map(|notice| notice.text(Language::English));
        assert_eq!(shown, [&nothing, "one\ntwo\n", &more, &no_more, "three\n"]);
        assert_eq!(screen.poll_parts(), [(String::new(), None)]);
    }

    #[test]
    fn messages_of_other_days_say_the_day() {
        let at = |unix_micros| Message { unix_micros: Some(unix_micros), ..message("a", "b") };
        let mut screen = screen(false);
        screen.message(NOW, &at(NOW.unix_micros - 2 * 3_600_000_000));
        screen.message(NOW, &at(NOW.unix_micros - 3_600_000_000));
        screen.message(NOW, &at(NOW.unix_micros));
        screen.message(NOW, &message("no", "time"));
        assert_eq!(
            screen.poll_lines(),
            "--- 2023-11-14 ---\n[23:13:20] a: b\n--- 2023-11-15 ---\n[00:13:20] a: b\n\
             [01:13:20] a: b\n[01:13:20] no: time\n"
        );
        screen.message(NOW, &at(NOW.unix_micros));
        assert_eq!(screen.poll_lines(), "[01:13:20] a: b\n");
    }

    #[test]
    fn nothing_drives_the_terminal() {
        let mut screen = screen(false);
        screen.message(NOW, &message("a\r", "\u{1b}[31m\n[00:00:00] b: c\u{9b}2J\u{202e}x"));
        let lines = screen.poll_lines();
        assert_eq!(lines.matches('\n').count(), 1);
        assert!(!lines.contains(['\r', '\u{1b}', '\u{9b}', '\u{202e}']), "{lines:?}");
    }

    #[test]
    fn objects_stay_as_they_came_on_one_line() {
        let raw = "{\r\n\"a\":\t\"п\\n\u{202e}\u{9b}\"}";
        let mut pipe = screen(false);
        pipe.object(raw.as_bytes());
        assert_eq!(pipe.poll_lines(), "{  \"a\": \"п\\n\u{202e}\u{9b}\"}\n");
        let mut terminal = screen(true);
        terminal.object(raw.as_bytes());
        assert_eq!(terminal.poll_lines(), "{  \"a\": \"п\\n\\u202e\\u009b\"}\n");
    }

    #[test]
    fn no_clock_is_too_odd() {
        let mut screen = screen(false);
        screen.stamped(Now { unix_micros: u64::MAX, ..NOW }, &"x");
        screen.stamped(Now { unix_micros: i64::MAX as u64, ..NOW }, &"x");
        assert_eq!(screen.poll_lines(), "[03:00:00] x\n[03:00:00] x\n");
    }
}
