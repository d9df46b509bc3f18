//! The state machine of the full screen: what the connection does to what is shown.

use super::completion::Completion;
use super::conversation::Past;
use super::input::Input;
use super::line::{Body, Drawing, Line};
use super::marks::Marks;
use super::model::Model;
use super::outbox::{Pending, State};
use super::paths::Paths;
use super::prompt::Prompt;
use super::typed::TypedLines;
use super::words::Connection;
use super::{Attention, Preferences, layout};
use crate::client::acks::Acks;
use crate::client::ask::Ask;
use crate::client::bounds::{COMMON_PEOPLE_STALE, ROOM_PAGES};
use crate::client::changing::Changing;
use crate::client::entry::Entry;
use crate::client::exit::Exit;
use crate::client::fault::Fault;
use crate::client::incoming::{Answer, Message};
use crate::client::mode::{Ending, Flow, Turn};
use crate::client::reader::{COMMON_NAMES, Shown, is_passing};
use crate::client::session::Received;
use crate::client::talker::Talker;
use crate::client::transfer::{Memory, Style, Transfers};
use crate::client::words::Notice;
use crate::message::{Features, Language, MessageId, Now, Secret};
use jiff::tz::TimeZone;
use log::Level;
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// What the full screen is told at its start.
#[derive(Debug)]
pub struct Wishes {
    /// The language of everything.
    pub language: Language,
    /// The zone of the times.
    pub zone: TimeZone,
    /// Whom lines go to at first.
    pub to: String,
    /// Whether long lines are cut.
    pub splits: bool,
    /// How someone's attention is got.
    pub attention: Attention,
    /// The looks, as far as the terminal can show them, and the keys.
    pub preferences: Preferences,
    /// The server, as it is named below.
    pub server: String,
}

/// Something that the server has to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asking {
    /// The user's own question.
    Typed(Box<Ask>),
    /// The newest messages of a conversation that is looked at for the first time.
    Newest { with: String },
    /// The messages before the first line.
    Older { with: String, before: Option<MessageId> },
    /// What was missed while the connection was lost.
    Missed { with: String },
    /// How much was written since the conversation was read, before this client began.
    Unread { with: String, after: MessageId },
    /// The rooms there are.
    Rooms { after: Option<String>, pages: u32 },
    /// Our contacts.
    Contacts { after: Option<String> },
    /// The topic of a room that was entered.
    Topic { with: String },
    /// Who is in a conversation.
    People { with: String, after: Option<String> },
}

/// The full screen.
#[derive(Debug)]
pub struct Chat {
    pub(super) entry: Entry,
    pub(super) wishes: Wishes,
    pub(super) acks: Acks,
    pub(super) changing: Changing,
    /// A password that was on its way when the connection was lost.
    new_password: Option<Secret>,
    pub(super) model: Model,
    pub(super) input: Input,
    pub(super) prompt: Option<Prompt>,
    /// So many lines wait for a yes.
    pub(super) sending: Option<usize>,
    pub(super) completion: Option<Completion>,
    pub(super) paths: Paths,
    /// The width and the height of the terminal.
    pub(super) size: (u16, u16),
    pub(super) connection: Connection,
    was_entered: bool,
    /// What hindered the last try to get in again, as it was told.
    hindrance: Option<String>,
    /// Whether the rooms have still to be joined again.
    pub(super) is_returning: bool,
    /// What is asked for, oldest first, and what is to be asked for next.
    pub(super) asked: VecDeque<Asking>,
    pub(super) to_ask: VecDeque<Asking>,
    pub(super) joining: VecDeque<String>,
    pub(super) leaving: VecDeque<String>,
    /// Messages that wait, and those that are sent: where they go, and which they are.
    pub(super) outbox: VecDeque<(String, u64)>,
    pub(super) sent: VecDeque<(String, u64)>,
    pub(super) number: u64,
    /// What asks for the rest of the last list.
    pub(super) more: Option<Ask>,
    /// What is done when it is typed once more.
    pub(super) confirming: Option<Ask>,
    /// When it was last asked who is connected, since the client's start.
    pub(super) common_asked: Duration,
    /// Rooms that were heard of.
    pub(super) rooms: BTreeSet<String>,
    /// How far the server's clock is ahead of ours, in microseconds.
    clock_ahead: Option<i64>,
    /// What the terminal is to be sent besides the screen.
    pub(super) alert: String,
    /// The server's address.
    pub(super) address: String,
    /// The files that are sent and got beside the chat.
    pub(super) files: Transfers,
    /// The lines typed, and how far conversations are read, for the next start.
    pub(super) typed: TypedLines,
    pub(super) marks: Marks,
    pub(super) suspends: bool,
    pub(super) redraws: bool,
    /// Whether Ctrl-C ends the client when it is typed next.
    pub(super) interrupted: bool,
}

