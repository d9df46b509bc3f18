//! What a conversation shows: messages and what else is told in it, each as rows of a screen.

use super::text::{Look, Piece, Row, marked, name_colour, shortened, width, wrap};
use super::words::either;
use crate::client::since::zoned;
use crate::message::{Language, MessageId, Now, visible};
use jiff::Zoned;
use jiff::tz::TimeZone;
use log::Level;

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// A message.
    Message {
        /// Who sent it, as it came.
        from: String,
        /// Its text, as it came.
        text: String,
    },
    /// What happened to a user or a room.
    Event(String),
    /// What the client says, or a list that was asked for. It is safe for a terminal already.
    Told(Level, String),
}

/// A line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its place among the others.
    pub(super) key: MessageId,
    /// Whether the place is the server's number of a message.
    pub(super) is_numbered: bool,
    /// When it happened, by this machine's clock, in microseconds since 1970.
    pub(super) unix_micros: u64,
    /// What it tells.
    pub(super) body: Body,
}

impl Line {
    /// Whether someone else wrote it.
    pub(super) fn is_from_other(&self, me: &str) -> bool {
        matches!(&self.body, Body::Message { from, .. } if from != me)
    }

    /// How many bytes it takes, about.
    pub(super) const fn bytes(&self) -> usize {
        let texts = match &self.body {
            Body::Message { from, text } => from.len() + text.len(),
            Body::Event(text) | Body::Told(_, text) => text.len(),
        };
        size_of::<Self>() + texts
    }
}

/// What all lines are drawn with.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    /// Who we are.
    pub(super) me: String,
    /// The zone of the times.
    pub(super) zone: TimeZone,
    /// The language of days and marks.
    pub(super) language: Language,
    /// How wide the conversation is, in columns.
    pub(super) columns: usize,
}

/// The columns that a time and the blank behind it take.
const TIME_COLUMNS: usize = 6;

/// The columns that names take where they stand below each other.
const NAME_COLUMNS: usize = 12;

/// From this width on names stand below each other.
const WIDE_COLUMNS: usize = 60;

impl Drawing {
    fn is_wide(&self) -> bool {
        self.columns >= WIDE_COLUMNS
    }

    /// A moment in our zone.
    pub(super) fn at(&self, unix_micros: u64) -> Zoned {
        zoned(Now { unix_micros, ..Now::default() }, &self.zone)
    }

    /// The rows of a line.
    pub(super) fn rows(&self, line: &Line) -> Vec<Row> {
        let time = self.at(line.unix_micros).strftime("%H:%M ").to_string();
        match &line.body {
            Body::Message { from, text } => self.message(&time, from, text, ""),
            Body::Event(text) => {
                let blank = if self.is_wide() { NAME_COLUMNS + 1 } else { 0 };
                let lead = vec![Piece::new(" ".repeat(blank) + "* ", Look::Event)];
                self.hanging(&time, lead, &[Piece::new(text, Look::Event)])
            }
            Body::Told(level, text) => self.told(&time, *level, text),
        }
    }

    /// What the client says has all the width: lists need it.
    fn told(&self, time: &str, level: Level, text: &str) -> Vec<Row> {
        let look = if level <= Level::Warn { Look::Error } else { Look::Notice };
        let mut head = vec![Piece::new(format!("{time}- "), look)];
        let indent = width(time) + 2;
        let mut rows = Vec::new();
        for line in text.lines() {
            for row in told_rows(line, look, self.columns.saturating_sub(indent)) {
                let mut all = std::mem::replace(&mut head, vec![blank(indent)]);
                all.extend(row);
                rows.push(all);
            }
        }
        rows
    }

