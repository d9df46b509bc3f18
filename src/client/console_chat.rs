//! `--console-chat`: the client of seed 003, line for line, on its own wire.
//!
//! It reads any number of objects in one read, waits for the rest of half an object, and shows
//! nothing that a terminal would obey.

use super::bounds::OUTPUT_HELD_BYTES;
use super::cutter::{Cutter, sample};
use super::exit::Exit;
use super::farewell::Farewell;
use super::fault::Fault;
use super::input::Line;
use super::mode::{Ending, Flow, Mode, Turn};
use super::render::Screen;
use super::session::{Received, Session};
use super::words::Notice;
use crate::limits::Limits;
use crate::message::visible;
use crate::wire::console::client::{Heard, read, write_line, write_username};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// The port of seed 003's server.
pub const DEFAULT_PORT: u16 = 9009;

/// What the server is told by who closes the chat.
const EXIT: &str = "cmd!client_exit";

/// What it is told at an error, or at the end of the input.
const ERROR: &str = "cmd!error";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The name is asked for; the server knows nothing of us.
    Naming,
    Chatting,
    /// [`ERROR`] is sent at the end of the input: what still comes is shown until the server
    /// closes.
    Leaving(Farewell),
}

/// The console chat.
#[derive(Debug)]
pub struct ConsoleChat {
    cutter: Cutter,
    limits: Limits,
    stage: Stage,
    name: String,
    line: u64,
    /// The last word.
    goodbye: &'static str,
}

impl ConsoleChat {
    /// A chat that is not begun.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cutter: Cutter::default(),
            limits: Limits::default(),
            stage: Stage::Naming,
            name: String::new(),
            line: 0,
            goodbye: EXIT,
        }
    }

    fn handle_text(&mut self, turn: &mut Turn<'_>, text: String) {
        let mut out = Vec::new();
        if self.stage == Stage::Naming {
            write_username(&mut out, &text);
            self.name = text;
            self.stage = Stage::Chatting;
        } else if !text.is_empty() {
            show(turn.screen, &self.name, &text);
            write_line(&mut out, &text);
        }
        turn.session.send_bytes(&out);
    }

    /// Takes objects in, as many as came.
    fn handle_bytes(&mut self, turn: &mut Turn<'_>, bytes: &[u8]) -> Result<(), Fault> {
        self.cutter.handle_bytes(bytes);
        while let Some(object) = self.cutter.poll_object()? {
            match read(&object, &self.limits) {
                Ok(Heard::Message { sender, text }) => show(turn.screen, &sender, &text),
                Ok(Heard::System(text)) => turn.screen.line(&visible(&text)),
                Ok(Heard::Nothing) => {
                    turn.screen.notice(&Notice::Ignored { action: sample(&object) });
                }
                Err(_) => return Err(Fault::BadObject { sample: sample(&object) }),
            }
        }
        Ok(())
    }

    /// What could not be read ends the chat.
    fn give_up(&mut self, turn: &mut Turn<'_>, fault: &Fault) -> Ending {
        let why = match fault {
            Fault::NotJson { sample } => format!("this is no console chat: {sample}"),
            other => other.to_string(),
        };
        turn.screen.line(&format_args!("Reading error: {}", visible(&why)));
        self.goodbye = ERROR;
        Ending::Quitting(fault.exit())
    }
}

impl Default for ConsoleChat {
    fn default() -> Self {
        Self::new()
    }
}

fn show(screen: &mut Screen, sender: &str, text: &str) {
    screen.line(&format_args!("{} > {}", visible(sender), visible(text)));
}

impl Mode for ConsoleChat {
    fn speaks_jim(&self) -> bool {
        false
    }

    fn handle_unreachable(&mut self, screen: &mut Screen) {
        screen.line(&"Unable to connect");
    }

    fn begin(&mut self, turn: &mut Turn<'_>, _address: SocketAddr) -> Flow {
        turn.screen.prompt("Username: ");
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        let Received::Bytes(bytes) = received else { return ControlFlow::Continue(()) };
        match self.handle_bytes(turn, &bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => ControlFlow::Break(self.give_up(turn, &fault)),
        }
    }

    fn wants_input(&self, session: &Session) -> bool {
        let is_leaving = matches!(self.stage, Stage::Leaving(_));
        !is_leaving && session.output().len() < OUTPUT_HELD_BYTES
    }

    fn handle_line(&mut self, turn: &mut Turn<'_>, line: Line) -> Flow {
        self.line += 1;
        match (line, self.stage) {
            (Line::Text(text), _) => self.handle_text(turn, text),
            (bad, stage) => {
                if let Some(notice) = Notice::bad_line(&bad, self.line) {
                    turn.screen.notice(&notice);
                }
                if stage == Stage::Naming {
                    turn.screen.prompt("Username: ");
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn handle_end_of_input(&mut self, turn: &mut Turn<'_>) -> Flow {
        if self.stage == Stage::Naming {
            return ControlFlow::Break(Ending::Quitting(Exit::Done));
        }
        let mut out = Vec::new();
        write_line(&mut out, ERROR);
        turn.session.send_bytes(&out);
        self.stage = Stage::Leaving(Farewell::new(turn));
        ControlFlow::Continue(())
    }

    fn poll_timeout(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Leaving(farewell) => Some(farewell.poll_timeout()),
            _ => None,
        }
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        if let Stage::Leaving(farewell) = &mut self.stage
            && farewell.is_over(turn)
        {
            let is_sent = turn.session.output().is_empty();
            let exit = if is_sent { Exit::Done } else { Exit::Gone };
            return ControlFlow::Break(Ending::Silent(exit));
        }
        ControlFlow::Continue(())
    }

    fn handle_leaving(&mut self, turn: &mut Turn<'_>) {
        if self.stage == Stage::Chatting {
            let mut out = Vec::new();
            write_line(&mut out, self.goodbye);
            turn.session.send_bytes(&out);
        }
    }

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        if matches!(self.stage, Stage::Leaving(_)) && turn.session.output().is_empty() {
            return Ending::Silent(Exit::Done);
        }
        let is_half = self.cutter.is_half();
        let fault = if fault == Fault::Closed && is_half { Fault::CutShort } else { fault };
        if self.stage == Stage::Naming {
            // Behind the question.
            turn.screen.line(&"");
        }
        let exit = fault.exit();
        turn.screen.line(&"Connection closed by the server");
        if fault != Fault::Closed {
            turn.screen.notice(&Notice::Fault { fault });
        }
        Ending::Silent(exit)
    }
}
