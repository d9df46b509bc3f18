//! The operator's socket on the loop: one order a connection, few connections, bounded lines.

use super::listener::Accepting;
use crate::control::{Answer, ORDER_BYTES, Order, Refusal, read_order, write_answer};
use mio::event::Event;
use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixListener as StdListener;
use std::time::Duration;

/// Commands that are served at one time; more wait until one of them has its answer.
const PEERS: usize = 32;

/// One that has given no order for so long makes room for those who wait.
const IDLE: Duration = Duration::from_secs(1);

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
    /// It hears no answer any more.
    gone: bool,
    came: Duration,
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
    /// Somebody may wait to be accepted.
    knocked: bool,
    /// Somebody who was accepted can be heard or told something.
    stirred: bool,
    /// When one that is here has to make room for those who wait.
    room_due: Option<Duration>,
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
        Ok(Self {
            listener,
            accepting: Accepting::default(),
            first_token,
            peers: Default::default(),
            count: 0,
            knocked: false,
            stirred: false,
            room_due: None,
        })
    }

    /// Notes an event of one of its tokens.
    pub(super) fn note(&mut self, event: &Event) {
        let Some(place) = event.token().0.checked_sub(self.first_token + 1) else {
            self.knocked = true;
            return;
        };
        self.stirred = true;
        if let Some(Some((_, peer))) = self.peers.get_mut(place) {
            peer.gone |= event.is_write_closed();
        }
    }

    /// The orders that have come, with who gave them.
    pub(super) fn orders(&mut self, registry: &Registry, uptime: Duration) -> Vec<(Asker, Order)> {
        let is_due = self.due().is_some_and(|due| uptime >= due);
        if !self.stirred && !self.knocked && !is_due {
            return Vec::new();
        }
        let mut orders = Vec::new();
        self.stirred = false;
        self.hear_all(&mut orders);
        if self.knocked && self.accepting.is_open(uptime) {
            self.make_room(uptime);
            self.accept(registry, uptime);
            // What those sent who were accepted just now may be there already.
            self.hear_all(&mut orders);
        }
        orders
    }

    /// When to look again, whether or not something comes: to accept, or to make room for it.
    pub(super) fn due(&self) -> Option<Duration> {
        if !self.knocked {
            return None;
        }
        let has_room = self.peers.iter().any(Option::is_none);
        let now = has_room.then_some(Duration::ZERO);
        self.accepting.due().or(now).or(self.room_due)
    }

    fn hear_all(&mut self, orders: &mut Vec<(Asker, Order)>) {
        orders.extend((0..PEERS).filter_map(|place| self.hear(place)));
        for slot in &mut self.peers {
            slot.take_if(|(_, peer)| peer.gone);
        }
    }

    /// Ends those that came long ago and want nothing, where others wait for their places.
    fn make_room(&mut self, uptime: Duration) {
        let waits = self.room_due.take().is_some();
        for slot in &mut self.peers {
            slot.take_if(|(_, peer)| waits && !peer.asked && uptime >= peer.came + IDLE);
        }
    }

    /// Accepts as many as there are places; an answer that frees one leads here again.
    fn accept(&mut self, registry: &Registry, uptime: Duration) {
        while let Some(place) = self.peers.iter().position(Option::is_none) {
            match self.listener.accept() {
                Ok((stream, _)) if is_ours(&stream) => {
                    self.take_in(stream, place, registry, uptime);
                }
                Ok(_) => log::warn!("the control socket was reached by another user"),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.knocked = false;
                    return;
                }
                Err(error) => {
                    return self.accepting.pause(uptime, &error, "the operator's commands");
                }
            }
        }
        let idle = self.peers.iter().flatten().filter(|(_, peer)| !peer.asked);
        self.room_due = idle.map(|(_, peer)| peer.came + IDLE).min();
    }

    fn take_in(
        &mut self,
        mut stream: UnixStream,
        place: usize,
        registry: &Registry,
        uptime: Duration,
    ) {
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
            gone: false,
            came: uptime,
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
