//! One conversation with a server, without its socket: bytes and requests in, answers, messages
//! and bytes out.
//!
//! Every request gets exactly one answer, in the order of the requests; so the oldest request
//! under way says what an answer is about.

use super::bounds::{ANSWER_WAIT, HALF_OBJECT_WAIT, LOGIN_WAIT, PIECE_WAIT};
use super::cutter::Cutter;
use super::event::Event;
use super::fault::Fault;
use super::incoming::{Answer, Incoming, Message};
use super::outgoing::{Asked, Output, Request};
use crate::message::Now;
use std::collections::VecDeque;
use std::time::Duration;

/// Something that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The answer to the oldest request under way.
    Answer(Asked, Answer),
    /// An answer to nothing that was asked.
    Unasked(Answer),
    /// A message.
    Message(Message),
    /// The server asks whether we are there.
    Probe,
    /// The server tells of a user or a room.
    Event(Event),
    /// Something unknown; its `action`, if it has one.
    Unknown(String),
    /// Bytes as they came, in a conversation that is not JIM.
    Bytes(Vec<u8>),
}

/// The state of the conversation.
#[derive(Debug, Default)]
pub struct Session {
    cutter: Cutter,
    output: Output,
    /// Requests under way and when their patience ends, in uptime.
    waiting: VecDeque<(Asked, Duration)>,
    /// When the patience with half an object ends, in uptime.
    half_until: Option<Duration>,
    /// Why the server closes this connection for good, if it has said that it does.
    parted: Option<String>,
    /// What came and was not taken out, in a conversation that is not JIM.
    bytes: Option<Vec<u8>>,
}

impl Session {
    /// A conversation on another wire than JIM's: its mode reads and writes the bytes itself.
    #[must_use]
    pub fn of_bytes() -> Self {
        Self { bytes: Some(Vec::new()), ..Self::default() }
    }

    /// Whether this is such a conversation.
    #[must_use]
    pub const fn is_of_bytes(&self) -> bool {
        self.bytes.is_some()
    }

    /// Sends bytes as they are with the next flush.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.output.push_bytes(bytes);
    }

    /// Sends a request with the next flush.
    pub fn send(&mut self, now: Now, request: &Request) {
        self.output.push(request, now.unix_micros / 1_000_000);
        let asked = request.asked();
        self.waiting.push_back((asked, now.uptime + patience(asked)));
    }

    /// Takes bytes that the server sent. [`Self::poll_received`] is called until it has nothing
    /// more before the next ones are read.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        match &mut self.bytes {
            Some(held) => held.extend_from_slice(bytes),
            None => self.cutter.handle_bytes(bytes),
        }
    }

    /// The next thing that arrived.
    ///
    /// # Errors
    /// What is no JSON object, and what is too long for one.
    pub fn poll_received(&mut self, now: Now) -> Result<Option<Received>, Fault> {
        if let Some(held) = &mut self.bytes {
            return Ok((!held.is_empty()).then(|| Received::Bytes(std::mem::take(held))));
        }
        let Some(raw) = self.cutter.poll_object()? else {
            self.half_until = match (self.cutter.is_half(), self.half_until) {
                (false, _) => None,
                (true, Some(until)) => Some(until),
                (true, None) => Some(now.uptime + HALF_OBJECT_WAIT),
            };
            return Ok(None);
        };
        self.half_until = None;
        Ok(Some(match Incoming::decode(raw)? {
            Incoming::Answer(answer) => match self.waiting.pop_front() {
                Some((asked, _)) => {
                    self.renew_patience(now);
                    Received::Answer(asked, answer)
                }
                None => Received::Unasked(answer),
            },
            Incoming::Message(message) => Received::Message(message),
            Incoming::Probe => Received::Probe,
            Incoming::Event(event) => {
                if let Event::Parted { reason } = &event {
                    self.parted = Some(reason.clone());
                }
                Received::Event(event)
            }
            Incoming::Unknown(action) => Received::Unknown(action),
        }))
    }

    /// The next request's turn has come: what was spent on those before it, a large piece of a
    /// file on a slow line, say, does not count.
    fn renew_patience(&mut self, now: Now) {
        if let Some((asked, until)) = self.waiting.front_mut() {
            *until = now.uptime + patience(*asked);
        }
    }

    /// What the end of the stream means.
    #[must_use]
    pub fn handle_end(&self) -> Fault {
        match &self.parted {
            Some(reason) => Fault::Parted { reason: reason.clone() },
            None if self.cutter.is_half() => Fault::CutShort,
            None => Fault::Closed,
        }
    }

    /// What a stream that breaks means, in the system's words.
    #[must_use]
    pub fn handle_break(&self, why: String) -> Fault {
        match &self.parted {
            Some(reason) => Fault::Parted { reason: reason.clone() },
            None => Fault::Broke { why },
        }
    }

    /// When, in uptime, [`Self::handle_timeout`] has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let answer = self.waiting.front().map(|(_, until)| *until);
        answer.into_iter().chain(self.half_until).min()
    }

    /// Looks whether the patience with the server has ended.
    ///
    /// # Errors
    /// It has.
    pub fn handle_timeout(&self, now: Now) -> Result<(), Fault> {
        if let Some((asked, until)) = self.waiting.front()
            && *until <= now.uptime
        {
            return Err(Fault::Silent { seconds: patience(*asked).as_secs() });
        }
        if self.half_until.is_some_and(|until| until <= now.uptime) {
            return Err(Fault::Half { seconds: HALF_OBJECT_WAIT.as_secs() });
        }
        Ok(())
    }

    /// How many requests are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.waiting.len()
    }

    /// The bytes to be written to the server.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        self.output.as_slice()
    }

    /// Forgets what was written.
    pub fn wrote(&mut self, bytes: usize) {
        self.output.wrote(bytes);
    }
}