impl Chat {
    /// A full screen before its first connection.
    #[must_use]
    pub fn new(entry: Entry, wishes: Wishes) -> Self {
        let mut model = Model::new();
        model.choose_with(&wishes.to);
        Self {
            entry,
            wishes,
            acks: Acks::default(),
            changing: Changing::default(),
            new_password: None,
            model,
            input: Input::default(),
            prompt: None,
            sending: None,
            completion: None,
            paths: Paths::default(),
            size: (80, 24),
            connection: Connection::Connecting,
            was_entered: false,
            hindrance: None,
            is_returning: false,
            asked: VecDeque::new(),
            to_ask: VecDeque::new(),
            joining: VecDeque::new(),
            leaving: VecDeque::new(),
            outbox: VecDeque::new(),
            sent: VecDeque::new(),
            number: 0,
            more: None,
            common_asked: Duration::ZERO,
            confirming: None,
            rooms: BTreeSet::new(),
            clock_ahead: None,
            alert: String::new(),
            address: String::new(),
            files: Transfers::new(Style::InAStatusLine, Memory::default()),
            typed: TypedLines::default(),
            marks: Marks::default(),
            suspends: false,
            redraws: false,
            interrupted: false,
        }
    }

    /// What this client understands.
    pub const FEATURES: Features = Talker::FEATURES;

    /// The language of everything.
    pub(super) const fn language(&self) -> Language {
        self.wishes.language
    }

    /// Whether we are in.
    pub(super) const fn is_online(&self) -> bool {
        self.entry.is_entered()
    }

    /// Whether a connection ever let us in.
    #[must_use]
    pub const fn was_entered(&self) -> bool {
        self.was_entered
    }

    /// How many messages were typed and never sent.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// What the terminal is to be sent besides the screen, taken out.
    pub fn poll_alert(&mut self) -> String {
        std::mem::take(&mut self.alert)
    }

    /// Whether the program is to stop until its shell wakes it; true once.
    pub fn poll_suspend(&mut self) -> bool {
        std::mem::take(&mut self.suspends)
    }

    /// Whether all of the screen is to be drawn anew; true once.
    pub fn poll_redraw(&mut self) -> bool {
        std::mem::take(&mut self.redraws)
    }

    // The connection.

    /// A connection is being made.
    pub fn handle_connecting(&mut self) {
        self.connection = Connection::Connecting;
    }

    /// A connection is made again at this uptime.
    pub fn handle_waiting(&mut self, until: Duration) {
        self.connection = Connection::Lost { until };
    }

    /// The server was there before, and now something hinders us: that is told once.
    pub fn tell_hindrance(&mut self, now: Now, why: &str) {
        if self.was_entered && self.hindrance.as_deref() != Some(why) {
            self.hindrance = Some(why.to_owned());
            self.tell(now, Level::Error, why.to_owned());
        }
    }

