//! The floor: the least server that a chat can be measured against.
//!
//! It cuts the stream into JIM objects, checks them, relays each `msg` to everyone but its sender
//! (or to the one guest that it names), and answers each request, all on one thread. What is said
//! in a turn of its loop is one shared chunk, and each connection gets its turn's output in one
//! `writev`. In its second form an answer of success causes no write of its own while the loop has
//! input left: it leaves with the next output of its connection, four turns later at most. It has no rooms, rights, limits of memory per room, log or storage: what a real server
//! costs above it is the price of those.

mod connection;
mod hasher;
mod turn;

use super::Failure;
use crate::limits::{Limits, READ_TURN_BYTES};
use crate::message::Request;
use crate::wire::jim::Decoded;
use connection::Connection;
use hasher::Hasher;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use turn::Turn;

/// The listener's token; connections have their slots below it.
const LISTENER: Token = Token(usize::MAX);

/// The server.
#[derive(Debug)]
pub struct Floor {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    /// Who was present under which name last.
    names: HashMap<String, usize>,
    turn: Turn,
    hasher: Hasher,
    limits: Limits,
    answers_wait: bool,
}

/// What a request comes to.
enum Outcome {
    /// An answer with this code.
    Answer(u16),
    /// An answer, and the end of the connection.
    Quit,
}

impl Floor {
    /// Listens on an address; `answers_wait` for the connection's next output, while there is input.
    ///
    /// # Errors
    /// What the system said.
    pub fn bind(address: SocketAddr, answers_wait: bool) -> Result<Self, Failure> {
        let refused = |source| Failure::Connect { address, source };
        let poll = Poll::new().map_err(refused)?;
        let mut listener = TcpListener::bind(address).map_err(refused)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(refused)?;
        Ok(Self {
            poll,
            listener,
            connections: Slab::new(),
            names: HashMap::new(),
            turn: Turn::default(),
            hasher: Hasher::default(),
            limits: Limits::default(),
            answers_wait,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system said.
    pub fn address(&self) -> Result<SocketAddr, Failure> {
        self.listener.local_addr().map_err(Failure::while_doing("asking for an address"))
    }

    /// Serves until the process is ended.
    ///
    /// # Errors
    /// The poll failed.
    pub fn run(&mut self) -> Result<(), Failure> {
        let mut events = Events::with_capacity(crate::limits::EVENTS_PER_POLL);
        let mut buffer = vec![0; READ_TURN_BYTES];
        loop {
            let wait = self.turn.is_awaited().then_some(Duration::ZERO);
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled.map_err(Failure::while_doing("waiting for clients"))?,
            }
            self.turn.begin(unix_seconds());
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    Token(slot) => {
                        if event.is_writable() {
                            self.flush_late(slot);
                        }
                        if event.is_readable() {
                            self.read(slot, event.is_read_closed(), &mut buffer);
                        }
                    }
                }
            }
            self.flush(self.answers_wait && !events.is_empty());
            self.reap();
        }
    }

    fn accept(&mut self) {
        // Any error ends the turn's accepting: a client that is gone already, or no descriptor.
        while let Ok((mut stream, _)) = self.listener.accept() {
            let entry = self.connections.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            let token = Token(entry.key());
            let registered = self.poll.registry().register(&mut stream, token, interest);
            if registered.is_ok() && stream.set_nodelay(true).is_ok() {
                entry.insert(Connection::new(stream));
            }
        }
    }

    fn flush_late(&mut self, slot: usize) {
        if let Some(connection) = self.connections.get_mut(slot)
            && !connection.flush_queue()
        {
            self.turn.close(slot);
        }
    }

    fn read(&mut self, slot: usize, to_the_end: bool, buffer: &mut [u8]) {
        loop {
            let Some(connection) = self.connections.get_mut(slot) else { return };
            let read = match connection.fill(buffer) {
                Ok(None) => return,
                Ok(Some(0)) | Err(_) => return self.turn.close(slot),
                Ok(Some(read)) => read,
            };
            self.handle_bytes(slot, buffer.get(..read).unwrap_or_default());
            if read < buffer.len() && !to_the_end {
                return;
            }
        }
    }

