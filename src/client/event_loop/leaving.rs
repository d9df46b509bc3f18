//! Leaving while there is no conversation: at a terminal `/quit` and Ctrl-D are heeded also while
//! a lost connection is made again. What else is typed waits.

use super::{Client, Woken};
use crate::client::commands::is_quit;
use crate::client::exit::Exit;
use crate::client::mode::{Ending, Flow, Mode};
use crate::client::words::Notice;
use std::io;
use std::ops::ControlFlow;

impl Client {
    /// Reads what was typed where no line can be handled now, and ends where that says so.
    pub(super) fn heed_leaving(&mut self, woken: &Woken, mode: &dyn Mode) -> io::Result<Flow> {
        if woken.keyboard {
            self.keyboard.handle_ready();
        }
        if !mode.is_away() {
            return Ok(ControlFlow::Continue(()));
        }
        self.keyboard.start(self.poll.registry())?;
        while self.keyboard.is_ready() && self.lines.has_room() {
            self.keyboard.fill(self.poll.registry(), &mut self.lines)?;
        }
        let quits = self.lines.texts().any(is_quit);
        if !quits && !self.keyboard.is_ended() {
            return Ok(ControlFlow::Continue(()));
        }
        let lines = self.lines.texts().take_while(|line| !is_quit(line)).count();
        if lines > 0 {
            self.screen.notice(&Notice::Unsent { lines });
        }
        Ok(ControlFlow::Break(Ending::Silent(Exit::Done)))
    }
}
