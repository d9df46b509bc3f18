//! Neither mode: lines typed are sent, lines received are shown.

use super::acks::Acks;
use super::answers;
use super::ask::{Ask, What};
use super::bounds::{INPUT_LINE_BYTES, REQUESTS_UNDER_WAY};
use super::commands::{self, Typed, TypedFault};
use super::entry::Entry;
use super::exit::Exit;
use super::fault::Fault;
use super::incoming::{Answer, Message};
use super::input::Line;
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::{Asked, Request};
use super::reader::{Shown, handle_aside, is_passing};
use super::seen::Seen;
use super::session::{Received, Session};
use super::split::split;
use super::words::Notice;
use crate::limits::Limits;
use crate::message::Features;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// The interactive client.
#[derive(Debug)]
pub struct Talker {
    entry: Entry,
    to: String,
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
    asks: VecDeque<Ask>,
    /// What asks for the rest of the last list.
    more: Option<Ask>,
    /// What is done when it is typed once more.
    confirming: Option<Ask>,
    acks: Acks,
    seen: Seen,
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
            more: None,
            confirming: None,
            acks: Acks::default(),
            seen: Seen::default(),
        }
    }

    /// What the interactive client understands.
    pub const FEATURES: Features = Features::GRANTED;

    /// Takes an answer to a request of the way in.
    fn handle_entry(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Flow {
        let flow = self.entry.handle_answer(turn, answer);
        if flow.is_break() && self.was_entered && self.returns && is_passing(answer) {
            return ControlFlow::Break(Ending::Reconnecting);
        }
        if self.entry.is_entered() {
            if let Some(kept) = self.entry.kept().filter(|_| !self.was_entered) {
                turn.screen.notice(&Notice::Kept { kept });
            }
            self.was_entered = true;
            if self.entry.is_user() && self.entry.granted().has(Features::IDS) {
                self.acks.begin(turn.now, self.entry.server_unix_micros());
            }
        }
        flow
    }

    fn handle_text(&mut self, turn: &mut Turn<'_>, text: &str) {
        let confirming = self.confirming.take();
        match text.strip_prefix('/') {
            None if text.is_empty() => {}
            Some(escaped) if escaped.starts_with('/') => {
                self.send(turn, &self.to.clone(), escaped);
            }
            Some(_) => self.handle_command(turn, text, confirming),
            None => self.send(turn, &self.to.clone(), text),
        }
    }

    fn handle_command(&mut self, turn: &mut Turn<'_>, text: &str, confirming: Option<Ask>) {
        let user = self.entry.name().to_owned();
        let request = match commands::read(text, &self.to) {
            Ok(Typed::Quit) => {
                self.ended = true;
                return;
            }
            Ok(Typed::Msg { to, text }) => return self.send(turn, &to, &text),
            Ok(Typed::Join(room)) => Request::Join { user, room },
            Ok(Typed::Leave(room)) => Request::Leave { user, room },
            Ok(Typed::Help) => return turn.screen.notice(&Notice::Help),
            Ok(Typed::More) => return self.ask_more(turn),
            Ok(Typed::Ask(ask)) => return self.ask(turn, ask, confirming),
            Err(TypedFault::Form(form)) => {
                return turn.screen.notice(&Notice::BadForm { form });
            }
            Err(TypedFault::OpenQuote) => return turn.screen.notice(&Notice::OpenQuote),
            Err(TypedFault::Unknown(meant)) => {
                let text = text.split_whitespace().next().unwrap_or(text).to_owned();
                return turn.screen.notice(&Notice::UnknownCommand { text, meant });
            }
        };
        turn.session.send(turn.now, &request);
    }

    /// Asks for one of the added actions. What cannot be undone has to be typed twice.
    fn ask(&mut self, turn: &mut Turn<'_>, ask: Ask, confirming: Option<Ask>) {
        let reads_past = matches!(ask.what, What::History | What::Search);
        if reads_past && !self.entry.granted().has(Features::HISTORY) {
            return turn.screen.notice(&Notice::NoHistory);
        }
        if ask.what == What::Destroy && confirming.as_ref() != Some(&ask) {
            let room = ask.room.clone().unwrap_or_default();
            turn.screen.notice(&Notice::Confirm { room });
            self.confirming = Some(ask);
            return;
        }
        turn.session.send(turn.now, &ask.request());
        self.asks.push_back(ask);
    }

    fn ask_more(&mut self, turn: &mut Turn<'_>) {
        match self.more.take() {
            Some(ask) => self.ask(turn, ask, None),
            None => turn.screen.notice(&Notice::NoMore),
        }
    }

    fn send(&self, turn: &mut Turn<'_>, to: &str, text: &str) {
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
        }
    }

    fn handle_answer(&mut self, turn: &mut Turn<'_>, asked: Asked, answer: Answer) {
        match asked {
            Asked::Added(What::Ack) => self.acks.handle_answer(turn),
            Asked::Added(_) => {
                if let Some(ask) = self.asks.pop_front() {
                    self.more = answers::show(turn, &ask, answer);
                }
            }
            _ if answer.is_error()
                || answer.code == 202
                || matches!(asked, Asked::Join | Asked::Leave) =>
            {
                let Answer { code, text, .. } = answer;
                turn.screen.notice(&Notice::Answer { code, text });
            }
            _ => {}
        }
    }

    /// Shows a message, unless it was shown before a lost connection.
    fn handle_message(&mut self, turn: &mut Turn<'_>, message: &Message) {
        if message.id.is_none_or(|id| self.seen.insert(id)) {
            match &message.to {
                Some(to) if Shown::of(Some(to)) != Shown::Common => {
                    turn.screen.message_to(turn.now, message, to);
                }
                _ => turn.screen.message(turn.now, message),
            }
        }
        if message.is_to_one() {
            self.acks.handle_shown(turn.now, message);
            self.acks.send(turn);
        }
    }

    /// Ends when nothing is typed any more and all that was typed is answered.
    fn finish(&self, turn: &Turn<'_>) -> Flow {
        if self.ended && turn.session.under_way() == 0 {
            return ControlFlow::Break(Ending::Quitting(Exit::Done));
        }
        ControlFlow::Continue(())
    }
}