    /// The connection stands.
    pub fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) {
        self.address = address.to_string();
        self.files.lose();
        self.acks.reset();
        self.clock_ahead = None;
        self.new_password = self.changing.reset().or(self.new_password.take());
        self.entry.begin(turn, address);
    }

    /// Something arrived.
    ///
    /// # Errors
    /// `Break`: the connection ends, and perhaps the client with it.
    pub fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(_, answer) if !self.entry.is_entered() => {
                self.note_time(turn.now, &answer);
                self.handle_entry(turn, &answer)?;
            }
            Received::Answer(asked, answer) => {
                self.note_time(turn.now, &answer);
                self.handle_answer(turn, asked, answer);
            }
            Received::Message(message) => self.handle_message(turn, message),
            Received::Event(event) => self.handle_event_of(turn, &event),
            other => crate::client::reader::handle_aside(turn, &self.entry, other),
        }
        self.settle(turn);
        ControlFlow::Continue(())
    }

    fn handle_entry(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Flow {
        if answer.code == 402
            && let Some(new) = self.new_password.take()
        {
            // The connection was lost before the server said that it is changed.
            self.entry.try_password(turn, new);
            return ControlFlow::Continue(());
        }
        let flow = self.entry.handle_answer(turn, answer);
        if flow.is_break() && self.was_entered && is_passing(answer) {
            return ControlFlow::Break(Ending::Reconnecting);
        }
        flow?;
        if self.entry.is_entered() {
            self.new_password = None;
            self.enter(turn);
        }
        ControlFlow::Continue(())
    }

    /// We are in.
    pub(super) fn enter(&mut self, turn: &mut Turn<'_>) {
        self.connection = Connection::Online;
        self.hindrance = None;
        self.is_returning = std::mem::replace(&mut self.was_entered, true);
        if self.entry.is_user() && self.entry.granted().has(Features::IDS) {
            self.acks.begin(turn.now, self.entry.server_unix_micros());
        }
        self.begin_files(turn);
        self.learn(turn.now);
        self.begin_marks();
        let to = self.wishes.to.clone();
        if !self.is_returning && matches!(Shown::of(Some(&to)), Shown::Room(_)) {
            self.join(turn, to);
        }
    }

    /// Asks for what a screen shows.
    pub(super) fn learn(&mut self, now: Now) {
        self.to_ask.push_back(Asking::Rooms { after: None, pages: ROOM_PAGES });
        if self.entry.is_user() {
            self.to_ask.push_back(Asking::Contacts { after: None });
        }
        for conversation in self.model.iter_mut() {
            conversation.people_known = conversation.kind == Shown::Common;
            conversation.is_member_here = false;
        }
        let missed = self.model.all().iter().filter(|one| {
            one.newest().is_some()
                || one.pending.iter().any(|pending| pending.state == State::Unsure)
        });
        let missed = missed.filter(|one| self.is_kept(&one.kind));
        let missed: Vec<String> = missed.map(|one| one.with.clone()).collect();
        self.to_ask.extend(missed.into_iter().map(|with| Asking::Missed { with }));
        // Who is connected is said of people beside their names, too.
        self.common_asked = now.uptime;
        let [common, ..] = COMMON_NAMES;
        self.to_ask.push_back(Asking::People { with: common.to_owned(), after: None });
        self.look();
    }

    /// In the common chat the server tells nobody who comes and goes: while it is looked at, and
    /// something happens, it is asked for again now and then.
    pub(super) fn forget_who_is_here(&mut self, now: Now) {
        if now.uptime.saturating_sub(self.common_asked) < COMMON_PEOPLE_STALE {
            return;
        }
        let current = self.model.current_mut();
        if let Some(current) = current.filter(|one| one.kind == Shown::Common) {
            current.people_known = false;
            self.common_asked = now.uptime;
        }
    }

    /// Asks for what the conversation that is looked at lacks.
    pub(super) fn look(&mut self) {
        let is_kept = self.model.current().is_some_and(|current| self.is_kept(&current.kind));
        let is_online = self.is_online();
        let Some(current) = self.model.current_mut() else { return };
        let with = current.with.clone();
        if !is_online {
            return;
        }
        let is_room = matches!(current.kind, Shown::Room(_));
        if is_room && !current.is_joined {
            return;
        }
        if is_kept && current.past == Past::Unknown && !current.is_loading {
            current.is_loading = true;
            self.to_ask.push_back(Asking::Newest { with: with.clone() });
        }
        if !current.people_known && !matches!(current.kind, Shown::User(_)) {
            current.people_known = true;
            self.to_ask.push_back(Asking::People { with, after: None });
        }
    }

    /// Whether the server keeps the messages of such conversations, for us to read.
    pub(super) fn is_kept(&self, kind: &Shown) -> bool {
        let granted = self.entry.is_user() && self.entry.granted().has(Features::HISTORY);
        self.entry.kept().filter(|_| granted).is_some_and(|kept| match kind {
            Shown::Common => kept.common,
            Shown::Room(_) => kept.rooms,
            Shown::User(_) => kept.direct,
        })
    }

    /// The connection is over.
    pub fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let (exit, may_pass) = (fault.exit(), fault.may_pass());
        let notice = Notice::Fault { fault };
        if !may_pass || !self.was_entered {
            turn.screen.notice(&notice);
            return Ending::Silent(exit);
        }
        if self.is_online() {
            turn.screen.notice(&notice);
        } else {
            self.tell_hindrance(turn.now, &notice.text(self.language()));
        }
        self.absorb(turn);
        self.leave(turn.now);
        Ending::Reconnecting
    }

    /// Nothing more is answered on this connection.
    pub fn leave(&mut self, now: Now) {
        self.entry.leave();
        self.files.lose();
        self.asked.clear();
        self.to_ask.clear();
        self.joining.clear();
        self.leaving.clear();
        for conversation in self.model.iter_mut() {
            (conversation.is_loading, conversation.wanted) = (false, None);
            conversation.known_at_loss = conversation.known_at_loss.or(conversation.newest());
            conversation.mark_read();
        }
        let sent: Vec<(String, u64)> = self.sent.drain(..).collect();
        for (with, number) in sent {
            let is_kept = self.is_kept(&Shown::of(Some(&with)));
            if is_kept {
                self.set_state(&with, number, State::Unsure);
            } else if let Some(pending) = self.take_pending(&with, number) {
                self.tell_undelivered(now, &with, &pending, true);
            }
        }
    }

    /// When, in uptime, [`Self::handle_timeout`] has to be called.
    #[must_use]
    pub fn poll_timeout(&self, now: Now) -> Option<Duration> {
        let tick = match self.connection {
            Connection::Lost { until } => {
                let seconds = seconds_left(until, now);
                (seconds > 0).then(|| until.saturating_sub(Duration::from_secs(seconds - 1)))
            }
            _ => None,
        };
        let files = self.files.poll_timeout();
        let others = files.into_iter().chain(tick).chain(self.marks.due);
        self.entry.poll_timeout().into_iter().chain(others).min()
    }

    /// The time of [`Self::poll_timeout`] may have come.
    pub fn handle_timeout(&mut self, turn: &mut Turn<'_>) {
        self.entry.handle_timeout(turn);
        self.files.go_on(turn);
        self.save_marks_when_due(turn.now);
        self.settle(turn);
    }

    /// The terminal has another size.
    pub fn handle_size(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
    }

    // What is shown.

    /// Shows where the lines go what was told on the way.
    pub(super) fn absorb(&mut self, turn: &mut Turn<'_>) {
        for (lines, notice) in turn.screen.poll_parts() {
            let lines = lines.trim_end_matches('\n');
            if !lines.is_empty() {
                self.tell(turn.now, Level::Info, lines.to_owned());
            }
            match notice {
                Some((level, text)) if level <= Level::Info => self.tell(turn.now, level, text),
                _ => {}
            }
        }
    }

    /// Says something in the conversation that is looked at.
    pub(super) fn tell(&mut self, now: Now, level: Level, text: String) {
        let to = self.model.to();
        self.tell_in(now, &to, Body::Told(level, text));
    }

    /// Says something in one conversation.
    pub(super) fn tell_in(&mut self, now: Now, with: &str, body: Body) {
        let key = self.key(now);
        let is_current = self.model.is_current(with);
        if let Some(conversation) = self.model.find_mut(with) {
            conversation.append(key, now.unix_micros, body);
            conversation.trim(is_current);
        }
    }

    /// Says that a message of ours did not arrive, or perhaps not, and has the arrow keys find it.
    pub(super) fn tell_undelivered(
        &mut self,
        now: Now,
        with: &str,
        pending: &Pending,
        is_unsure: bool,
    ) {
        let text = super::words::undelivered(&pending.text, is_unsure, self.language());
        self.tell_in(now, with, Body::Told(Level::Error, text));
        self.input.remember(&pending.text);
    }

    /// The place of something that happens now, among the server's numbers.
    fn key(&self, now: Now) -> MessageId {
        MessageId::at(now.unix_micros.saturating_add_signed(self.clock_ahead.unwrap_or_default()))
    }

    /// A message as it is shown: its time is the server's by our clock.
    pub(super) fn line(&self, now: Now, message: &Message) -> Line {
        let ahead = self.clock_ahead.unwrap_or_default();
        let unix_micros = message
            .unix_micros
            .map_or(now.unix_micros, |micros| micros.saturating_add_signed(ahead.saturating_neg()));
        let (key, is_numbered) = match message.id {
            Some(id) => (id, true),
            None => (self.key(now), false),
        };
        let mut text = message.text.clone();
        if let Some(attachment) = &message.attachment {
            let blank = if text.is_empty() { "" } else { " " };
            text = format!("{text}{blank}{}", attachment.text(self.language(), "/get"));
        }
        let body = Body::Message { from: message.from.clone(), text };
        Line { key, is_numbered, unix_micros, body }
    }

    /// An answer tells the server's time when it was written, so its clock is ahead by at least the
    /// difference; the way of the quickest answer makes the least of an error.
    fn note_time(&mut self, now: Now, answer: &Answer) {
        let Some(server) = answer.unix_micros else { return };
        let difference = i64::try_from(server)
            .unwrap_or(i64::MAX)
            .saturating_sub(i64::try_from(now.unix_micros).unwrap_or(i64::MAX));
        self.clock_ahead = Some(self.clock_ahead.map_or(difference, |known| known.max(difference)));
    }

    /// What lines are drawn with in a conversation of this many columns.
    pub(super) fn drawing(&self, columns: u16) -> Drawing {
        Drawing {
            me: self.entry.name().to_owned(),
            zone: self.wishes.zone.clone(),
            language: self.wishes.language,
            columns: usize::from(columns),
        }
    }

    /// The areas of the screen.
    pub(super) fn areas(&self) -> layout::Areas {
        let (columns, rows) = self.size;
        let input = self.input.draw(layout::input_columns(columns, &self.lead())).rows.len();
        let has_people =
            self.model.current().is_some_and(|one| !matches!(one.kind, Shown::User(_)));
        layout::areas(columns, rows, input, has_people)
    }

    /// What stands before the line that is typed.
    pub(super) fn lead(&self) -> String {
        layout::lead(&self.model.to(), self.size.0)
    }
}

/// How many seconds are left, the last one begun counting whole.
pub(super) fn seconds_left(until: Duration, now: Now) -> u64 {
    let left = until.saturating_sub(now.uptime);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// How a client that says goodbye ends.
pub(super) const fn done() -> Ending {
    Ending::Quitting(Exit::Done)
}
