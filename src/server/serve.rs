//! Reading and handling: as many whole objects as there are, within a budget.

use super::connection::{Entry, Filled, Phase};
use super::event_loop::{Observer, Running};
use super::timers::Moment;
use crate::buffer::ReadBuffer;
use crate::limits::{HANDSHAKES_PER_TURN, READ_TURN_BYTES, REQUESTS_PER_TURN};
use crate::logging::log;
use crate::message::{ConnectionId, Dialect, Phrase, Request};
use crate::transport::http;
use crate::wire::detect::{Wire, detect};
use crate::wire::jim::{Decoded, Decoder};
use std::net::SocketAddr;

/// What all connections together may bring in one turn: beyond, the rest waits for the next, so
/// that what a turn puts into a reader's queue stays bounded.
const TURN_BYTES: usize = 4 * 1024 * 1024;

/// How many requests all connections together may bring in one turn, roughly: the more of them have
/// something to say, the less of each is heard, so that whoever says little does not wait long.
const TURN_REQUESTS: usize = 4096;

/// So many of each are heard however many there are.
const LEAST_REQUESTS: usize = 16;

/// The most requests of each connection in a turn in which so many have something to say.
fn share_of_requests(ready: usize) -> usize {
    (TURN_REQUESTS / ready.max(1)).clamp(LEAST_REQUESTS, REQUESTS_PER_TURN)
}

/// What is left of a connection's share of the turn.
struct Budget {
    bytes: usize,
    requests: usize,
}

/// What stops the handling of one connection in this turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    /// More bytes are needed.
    Hungry,
    /// Its share is used up; it goes on in the next turn.
    Budget,
    /// It waits for a job, its answers are unread, or it is closing.
    Held,
}

impl<O: Observer> Running<O> {
    pub(super) fn serve_ready(&mut self) {
        let (mut turn, mut handshakes) = (TURN_BYTES, HANDSHAKES_PER_TURN);
        let share =
            share_of_requests(self.ready.len()).min(self.server.settings.throttle.at_once());
        for _ in 0..self.ready.len() {
            if turn == 0 {
                break;
            }
            let Some(id) = self.ready.pop_front() else { break };
            let Some(connection) = self.connections.get_mut(id) else { continue };
            if connection.stream.is_handshaking() {
                if handshakes == 0 {
                    self.ready.push_back(id);
                    continue;
                }
                handshakes -= 1;
            }
            connection.ready = false;
            turn = turn.saturating_sub(self.serve(id, share));
        }
    }

    /// Serves one connection, of which so many requests are handled; says how much it brought.
    fn serve(&mut self, id: ConnectionId, requests: usize) -> usize {
        let stopping = self.is_stopping();
        let Some(connection) = self.connections.get_mut(id) else { return 0 };
        if connection.entry == Entry::Unannounced && connection.phase == Phase::Open && !stopping {
            self.hear_balancer(id);
            return 0;
        }
        if connection.entry == Entry::Refused && connection.phase == Phase::Open {
            self.tell_refused(id, false);
            return 0;
        }
        match connection.phase {
            Phase::Draining { .. } => {
                connection.drain(&mut self.scratch);
                if connection.phase == Phase::Gone {
                    self.doomed.push(id);
                }
                return 0;
            }
            Phase::Flushing { .. } | Phase::Gone => return 0,
            Phase::Open if stopping => return 0,
            Phase::Open => {}
        }
        let before = connection.requests;
        // Taken out while it is served: requests borrow from it.
        let mut input = std::mem::take(&mut connection.input).resume();
        let mut budget = Budget { bytes: READ_TURN_BYTES, requests };
        let halt = self.read_and_handle(id, &mut input, &mut budget);
        let input = input.park(&mut self.pool);
        let Some(connection) = self.connections.get_mut(id) else { return 0 };
        connection.input = input;
        connection.note_half(self.now.uptime);
        // A piece of a file is no object, though it counts in the budget.
        let objects = connection.requests - before;
        let bytes = READ_TURN_BYTES - budget.bytes;
        if self.server.settings.throttle.slows_users() {
            self.slow_down(id, objects, bytes);
        }
        self.after_serving(id, halt);
        bytes
    }

    fn after_serving(&mut self, id: ConnectionId, halt: Halt) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.stream.is_tls() {
            self.after_reading_tls(id);
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        match halt {
            // One that is paused is made ready at its end.
            Halt::Budget if connection.paused => {}
            Halt::Budget => self.make_ready(id),
            Halt::Hungry if connection.ended => self.end(id),
            Halt::Hungry | Halt::Held => {}
        }
        self.rearm(id);
    }

    /// Decodes and handles what is there, reads more, and so on.
    fn read_and_handle(
        &mut self,
        id: ConnectionId,
        input: &mut ReadBuffer,
        budget: &mut Budget,
    ) -> Halt {
        loop {
            let halt = self.handle_whole(id, input, budget);
            if halt != Halt::Hungry {
                return halt;
            }
            if budget.bytes == 0 {
                return Halt::Budget;
            }
            let Some(connection) = self.connections.get_mut(id) else { return Halt::Held };
            match connection.fill(input, &mut self.pool) {
                Filled::Bytes(count) => budget.bytes = budget.bytes.saturating_sub(count.max(1)),
                Filled::Nothing => return Halt::Hungry,
                // What is held may be whole now that no more can come.
                Filled::End => return self.handle_whole(id, input, budget),
                Filled::Broken(error) => {
                    self.end_broken(id, &error);
                    return Halt::Held;
                }
            }
        }
    }

