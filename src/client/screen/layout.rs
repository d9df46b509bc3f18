//! Where things are on a screen of any size.

use super::text::{shortened, width};
use crate::message::visible;
use ratatui::layout::Rect;

/// The areas of a screen; panes fold away where there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) title: Rect,
    /// Rooms and people.
    pub(super) left: Option<Rect>,
    pub(super) middle: Rect,
    /// The people of the conversation.
    pub(super) right: Option<Rect>,
    pub(super) status: Rect,
    pub(super) input: Rect,
}

/// From this width on there is a left pane.
const LEFT_FROM: u16 = 70;

/// From this width on there is a right pane.
const RIGHT_FROM: u16 = 100;

/// From this width on both are wider.
const WIDER_FROM: u16 = 140;

/// The most rows of the input line.
const INPUT_ROWS: usize = 6;

/// The areas of a screen whose input has so many rows.
pub(super) fn areas(columns: u16, rows: u16, input_rows: usize, has_people: bool) -> Areas {
    let most = usize::from(rows.saturating_sub(3)).clamp(1, INPUT_ROWS);
    let input = u16::try_from(input_rows.clamp(1, most)).unwrap_or(1).min(rows);
    let status = u16::from(rows > input);
    let title = u16::from(rows > input + status);
    let height = rows - input - status - title;
    let left = if columns >= LEFT_FROM { pane(columns) } else { 0 };
    let right = if columns >= RIGHT_FROM && has_people { pane(columns) - 2 } else { 0 };
    // A column between panes holds a line.
    let begin = if left > 0 { left + 1 } else { 0 };
    let middle = columns - begin - if right > 0 { right + 1 } else { 0 };
    let pane = |x, columns| (columns > 0).then_some(Rect::new(x, title, columns, height));
    Areas {
        title: Rect::new(0, 0, columns, title),
        left: pane(0, left),
        middle: Rect::new(begin, title, middle, height),
        right: pane(columns - right, right),
        status: Rect::new(0, title + height, columns, status),
        input: Rect::new(0, title + height + status, columns, input),
    }
}

const fn pane(columns: u16) -> u16 {
    if columns >= WIDER_FROM { 24 } else { 18 }
}

/// What stands before the line that is typed: where it goes.
pub(super) fn lead(to: &str, columns: u16) -> String {
    let most = usize::from(columns / 4).min(20);
    format!("{}> ", shortened(&visible(to).to_string(), most))
}

/// The columns of the line that is typed.
pub(super) fn input_columns(columns: u16, lead: &str) -> usize {
    usize::from(columns).saturating_sub(width(lead)).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_size_is_too_small_and_nothing_overlaps() {
        for columns in 0..210 {
            for rows in 0..50 {
                let areas = areas(columns, rows, 3, true);
                let heights = areas.title.height + areas.middle.height + areas.status.height;
                assert_eq!(heights + areas.input.height, rows, "{columns}x{rows}");
                let panes = [areas.left, areas.right].into_iter().flatten();
                let used: u16 = panes.map(|pane| pane.width + 1).sum();
                assert_eq!(areas.middle.width + used, columns);
            }
        }
    }

    #[test]
    fn panes_fold_away() {
        let panes = |columns| {
            let areas = areas(columns, 24, 1, true);
            (areas.left.is_some(), areas.right.is_some())
        };
        assert_eq!([40, 80, 200].map(panes), [(false, false), (true, false), (true, true)]);
        assert_eq!(areas(200, 24, 1, false).right, None);
        assert_eq!(lead("#a-very-long-name", 40), "#a-very-l…> ");
    }
}
