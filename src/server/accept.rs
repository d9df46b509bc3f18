//! New connections: accepted within a budget, refused with a reason over the limits.

use super::connection::{Connection, Phase};
use super::event_loop::{Observer, Running};
use super::slots;
use super::timers::Moment;
use crate::limits::{ACCEPTS_PER_TURN, LINGER};
use crate::logging::log;
use crate::message::{Code, ConnectionId, Language, Phrase, Reply};
use crate::transport::Stream;
use crate::wire::encode;
use mio::Interest;
use mio::net::TcpStream;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Above this share of `max_connections` the first object must come sooner.
const CROWDED_PERCENT: usize = 80;

/// How many connections over the limit may be there at one time to be told why.
const REFUSED_AT_ONCE: usize = 64;

impl<O: Observer> Running<O> {
    pub(super) fn accept(&mut self) {
        if !self.accepting.is_open(self.now.uptime) || !self.knocked {
            return;
        }
        let mut budget = ACCEPTS_PER_TURN;
        self.knocked = false;
        for index in 0..self.server.listeners.len() {
            while budget > 0 {
                budget -= 1;
                let Some(listener) = self.server.listeners.get(index) else { break };
                match listener.accept() {
                    Ok((socket, peer)) => self.open(socket, peer),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if is_peers_fault(&error) => {}
                    Err(error) => {
                        self.accepting.pause(self.now.uptime, &error);
                        self.knocked = true;
                        return;
                    }
                }
            }
        }
        self.knocked |= budget == 0;
    }

    #[log(show(peer))]
    fn open(&mut self, socket: TcpStream, peer: SocketAddr) {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let refusal = self.refusal(peer.ip());
        self.counts.accepted += 1;
        self.counts.refused += u64::from(refusal.is_some());
        if refusal.is_some() && self.refused >= REFUSED_AT_ONCE {
            log::info!("refused {peer}: far too many connections");
            return;
        }
        let stream = match Stream::tcp(socket) {
            Ok(stream) => stream,
            Err(error) => return log::info!("{peer} was gone at once: {error}"),
        };
        let due = self.now.uptime + self.first_object_time();
        let pacing = self.server.settings.pacing;
        let id = self.connections.insert(|id| Connection::new(id, stream, peer, pacing, due));
        self.count_in(peer.ip(), refusal.is_some());
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.refused = refusal.is_some();
        let registry = self.server.poll.registry();
        if let Err(error) =
            registry.register(&mut connection.stream, slots::token(id), Interest::READABLE)
        {
            log::error!("cannot watch {peer}: {error}");
            connection.phase = Phase::Gone;
            self.doomed.push(id);
            return;
        }
        match refusal {
            Some(reply) => self.refuse(id, &reply),
            None => {
                log::info!("{peer} connected");
                self.chat.handle_open(self.now, id);
                self.carry_out(&[]);
            }
        }
        self.rearm(id);
    }

    /// Why a new connection from this address is not let in.
    fn refusal(&self, address: IpAddr) -> Option<Reply> {
        if self.server.banned.iter().any(|network| network.contains(address)) {
            return Some(Reply::new(Code::Forbidden, Phrase::AddressBanned));
        }
        let settings = &self.server.settings;
        let too_many = |limit| Reply::new(Code::TooMany, Phrase::TooManyConnections { limit });
        if self.served() >= settings.max_connections {
            return Some(too_many(settings.max_connections));
        }
        let from_there = self.per_address.get(&address).copied().unwrap_or_default();
        let limit = settings.max_connections_per_address;
        (from_there >= limit).then(|| too_many(limit))
    }

    fn refuse(&mut self, id: ConnectionId, reply: &Reply) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        log::info!("refused {}: {}", connection.peer, reply.phrase.in_language(Language::English));
        let (language, time) = (self.server.settings.language, self.now.unix_micros);
        connection.answer(&mut self.pool, |out| encode::reply(out, reply, language, time));
        connection.phase = Phase::Flushing { until: Moment::at(self.now.uptime + LINGER) };
        connection.mark_dirty(&mut self.dirty);
    }

    pub(super) fn first_object_time(&self) -> std::time::Duration {
        let settings = &self.server.settings;
        let crowded = settings.max_connections.saturating_mul(CROWDED_PERCENT) / 100;
        if self.served() > crowded {
            settings.first_object_when_full.min(settings.first_object)
        } else {
            settings.first_object
        }
    }

    /// How many connections there are that are not just being told of their refusal.
    fn served(&self) -> usize {
        self.connections.len().saturating_sub(self.refused)
    }

    /// Those that are refused have a bound of their own: they take nobody's place.
    fn count_in(&mut self, address: IpAddr, refused: bool) {
        if refused {
            self.refused += 1;
        } else {
            *self.per_address.entry(address).or_default() += 1;
        }
    }

    pub(super) fn count_out(&mut self, address: IpAddr, refused: bool) {
        if refused {
            self.refused = self.refused.saturating_sub(1);
            return;
        }
        if let Some(count) = self.per_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
    }
}

/// A failed `accept` that says nothing about the next one.
fn is_peers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
