//! `send` and `get`: one file, and the end.

use super::memory::Memory;
use super::queue::{Style, Transfers};
use super::source::Source;
use super::stop::Stop;
use super::target::Place;
use crate::client::bounds::GIVE_UP_WAIT;
use crate::client::entry::Entry;
use crate::client::exit::Exit;
use crate::client::fault::Fault;
use crate::client::incoming::Answer;
use crate::client::mode::{Ending, Flow, Mode, Turn};
use crate::client::outgoing::Asked;
use crate::client::reader::{handle_aside, is_passing};
use crate::client::render::Screen;
use crate::client::session::{Received, Session};
use crate::client::words::Notice;
use crate::message::{Features, MessageId};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// What is to be done.
#[derive(Debug)]
pub(in crate::client) enum Errand {
    /// Send a file.
    Send {
        /// The file.
        source: Source,
        /// To a user, a room or the common chat.
        to: String,
        /// A text that goes with it.
        message: Option<String>,
    },
    /// Get one.
    Get {
        /// Its number.
        id: MessageId,
        /// Where it is wanted.
        place: Place,
    },
}

impl Errand {
    /// What the server is asked for. With `ids` messages that waited for the account do not count
    /// as received.
    pub(in crate::client) const fn features(&self) -> Features {
        let both = Features::IDS.with(Features::FILES);
        match self {
            Self::Send { .. } => both.with(Features::OFFLINE),
            Self::Get { .. } => both,
        }
    }
}

/// The client that sends or gets one file.
#[derive(Debug)]
pub(in crate::client) struct Courier {
    entry: Entry,
    errand: Option<Errand>,
    transfers: Transfers,
    server: String,
    /// Whether this client was in at least once.
    was_entered: bool,
}

impl Courier {
    /// One for this errand, with a way in that asks for its features.
    pub(in crate::client) fn new(entry: Entry, errand: Errand, memory: Memory) -> Self {
        Self {
            entry,
            errand: Some(errand),
            transfers: Transfers::new(Style::Alone, memory),
            server: String::new(),
            was_entered: false,
        }
    }

    fn handle_entry(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Flow {
        let flow = self.entry.handle_answer(turn, answer);
        if flow.is_break() && self.was_entered && is_passing(answer) {
            return ControlFlow::Break(Ending::Reconnecting);
        }
        flow?;
        if !self.entry.is_entered() {
            return ControlFlow::Continue(());
        }
        self.was_entered = true;
        match self.errand.take() {
            Some(Errand::Send { source, to, message }) => {
                self.transfers.send(turn, source, to, message);
            }
            Some(Errand::Get { id, place }) => self.transfers.get(turn, id, place),
            None => {}
        }
        if self.entry.granted().has(Features::FILES) {
            self.transfers.begin(turn, self.server.clone(), self.entry.name());
        } else {
            self.transfers.refuse(turn, &Stop::NoFiles);
        }
        self.finish(turn)
    }

    fn finish(&self, turn: &mut Turn<'_>) -> Flow {
        if !self.was_entered || !self.transfers.is_idle() {
            return ControlFlow::Continue(());
        }
        let (exit, result) = self.transfers.outcome();
        if let Some(result) = result.filter(|_| exit == Exit::Done) {
            turn.screen.line_for_a_program(&result);
        }
        ControlFlow::Break(Ending::Quitting(exit))
    }
}

impl Mode for Courier {
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow {
        self.server = address.to_string();
        self.transfers.lose();
        self.entry.begin(turn, address);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(_, answer) if !self.entry.is_entered() => {
                return self.handle_entry(turn, &answer);
            }
            Received::Answer(Asked::File(_), answer) => self.transfers.handle_answer(turn, answer),
            other => handle_aside(turn, &self.entry, other),
        }
        self.finish(turn)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.entry.poll_timeout().into_iter().chain(self.transfers.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.entry.handle_timeout(turn);
        self.transfers.go_on(turn);
        self.finish(turn)
    }

    fn has_more_output(&self, session: &Session) -> bool {
        self.transfers.has_more(session)
    }

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let (exit, may_pass) = (fault.exit(), fault.may_pass());
        turn.screen.notice(&Notice::Fault { fault });
        if may_pass && self.was_entered {
            self.entry.leave();
            self.transfers.lose();
            return Ending::Reconnecting;
        }
        Ending::Silent(exit)
    }

    fn returns_until(&self) -> Option<Duration> {
        Some(self.transfers.moved() + GIVE_UP_WAIT)
    }

    fn handle_ended(&mut self, screen: &mut Screen) {
        self.transfers.give_up(screen);
    }
}
