//! One connection of the floor.

use super::turn::Said;
use crate::wire::jim::Decoder;
use mio::net::TcpStream;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::ops::Range;
use std::rc::Rc;

/// Parts of one `writev`. A sender's own stretches of a turn seldom cut the chunk more often.
const PARTS: usize = 16;

/// More than this unread, and the connection is closed.
const QUEUE_BYTES: usize = 32 << 20;

/// How many turns an answer waits at most.
const TURNS_WAITED: u8 = 4;

/// What became of a connection in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Everything is written, or queued until the socket takes it.
    Open,
    /// Its answers wait for the next turn.
    Waits,
    /// It is lost.
    Lost,
}

/// A client.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Where its stream stands.
    pub(super) decoder: Decoder,
    /// The beginning of an object whose end has not come.
    pub(super) held: Vec<u8>,
    /// Whether it gets what is said to all.
    pub(super) present: bool,
    /// What it is called.
    pub(super) name: Box<str>,
    /// This turn's answers, and messages for it alone.
    pub(super) own: Vec<u8>,
    /// Whether any of it must leave with this turn.
    pub(super) urgent: bool,
    /// Whether the turn knows that it has output of its own.
    pub(super) marked: bool,
    /// How much of `own` is of earlier turns, and came before all that was said in this one.
    waited_bytes: usize,
    turns_waited: u8,
    /// What the socket did not take, oldest first.
    queue: VecDeque<Part>,
    queued_bytes: usize,
}

/// A stretch of a chunk that others may share.
#[derive(Debug)]
struct Part {
    chunk: Rc<Vec<u8>>,
    range: Range<usize>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            decoder: Decoder::default(),
            held: Vec::new(),
            present: false,
            name: Box::default(),
            own: Vec::new(),
            urgent: false,
            marked: false,
            waited_bytes: 0,
            turns_waited: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
        }
    }

    /// Reads once; `None` where nothing is there.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(buffer) {
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the turn's output in one call, and keeps what the socket does not take. Answers of
    /// success alone are left for the next turn if they `may_wait`.
    pub(super) fn flush_turn(&mut self, said: &Said, slot: usize, may_wait: bool) -> Flushed {
        self.marked = false;
        if may_wait && self.waits(said, slot) {
            self.turns_waited += 1;
            self.waited_bytes = self.own.len();
            self.marked = true;
            return Flushed::Waits;
        }
        if self.own.is_empty() && said.is_empty() {
            return Flushed::Open;
        }
        self.urgent = false;
        self.turns_waited = 0;
        let (own, waited) = (std::mem::take(&mut self.own), std::mem::take(&mut self.waited_bytes));
        let written =
            if self.queue.is_empty() { self.write(said, slot, &own, waited) } else { Ok(0) };
        let Ok(written) = written else { return Flushed::Lost };
        self.keep_rest(said, slot, own, waited, written);
        if self.queue.is_empty() || self.flush_queue() { Flushed::Open } else { Flushed::Lost }
    }

    /// Whether there are answers alone, that have not waited long.
    fn waits(&self, said: &Said, slot: usize) -> bool {
        let hears = || self.present && said.ranges_for(slot).next().is_some();
        !self.own.is_empty() && !self.urgent && self.turns_waited < TURNS_WAITED && !hears()
    }

    /// How much of the turn's output the socket took.
    fn write(&mut self, said: &Said, slot: usize, own: &[u8], waited: usize) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PARTS];
        let (before, behind) = own.split_at_checked(waited).unwrap_or((&[], own));
        let shared = said.ranges_for(slot).filter(|_| self.present);
        let shared = shared.filter_map(|range| said.chunk.get(range));
        let before = Some(before).filter(|before| !before.is_empty());
        // With too many stretches the last places hold what is still in order: a prefix.
        let mut used = 0;
        let parts = before.into_iter().chain(shared).chain(std::iter::once(behind));
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(part);
            used += 1;
        }
        write_once(&mut self.stream, slices.get(..used).unwrap_or_default())
    }

    /// Keeps what of the turn's output is not among the first `written` bytes.
    fn keep_rest(
        &mut self,
        said: &Said,
        slot: usize,
        own: Vec<u8>,
        waited: usize,
        mut written: usize,
    ) {
        let (present, own_bytes) = (self.present, own.len());
        let shared = || said.ranges_for(slot).filter(|_| present);
        if written == own_bytes + shared().map(|range| range.len()).sum::<usize>() {
            return;
        }
        let own = Rc::new(own);
        self.keep(&own, 0..waited, &mut written);
        for range in shared() {
            self.keep(&said.chunk, range, &mut written);
        }
        self.keep(&own, waited..own_bytes, &mut written);
    }

    /// Keeps what of a stretch is not among the first `written` bytes, which it counts down.
    fn keep(&mut self, chunk: &Rc<Vec<u8>>, range: Range<usize>, written: &mut usize) {
        let done = range.len().min(*written);
        *written -= done;
        let range = range.start + done..range.end;
        if !range.is_empty() {
            self.queued_bytes += range.len();
            self.queue.push_back(Part { chunk: Rc::clone(chunk), range });
        }
    }

    /// Writes kept parts until the socket takes no more. Gives whether the connection lives.
    pub(super) fn flush_queue(&mut self) -> bool {
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); PARTS];
            let mut used = 0;
            for (slice, part) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(part.chunk.get(part.range.clone()).unwrap_or_default());
                used += 1;
            }
            match write_once(&mut self.stream, slices.get(..used).unwrap_or_default()) {
                Ok(0) => return self.queued_bytes <= QUEUE_BYTES,
                Ok(written) => self.drop_written(written),
                Err(_) => return false,
            }
        }
        true
    }

    fn drop_written(&mut self, written: usize) {
        self.queued_bytes -= written;
        let mut rest = written;
        while let Some(part) = self.queue.front_mut() {
            if rest < part.range.len() {
                part.range.start += rest;
                return;
            }
            rest -= part.range.len();
            self.queue.pop_front();
        }
    }
}

