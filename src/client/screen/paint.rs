//! Looks as a terminal's own colours: they fit a light terminal as well as a dark one, and without
//! colours weight and lines say the same.

use super::text::{Look, Piece, Row, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// The colours that names have; of the terminal's own sixteen those that are seen on both grounds.
const NAMES: [Color; 6] =
    [Color::Red, Color::Green, Color::Yellow, Color::Blue, Color::Magenta, Color::Cyan];

/// What looks are drawn with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    /// Whether there are colours.
    pub(super) colours: bool,
}

impl Paint {
    pub(super) fn style(self, look: Look) -> Style {
        let plain = Style::new();
        match look {
            Look::Plain => plain,
            Look::Quiet => plain.add_modifier(Modifier::DIM),
            Look::Loud => self.coloured(plain.add_modifier(Modifier::BOLD), Color::Red),
            Look::Link => plain.add_modifier(Modifier::UNDERLINED),
            Look::Mention => plain.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            Look::Name(number) => {
                let weight = if usize::from(number) < NAMES.len() {
                    Modifier::empty()
                } else {
                    Modifier::BOLD
                };
                let colour =
                    NAMES.get(usize::from(number) % NAMES.len()).copied().unwrap_or_default();
                self.coloured(plain.add_modifier(weight), colour)
            }
        }
    }

    const fn coloured(self, style: Style, colour: Color) -> Style {
        if self.colours { style.fg(colour) } else { style }
    }

    /// A bar: the ground and the letters of the terminal, changed over.
    pub(super) fn bar(self, is_loud: bool) -> Style {
        let style = Style::new().add_modifier(Modifier::REVERSED);
        if is_loud { self.coloured(style.add_modifier(Modifier::BOLD), Color::Red) } else { style }
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
