//! The bar of progress: one line at the bottom of the terminal that standard error is, taken away
//! while anything else is written.

use crate::client::bounds::BAR_WAIT;
use crate::client::transfer::Progress;
use crate::message::Language;
use rustix::termios::tcgetwinsize;
use std::io::{self, Write};
use std::time::Duration;

/// The width of a terminal that does not tell it.
const COLUMNS: u16 = 80;

/// Goes to the line's beginning and clears what is behind.
const CLEAR: &str = "\r\u{1b}[K";

/// The bar, and what of it is on the terminal.
#[derive(Debug, Default)]
pub(super) struct Bar {
    is_wanted: bool,
    shown: String,
    /// When, in uptime, it was drawn last.
    drawn: Duration,
}

impl Bar {
    /// One that is drawn only if it `is_wanted`.
    pub(super) const fn new(is_wanted: bool) -> Self {
        Self { is_wanted, shown: String::new(), drawn: Duration::ZERO }
    }

    /// Draws how far a file is, or takes the bar away.
    pub(super) fn draw(
        &mut self,
        progress: Option<&Progress>,
        language: Language,
        uptime: Duration,
    ) {
        let Some(progress) = progress.filter(|_| self.is_wanted) else { return self.hide() };
        if !self.shown.is_empty() && uptime.saturating_sub(self.drawn) < BAR_WAIT {
            return;
        }
        let columns = tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
        let columns = if columns == 0 { COLUMNS } else { columns };
        // In the last column some terminals begin a new line.
        let line = progress.line(language, usize::from(columns - 1));
        if line != self.shown {
            write(&format!("{CLEAR}{line}"));
            self.shown = line;
        }
        self.drawn = uptime;
    }

    /// Takes it away.
    pub(super) fn hide(&mut self) {
        if !std::mem::take(&mut self.shown).is_empty() {
            write(CLEAR);
        }
    }
}

/// A bar that cannot be drawn is of no importance.
fn write(text: &str) {
    let mut errors = io::stderr().lock();
    let _ = errors.write_all(text.as_bytes()).and_then(|()| errors.flush());
}
