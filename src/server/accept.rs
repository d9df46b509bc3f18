//! New connections: accepted within a budget, refused with a reason over the limits.

use super::connection::{Connection, Entry, Phase};
use super::event_loop::{Observer, Running};
use super::slots;
use super::throttle::TooMany;
use super::timers::Moment;
use crate::limits::{ACCEPTS_PER_TURN, LINGER};
use crate::logging::log;
use crate::message::{Code, ConnectionId, Language, Phrase, Reply};
use crate::rate::whole_seconds;
use crate::transport::{ACCESS_DENIED, Stream};
use crate::wire::detect::begins_tls;
use crate::wire::encode;
use mio::Interest;
use mio::net::TcpStream;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Above this share of the connections that there may be, the first object must come sooner.
const CROWDED_PERCENT: usize = 80;

/// How many connections over the limit may be there at one time to be told why.
const REFUSED_AT_ONCE: usize = 64;

/// Why one more is not even told.
const TOO_MUCH: &str = "far too many connections";

/// How long somebody who is refused has to show whether it speaks TLS: a hello comes at once.
const SHOWS_WIRE: Duration = Duration::from_millis(250);

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
                        self.accepting.pause(self.now.uptime, &error, "connections");
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
        let proxies = &self.server.settings.throttle.proxy_from;
        let unannounced = proxies.iter().any(|network| network.contains(peer.ip()));
        self.counts.accepted += 1;
        let refusal = if unannounced { self.full() } else { self.refusal(peer.ip()) };
        if refusal.is_some() && self.is_too_much() {
            log::info!("refused {peer}: {TOO_MUCH}");
            return;
        }
        let stream = match Stream::tcp(socket) {
            Ok(stream) => stream,
            Err(error) => return log::info!("{peer} was gone at once: {error}"),
        };
        let due = self.now.uptime + self.first_object_time();
        let pacing = self.server.settings.pacing;
        let id = self.connections.insert(|id| Connection::new(id, stream, peer, pacing, due));
        let Some(connection) = self.connections.get_mut(id) else { return };
        let registry = self.server.poll.registry();
        if let Err(error) =
            registry.register(&mut connection.stream, slots::token(id), Interest::READABLE)
        {
            log::error!("cannot watch {peer}: {error}");
            connection.phase = Phase::Gone;
            self.doomed.push(id);
            return;
        }
        if !unannounced || refusal.is_some() {
            self.welcome(id, refusal);
        }
        self.rearm(id);
    }

    /// Lets a connection in whose address is known, or tells it why not.
    fn welcome(&mut self, id: ConnectionId, refusal: Option<Reply>) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.entry = if refusal.is_some() { Entry::Refused } else { Entry::Stranger };
        let peer = connection.peer;
        match refusal {
            Some(reply) => {
                self.refused += 1;
                self.counts.refused += 1;
                self.refuse(id, reply);
            }
            None => {
                self.throttle.count_in(peer.ip());
                log::info!("{peer} connected");
                self.chat.handle_open(self.now, id);
                self.carry_out(&[]);
            }
        }
    }

    /// A balancer is to say whom it connects for, before anything else.
    pub(super) fn hear_balancer(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let balancer = connection.peer;
        match connection.take_header(&mut self.scratch) {
            Ok(Some(source)) => {
                if let Some(source) = source {
                    connection.peer = SocketAddr::new(source.ip().to_canonical(), source.port());
                    log::debug!("{balancer} connects for {}", connection.peer);
                }
                let ip = connection.peer.ip();
                let refusal = self.refusal(ip);
                if refusal.is_some() && self.is_too_much() {
                    return self.drop_now(id, TOO_MUCH);
                }
                self.welcome(id, refusal);
                self.make_ready(id);
                self.rearm(id);
            }
            Ok(None) => {}
            Err(error) => self.close(id, &format!("no PROXY header came: {error}")),
        }
    }

    /// Why a new connection from this address is not let in.
    fn refusal(&mut self, address: IpAddr) -> Option<Reply> {
        if self.server.banned.iter().any(|network| network.contains(address)) {
            return Some(Reply::new(Code::Forbidden, Phrase::AddressBanned));
        }
        if let Some(reply) = self.full() {
            return Some(reply);
        }
        let settings = &self.server.settings;
        let most = settings.max_connections_per_address;
        let phrase = match self.throttle.admit(&settings.throttle, most, address, self.now.uptime) {
            Ok(()) => return None,
            Err(TooMany::Here(limit)) => Phrase::TooManyConnections { limit },
            Err(TooMany::Lately(wait)) => {
                self.counts.throttled += 1;
                Phrase::TooOften { seconds: whole_seconds(wait) }
            }
        };
        Some(Reply::new(Code::TooMany, phrase))
    }

    /// Whether so many are being told of their refusal that one more is refused without a word.
    fn is_too_much(&mut self) -> bool {
        let is_too_much = self.refused >= self.most_refused();
        self.counts.refused += u64::from(is_too_much);
        is_too_much
    }

    /// Why nobody at all is let in.
    fn full(&self) -> Option<Reply> {
        let limit = self.most_connections();
        let is_full = self.served() >= limit;
        is_full.then(|| Reply::new(Code::TooMany, Phrase::TooManyConnections { limit }))
    }

    fn refuse(&mut self, id: ConnectionId, reply: Reply) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        log::info!("refused {}: {}", connection.peer, reply.phrase.in_language(Language::English));
        connection.first_object_due = Moment::at(self.now.uptime + SHOWS_WIRE);
        self.refusals.insert(id, reply);
        self.tell_refused(id, false);
    }

    /// Tells somebody why it is not let in, and closes: in JSON, or by an alert where its first byte
    /// is that of TLS, which words in the clear would only break. That is waited for where TLS is
    /// served. `is_late`: no more.
    pub(super) fn tell_refused(&mut self, id: ConnectionId, is_late: bool) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let mut first_bytes = [0; 2];
        let seen = match connection.stream.peek(&mut first_bytes) {
            Ok(count) => first_bytes.get(..count).unwrap_or_default(),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => &[],
            Err(_) if is_late || self.server.tls.is_none() => &[],
            Err(_) => return,
        };
        let Some(reply) = self.refusals.remove(&id) else { return };
        let (language, time) = (self.server.settings.language, self.now.unix_micros);
        connection.answer(&mut self.pool, |out| {
            if begins_tls(seen) {
                out.extend_from_slice(&ACCESS_DENIED);
            } else {
                encode::reply(out, &reply, language, time);
            }
        });
        connection.first_object_due = Moment::NEVER;
        connection.phase = Phase::Flushing { until: Moment::at(self.now.uptime + LINGER) };
        connection.mark_dirty(&mut self.dirty);
    }

    pub(super) fn first_object_time(&self) -> Duration {
        let settings = &self.server.settings;
        let crowded = self.most_connections().saturating_mul(CROWDED_PERCENT) / 100;
        if self.served() > crowded {
            settings.first_object_when_full.min(settings.first_object)
        } else {
            settings.first_object
        }
    }

    /// How many connections there may be, by the settings and the system's limit on descriptors.
    fn most_connections(&self) -> usize {
        self.descriptors.connections(self.server.settings.max_connections)
    }

    /// How many more may be there at one time to be told why they are refused.
    fn most_refused(&self) -> usize {
        self.descriptors.refusals(self.server.settings.max_connections, REFUSED_AT_ONCE)
    }

    /// How many connections there are that are not just being told of their refusal.
    fn served(&self) -> usize {
        self.connections.len().saturating_sub(self.refused)
    }

    /// Those that are refused have a bound of their own: they take nobody's place.
    pub(super) fn count_out(&mut self, connection: &Connection) {
        let address = connection.peer.ip();
        match connection.entry {
            Entry::Unannounced => {}
            Entry::Refused => {
                self.refused = self.refused.saturating_sub(1);
                self.refusals.remove(&connection.id);
            }
            Entry::Stranger => self.throttle.count_out(address, true),
            Entry::Known => self.throttle.count_out(address, false),
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