    /// The rows of a message; `mark` stands behind its text.
    pub(super) fn message(&self, time: &str, from: &str, text: &str, mark: &str) -> Vec<Row> {
        let name = visible(from).to_string();
        let number = name_colour(from);
        let look = if from == self.me { Look::Own(number) } else { Look::Name(number) };
        let shown = visible(text).to_string();
        let (lead, text) = match shown.strip_prefix("/me ") {
            Some(does) => {
                (vec![Piece::new("* ", Look::Mark), Piece::new(name, look)], format!(" {does}"))
            }
            None => {
                (vec![Piece::new(name, look), Piece::new(self.behind_name(), Look::Border)], shown)
            }
        };
        let lead = self.in_column(lead);
        // Our own name in our own text is no news.
        let me = if from == self.me { "" } else { &self.me };
        let mut body = marked(&text, me);
        if !mark.is_empty() {
            body.push(Piece::new(format!(" {mark}"), Look::Mark));
        }
        self.hanging(time, lead, &body)
    }

    const fn behind_name(&self) -> &'static str {
        if self.columns >= WIDE_COLUMNS { " │ " } else { ": " }
    }

    /// A name, right in its column where there is one.
    fn in_column(&self, mut lead: Vec<Piece>) -> Vec<Piece> {
        if !self.is_wide() {
            return lead;
        }
        let most = if lead.first().is_some_and(|piece| !piece.look.is_name()) {
            NAME_COLUMNS - 2
        } else {
            NAME_COLUMNS
        };
        for piece in &mut lead {
            if piece.look.is_name() {
                piece.text = shortened(&piece.text, most);
            }
        }
        let used: usize = lead.iter().map(|piece| width(&piece.text)).sum();
        let column = NAME_COLUMNS + 3;
        let blank = " ".repeat(column.saturating_sub(used + usize::from(most < NAME_COLUMNS)));
        lead.insert(0, Piece::new(blank, Look::Plain));
        lead
    }

    /// Rows of which all but the first begin below the text, or below the name where the screen is
    /// narrow. A link that is too long for them has rows of its own, from edge to edge.
    fn hanging(&self, time: &str, lead: Vec<Piece>, body: &[Piece]) -> Vec<Row> {
        let lead_columns: usize = lead.iter().map(|piece| width(&piece.text)).sum();
        let indent = TIME_COLUMNS + if self.is_wide() { lead_columns } else { 0 };
        let most = self.columns.saturating_sub(indent);
        let mut head = vec![Piece::new(time, Look::Time)];
        let mut text = Vec::new();
        if self.is_wide() {
            head.extend(lead)
        } else {
            text.extend(lead)
        }
        let mut rows = Vec::new();
        let mut below = |text: &[Piece], rows: &mut Vec<Row>| {
            for row in wrap(text, most) {
                let mut all = std::mem::replace(&mut head, vec![blank(indent)]);
                all.extend(row);
                rows.push(all);
            }
        };
        for piece in body {
            if piece.look == Look::Link && width(&piece.text) > most {
                below(&std::mem::take(&mut text), &mut rows);
                rows.extend(wrap(std::slice::from_ref(piece), self.columns));
            } else {
                text.push(piece.clone());
            }
        }
        if !text.is_empty() || rows.is_empty() {
            below(&text, &mut rows);
        }
        rows
    }

    /// A row with a text in its middle.
    pub(super) fn separator(&self, text: &str) -> Row {
        let text = shortened(&format!(" {text} "), self.columns);
        let left = self.columns.saturating_sub(width(&text)) / 2;
        let right = self.columns.saturating_sub(left + width(&text));
        vec![Piece::new("─".repeat(left) + &text + &"─".repeat(right), Look::Separator)]
    }

    /// The row above the first line of a day.
    pub(super) fn day(&self, unix_micros: u64) -> Row {
        let day = self.at(unix_micros);
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
        let names = match self.language {
            Language::English => ENGLISH_DAYS,
            Language::Russian => RUSSIAN_DAYS,
        };
        let name = names.get(weekday).copied().unwrap_or_default();
        self.separator(&format!("{name}, {}", day.strftime("%Y-%m-%d")))
    }

    /// The row above the very first line.
    pub(super) fn beginning(&self) -> Row {
        self.separator(either(self.language, "the beginning", "начало"))
    }

    /// The row above the first line that was not read.
    pub(super) fn news(&self) -> Row {
        self.separator(either(self.language, "new", "новое"))
    }
}

