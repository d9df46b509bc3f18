//! The operator's socket on the loop: one order a connection, few connections, bounded lines.

use super::listener::Accepting;
use crate::control::{Answer, ORDER_BYTES, Order, Refusal, read_order, write_answer};
use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixListener as StdListener;
use std::time::Duration;

/// Commands that are served at one time; one more takes the place of the one that came first.
const PEERS: usize = 8;

/// How many tokens it needs: its own, and one for each peer.
pub(super) const TOKENS: usize = PEERS + 1;

/// A command that gives an order.
#[derive(Debug)]
struct Peer {
    stream: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    written: usize,
    /// Its order was read.
    asked: bool,
    /// It is told of the process's end by the end of its connection.
    held: bool,
}

/// Whose order it is: an answer that comes late finds out whether its peer is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker {
    place: usize,
    number: u64,
}

/// The socket and who is on it.
#[derive(Debug)]
pub(super) struct Control {
    listener: UnixListener,
    accepting: Accepting,
    first_token: usize,
    peers: [Option<(u64, Peer)>; PEERS],
    /// Peers so far.
    count: u64,
    /// Something came: each bit is a token.
    events: usize,
}

impl Control {
    /// Takes the socket; its events have the tokens from `first_token` on, so many as [`TOKENS`].
    pub(super) fn register(
        socket: StdListener,
        registry: &Registry,
        first_token: usize,
    ) -> io::Result<Self> {
        let mut listener = UnixListener::from_std(socket);
        registry.register(&mut listener, Token(first_token), Interest::READABLE)?;
        let (accepting, peers) = (Accepting::default(), Default::default());
        Ok(Self { listener, accepting, first_token, peers, count: 0, events: 0 })
    }

    /// Notes an event of one of its tokens.
    pub(super) fn note(&mut self, token: Token) {
        self.events |= 1 << token.0.saturating_sub(self.first_token).min(PEERS);
    }

    /// The orders that have come, with who gave them.
    pub(super) fn orders(&mut self, registry: &Registry, uptime: Duration) -> Vec<(Asker, Order)> {
        let mut events = std::mem::take(&mut self.events);
        // Who could not be accepted still waits, and no event says so again.
        if self.accepting.due().is_some_and(|due| uptime >= due) {
            events |= 1;
        }
        if events == 0 {
            return Vec::new();
        }
        if events & 1 != 0 && self.accepting.is_open(uptime) {
            self.accept(registry, uptime);
        }
        // Also those that were accepted just now: what they sent may be there already.
        (0..PEERS).filter_map(|place| self.hear(place)).collect()
    }

    /// When to try again to accept, if that failed.
    pub(super) const fn due(&self) -> Option<Duration> {
        self.accepting.due()
    }

    fn accept(&mut self, registry: &Registry, uptime: Duration) {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) if is_ours(&stream) => self.take_in(stream, registry),
                Ok(_) => log::warn!("the control socket was reached by another user"),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => {
                    return self.accepting.pause(uptime, &error, "the operator's commands");
                }
            }
        }
    }

    fn take_in(&mut self, mut stream: UnixStream, registry: &Registry) {
        let age = |place: &usize| self.peers.get(*place).and_then(Option::as_ref).map(|(n, _)| *n);
        // An empty place is the oldest of all.
        let place = (0..PEERS).min_by_key(age).unwrap_or_default();
        let token = Token(self.first_token + 1 + place);
        let interest = Interest::READABLE.add(Interest::WRITABLE);
        if let Err(error) = registry.register(&mut stream, token, interest) {
            return log::warn!("cannot watch a control connection: {error}");
        }
        self.count += 1;
        let peer = Peer {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            written: 0,
            asked: false,
            held: false,
        };
        if let Some(slot) = self.peers.get_mut(place) {
            *slot = Some((self.count, peer));
        }
    }

    /// Reads one peer's order, or writes on at its answer.
    fn hear(&mut self, place: usize) -> Option<(Asker, Order)> {
        let slot = self.peers.get_mut(place)?;
        let (number, peer) = slot.as_mut()?;
        let asker = Asker { place, number: *number };
        if peer.asked {
            if peer.is_over() {
                *slot = None;
            }
            return None;
        }
        match peer.read() {
            Ok(None) => None,
            Ok(Some(order)) => Some((asker, order)),
            Err(Some(text)) => {
                self.answer(asker, &Answer::Refused { why: Refusal::BadOrder, text }, false);
                None
            }
            Err(None) => {
                *slot = None;
                None
            }
        }
    }

    /// Answers an order, if who gave it is still there. `holds`: the connection stays open behind
    /// the answer until the process ends.
    pub(super) fn answer(&mut self, asker: Asker, answer: &Answer, holds: bool) {
        let Some(slot) = self.peers.get_mut(asker.place) else { return };
        let Some((_, peer)) = slot.as_mut().filter(|(number, _)| *number == asker.number) else {
            return;
        };
        peer.output = write_answer(answer);
        peer.held = holds;
        if peer.is_over() {
            *slot = None;
        }
    }

    /// Leaves the connections of those who wait for the end open: the process's end closes them.
    pub(super) fn hold_to_the_end(self) {
        for (_, peer) in self.peers.into_iter().flatten() {
            if peer.held {
                std::mem::forget(peer.stream);
            }
        }
    }
}

impl Peer {
    /// Its order once the line is whole; else an error, with a text where it can still be told.
    fn read(&mut self) -> Result<Option<Order>, Option<String>> {
        let mut part = [0; 1024];
        loop {
            match self.stream.read(&mut part) {
                Ok(0) => return Err(None),
                Ok(count) => self.input.extend_from_slice(part.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Err(None),
            }
            if let Some(end) = memchr::memchr(b'\n', &self.input) {
                self.asked = true;
                let line = self.input.get(..end).unwrap_or_default();
                return read_order(line).map(Some).map_err(Some);
            }
            if self.input.len() > ORDER_BYTES {
                self.asked = true;
                return Err(Some(format!("the order is longer than {ORDER_BYTES} bytes")));
            }
        }
    }

    /// Writes what the socket takes; says whether the peer is served, or gone.
    fn is_over(&mut self) -> bool {
        if self.output.is_empty() {
            return false;
        }
        while let Some(rest) = self.output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return true,
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return true,
            }
        }
        !self.held
    }
}

/// Whether the peer is of the server's own user, or root. The socket's mode says so already; a
/// folder that somebody opened to others does not undo it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_ours(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid();
    rustix::net::sockopt::socket_peercred(stream)
        .is_ok_and(|peer| peer.uid == own || peer.uid.is_root())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_ours(_: &UnixStream) -> bool {
    true
}
