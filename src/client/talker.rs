//! Neither mode: lines typed are sent, lines received are shown.

use super::acks::Acks;
use super::answers;
use super::ask::{Ask, What};
use super::bounds::{INPUT_LINE_BYTES, REQUESTS_UNDER_WAY};
use super::changing::{Changed, Changing};
use super::commands::{self, Typed, TypedFault};
use super::entry::Entry;
use super::exit::Exit;
use super::fault::Fault;
use super::incoming::{Answer, Message};
use super::input::Line;
use super::missed::{Found, Missed};
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::{Asked, Request};
use super::passwords;
use super::reader::{COMMON_NAMES, Shown, handle_aside, is_passing};
use super::render::Screen;
use super::retry::Retry;
use super::session::{Received, Session};
use super::split::split;
use super::transfer::{Memory, Style, Transfers};
use super::words::Notice;
use crate::limits::Limits;
use crate::message::{Features, Language, Secret, visible};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// The interactive client.
#[derive(Debug)]
pub struct Talker {
    pub(super) entry: Entry,
    pub(super) to: String,
    /// Whether long lines are cut.
    splits: bool,
    /// The current line's number, from 1.
    line: u64,
    ended: bool,
    /// Whether a lost connection is made again: for a person, not for a pipe.
    returns: bool,
    /// Whether this client was in at least once.
    was_entered: bool,
    /// The added actions under way, oldest first.
    asks: VecDeque<Asking>,
    /// The rooms whose answers to `join` and `leave` are waited for, and whom messages went to.
    joining: VecDeque<String>,
    leaving: VecDeque<String>,
    sent: VecDeque<String>,
    /// What is asked for once the messages before it are answered: only then they are in it.
    deferred: Option<Ask>,
    /// What asks for the rest of the last list.
    more: Option<Ask>,
    /// What is done when it is typed once more.
    confirming: Option<Ask>,
    acks: Acks,
    missed: Missed,
    /// How many missed messages were shown since the last entry, and of which conversation last.
    shown_missed: u64,
    shown_with: String,
    retry: Retry,
    /// The passwords that have to be asked for.
    wanted: Option<passwords::Wanted>,
    changing: Changing,
    /// A password that was on its way when the connection was lost.
    new_password: Option<Secret>,
    /// The server's address.
    pub(super) server: String,
    /// The files that are sent and got beside the chat.
    pub(super) files: Transfers,
}

/// An added action under way.
#[derive(Debug)]
enum Asking {
    /// The user's own.
    Typed(Box<Ask>),
    /// For what was missed.
    Missed,
}

impl Talker {
    /// A client that sends to a user, a room or the common chat unless a line says otherwise. If
    /// it `returns`, it connects again when the connection is lost.
    #[must_use]
    pub fn new(entry: Entry, to: String, splits: bool, returns: bool) -> Self {
        Self {
            entry,
            to,
            splits,
            line: 0,
            ended: false,
            returns,
            was_entered: false,
            asks: VecDeque::new(),
            deferred: None,
            more: None,
            confirming: None,
            joining: VecDeque::new(),
            leaving: VecDeque::new(),
            sent: VecDeque::new(),
            acks: Acks::default(),
            missed: Missed::default(),
            shown_missed: 0,
            shown_with: String::new(),
            retry: Retry::default(),
            wanted: None,
            changing: Changing::default(),
            new_password: None,
            server: String::new(),
            files: Transfers::new(Style::BesideAChat, Memory::default()),
        }
    }

    /// The same with a memory of uploads that were interrupted.
    pub(super) fn keeping(mut self, memory: Memory) -> Self {
        self.files = Transfers::new(Style::BesideAChat, memory);
        self
    }

    /// What the interactive client understands.
    pub const FEATURES: Features = Features::GRANTED;