const ENGLISH_DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const RUSSIAN_DAYS: [&str; 7] =
    ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"];

/// How many columns a description has at least where it goes on below its beginning.
const DESCRIPTION_COLUMNS: usize = 12;

/// The rows of a line that the client says. In a list, which is indented, what is described stands
/// before two blanks, and the description goes on below its beginning.
fn told_rows(line: &str, look: Look, columns: usize) -> Vec<Row> {
    let described = line.strip_prefix("  ").and_then(|item| item.trim_start().split_once("  "));
    let description = described.map(|(_, description)| description.trim_start());
    let Some((head, description)) = description.and_then(|description| {
        let (head, description) = line.split_at_checked(line.len() - description.len())?;
        Some((head, description)).filter(|_| width(head) + DESCRIPTION_COLUMNS <= columns)
    }) else {
        return wrap(&[Piece::new(line, look)], columns);
    };
    let mut head = vec![Piece::new(head, look)];
    let indent = width(line) - width(description);
    let mut rows = wrap(&[Piece::new(description, look)], columns - indent);
    for row in &mut rows {
        let lead = std::mem::replace(&mut head, vec![blank(indent)]);
        row.splice(0..0, lead);
    }
    rows
}

fn blank(columns: usize) -> Piece {
    Piece::new(" ".repeat(columns), Look::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: usize, from: &str, text: &str) -> Vec<String> {
        let drawing =
            Drawing { me: "me".into(), zone: TimeZone::UTC, language: Language::English, columns };
        let body = Body::Message { from: from.into(), text: text.into() };
        let line = Line { key: MessageId(1), is_numbered: true, unix_micros: 3_600_000_000, body };
        let rows = drawing.rows(&line).into_iter();
        rows.map(|row| row.into_iter().map(|piece| piece.text).collect()).collect()
    }

    #[test]
    fn names_stand_below_each_other_where_there_is_room() {
        assert_eq!(rows(60, "anna", "hi"), ["01:00         anna │ hi"]);
        assert_eq!(rows(60, "a very long name", "hi"), ["01:00 a very long… │ hi"]);
        assert_eq!(rows(60, "Вера", "/me пьёт"), ["01:00         * Вера пьёт"]);
        assert_eq!(rows(24, "anna", "one two three"), ["01:00 anna: one two ", "      three"]);
    }

    #[test]
    fn a_long_link_has_rows_of_its_own() {
        let link = "https://example.org/a/long/way/to/tea";
        let text = format!("see {link} now");
        assert_eq!(rows(40, "anna", &text), ["01:00 anna: see ", link, "       now"]);
        assert_eq!(rows(60, "anna", &text)[1].trim(), link);
    }

    #[test]
    fn what_the_client_says_has_all_the_width() {
        let drawing = Drawing {
            me: "me".into(),
            zone: TimeZone::UTC,
            language: Language::English,
            columns: 60,
        };
        let body = Body::Told(Level::Info, "one\n  two".into());
        let line = Line { key: MessageId(1), is_numbered: false, unix_micros: 0, body };
        let texts = |row: Row| row.into_iter().map(|piece| piece.text).collect::<String>();
        let rows: Vec<String> = drawing.rows(&line).into_iter().map(texts).collect();
        assert_eq!(rows, ["00:00 - one", "          two"]);
    }

    #[test]
    fn every_row_fits() {
        let text =
            "中文 👨‍👩‍👧 https://example.org/a/long/way/to/tea-and-milk-and-honey e\u{301}".repeat(3);
        for columns in 8..130 {
            for row in rows(columns, "Иван Петров-Водкин", &text) {
                assert!(width(&row) <= columns, "{columns}: {row}");
            }
        }
    }
}
