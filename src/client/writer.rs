//! `-w`: sends each line of input as a message.
//!
//! One message is under way at a time, so that order holds also where one is put off by a 429.

use super::bounds::INPUT_LINE_BYTES;
use super::entry::Entry;
use super::exit::Exit;
use super::fault::Fault;
use super::incoming::Answer;
use super::input::Line;
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::{Asked, Request};
use super::reader::handle_aside;
use super::retry::Retry;
use super::session::{Received, Session};
use super::split::split;
use super::words::Notice;
use crate::limits::Limits;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// The writing client.
#[derive(Debug)]
pub struct Writer {
    entry: Entry,
    to: String,
    /// Whether long lines are cut.
    splits: bool,
    /// The current line's number, from 1.
    line: u64,
    /// What of the current line is not acknowledged, the piece under way first.
    pieces: VecDeque<String>,
    retry: Retry,
    acknowledged: u64,
    refused: u64,
    /// Whether `\q` alone on a line ends it.
    quits: bool,
    ended: bool,
}

impl Writer {
    /// A writer to a user, a room or the common chat.
    #[must_use]
    pub fn new(entry: Entry, to: String, splits: bool) -> Self {
        Self {
            entry,
            to,
            splits,
            line: 0,
            pieces: VecDeque::new(),
            retry: Retry::default(),
            acknowledged: 0,
            refused: 0,
            quits: false,
            ended: false,
        }
    }

    /// The same writer, which `\q` alone on a line ends if this is so.
    #[must_use]
    pub fn quitting(self, quits: bool) -> Self {
        Self { quits, ..self }
    }

    fn refuse(&mut self, turn: &mut Turn<'_>, notice: &Notice) {
        turn.screen.notice(notice);
        self.refused += 1;
    }

    fn send_piece(&mut self, turn: &mut Turn<'_>) {
        if let Some(text) = self.pieces.front() {
            let request = Request::Msg {
                from: self.entry.name().to_owned(),
                to: self.to.clone(),
                text: text.clone(),
                with_user: false,
            };
            turn.session.send(turn.now, &request);
        }
    }

    fn handle_text(&mut self, turn: &mut Turn<'_>, text: String) {
        let limit = Limits::default().message_chars;
        let chars = text.chars().count();
        if chars <= limit {
            self.pieces.push_back(text);
        } else if self.splits {
            self.pieces.extend(split(&text, limit));
        } else {
            let notice = Notice::LineTooLong { line: self.line, chars, limit };
            return self.refuse(turn, &notice);
        }
        self.send_piece(turn);
    }

    fn handle_acknowledgement(&mut self, turn: &mut Turn<'_>, answer: &Answer) {
        if let Some(pause) = self.retry.put_off(turn.now, answer) {
            turn.screen.notice(&Notice::Waiting { seconds: pause.as_secs() });
            return;
        }
        self.retry.reset();
        if answer.is_error() {
            self.pieces.clear();
            let (code, text) = (answer.code, answer.text.clone());
            return self.refuse(turn, &Notice::LineRefused { line: self.line, code, text });
        }
        self.pieces.pop_front();
        if self.pieces.is_empty() {
            self.acknowledged += 1;
        } else {
            self.send_piece(turn);
        }
    }

    fn finish(&self, turn: &mut Turn<'_>) -> Flow {
        if !self.ended || !self.pieces.is_empty() {
            return ControlFlow::Continue(());
        }
        if self.refused == 0 {
            return ControlFlow::Break(Ending::Quitting(Exit::Done));
        }
        let (refused, acknowledged) = (self.refused, self.acknowledged);
        turn.screen.notice(&Notice::NotAcknowledged { refused, acknowledged });
        ControlFlow::Break(Ending::Quitting(Exit::NotAcknowledged))
    }
}

impl Mode for Writer {
    fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) -> Flow {
        self.entry.begin(turn, address);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(_, answer) if !self.entry.is_entered() => {
                self.entry.handle_answer(turn, &answer)
            }
            Received::Answer(Asked::Msg, answer) => {
                self.handle_acknowledgement(turn, &answer);
                self.finish(turn)
            }
            other => {
                handle_aside(turn, &self.entry, other);
                ControlFlow::Continue(())
            }
        }
    }

    fn wants_input(&self, _session: &Session) -> bool {
        self.entry.is_entered() && self.pieces.is_empty() && !self.ended
    }

    fn handle_line(&mut self, turn: &mut Turn<'_>, line: Line) -> Flow {
        self.line += 1;
        match line {
            Line::Text(text) if self.quits && text.trim_end() == "\\q" => {
                return self.handle_end_of_input(turn);
            }
            Line::Text(text) => self.handle_text(turn, text),
            Line::NotUtf8 => {
                let notice = Notice::LineNotUtf8 { line: self.line };
                self.refuse(turn, &notice);
            }
            Line::TooBig => {
                let notice = Notice::LineTooBig { line: self.line, limit_bytes: INPUT_LINE_BYTES };
                self.refuse(turn, &notice);
            }
        }
        ControlFlow::Continue(())
    }

    fn handle_end_of_input(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.ended = true;
        self.finish(turn)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.entry.poll_timeout().into_iter().chain(self.retry.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.entry.handle_timeout(turn);
        if self.retry.is_due(turn.now) {
            self.send_piece(turn);
        }
        ControlFlow::Continue(())
    }

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let exit = fault.exit();
        turn.screen.notice(&Notice::Fault { fault });
        turn.screen.notice(&Notice::CutOff { acknowledged: self.acknowledged });
        Ending::Silent(exit)
    }
}
