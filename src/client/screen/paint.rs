//! Draws rows into the screen, each piece in the look that the theme gives it.

use super::text::{Look, Piece, Row, width};
use super::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What looks are drawn with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint<'a> {
    /// The looks that a terminal can show.
    pub(super) theme: &'a Theme,
}

impl Paint<'_> {
    pub(super) fn style(self, look: Look) -> Style {
        let theme = self.theme;
        match look {
            Look::Plain => Style::new(),
            Look::Text => theme.text,
            Look::Time => theme.time,
            Look::Event => theme.event,
            Look::Notice => theme.notice,
            Look::Error => theme.error,
            Look::Name(number) => theme.name(number),
            Look::Own(number) => theme.own(number),
            Look::Link => theme.link,
            Look::Mention => theme.mention,
            Look::Separator => theme.separator,
            Look::Border => theme.border,
            Look::Mark => theme.mark,
            Look::Unread => theme.unread,
            Look::Called => theme.called,
            Look::Absent => theme.absent,
            Look::Prompt => theme.prompt,
        }
    }

    /// The uppermost line.
    pub(super) const fn title(self) -> Style {
        self.theme.title
    }

    /// The line above the input.
    pub(super) const fn status(self, is_lost: bool) -> Style {
        if is_lost { self.theme.lost } else { self.theme.status }
    }

    /// What is drawn over the conversation that is looked at, in the list.
    pub(super) const fn current(self) -> Style {
        self.theme.current
    }

    /// Draws a row into an area's line.
    pub(super) fn row(self, buffer: &mut Buffer, area: Rect, line: u16, row: &Row, over: Style) {
        let (mut x, end) = (area.x, area.x + area.width);
        for Piece { text, look } in row {
            let style = self.style(*look).patch(over);
            let left = usize::from(end.saturating_sub(x));
            if line < area.height && left > 0 {
                x = buffer.set_stringn(x, area.y + line, text, left, style).0;
            }
        }
    }

    /// Draws a row over all the width of an area's line.
    pub(super) fn bar_row(
        self,
        buffer: &mut Buffer,
        area: Rect,
        line: u16,
        row: &Row,
        over: Style,
    ) {
        let used: usize = row.iter().map(|piece| width(&piece.text)).sum();
        let mut row = row.clone();
        row.push(Piece::new(" ".repeat(usize::from(area.width).saturating_sub(used)), Look::Plain));
        self.row(buffer, area, line, &row, over);
    }
}
