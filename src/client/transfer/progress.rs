//! How far a file is: a bar for a terminal, or a few words.

use super::size_text;
use crate::message::{Language, visible};
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The narrowest and the widest bar, in columns without its brackets.
const BAR_COLUMNS: (usize, usize) = (8, 40);

/// The widest that a name is shown in a bar's line.
const NAME_COLUMNS: usize = 30;

/// How far a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its name.
    pub name: String,
    /// How many bytes are there.
    pub done: u64,
    /// How many there will be.
    pub total: u64,
    /// Bytes a second, once that is known.
    pub rate: Option<u64>,
}

impl Progress {
    /// `NAME: 45 %, 1.2 MiB of 2.7 MiB, 350 KiB/s, 0:04`, safe for a terminal.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        format!("{}: {} %, {}", visible(&self.name), self.percent(), self.figures(language))
    }

    /// The same as a line of at most so many columns with a bar in it, where that has room.
    #[must_use]
    pub fn line(&self, language: Language, columns: usize) -> String {
        let name = cut(&visible(&self.name).to_string(), NAME_COLUMNS.min(columns / 3));
        let (percent, figures) = (self.percent(), self.figures(language));
        let known = name.width() + figures.width() + "  100 % [] ".len();
        let (least, most) = BAR_COLUMNS;
        let bar = columns.saturating_sub(known).min(most);
        if bar < least {
            return cut(&format!("{name} {percent:>3} % {figures}"), columns);
        }
        let full = bar * usize::try_from(percent).unwrap_or_default() / 100;
        let (full, empty) = ("#".repeat(full), "-".repeat(bar - full.min(bar)));
        format!("{name} {percent:>3} % [{full}{empty}] {figures}")
    }

    fn percent(&self) -> u64 {
        let percent = u128::from(self.done) * 100 / u128::from(self.total.max(1));
        u64::try_from(percent).unwrap_or(100).min(100)
    }

    fn figures(&self, language: Language) -> String {
        let [done, total] = [self.done, self.total].map(|bytes| size_text(bytes, language));
        let (of, second) = match language {
            Language::English => ("of", "s"),
            Language::Russian => ("из", "с"),
        };
        let mut text = format!("{done} {of} {total}");
        if let Some(rate) = self.rate.filter(|rate| *rate > 0) {
            let left = self.total.saturating_sub(self.done) / rate;
            let rate = size_text(rate, language);
            text += &format!(", {rate}/{second}, {}:{:02}", left / 60, left % 60);
        }
        text
    }
}

/// All files of a client together, for a line that has little room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) struct Overview {
    /// How many there are, those included that wait for their turn.
    pub(super) files: usize,
    /// The one whose turn it is.
    pub(super) first: Progress,
    /// How many bytes of all of them are there, and how many there will be, where that is known.
    pub(super) all: Option<(u64, u64)>,
}

impl Overview {
    /// `NAME: 45 %, 350 KiB/s`, or `2 files, 45 %, 350 KiB/s`; in fewer columns less of it, and at
    /// least `45 %`. It is safe for a terminal.
    #[must_use]
    pub(in crate::client) fn text(&self, language: Language, columns: usize) -> String {
        let (done, total) = self.all.unwrap_or((self.first.done, self.first.total));
        let percent = format!("{} %", Progress { done, total, ..self.first.clone() }.percent());
        let name = cut(&visible(&self.first.name).to_string(), NAME_COLUMNS.min(columns / 2));
        let files = match language {
            Language::English => format!("{} files", self.files),
            Language::Russian => format!("файлов: {}", self.files),
        };
        let known = match (self.files, self.all) {
            (0 | 1, _) => format!("{name}: {percent}"),
            (_, Some(_)) => format!("{files}, {percent}"),
            (_, None) => format!("{files}, {name}: {percent}"),
        };
        let second = if language == Language::English { "s" } else { "с" };
        let rate = self.first.rate.map(|rate| size_text(rate, language));
        let full = rate.map(|rate| format!("{known}, {rate}/{second}"));
        let forms = full.into_iter().chain([known]);
        forms.into_iter().find(|form| form.width() <= columns).unwrap_or(percent)
    }
}

