//! The screen, drawn from what the state machine holds.

use super::chat::{Chat, seconds_left};
use super::conversation::Conversation;
use super::input::Drawn;
use super::layout::{Areas, input_columns};
use super::paint::Paint;
use super::text::{Look, Piece, Row, shortened, width};
use super::words::{Connection, connection, either, send_lines, to_the_end};
use crate::client::reader::Shown;
use crate::message::{Now, visible};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// How many columns of the status line are left to others where a file comes or goes.
const FILES_BESIDE: usize = 30;

impl Chat {
    /// Draws everything.
    pub fn draw(&self, frame: &mut Frame<'_>, now: Now) {
        let areas = self.areas();
        let paint = Paint { theme: &self.wishes.preferences.theme };
        // The terminal may have shrunk since the size was told.
        if !frame.area().contains(Position::new(
            areas.input.right().saturating_sub(1),
            areas.input.bottom().saturating_sub(1),
        )) {
            return;
        }
        let buffer = frame.buffer_mut();
        self.draw_title(buffer, paint, areas.title);
        self.draw_left(buffer, paint, areas);
        self.draw_middle(buffer, paint, areas.middle);
        self.draw_right(buffer, paint, areas);
        self.draw_status(buffer, paint, areas, now);
        let cursor = self.draw_input(buffer, paint, areas.input);
        frame.set_cursor_position(cursor);
    }

    fn draw_title(&self, buffer: &mut Buffer, paint: Paint<'_>, area: Rect) {
        let Some(current) = self.model.current() else { return };
        let mut text = format!(" {}", visible(&current.with));
        if !current.topic.is_empty() {
            text += &format!(" - {}", visible(&current.topic));
        }
        if matches!(current.kind, Shown::Room(_)) && !current.is_joined && self.is_online() {
            text += either(self.language(), " (not joined: /join)", " (вы не в нём: /join)");
        }
        let row = vec![Piece::new(shortened(&text, usize::from(area.width)), Look::Plain)];
        paint.bar_row(buffer, area, 0, &row, paint.title());
    }

    // Panes.

    fn draw_left(&self, buffer: &mut Buffer, paint: Paint<'_>, areas: Areas) {
        let Some(area) = areas.left else { return };
        let height = usize::from(area.height);
        // The one that is looked at is always in sight.
        let first = (self.model.place() + 1).saturating_sub(height);
        let shown = self.model.all().iter().enumerate().skip(first).take(height);
        for (line, (place, conversation)) in (0..).zip(shown) {
            let over = if place == self.model.place() { paint.current() } else { Style::new() };
            let row = Self::entry_row(conversation, usize::from(area.width));
            paint.bar_row(buffer, area, line, &row, over);
        }
        draw_edge(buffer, paint, area.right(), area);
    }

    /// A conversation in the list: its name, and how many messages of it are not read.
    fn entry_row(conversation: &Conversation, columns: usize) -> Row {
        let call = if conversation.is_called { "!" } else { "" };
        let count = conversation.unread_text() + call;
        let look = match (conversation.unread, conversation.is_called) {
            (_, true) => Look::Called,
            (0, _) if !conversation.is_joined && matches!(conversation.kind, Shown::Room(_)) => {
                Look::Absent
            }
            (0, _) => Look::Plain,
            _ => Look::Unread,
        };
        let sign = match (&conversation.kind, conversation.is_online) {
            (Shown::User(_), Some(true)) => "•",
            _ => " ",
        };
        let room = columns.saturating_sub(width(&count) + 2);
        let name = shortened(&visible(&conversation.with).to_string(), room);
        let blank = " ".repeat(columns.saturating_sub(width(&name) + width(&count) + 1));
        vec![Piece::new(sign, Look::Mark), Piece::new(name, look), Piece::new(blank + &count, look)]
    }

    fn draw_right(&self, buffer: &mut Buffer, paint: Paint<'_>, areas: Areas) {
        let (Some(area), Some(current)) = (areas.right, self.model.current()) else { return };
        draw_edge(buffer, paint, area.x.saturating_sub(1), area);
        let height = usize::from(area.height);
        let is_cut = current.people.len() > height;
        let shown = if is_cut { height.saturating_sub(1) } else { height };
        for (line, person) in (0..).zip(current.people.iter().take(shown)) {
            let sign = if person.is_operator { "@" } else { " " };
            let name = shortened(&visible(&person.name).to_string(), usize::from(area.width) - 1);
            let number = super::text::name_colour(&person.name);
            let look = match person.is_online {
                false => Look::Absent,
                true if person.name == self.entry.name() => Look::Own(number),
                true => Look::Name(number),
            };
            paint.row(
                buffer,
                area,
                line,
                &vec![Piece::new(sign, Look::Mark), Piece::new(name, look)],
                Style::new(),
            );
        }
        if is_cut && height > 0 {
            let text = format!(" +{}", current.people.len() - shown);
            paint.row(
                buffer,
                area,
                area.height - 1,
                &vec![Piece::new(text, Look::Mark)],
                Style::new(),
            );
        }
    }

