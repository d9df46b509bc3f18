//! `-r`: shows what others write, until the server or the user ends it, and before that what was
//! written in the past where that is asked for.

use super::acks::Acks;
use super::ask::{Ask, What};
use super::bounds::{REQUESTS_UNDER_WAY, ROOMS_NAMED};
use super::entry::Entry;
use super::exit::Exit;
use super::fault::Fault;
use super::incoming::{Answer, Message, is_code};
use super::listing::Listing;
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::{Asked, Request};
use super::retry::Retry;
use super::session::Received;
use super::since::Since;
use super::timeline::{PageAsk, Start, Timeline};
use super::words::Notice;
use crate::message::{Features, Name};
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

impl Message {
    /// Whether it is to us alone, and not to a room or the common chat.
    pub(super) fn is_to_one(&self) -> bool {
        let to = self.to.as_deref();
        to.is_some_and(|to| matches!(Shown::of(Some(to)), Shown::User(_)))
    }
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
            Self::User(user) => Name::shown(&message.from) == *user && message.is_to_one(),
        }
    }
}

/// What a reader does besides showing what arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Whether objects are shown as they came.
    pub json: bool,
    /// After how many messages it ends.
    pub count: Option<u64>,
    /// The past that is shown first.
    pub past: Option<Past>,
    /// Whether a lost connection is made again, and what was missed is shown.
    pub follows: bool,
}

/// The past that is shown first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// So many of the newest messages.
    Newest(u64),
    /// The messages since then.
    Since(Since),
}

impl Wishes {
    /// What a reader with an account has to ask the server for.
    #[must_use]
    pub const fn features(&self) -> Features {
        let features = Features::IDS.with(Features::FILES);
        match (self.past.is_some(), self.follows) {
            // Who comes back by itself has to know when that would be of no use.
            (_, true) => features.with(Features::HISTORY).with(Features::NOTICES),
            (true, false) => features.with(Features::HISTORY),
            (false, false) => features,
        }
    }

    fn start(&self, turn: &Turn<'_>) -> Option<Start> {
        match &self.past {
            Some(Past::Newest(count)) => Some(Start::Newest(*count)),
            Some(Past::Since(since)) => {
                Some(Start::After(since.position(turn.now, turn.screen.zone())))
            }
            None => self.follows.then_some(Start::Newest(0)),
        }
    }
}

/// The reading client.
#[derive(Debug)]
pub struct Reader {
    entry: Entry,
    shown: Shown,
    /// The conversation as the server is asked for its past.
    with: String,
    wishes: Wishes,
    /// How many more messages are shown.
    left: Option<u64>,
    /// The messages in order; made at the first connection.
    timeline: Option<Timeline>,
    /// The page under way.
    page: Option<PageAsk>,
    retry: Retry,
    acks: Acks,
    /// Whether this client was in at least once.
    was_entered: bool,
}

impl Reader {
    /// A reader of a user, a room or the common chat.
    #[must_use]
    pub fn new(entry: Entry, to: Option<&str>, wishes: Wishes) -> Self {
        let [common, ..] = COMMON_NAMES;
        Self {
            entry,
            shown: Shown::of(to),
            with: to.unwrap_or(common).to_owned(),
            left: wishes.count,
            wishes,
            timeline: None,
            page: None,
            retry: Retry::default(),
            acks: Acks::default(),
            was_entered: false,
        }
    }