    /// Handles all whole objects that are held.
    fn handle_whole(
        &mut self,
        id: ConnectionId,
        input: &mut ReadBuffer,
        budget: &mut Budget,
    ) -> Halt {
        loop {
            let Some(connection) = self.connections.get_mut(id) else { return Halt::Held };
            if !connection.may_decode() {
                return Halt::Held;
            }
            if !connection.is_served()
                && let Some(halt) = self.know_wire(id, input)
            {
                return halt;
            }
            if input.is_empty() {
                return Halt::Hungry;
            }
            if budget.requests == 0 {
                return Halt::Budget;
            }
            let Some(connection) = self.connections.get_mut(id) else { return Halt::Held };
            let handled = match connection.dialect {
                Dialect::Exchange => self.hear_frame(id, input),
                Dialect::Jim | Dialect::Console => self.handle_one(id, input),
            };
            match handled {
                Some(true) => budget.requests -= 1,
                Some(false) => return Halt::Hungry,
                None => return Halt::Held,
            }
        }
    }

    /// Decodes and handles one object: false if none is whole, `None` if the connection is gone.
    fn handle_one(&mut self, id: ConnectionId, input: &mut ReadBuffer) -> Option<bool> {
        let connection = self.connections.get_mut(id)?;
        let (mut decoder, bounds) = (std::mem::take(&mut connection.decoder), connection.bounds());
        let limits = &self.server.settings.limits;
        let decoded = decoder.decode_within(input.data(), limits, bounds);
        let connection = self.connections.get_mut(id)?;
        connection.decoder = decoder;
        let (consumed, whole) = match decoded {
            Decoded::Incomplete { consumed } => {
                connection.note_traits(false);
                (consumed, false)
            }
            Decoded::Request { request, consumed } => {
                connection.note_traits(request.features.is_some());
                connection.note_request();
                let (peer, dialect) = (connection.peer, connection.dialect);
                let is_console = dialect == Dialect::Console || self.begins_console(id, &request);
                if self.wants_tls(id) {
                    self.refuse_plain(id);
                } else if is_console {
                    self.hear_console(id, request.raw);
                } else {
                    self.dispatch(id, peer, &request);
                }
                (consumed, true)
            }
            Decoded::Malformed { phrase, consumed, .. } => {
                connection.note_traits(false);
                connection.requests += 1;
                connection.half_since = Moment::NEVER;
                let is_console = connection.dialect == Dialect::Console;
                if self.wants_tls(id) {
                    self.refuse_plain(id);
                } else if is_console {
                    self.close_console(id);
                } else {
                    self.malformed(id, phrase);
                }
                (consumed, true)
            }
        };
        input.consume(consumed);
        Some(whole)
    }

    /// Hands a request to the chat and carries out what the chat makes of it.
    #[log(show(peer, request))]
    pub(super) fn dispatch(&mut self, id: ConnectionId, peer: SocketAddr, request: &Request<'_>) {
        self.chat.handle_request(self.now, id, request);
        self.carry_out(request.raw);
        self.note_busy(id);
    }

    /// Finds out what the connection speaks. It goes on where that is served; else this says what
    /// stops it.
    fn know_wire(&mut self, id: ConnectionId, input: &mut ReadBuffer) -> Option<Halt> {
        let Some(connection) = self.connections.get_mut(id) else { return Some(Halt::Held) };
        let first_bytes = input.data();
        let wire = match detect(first_bytes) {
            None if first_bytes.is_empty() || !connection.ended => return Some(Halt::Hungry),
            // The input ended before it said more: what is there is answered as JIM.
            None => Wire::Jim,
            Some(wire) => wire,
        };
        connection.wire = Some(wire);
        match wire {
            Wire::Jim => return None,
            Wire::LengthPrefixed => {
                self.set_dialect(id, Dialect::Exchange);
                if !self.wants_tls(id) {
                    return None;
                }
                self.refuse_plain(id);
            }
            Wire::Tls => {
                if self.begin_tls(id, first_bytes) {
                    input.consume(input.data().len());
                    // A handshake costs time, and many may begin at once: it is the next turn's.
                    return Some(Halt::Budget);
                }
            }
            Wire::Http => {
                connection
                    .answer(&mut self.pool, |out| out.extend_from_slice(http::NOT_IMPLEMENTED));
                self.close(id, "it speaks HTTP, which is not served here");
            }
        }
        Some(Halt::Hungry)
    }

    /// The peer has sent all it will, and every request is answered: flush and close.
    fn end(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.phase != Phase::Open || connection.is_held() || connection.jobs_owed > 0 {
            return;
        }
        if connection.is_halfway() || !connection.input.is_empty() {
            connection.decoder = Decoder::default();
            self.chat.handle_malformed(self.now, id, Phrase::CutShort);
            self.carry_out(&[]);
        }
        let reason =
            self.connections.get_mut(id).map_or("", |connection| connection.how_it_ended());
        self.close(id, reason);
    }
}