/// How long an answer is waited for.
const fn patience(asked: Asked) -> Duration {
    match asked {
        Asked::Authenticate | Asked::Register | Asked::Passwd => LOGIN_WAIT,
        Asked::File(_) => PIECE_WAIT,
        _ => ANSWER_WAIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Features;

    fn at(seconds: u64) -> Now {
        Now { unix_micros: seconds * 1_000_000, uptime: Duration::from_secs(seconds) }
    }

    fn quit() -> Request {
        Request::Quit { user: None }
    }

    #[test]
    fn answers_belong_to_requests_in_order() {
        let mut session = Session::default();
        session.send(at(1), &Request::Presence { user: None, features: Features::NONE });
        session.send(at(2), &quit());
        assert_eq!(session.output().split(|byte| *byte == b'\n').count(), 3);
        session.handle_bytes(b"{\"response\":200,\"alert\":\"a\"}{\"action\":\"probe\"}");
        session
            .handle_bytes(b"{\"response\":400,\"error\":\"b\"}{\"response\":500,\"error\":\"c\"}");
        let answer = |code, text: &str| Answer { code, text: text.into(), ..Answer::default() };
        let expected = [
            Received::Answer(Asked::Presence, answer(200, "a")),
            Received::Probe,
            Received::Answer(Asked::Quit, answer(400, "b")),
            Received::Unasked(answer(500, "c")),
        ];
        for received in expected {
            assert_eq!(session.poll_received(at(3)), Ok(Some(received)));
        }
        assert_eq!(session.poll_received(at(3)), Ok(None));
        assert_eq!(session.poll_timeout(), None);
        assert_eq!(session.handle_end(), Fault::Closed);
    }

    #[test]
    fn patience_with_an_answer_ends() {
        let mut session = Session::default();
        session.send(at(1), &quit());
        session.send(at(5), &quit());
        assert_eq!(session.poll_timeout(), Some(Duration::from_secs(11)));
        assert_eq!(session.handle_timeout(at(10)), Ok(()));
        assert_eq!(session.handle_timeout(at(11)), Err(Fault::Silent { seconds: 10 }));
    }

    #[test]
    fn patience_counts_from_a_requests_turn() {
        let mut session = Session::default();
        session.send(at(1), &quit());
        session.send(at(1), &quit());
        session.handle_bytes(b"{\"response\":200}");
        assert!(session.poll_received(at(9)).unwrap().is_some());
        assert_eq!(session.poll_timeout(), Some(Duration::from_secs(19)));
    }

    #[test]
    fn patience_with_half_an_object_ends() {
        let mut session = Session::default();
        session.handle_bytes(b"{");
        assert_eq!(session.poll_received(at(1)), Ok(None));
        session.handle_bytes(b" ");
        assert_eq!(session.poll_received(at(9)), Ok(None));
        assert_eq!(session.poll_timeout(), Some(Duration::from_secs(61)));
        assert_eq!(session.handle_timeout(at(61)), Err(Fault::Half { seconds: 60 }));
        assert_eq!(session.handle_end(), Fault::CutShort);
        session.handle_bytes(b"}");
        assert_eq!(session.poll_received(at(62)), Ok(Some(Received::Unknown(String::new()))));
        assert_eq!(session.poll_received(at(62)), Ok(None));
        assert_eq!(session.poll_timeout(), None);
    }

    #[test]
    fn bytes_of_another_wire_pass_as_they_are() {
        let mut session = Session::of_bytes();
        session.handle_bytes(b"{\0");
        session.handle_bytes(b"\xff");
        assert_eq!(session.poll_received(at(1)), Ok(Some(Received::Bytes(b"{\0\xff".to_vec()))));
        assert_eq!(session.poll_received(at(1)), Ok(None));
        assert_eq!(session.poll_timeout(), None);
        session.send_bytes(b"\0a");
        session.wrote(1);
        assert_eq!(session.output(), b"a");
        assert_eq!(session.handle_end(), Fault::Closed);
    }

    #[test]
    fn what_was_written_is_forgotten() {
        let mut session = Session::default();
        session.send(at(1), &quit());
        let all = session.output().len();
        session.wrote(all - 1);
        assert_eq!(session.output(), b"\n");
        session.wrote(99);
        assert!(session.output().is_empty());
    }
}