    // The conversation.

    fn draw_middle(&self, buffer: &mut Buffer, paint: Paint<'_>, area: Rect) {
        let Some(current) = self.model.current() else { return };
        let drawing = self.drawing(area.width);
        let rows = current.view(&drawing, usize::from(area.height));
        for (line, row) in (0..).zip(&rows) {
            paint.row(buffer, area, line, row, Style::new());
        }
    }

    // The bottom.

    fn draw_status(&self, buffer: &mut Buffer, paint: Paint<'_>, areas: Areas, now: Now) {
        let area = areas.status;
        let is_lost = matches!(self.connection, Connection::Lost { .. });
        let text = format!(" {}", self.status(areas, now).join(" │ "));
        let row = vec![Piece::new(shortened(&text, usize::from(area.width)), Look::Plain)];
        paint.bar_row(buffer, area, 0, &row, paint.status(is_lost));
    }

    /// The state of the connection always, and what is asked, or else what is new elsewhere.
    fn status(&self, areas: Areas, now: Now) -> Vec<String> {
        let (language, keys) = (self.language(), &self.wishes.preferences.keys);
        let seconds = match self.connection {
            Connection::Lost { until } => seconds_left(until, now),
            _ => 0,
        };
        let mut parts = vec![connection(&self.connection, seconds, language)];
        if let Some(lines) = self.sending {
            parts.push(send_lines(lines, keys, language));
            return parts;
        }
        if let Some(completion) = &self.completion {
            let words =
                completion.candidates.iter().map(|word| visible(word.trim_end()).to_string());
            parts.push(words.collect::<Vec<_>>().join("  "));
            return parts;
        }
        if let Some(files) = self.files.overview(now) {
            let columns = usize::from(areas.status.width);
            let room = columns.saturating_sub(FILES_BESIDE).max(columns / 3);
            parts.push(files.text(language, room));
        }
        if self.model.current().is_some_and(Conversation::is_scrolled) {
            parts.extend(to_the_end(keys, language, areas.left.is_some()));
        }
        if self.model.current().is_some_and(|current| current.is_loading) {
            parts.push(either(language, "loading...", "загрузка...").to_owned());
        }
        let news = self.news();
        // Where there is no left pane this is all that tells of it.
        if areas.left.is_none() && !news.is_empty() {
            parts.push(news);
        }
        parts.push(format!("{} @ {}", visible(self.entry.name()), visible(&self.wishes.server)));
        parts
    }

    /// Which other conversations have something new, those first that call us.
    fn news(&self) -> String {
        let mut others: Vec<&Conversation> =
            self.model.all().iter().filter(|one| one.unread > 0).collect();
        others.sort_by_key(|one| !one.is_called);
        let names = others.iter().map(|one| {
            let sign = if one.is_called { "!" } else { "" };
            format!("{} {}{sign}", visible(&one.with), one.unread_text())
        });
        names.collect::<Vec<_>>().join(", ")
    }

    /// Draws what is typed; gives the place of the cursor.
    fn draw_input(&self, buffer: &mut Buffer, paint: Paint<'_>, area: Rect) -> Position {
        if let Some(prompt) = &self.prompt {
            let text = shortened(prompt.question(), usize::from(area.width.saturating_sub(1)));
            let x = area.x + u16::try_from(width(&text)).unwrap_or_default();
            paint.row(buffer, area, 0, &vec![Piece::new(text, Look::Plain)], Style::new());
            return Position::new(x.min(area.right().saturating_sub(1)), area.y);
        }
        let lead = self.lead();
        let indent = width(&lead);
        let Drawn { rows, cursor } = self.input.draw(input_columns(area.width, &lead));
        let height = usize::from(area.height);
        let first = (cursor.0 + 1).saturating_sub(height);
        for (line, row) in (0..).zip(rows.iter().skip(first).take(height)) {
            let before = if line == 0 && first == 0 { lead.clone() } else { " ".repeat(indent) };
            let row = vec![Piece::new(before, Look::Prompt), Piece::new(row.as_str(), Look::Plain)];
            paint.row(buffer, area, line, &row, Style::new());
        }
        let column = u16::try_from(indent + cursor.1).unwrap_or(u16::MAX);
        let line = u16::try_from(cursor.0 - first).unwrap_or_default();
        let x = area.x.saturating_add(column).min(area.right().saturating_sub(1));
        Position::new(x, area.y.saturating_add(line).min(area.bottom().saturating_sub(1)))
    }
}

/// The line between two panes.
fn draw_edge(buffer: &mut Buffer, paint: Paint<'_>, x: u16, area: Rect) {
    let edge = Rect::new(x, area.y, 1, area.height);
    for line in 0..area.height {
        paint.row(buffer, edge, line, &vec![Piece::new("│", Look::Border)], Style::new());
    }
}
