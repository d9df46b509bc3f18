//! `-r`: shows what others write, until the server or the user ends it.

use super::bounds::REQUESTS_UNDER_WAY;
use super::entry::Entry;
use super::exit::Exit;
use super::incoming::Message;
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::Request;
use super::session::Received;
use super::words::Notice;
use crate::message::Name;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// The names under which the common chat is written to by real clients.
pub const COMMON_NAMES: [&str; 5] = ["#all", "#chat", "#default", "#", "all"];

/// What a reader shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The common chat.
    Common,
    /// One room.
    Room(Name),
    /// What one user writes to us alone.
    User(Name),
}

impl Shown {
    /// What `--to` names; `None` is the common chat.
    #[must_use]
    pub fn of(to: Option<&str>) -> Self {
        match to {
            None => Self::Common,
            Some(to) if COMMON_NAMES.contains(&to) => Self::Common,
            Some(to) if to.starts_with('#') => Self::Room(Name::shown(to)),
            Some(to) => Self::User(Name::shown(to)),
        }
    }

    fn has(&self, message: &Message) -> bool {
        let to = message.to.as_deref();
        match self {
            Self::Common => to.is_none_or(|to| COMMON_NAMES.contains(&to)),
            Self::Room(room) => to.is_some_and(|to| Name::shown(to) == *room),
            Self::User(user) => {
                Name::shown(&message.from) == *user
                    && Self::of(to) != Self::Common
                    && to.is_some_and(|to| !to.starts_with('#'))
            }
        }
    }
}

/// The reading client.
#[derive(Debug)]
pub struct Reader {
    entry: Entry,
    shown: Shown,
    /// Whether objects are shown as they came.
    json: bool,
    /// How many more messages are shown.
    left: Option<u64>,
}

impl Reader {
    /// A reader that ends after `count` messages, if that is given.
    #[must_use]
    pub const fn new(entry: Entry, shown: Shown, json: bool, count: Option<u64>) -> Self {
        Self { entry, shown, json, left: count }
    }

    fn show(&mut self, turn: &mut Turn<'_>, message: &Message) -> Flow {
        if !self.shown.has(message) {
            turn.screen.notice(&Notice::Ignored { action: "msg".into() });
            return ControlFlow::Continue(());
        }
        if self.json {
            turn.screen.object(&message.raw);
        } else {
            turn.screen.message(turn.now, message);
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        if self.left == Some(0) {
            return ControlFlow::Break(Ending::Quitting(Exit::Done));
        }
        ControlFlow::Continue(())
    }
}

impl Mode for Reader {
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow {
        self.entry.begin(turn, address);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(_, answer) if !self.entry.is_entered() => {
                return self.entry.handle_answer(turn, &answer);
            }
            Received::Message(message) => return self.show(turn, &message),
            other => handle_aside(turn, &self.entry, other),
        }
        ControlFlow::Continue(())
    }

    fn watches_output(&self) -> bool {
        true
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.entry.poll_timeout()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.entry.handle_timeout(turn);
        ControlFlow::Continue(())
    }
}

/// What is of no interest to a mode itself: a probe is answered, errors are told.
pub(super) fn handle_aside(turn: &mut Turn<'_>, entry: &Entry, received: Received) {
    match received {
        // On the way in an answer to it would be taken for one to the way's own request. A server
        // that asks again and again without reading gets no endless queue of answers.
        Received::Probe if entry.is_entered() && turn.session.under_way() < REQUESTS_UNDER_WAY => {
            let user = Some(entry.name().to_owned());
            turn.session.send(turn.now, &Request::Presence { user });
        }
        Received::Answer(_, answer) | Received::Unasked(answer) if answer.is_error() => {
            turn.screen.notice(&Notice::Answer { code: answer.code, text: answer.text });
        }
        Received::Answer(..) | Received::Unasked(_) => {}
        Received::Message(_) => turn.screen.notice(&Notice::Ignored { action: "msg".into() }),
        Received::Probe => turn.screen.notice(&Notice::Ignored { action: "probe".into() }),
        Received::Unknown(action) => turn.screen.notice(&Notice::Ignored { action }),
    }
}
