//! What the client is for: the state machine between the session and the person.
//!
//! A mode owns no socket and no clock, and no file but the attachments of the exchange. The event loop calls it with what happened and looks
//! afterwards at the session's output, the screen and the flow.

use super::exit::Exit;
use super::fault::Fault;
use super::input::Line;
use super::outgoing::Request;
use super::passwords;
use super::render::Screen;
use super::session::{Received, Session};
use super::words::Notice;
use crate::message::Now;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// How a connection ends, and mostly the client with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Says `quit` and ends.
    Quitting(Exit),
    /// Ends without a word.
    Silent(Exit),
    /// Connects again after a pause.
    Reconnecting,
}

/// Whether the client goes on.
pub type Flow = ControlFlow<Ending>;

/// What a mode works with in one turn of the loop.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The moment of the turn.
    pub now: Now,
    /// The conversation.
    pub session: &'a mut Session,
    /// What is shown.
    pub screen: &'a mut Screen,
}

/// One way to use the client.
pub trait Mode {
    /// Whether this is a conversation in JIM. Else the mode gets the bytes as they come.
    fn speaks_jim(&self) -> bool {
        true
    }

    /// No connection could be made. Why is told anyway.
    fn handle_unreachable(&mut self, _screen: &mut Screen) {}

    /// The connection stands.
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow;

    /// Something arrived.
    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow;

    /// Whether the client ends as soon as nobody reads its output, and not only when it writes.
    fn watches_output(&self) -> bool {
        false
    }

    /// Whether the next line of input is wanted now.
    fn wants_input(&self, _session: &Session) -> bool {
        false
    }

    /// A line of input.
    fn handle_line(&mut self, _turn: &mut Turn<'_>, _line: Line) -> Flow {
        Flow::Continue(())
    }

    /// Whether lines cannot be handled now though a person types them: only `/quit` and the end of
    /// the input are heeded.
    fn is_away(&self) -> bool {
        false
    }

    /// The passwords that are to be asked for at the terminal; once.
    fn poll_passwords(&mut self) -> Option<passwords::Wanted> {
        None
    }

    /// What came of asking.
    fn handle_passwords(&mut self, _turn: &mut Turn<'_>, _asked: passwords::Asked) {}

    /// The input has ended, and all its lines were handled.
    fn handle_end_of_input(&mut self, _turn: &mut Turn<'_>) -> Flow {
        Flow::Continue(())
    }

    /// When, in uptime, [`Self::handle_timeout`] has to be called.
    fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    /// The time of [`Self::poll_timeout`] may have come.
    fn handle_timeout(&mut self, _turn: &mut Turn<'_>) -> Flow {
        Flow::Continue(())
    }

    /// Whether there is more to be sent as soon as the former has gone: [`Self::handle_timeout`]
    /// sends it.
    fn has_more_output(&self, _session: &Session) -> bool {
        false
    }

    /// Until when, in uptime, a lost connection is made again; `None` for ever.
    fn returns_until(&self) -> Option<Duration> {
        None
    }

    /// The client is over, for whatever reason.
    fn handle_ended(&mut self, _screen: &mut Screen) {}

    /// The client says goodbye.
    fn handle_leaving(&mut self, turn: &mut Turn<'_>) {
        turn.session.send(turn.now, &Request::Quit { user: None });
    }

    /// The conversation is over before its time.
    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let exit = fault.exit();
        turn.screen.notice(&Notice::Fault { fault });
        Ending::Silent(exit)
    }
}