    /// Takes an answer to a request of the way in.
    fn handle_entry(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Flow {
        let flow = self.entry.handle_answer(turn, answer);
        if flow.is_break() && self.was_entered && self.wishes.follows && is_passing(answer) {
            return ControlFlow::Break(Ending::Reconnecting);
        }
        flow?;
        if !self.entry.is_entered() {
            return ControlFlow::Continue(());
        }
        let came_back = std::mem::replace(&mut self.was_entered, true);
        if self.entry.granted().has(Features::IDS) {
            self.acks.begin(turn.now, self.entry.server_unix_micros());
        }
        self.page = self.timeline.as_mut().and_then(Timeline::begin);
        if self.page.is_some() && !self.entry.granted().has(Features::HISTORY) {
            turn.screen.notice(&Notice::NoHistory);
            return self.give_up(turn);
        }
        let is_common = self.shown == Shown::Common;
        if self.page.is_some() && is_common && self.entry.kept().is_some_and(|kept| !kept.common) {
            if !came_back {
                turn.session.send(turn.now, &Ask::new(What::Rooms).request());
            }
            return self.give_up(turn);
        }
        self.ask(turn);
        ControlFlow::Continue(())
    }

    /// Tells which rooms there are whose past can be read, where the common chat's cannot.
    fn handle_rooms(turn: &mut Turn<'_>, answer: Answer) {
        let rows = match answer.listing {
            Some(Listing::Rooms(rows)) => rows,
            _ => Vec::new(),
        };
        let ours = rows.into_iter().filter(|row| row.is_member);
        let rooms = ours.map(|row| row.name).take(ROOMS_NAMED).collect();
        turn.screen.notice(&Notice::CommonNotKept { rooms });
    }

    /// Asks for the page that is due.
    fn ask(&self, turn: &mut Turn<'_>) {
        let Some(page) = self.page else { return };
        let ask = Ask {
            with: Some(self.with.clone()),
            before: page.before.map(|id| id.to_string()),
            after: page.after.map(|id| id.to_string()),
            limit: Some(page.limit),
            ..Ask::new(What::History)
        };
        turn.session.send(turn.now, &ask.request());
    }

    /// Takes the answer to that.
    fn handle_page(&mut self, turn: &mut Turn<'_>, answer: Answer) -> Flow {
        if let Some(pause) = self.retry.put_off(turn.now, &answer) {
            turn.screen.notice(&Notice::Waiting { seconds: pause.as_secs() });
            return ControlFlow::Continue(());
        }
        self.retry.reset();
        if answer.is_error() {
            turn.screen.notice(&Notice::HistoryRefused { code: answer.code, text: answer.text });
            return self.give_up(turn);
        }
        let messages = match answer.listing {
            Some(Listing::Messages(messages)) => messages,
            _ => Vec::new(),
        };
        let Some(timeline) = &mut self.timeline else { return ControlFlow::Continue(()) };
        let (shown, next) = timeline.handle_page(messages, answer.more);
        self.page = next;
        for message in shown {
            self.show(turn, &message)?;
        }
        self.ask(turn);
        self.acknowledge(turn);
        ControlFlow::Continue(())
    }

    /// Tells the server what is shown, once nothing is held back any more.
    fn acknowledge(&mut self, turn: &mut Turn<'_>) {
        if self.page.is_none() {
            self.acks.send(turn);
        }
    }

    /// Shows what was held back for pages that will not come.
    fn give_up(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.page = None;
        for message in self.timeline.as_mut().map(Timeline::give_up).unwrap_or_default() {
            self.show(turn, &message)?;
        }
        self.acknowledge(turn);
        ControlFlow::Continue(())
    }

    /// Takes a message that arrived.
    fn handle_message(&mut self, turn: &mut Turn<'_>, message: Message) -> Flow {
        if !self.shown.has(&message) {
            if message.is_to_one() {
                self.acks.handle_hidden();
            }
            turn.screen.notice(&Notice::Ignored { action: "msg".into() });
            return ControlFlow::Continue(());
        }
        // Where it is held back, or was shown before, the server need not offer it again.
        if message.is_to_one() {
            self.acks.handle_shown(turn.now, &message);
        }
        let message = match &mut self.timeline {
            Some(timeline) => timeline.handle_live(message),
            None => Some(message),
        };
        let flow = message.map_or(ControlFlow::Continue(()), |message| self.show(turn, &message));
        self.acknowledge(turn);
        flow
    }

    fn show(&mut self, turn: &mut Turn<'_>, message: &Message) -> Flow {
        if self.wishes.json {
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
        if self.timeline.is_none() {
            self.timeline = Some(Timeline::new(self.wishes.start(turn)));
            if let Some(Past::Since(since)) = &self.wishes.past
                && since.is_to_come(turn.now, turn.screen.zone())
            {
                turn.screen.notice(&Notice::SinceToCome);
            }
        }
        self.page = None;
        self.retry.reset();
        self.acks.reset();
        self.entry.begin(turn, address);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(_, answer) if !self.entry.is_entered() => {
                return self.handle_entry(turn, &answer);
            }
            Received::Answer(Asked::Added(What::History), answer) => {
                return self.handle_page(turn, answer);
            }
            Received::Answer(Asked::Added(What::Rooms), answer) => {
                Self::handle_rooms(turn, answer);
            }
            Received::Answer(Asked::Added(What::Ack), _) => self.acks.handle_answer(turn),
            Received::Message(message) => return self.handle_message(turn, message),
            other => handle_aside(turn, &self.entry, other),
        }
        ControlFlow::Continue(())
    }

    fn watches_output(&self) -> bool {
        true
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.entry.poll_timeout().into_iter().chain(self.retry.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.entry.handle_timeout(turn);
        if self.retry.is_due(turn.now) {
            self.ask(turn);
        }
        ControlFlow::Continue(())
    }

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let (exit, may_pass) = (fault.exit(), fault.may_pass());
        turn.screen.notice(&Notice::Fault { fault });
        if may_pass && self.wishes.follows && self.was_entered {
            return Ending::Reconnecting;
        }
        match self.give_up(turn) {
            ControlFlow::Break(ending) => ending,
            ControlFlow::Continue(()) => Ending::Silent(exit),
        }
    }
}

/// Whether a refusal of a former guest or user may be over soon: the server may not have noticed
/// yet that the former connection is dead, or is just starting, or the answer is not its own.
pub(super) const fn is_passing(answer: &Answer) -> bool {
    matches!(answer.code, 409 | 429 | 500) || !is_code(answer.code)
}

/// What is of no interest to a mode itself: a probe is answered, errors are told.
pub(super) fn handle_aside(turn: &mut Turn<'_>, entry: &Entry, received: Received) {
    match received {
        // On the way in an answer to it would be taken for one to the way's own request. A server
        // that asks again and again without reading gets no endless queue of answers.
        Received::Probe if entry.is_entered() && turn.session.under_way() < REQUESTS_UNDER_WAY => {
            let user = Some(entry.name().to_owned());
            turn.session.send(turn.now, &Request::Presence { user, features: Features::NONE });
        }
        Received::Answer(_, answer) | Received::Unasked(answer) if answer.is_error() => {
            turn.screen.notice(&Notice::Answer { code: answer.code, text: answer.text });
        }
        Received::Answer(..) | Received::Unasked(_) => {}
        Received::Message(_) => turn.screen.notice(&Notice::Ignored { action: "msg".into() }),
        Received::Probe => turn.screen.notice(&Notice::Ignored { action: "probe".into() }),
        Received::Event(_) => turn.screen.notice(&Notice::Ignored { action: "notice".into() }),
        Received::Unknown(action) => turn.screen.notice(&Notice::Ignored { action }),
        // Only modes that speak no JIM get these.
        Received::Bytes(_) => {}
    }
}
