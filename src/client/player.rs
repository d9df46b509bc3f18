//! `--script`: plays the commands of a script and shows seed 000's console.
//!
//! Only what the script says is sent; each answer is waited for before the next command.

use super::console::Console;
use super::exit::Exit;
use super::incoming::Answer;
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::{Asked, Request};
use super::script::Command;
use super::session::Received;
use super::words::Notice;
use crate::message::Features;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::ControlFlow;

/// The client that plays a script.
#[derive(Debug)]
pub struct Player {
    commands: VecDeque<Command>,
    name: Option<String>,
}

impl Player {
    /// A player of commands; `name` is used until the script gives another.
    #[must_use]
    pub fn new(commands: Vec<Command>, name: Option<String>) -> Self {
        Self { commands: commands.into(), name }
    }

    /// Sends the next command that is a request; ends after the last.
    fn play(&mut self, turn: &mut Turn<'_>) -> Flow {
        while let Some(command) = self.commands.pop_front() {
            if let Some(request) = self.request(command) {
                show_request(turn, &request);
                turn.session.send(turn.now, &request);
                return ControlFlow::Continue(());
            }
        }
        ControlFlow::Break(Ending::Silent(Exit::Done))
    }

    /// What a command sends; `/name` sends nothing.
    fn request(&mut self, command: Command) -> Option<Request> {
        let user = self.name.clone().unwrap_or_default();
        Some(match command {
            Command::Name(name) => {
                self.name = Some(name);
                return None;
            }
            Command::Login { user, password } => {
                self.name = Some(user.clone());
                Request::Authenticate { user, password, features: Features::NONE }
            }
            Command::Presence => {
                Request::Presence { user: self.name.clone(), features: Features::NONE }
            }
            Command::Join(room) => Request::Join { user, room },
            Command::Leave(room) => Request::Leave { user, room },
            Command::Msg { to, text } => Request::Msg { from: user, to, text, with_user: true },
            Command::Quit => Request::Quit { user: self.name.clone() },
        })
    }
}

fn show_request(turn: &mut Turn<'_>, request: &Request) {
    let line = match request {
        Request::Authenticate { user, .. } => Console::Authenticating { user },
        Request::Presence { .. } => Console::Presence,
        Request::Join { user, room } => Console::Joining { user, room },
        Request::Leave { user, room } => Console::Leaving { user, room },
        Request::Msg { from, to, text, .. } => Console::Message { from, to, text },
        // The seed has no line for these.
        Request::Quit { .. }
        | Request::Register { .. }
        | Request::Passwd { .. }
        | Request::Status { .. }
        | Request::Added(_)
        | Request::File(_) => return,
    };
    show(turn, line);
}

fn show_answer(turn: &mut Turn<'_>, asked: Asked, answer: &Answer) {
    if asked != Asked::Presence || answer.is_error() {
        show(turn, Console::Answered { code: answer.code, text: &answer.text });
    }
}

fn show(turn: &mut Turn<'_>, line: Console<'_>) {
    let spoken = line.in_language(turn.screen.language());
    turn.screen.stamped(turn.now, &spoken);
}

impl Mode for Player {
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow {
        show(turn, Console::Connected { address });
        self.play(turn)
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(asked, answer) => {
                show_answer(turn, asked, &answer);
                return self.play(turn);
            }
            Received::Unasked(answer) => {
                turn.screen.notice(&Notice::Answer { code: answer.code, text: answer.text });
            }
            Received::Message(_) => turn.screen.notice(&Notice::Ignored { action: "msg".into() }),
            Received::Probe => turn.screen.notice(&Notice::Ignored { action: "probe".into() }),
            Received::Event(_) => turn.screen.notice(&Notice::Ignored { action: "notice".into() }),
            Received::Unknown(action) => turn.screen.notice(&Notice::Ignored { action }),
            // Only modes that speak no JIM get these.
            Received::Bytes(_) => {}
        }
        ControlFlow::Continue(())
    }
}