/// As many characters as have room.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |character: &char| {
        let width = character.width().unwrap_or_default();
        let has_room = width <= left;
        left = left.saturating_sub(width);
        has_room
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if columns > 0 {
        short.push('…');
    }
    short
}

/// How fast a file comes or goes, since a connection stands.
#[derive(Debug)]
pub(super) struct Rate {
    begun: Option<(Duration, u64)>,
}

impl Rate {
    /// Nothing is known.
    pub(super) const fn new() -> Self {
        Self { begun: None }
    }

    /// Counts anew.
    pub(super) const fn reset(&mut self) {
        self.begun = None;
    }

    /// So much is there at that time, in uptime.
    pub(super) fn note(&mut self, uptime: Duration, done: u64) {
        self.begun.get_or_insert((uptime, done));
    }

    /// Bytes a second until now, once half a second has passed.
    pub(super) fn per_second(&self, uptime: Duration, done: u64) -> Option<u64> {
        let (begun, before) = self.begun?;
        let millis = uptime.saturating_sub(begun).as_millis();
        let bytes = u128::from(done.saturating_sub(before));
        if millis < 500 { None } else { u64::try_from(bytes * 1000 / millis).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(name: &str) -> Progress {
        Progress { name: name.into(), done: 450, total: 1000, rate: Some(100) }
    }

    #[test]
    fn a_bar_has_the_room_that_there_is() {
        let line = |columns| progress("photo.jpg").line(Language::English, columns);
        assert_eq!(line(60), "photo.jpg  45 % [####------] 450 B of 1000 B, 100 B/s, 0:05");
        for columns in [0, 5, 20, 40, 60, 79, 200] {
            let line = line(columns);
            assert!(line.width() <= columns, "{columns}: {line}");
        }
        assert!(!line(50).contains('['), "{}", line(50));
        let wide = progress(&"ф中".repeat(30)).line(Language::Russian, 79);
        assert!(wide.width() <= 79 && wide.contains("… "), "{wide}");
    }

    #[test]
    fn words_say_the_same_and_are_safe() {
        let text = progress("a\u{1b}").text(Language::Russian);
        assert_eq!(text, "a\\u{1b}: 45 %, 450 Б из 1000 Б, 100 Б/с, 0:05");
        let empty = Progress { name: "a".into(), done: 0, total: 0, rate: None };
        assert_eq!(empty.text(Language::English), "a: 0 %, 0 B of 0 B");
    }

    #[test]
    fn an_overview_has_the_room_that_there_is() {
        let text = |files, all, columns| {
            Overview { files, first: progress("a photo.jpg"), all }.text(Language::English, columns)
        };
        assert_eq!(text(1, Some((450, 1000)), 40), "a photo.jpg: 45 %, 100 B/s");
        assert_eq!(text(1, None, 25), "a photo.jpg: 45 %");
        assert_eq!(text(1, None, 16), "a photo…: 45 %");
        assert_eq!(text(1, None, 5), "45 %");
        assert_eq!(text(2, Some((500, 2000)), 40), "2 files, 25 %, 100 B/s");
        assert_eq!(text(2, Some((500, 2000)), 13), "2 files, 25 %");
        assert_eq!(text(2, Some((500, 2000)), 12), "25 %");
        assert_eq!(text(3, None, 40), "3 files, a photo.jpg: 45 %, 100 B/s");
        let nothing = Overview { files: 1, first: progress("\u{1b}"), all: None };
        assert_eq!(nothing.text(Language::Russian, 40), "\\u{1b}: 45 %, 100 Б/с");
    }

    #[test]
    fn a_rate_counts_from_where_a_connection_began() {
        let mut rate = Rate::new();
        let at = Duration::from_millis;
        rate.note(at(1000), 500);
        rate.note(at(1100), 700);
        assert_eq!(rate.per_second(at(1400), 900), None);
        assert_eq!(rate.per_second(at(3000), 900), Some(200));
    }
}