/// One `writev`; 0 where the socket takes nothing now.
fn write_once(stream: &mut TcpStream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match stream.write_vectored(parts) {
            Ok(written) => return Ok(written),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::Turn;
    use super::*;
    use std::time::Duration;

    /// A connection and the other end of it.
    fn pair() -> (Connection, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let stream = listener.accept().unwrap().0;
        stream.set_nonblocking(true).unwrap();
        let mut connection = Connection::new(TcpStream::from_std(stream));
        connection.present = true;
        (connection, peer)
    }

    fn said_by(sender: usize, object: &str) -> Said {
        let mut turn = Turn::default();
        turn.say(sender, object.as_bytes());
        turn.finish()
    }

    fn heard(mut peer: &std::net::TcpStream, expected: &str) {
        let mut got = vec![0; expected.len()];
        peer.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8(got).unwrap(), expected);
    }

    #[test]
    fn what_waited_goes_before_what_was_said_later() {
        let (mut connection, peer) = pair();
        connection.own.extend(b"first\n");
        let own_words = said_by(7, "mine");
        assert_eq!(connection.flush_turn(&own_words, 7, true), Flushed::Waits);
        connection.own.extend(b"second\n");
        let others = said_by(8, "others");
        assert_eq!(connection.flush_turn(&others, 7, true), Flushed::Open);
        heard(&peer, "first\nothers\nsecond\n");
        connection.own.extend(b"third\n");
        assert_eq!(connection.flush_turn(&others, 7, true), Flushed::Open);
        heard(&peer, "others\nthird\n");
    }

    #[test]
    fn answers_wait_four_turns_and_no_longer() {
        let (mut connection, peer) = pair();
        let nothing = Said::default();
        for _ in 0..2 {
            connection.own.extend(b"answer\n");
            for _ in 0..TURNS_WAITED {
                assert_eq!(connection.flush_turn(&nothing, 7, true), Flushed::Waits);
            }
            assert_eq!(connection.flush_turn(&nothing, 7, true), Flushed::Open);
            heard(&peer, "answer\n");
        }
    }

    #[test]
    fn nothing_waits_that_is_urgent_or_that_may_not() {
        let (mut connection, peer) = pair();
        let nothing = Said::default();
        connection.own.extend(b"urgent\n");
        connection.urgent = true;
        assert_eq!(connection.flush_turn(&nothing, 7, true), Flushed::Open);
        heard(&peer, "urgent\n");
        connection.own.extend(b"answer\n");
        assert_eq!(connection.flush_turn(&nothing, 7, false), Flushed::Open);
        heard(&peer, "answer\n");
    }

    #[test]
    fn what_the_socket_does_not_take_is_kept_in_order() {
        let (mut connection, peer) = pair();
        let others = said_by(8, &"o".repeat(8 << 20));
        connection.own.extend(b"first\n");
        assert_eq!(connection.flush_turn(&Said::default(), 7, true), Flushed::Waits);
        connection.own.extend(b"second\n");
        assert_eq!(connection.flush_turn(&others, 7, true), Flushed::Open);
        let reader = std::thread::spawn(move || {
            heard(&peer, &format!("first\n{}\nsecond\n", "o".repeat(8 << 20)));
        });
        while !reader.is_finished() {
            assert!(connection.flush_queue());
            std::thread::yield_now();
        }
        reader.join().unwrap();
    }
}