    /// Takes an answer to a request of the way in.
    fn handle_entry(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Flow {
        if answer.code == 402
            && let Some(new) = self.new_password.take()
        {
            // The connection was lost before the server said that it is changed.
            self.entry.try_password(turn, new);
            return ControlFlow::Continue(());
        }
        let flow = self.entry.handle_answer(turn, answer);
        if flow.is_break() && self.was_entered && self.returns && is_passing(answer) {
            return ControlFlow::Break(Ending::Reconnecting);
        }
        if self.entry.is_entered() {
            self.new_password = None;
            self.begin_files(turn);
            self.begin_acks(turn);
            if std::mem::replace(&mut self.was_entered, true) {
                self.come_back(turn);
            } else {
                self.come(turn);
            }
        }
        flow
    }

    fn begin_acks(&mut self, turn: &Turn<'_>) {
        if self.entry.is_user() && self.entry.granted().has(Features::IDS) {
            self.acks.begin(turn.now, self.entry.server_unix_micros());
        }
    }

    /// We are in for the first time.
    fn come(&mut self, turn: &mut Turn<'_>) {
        if let Some(kept) = self.entry.kept() {
            turn.screen.notice(&Notice::Kept { kept });
        }
        if !COMMON_NAMES.contains(&self.to.as_str()) {
            self.tell_to(turn);
        }
        self.start_missed();
    }

    /// We are in again.
    fn come_back(&mut self, turn: &mut Turn<'_>) {
        (self.shown_missed, self.shown_with) = (0, String::new());
        if !self.entry.granted().has(Features::HISTORY) || !self.entry.is_user() {
            turn.screen.notice(&Notice::MissedUnknown);
            return self.give_up_missed(turn);
        }
        self.start_missed();
        for message in self.missed.begin(self.entry.name()) {
            show(turn, &message);
        }
        self.ask_missed(turn);
    }

    /// From now on it counts as missed what is not shown.
    fn start_missed(&mut self) {
        let granted = self.entry.is_user() && self.entry.granted().has(Features::HISTORY);
        let known = self.entry.kept().zip(self.entry.server_unix_micros());
        if let Some((kept, unix_micros)) = known.filter(|_| granted) {
            self.missed.start(kept, unix_micros);
        }
    }

    // What was missed.

    fn ask_missed(&mut self, turn: &mut Turn<'_>) {
        if let Some(ask) = self.missed.ask() {
            turn.session.send(turn.now, &ask.request());
            self.asks.push_back(Asking::Missed);
        } else {
            self.acks.send(turn);
            if self.shown_missed == 0 {
                turn.screen.notice(&Notice::MissedNothing);
            } else {
                turn.screen.line(&match turn.screen.language() {
                    Language::English => "--- now ---",
                    Language::Russian => "--- сейчас ---",
                });
            }
        }
    }

    fn handle_missed(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        if !self.missed.is_reading() {
            return;
        }
        if let Some(pause) = self.retry.put_off(turn.now, &answer) {
            return turn.screen.notice(&Notice::Waiting { seconds: pause.as_secs() });
        }
        self.retry.reset();
        let Found { with, messages, refusal } = self.missed.handle_answer(answer);
        if !messages.is_empty() && self.shown_with != with {
            turn.screen.line(&match turn.screen.language() {
                Language::English => format!("--- missed: {} ---", visible(&with)),
                Language::Russian => format!("--- пропущено: {} ---", visible(&with)),
            });
            self.shown_with = with;
        }
        for message in &messages {
            self.shown_missed += 1;
            show(turn, message);
        }
        if let Some((code, text)) = refusal {
            turn.screen.notice(&Notice::HistoryRefused { code, text });
        }
        self.ask_missed(turn);
    }

    /// Shows what was held back for pages that will not come.
    fn give_up_missed(&mut self, turn: &mut Turn<'_>) {
        for message in self.missed.give_up() {
            show(turn, &message);
        }
    }

    fn tell_to(&self, turn: &mut Turn<'_>) {
        turn.screen.notice(&Notice::LinesGoTo { to: self.to.clone() });
    }

    fn handle_text(&mut self, turn: &mut Turn<'_>, text: &str) {
        let confirming = self.confirming.take();
        match text.strip_prefix('/') {
            None if text.is_empty() => {}
            Some(escaped) if escaped.starts_with('/') => {
                self.send(turn, &self.to.clone(), escaped);
            }
            _ if commands::is_command(text) => self.handle_command(turn, text, confirming),
            _ => self.send(turn, &self.to.clone(), text),
        }
    }

    fn handle_command(&mut self, turn: &mut Turn<'_>, text: &str, confirming: Option<Ask>) {
        let user = self.entry.name().to_owned();
        let request = match commands::read(text, &self.to) {
            Ok(Typed::Quit) => {
                self.ended = true;
                self.files.give_up(turn.screen);
                return self.give_up_missed(turn);
            }
            Ok(Typed::To(to)) => {
                if !to.is_empty() {
                    self.to = to;
                }
                return self.tell_to(turn);
            }
            Ok(Typed::Passwd) if !self.entry.is_user() => {
                return turn.screen.notice(&Notice::NoAccount);
            }
            Ok(Typed::Passwd) => return self.wanted = Some(passwords::Wanted::Change { user }),
            Ok(Typed::LogIn(user)) => {
                return self.wanted = Some(passwords::Wanted::LogIn { user });
            }
            Ok(Typed::Register { name: user, invite }) => {
                return self.wanted = Some(passwords::Wanted::Register { user, invite });
            }
            Ok(Typed::Nick(name)) => return self.changing.begin_nick(turn, &self.entry, name),
            Ok(Typed::Status(status)) => {
                return self.changing.begin_status(turn, &self.entry, status);
            }
            Ok(Typed::Keys) => return turn.screen.notice(&Notice::NoKeys),
            Ok(Typed::Clear) => return turn.screen.clear(),
            Ok(Typed::Msg { to, text }) => return self.send(turn, &to, &text),
            Ok(Typed::Join(room)) => {
                self.joining.push_back(room.clone());
                Request::Join { user, room }
            }
            Ok(Typed::Leave(room)) => {
                self.leaving.push_back(room.clone());
                Request::Leave { user, room }
            }
            Ok(Typed::Send { file, text }) => return self.send_file(turn, &file, text),
            Ok(Typed::Get(id)) => return self.get_file(turn, id),
            Ok(Typed::Cancel(which)) => return self.files.cancel(turn, which.as_deref()),
            Ok(Typed::Help(command)) => return turn.screen.notice(&Notice::help(command)),
            Ok(Typed::More) => return self.ask_more(turn),
            Ok(Typed::Ask(ask)) => return self.ask(turn, ask, confirming),
            Err(TypedFault::Form(form)) => {
                return turn.screen.notice(&Notice::BadForm { form });
            }
            Err(TypedFault::OpenQuote) => return turn.screen.notice(&Notice::OpenQuote),
            Err(TypedFault::Surplus) => return turn.screen.notice(&Notice::Surplus),
            Err(TypedFault::Unknown(meant)) => {
                let text = text.split_whitespace().next().unwrap_or(text).to_owned();
                return turn.screen.notice(&Notice::UnknownCommand { text, meant });
            }
        };
        turn.session.send(turn.now, &request);
    }

    /// Asks for one of the added actions. What cannot be undone has to be typed twice.
    fn ask(&mut self, turn: &mut Turn<'_>, ask: Ask, confirming: Option<Ask>) {
        let has_history = self.entry.granted().has(Features::HISTORY);
        if let Some(notice) = ask.hindrance(has_history, confirming.as_ref()) {
            turn.screen.notice(&notice);
            self.confirming = Some(ask).filter(|ask| ask.what == What::Destroy);
            return;
        }
        let reads_past = matches!(ask.what, What::History | What::Search);
        if reads_past && !self.sent.is_empty() {
            self.deferred = Some(ask);
            return;
        }
        turn.session.send(turn.now, &ask.request());
        self.asks.push_back(Asking::Typed(Box::new(ask)));
    }

    fn ask_more(&mut self, turn: &mut Turn<'_>) {
        match self.more.take() {
            Some(ask) => self.ask(turn, ask, None),
            None => turn.screen.notice(&Notice::NoMore),
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>, to: &str, text: &str) {
        let limit = Limits::default().message_chars;
        let chars = text.chars().count();
        if chars > limit && !self.splits {
            let line = self.line;
            return turn.screen.notice(&Notice::LineTooLong { line, chars, limit });
        }
        for text in split(text, limit) {
            let from = self.entry.name().to_owned();
            let request = Request::Msg { from, to: to.to_owned(), text, with_user: false };
            turn.session.send(turn.now, &request);
            self.sent.push_back(to.to_owned());
        }
    }

    fn handle_answer(&mut self, turn: &mut Turn<'_>, asked: Asked, answer: Answer) {
        let changed = self.changing.handle_answer(turn, &mut self.entry, asked, &answer);
        if let Some(changed) = changed {
            if changed == Changed::LoggedIn {
                self.begin_acks(turn);
                self.start_missed();
            }
            return;
        }
        match asked {
            Asked::File(_) => self.files.handle_answer(turn, answer),
            Asked::Added(What::Ack) => self.acks.handle_answer(turn),
            Asked::Added(_) => match self.asks.pop_front() {
                Some(Asking::Typed(ask)) => self.more = answers::show(turn, &ask, answer),
                Some(Asking::Missed) => self.handle_missed(turn, answer),
                None => {}
            },
            Asked::Msg => {
                let to = self.sent.pop_front();
                if let Some((to, id)) = to.zip(answer.id).filter(|_| !answer.is_error()) {
                    self.missed.handle_own(&to, id);
                }
                if answer.is_error() || answer.code == 202 {
                    tell(turn, answer);
                }
                if let Some(ask) = self.deferred.take() {
                    self.ask(turn, ask, None);
                }
            }
            Asked::Join => self.handle_joined(turn, answer),
            Asked::Leave => {
                let room = self.leaving.pop_front();
                if let Some(room) = room.filter(|_| !answer.is_error()) {
                    self.missed.forget(&room);
                }
                tell(turn, answer);
            }
            _ if answer.is_error() => tell(turn, answer),
            _ => {}
        }
    }

    /// Lines go to a room that was joined, as who joins one expects.
    fn handle_joined(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        let room = self.joining.pop_front();
        let joined = room.filter(|_| !answer.is_error());
        tell(turn, answer);
        if let Some(room) = joined {
            self.to = room;
            self.tell_to(turn);
        }
    }

    /// Shows a message, unless it was shown before a lost connection or has to wait for others.
    fn handle_message(&mut self, turn: &mut Turn<'_>, message: Message) {
        if message.is_to_one() {
            self.acks.handle_shown(turn.now, &message);
        }
        if let Some(message) = self.missed.handle_live(message, self.entry.name()) {
            show(turn, &message);
        }
        if !self.missed.is_reading() {
            self.acks.send(turn);
        }
    }

    /// Ends when nothing is typed any more and all that was typed is answered.
    fn finish(&self, turn: &Turn<'_>) -> Flow {
        if self.ended && turn.session.under_way() == 0 && self.files.is_idle() {
            return ControlFlow::Break(Ending::Quitting(Exit::Done));
        }
        ControlFlow::Continue(())
    }
}

/// Shows a message, and whom it is to where that is not the common chat.
fn show(turn: &mut Turn<'_>, message: &Message) {
    match &message.to {
        Some(to) if Shown::of(Some(to)) != Shown::Common => {
            turn.screen.message_to(turn.now, message, to);
        }
        _ => turn.screen.message(turn.now, message),
    }
}

fn tell(turn: &mut Turn<'_>, answer: Answer) {
    let Answer { code, text, .. } = answer;
    turn.screen.notice(&Notice::Answer { code, text });
}

impl Mode for Talker {
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow {
        self.server = address.to_string();
        self.files.lose();
        self.asks.clear();
        self.joining.clear();
        self.leaving.clear();
        self.sent.clear();
        self.deferred = None;
        self.new_password = self.changing.reset().or(self.new_password.take());
        self.acks.reset();
        self.retry.reset();
        self.entry.begin(turn, address);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(_, answer) if !self.entry.is_entered() => {
                return self.handle_entry(turn, &answer);
            }
            Received::Answer(asked, answer) => {
                self.handle_answer(turn, asked, answer);
            }
            Received::Message(message) => self.handle_message(turn, message),
            Received::Event(event) => {
                let text = event.text(turn.screen.language());
                turn.screen.stamped(turn.now, &format_args!("* {text}"));
            }
            other => handle_aside(turn, &self.entry, other),
        }
        self.finish(turn)
    }

    /// A list that was asked for is shown first: the next line may go on with it.
    fn wants_input(&self, session: &Session) -> bool {
        let is_listing = self.asks.iter().any(|asking| matches!(asking, Asking::Typed(_)));
        let waits = is_listing
            || self.deferred.is_some()
            || !self.joining.is_empty()
            || self.changing.is_under_way();
        let has_room = !waits && session.under_way() < REQUESTS_UNDER_WAY;
        self.entry.is_entered() && !self.ended && has_room
    }

    fn handle_line(&mut self, turn: &mut Turn<'_>, line: Line) -> Flow {
        self.line += 1;
        let line_number = self.line;
        match line {
            Line::Text(text) => self.handle_text(turn, &text),
            Line::NotUtf8 => turn.screen.notice(&Notice::LineNotUtf8 { line: line_number }),
            Line::TooBig => turn
                .screen
                .notice(&Notice::LineTooBig { line: line_number, limit_bytes: INPUT_LINE_BYTES }),
        }
        self.finish(turn)
    }

    fn is_away(&self) -> bool {
        self.returns && (!self.was_entered || !self.entry.is_entered())
    }

    fn poll_passwords(&mut self) -> Option<passwords::Wanted> {
        self.wanted.take()
    }

    fn handle_passwords(&mut self, turn: &mut Turn<'_>, asked: passwords::Asked) {
        match asked {
            passwords::Asked::Typed(change) => self.changing.begin(turn, &self.entry, change),
            passwords::Asked::Differ => turn.screen.notice(&Notice::PasswordsDiffer),
            passwords::Asked::Stopped => turn.screen.notice(&Notice::PasswordStays),
            passwords::Asked::CannotAsk(error) => {
                turn.screen.notice(&Notice::CannotAskPassword { why: error.to_string() });
            }
        }
    }

    fn handle_end_of_input(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.ended = true;
        if self.returns {
            // A person leaves; a pipe has said all, and its files are still to be sent.
            self.files.give_up(turn.screen);
        }
        self.give_up_missed(turn);
        self.finish(turn)
    }

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let (exit, may_pass) = (fault.exit(), fault.may_pass());
        let under_way = turn.session.under_way().saturating_sub(self.files.under_way());
        self.files.lose();
        turn.screen.notice(&Notice::Fault { fault });
        if self.was_entered && under_way > 0 {
            turn.screen.notice(&Notice::Unanswered { requests: under_way });
        }
        if may_pass && self.returns && self.was_entered && !self.ended {
            self.entry.leave();
            self.missed.lose();
            return Ending::Reconnecting;
        }
        self.give_up_missed(turn);
        Ending::Silent(exit)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let files = self.files.poll_timeout();
        let both = self.entry.poll_timeout().into_iter().chain(self.retry.poll_timeout());
        both.chain(files).min()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.entry.handle_timeout(turn);
        if self.retry.is_due(turn.now) {
            self.ask_missed(turn);
        }
        self.files.go_on(turn);
        self.finish(turn)
    }

    fn has_more_output(&self, session: &Session) -> bool {
        self.files.has_more(session)
    }

    fn handle_ended(&mut self, screen: &mut Screen) {
        self.files.give_up(screen);
    }
}

#[cfg(test)]
#[path = "talker_tests.rs"]
mod tests;