impl Mode for Talker {
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow {
        self.asks.clear();
        self.acks.reset();
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
            Received::Message(message) => self.handle_message(turn, &message),
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
        let has_room = self.asks.is_empty() && session.under_way() < REQUESTS_UNDER_WAY;
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

    fn handle_end_of_input(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.ended = true;
        self.finish(turn)
    }

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let (exit, lost) = (fault.exit(), fault.is_lost_connection());
        let under_way = turn.session.under_way();
        turn.screen.notice(&Notice::Fault { fault });
        if self.was_entered && under_way > 0 {
            turn.screen.notice(&Notice::Unanswered { requests: under_way });
        }
        if lost && self.returns && self.was_entered && !self.ended {
            return Ending::Reconnecting;
        }
        Ending::Silent(exit)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.entry.poll_timeout()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.entry.handle_timeout(turn);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::entry::Who;
    use crate::client::render::Screen;
    use crate::message::{Language, Now};
    use jiff::tz::TimeZone;

    struct Stage {
        talker: Talker,
        session: Session,
        screen: Screen,
    }

    impl Stage {
        fn new(returns: bool) -> Self {
            let entry = Entry::new(Who::Guest { name: "tester".into() }, None, Talker::FEATURES);
            Self {
                talker: Talker::new(entry, "#all".into(), false, returns),
                session: Session::default(),
                screen: Screen::new(Language::English, TimeZone::UTC, false),
            }
        }

        /// Begins on a new connection, whose server answers the presence with this code.
        fn begin(&mut self, code: u16) -> Flow {
            self.session = Session::default();
            let address = ([127, 0, 0, 1], 1).into();
            self.act(|talker, turn| talker.begin(turn, address))?;
            self.session.handle_bytes(format!("{{\"response\":{code}}}").as_bytes());
            let received = self.session.poll_received(Now::default()).unwrap().unwrap();
            self.act(|talker, turn| talker.handle_received(turn, received))
        }

        fn act<T>(&mut self, act: impl FnOnce(&mut Talker, &mut Turn<'_>) -> T) -> T {
            let (session, screen) = (&mut self.session, &mut self.screen);
            act(&mut self.talker, &mut Turn { now: Now::default(), session, screen })
        }

        fn lose(&mut self) -> Ending {
            self.act(|talker, turn| talker.handle_fault(turn, Fault::Closed))
        }
    }

    #[test]
    fn a_lost_connection_is_made_again_for_a_person() {
        let mut stage = Stage::new(true);
        assert_eq!(stage.begin(200), ControlFlow::Continue(()));
        let line = Line::Text("x".into());
        assert_eq!(stage.act(|talker, turn| talker.handle_line(turn, line)), Flow::Continue(()));
        assert_eq!(stage.lose(), Ending::Reconnecting);
        let told = stage.screen.poll_notices();
        assert!(
            told.iter().any(|(_, text)| text.ends_with("perhaps not delivered: 1")),
            "{told:?}"
        );
        // The server may still hold the former connection.
        assert_eq!(stage.begin(409), ControlFlow::Break(Ending::Reconnecting));
        assert_eq!(stage.begin(200), ControlFlow::Continue(()));
        assert!(stage.talker.wants_input(&stage.session));
    }

    #[test]
    fn nothing_is_made_again_for_a_pipe_or_before_the_first_entry() {
        let mut stage = Stage::new(false);
        assert_eq!(stage.begin(200), ControlFlow::Continue(()));
        assert_eq!(stage.lose(), Ending::Silent(Exit::Gone));
        let mut stage = Stage::new(true);
        assert_eq!(stage.lose(), Ending::Silent(Exit::Gone));
        assert_eq!(stage.begin(409), ControlFlow::Break(Ending::Quitting(Exit::Refused)));
    }

    #[test]
    fn nonsense_is_no_reason_to_come_back() {
        let mut stage = Stage::new(true);
        assert_eq!(stage.begin(200), ControlFlow::Continue(()));
        let fault = Fault::NotJson { sample: "x".into() };
        let ending = stage.act(|talker, turn| talker.handle_fault(turn, fault));
        assert_eq!(ending, Ending::Silent(Exit::Gone));
    }
}
