//! The terminal in its full screen, and as it was before again: at every end, at a stop, after a
//! panic.

use super::unsure::UnsureRows;
use crossterm::cursor::{MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use rustix::fs::{Mode, OFlags};
use std::io::{self, Write};
use std::sync::Once;

/// The terminal, in its full screen. Dropping it brings back what was before.
#[derive(Debug)]
pub struct Terminal {
    drawn: ratatui::Terminal<CrosstermBackend<io::Stdout>>,
    unsure: UnsureRows,
}

impl Terminal {
    /// Changes to the full screen.
    ///
    /// # Errors
    /// The system's.
    pub fn enter() -> io::Result<Self> {
        restore_after_panics();
        read_without_waiting();
        let backend = CrosstermBackend::new(io::stdout());
        let mut terminal =
            Self { drawn: ratatui::Terminal::new(backend)?, unsure: UnsureRows::default() };
        terminal.resume()?;
        Ok(terminal)
    }

    /// Changes to the full screen again, whatever was done to the terminal meanwhile.
    ///
    /// # Errors
    /// The system's.
    pub fn resume(&mut self) -> io::Result<()> {
        // What is noted of the modes may not be so any more.
        disable_raw_mode()?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        self.redraw()
    }

    /// Brings back what was before.
    pub fn suspend(&self) {
        restore();
    }

    /// Has everything drawn anew.
    ///
    /// # Errors
    /// The system's.
    pub fn redraw(&mut self) -> io::Result<()> {
        // `clear` would ask the terminal where its cursor is, and wait for an answer.
        let size = self.drawn.size()?;
        self.drawn.resize(size.into())
    }

    /// The columns and the rows.
    ///
    /// # Errors
    /// The system's.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.drawn.size()?;
        Ok((size.width, size.height))
    }

    /// Shows a screen.
    ///
    /// # Errors
    /// The system's.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let mut erased = Ok(());
        self.drawn.draw(|frame| {
            draw(frame);
            // What changed is written behind this.
            let mut rows = self.unsure.mark(frame.buffer_mut()).into_iter();
            erased = rows.try_for_each(|y| {
                queue!(io::stdout(), MoveTo(0, y), Clear(ClearType::CurrentLine))
            });
        })?;
        erased
    }

    /// Sends the terminal something that is not of the screen.
    ///
    /// # Errors
    /// The system's.
    pub fn send(&mut self, bytes: &str) -> io::Result<()> {
        let mut output = io::stdout();
        output.write_all(bytes.as_bytes())?;
        output.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Has standard input opened anew for this program alone, so that no read of it ever waits: half a
/// character or half a paste must not keep the screen from being drawn. To set the mode of what was
/// given would set it for the shell, too, and for standard output.
fn read_without_waiting() {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    // Without it keys are still read, one after the other.
    if let Ok(terminal) = rustix::fs::open("/dev/tty", flags, Mode::empty()) {
        let _ = rustix::stdio::dup2_stdin(terminal);
    }
}

/// Brings the terminal back; nothing better can be done where it is gone.
fn restore() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Has a panic's words stand on the terminal as it was before.
fn restore_after_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}