    /// Handles the whole objects in what was held and what came, and holds the rest.
    fn handle_bytes(&mut self, slot: usize, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let mut decoder = connection.decoder.clone();
        let mut held = std::mem::take(&mut connection.held);
        held.extend_from_slice(if held.is_empty() { &[] } else { bytes });
        let mut rest = if held.is_empty() { bytes } else { held.as_slice() };
        loop {
            let consumed = match decoder.decode(rest, &self.limits) {
                Decoded::Incomplete { consumed } => {
                    rest = rest.get(consumed..).unwrap_or_default();
                    break;
                }
                Decoded::Request { request, consumed } => {
                    let outcome = self.handle_request(slot, &request);
                    self.settle(slot, &outcome);
                    consumed
                }
                Decoded::Malformed { consumed, .. } => {
                    self.settle(slot, &Outcome::Answer(400));
                    consumed
                }
            };
            rest = rest.get(consumed..).unwrap_or_default();
        }
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.held = rest.to_vec();
            connection.decoder = decoder;
        }
    }

    fn handle_request(&mut self, slot: usize, request: &Request<'_>) -> Outcome {
        let name = request.account_name.as_ref().map(|name| name.text.as_ref());
        match request.action.as_ref().map(|action| action.text.as_ref()) {
            _ if request.rare().fault.is_some() => Outcome::Answer(400),
            Some("msg") => Outcome::Answer(self.relay(slot, request)),
            Some("presence") => {
                self.enter(slot, name);
                Outcome::Answer(200)
            }
            Some("authenticate") => {
                let password =
                    request.rare().password.as_ref().map(|password| password.text.as_ref());
                self.enter(slot, name);
                Outcome::Answer(self.hasher.answer(password.unwrap_or_default()))
            }
            Some("quit") => Outcome::Quit,
            Some(_) => Outcome::Answer(200),
            None => Outcome::Answer(400),
        }
    }

    fn enter(&mut self, slot: usize, name: Option<&str>) {
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.present = true;
            let name = name.unwrap_or_default();
            self.names.insert(name.to_owned(), slot);
            connection.name = name.into();
        }
    }

    /// The sender's own bytes go on as they are.
    fn relay(&mut self, slot: usize, request: &Request<'_>) -> u16 {
        let Some(to) = request.to.as_ref().map(|to| to.text.as_ref()) else { return 400 };
        if to.starts_with('#') {
            self.turn.say(slot, request.raw);
            return 200;
        }
        let addressee = self.names.get(to).copied();
        match addressee.and_then(|slot| self.connections.get_mut(slot).map(|to| (slot, to))) {
            Some((slot, to)) => {
                to.own.extend_from_slice(request.raw);
                to.own.push(b'\n');
                to.urgent = true;
                if !std::mem::replace(&mut to.marked, true) {
                    self.turn.mark(slot);
                }
                200
            }
            None => 404,
        }
    }

    fn settle(&mut self, slot: usize, outcome: &Outcome) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let code = match outcome {
            Outcome::Answer(code) => *code,
            Outcome::Quit => {
                self.turn.close(slot);
                200
            }
        };
        let (key, time) = (if code < 400 { "alert" } else { "error" }, self.turn.unix_seconds());
        // Writing to a vector never fails.
        let _ = writeln!(
            connection.own,
            r#"{{"response":{code},"time":{time},"{key}":"The floor has read it"}}"#
        );
        connection.urgent |= code != 200 || matches!(outcome, Outcome::Quit);
        if !std::mem::replace(&mut connection.marked, true) {
            self.turn.mark(slot);
        }
    }

    /// One `writev` for each connection with output: for everyone where something was said to
    /// all, else for those that are marked.
    fn flush(&mut self, may_wait: bool) {
        let said = self.turn.finish();
        if said.is_empty() {
            for slot in self.turn.take_marked() {
                if let Some(connection) = self.connections.get_mut(slot) {
                    let flushed = connection.flush_turn(&said, slot, may_wait);
                    self.turn.note(slot, flushed);
                }
            }
            return;
        }
        for (slot, connection) in &mut self.connections {
            if connection.present || !connection.own.is_empty() {
                let flushed = connection.flush_turn(&said, slot, may_wait);
                self.turn.note(slot, flushed);
            }
        }
        self.turn.reuse(said);
    }

    fn reap(&mut self) {
        for slot in self.turn.take_closing() {
            if let Some(connection) = self.connections.try_remove(slot)
                && self.names.get(&*connection.name) == Some(&slot)
            {
                self.names.remove(&*connection.name);
            }
        }
    }
}

/// The wall clock, for answers.
#[expect(clippy::disallowed_methods, reason = "a server's loop owns its clock")]
fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
