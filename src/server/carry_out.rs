//! Carrying out what the chat wants done, in order.

use super::connection::{Connection, Phase};
use super::event_loop::{Observer, Running};
use super::fanout::Targets;
use crate::chat::{Effect, Payload};
use crate::logging::log;
use crate::message::{AudienceId, Code, ConnectionId, Done, Job, Reply};
use crate::wire::encode;
use crate::workers::PasswordTask;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a closing connection may take to read what waits for it.
const FLUSH_TIME: Duration = Duration::from_secs(30);

impl<O: Observer> Running<O> {
    /// Carries out all effects. `raw` is the request that was just handled, as it was sent.
    pub(super) fn carry_out(&mut self, raw: &[u8]) {
        while let Some(effect) = self.chat.poll_effect() {
            match effect {
                Effect::Reply { to, reply } => self.reply(to, &reply),
                Effect::Probe { to } => self.probe(to),
                Effect::Deliver { to, except, payload } => self.deliver(to, except, &payload, raw),
                Effect::Enter { connection, audience } => {
                    let (audiences, mut targets) = self.fanout();
                    audiences.enter(audience, connection, &mut targets);
                }
                Effect::Leave { connection, audience } => {
                    let (audiences, mut targets) = self.fanout();
                    audiences.leave(audience, connection, &mut targets);
                }
                Effect::Job { connection, job } => self.submit(connection, job),
                Effect::Hasten { connection } => self.hasten(connection),
                Effect::Close { connection, reason } => {
                    self.start_closing(connection, reason.as_str());
                }
            }
        }
    }

    fn fanout(&mut self) -> (&mut super::fanout::Audiences, Targets<'_>) {
        let targets = Targets {
            connections: &mut self.connections,
            pool: &mut self.pool,
            dirty: &mut self.dirty,
        };
        (&mut self.audiences, targets)
    }

    fn reply(&mut self, to: ConnectionId, reply: &Reply) {
        self.server.observer.answered(self.now, reply);
        let Some(connection) = self.connections.get_mut(to) else { return };
        if let Some(name) = self.chat.name_of(to)
            && connection.name.as_ref() != Some(name)
        {
            log::info!("{} is {name}", connection.peer);
            connection.name = Some(name.clone());
        }
        if reply.code.is_error() {
            log_refusal(connection.peer, reply);
        }
        let (language, time) = (self.server.settings.language, self.now.unix_micros);
        connection.answer(&mut self.pool, |out| encode::reply(out, reply, language, time));
        connection.mark_dirty(&mut self.dirty);
    }

    fn probe(&mut self, to: ConnectionId) {
        let Some(connection) = self.connections.get_mut(to) else { return };
        let time = self.now.unix_micros;
        connection.answer(&mut self.pool, |out| encode::probe(out, time));
        connection.mark_dirty(&mut self.dirty);
    }

    fn deliver(
        &mut self,
        to: AudienceId,
        except: Option<ConnectionId>,
        payload: &Payload,
        raw: &[u8],
    ) {
        let (audiences, mut targets) = self.fanout();
        audiences.deliver(to, except, &mut targets, |out| {
            match payload {
                Payload::AsSent => out.extend_from_slice(raw),
                Payload::WithSender(name) => encode::push_with_sender(out, raw, name.as_str()),
            }
            out.push(b'\n');
        });
    }

    fn submit(&mut self, id: ConnectionId, job: Job) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.waiting = true;
        let peer = connection.peer;
        match job {
            Job::VerifyPassword { phc, password } => {
                self.ask_hasher(id, peer, PasswordTask::Check { phc, password });
            }
            Job::HashPassword { password } => {
                self.ask_hasher(id, peer, PasswordTask::Hash { password });
            }
            job => self.ask_storage(id, peer, job),
        }
    }

    #[log(show(peer))]
    fn ask_hasher(&mut self, id: ConnectionId, peer: SocketAddr, task: PasswordTask) {
        if let Err(busy) = self.workers.passwords.submit(peer.ip(), id, task) {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.waiting = false;
            }
            log::info!("{peer}: too many log-ins are waiting");
            self.chat.handle_done(id, Done::Busy { seconds: busy.seconds });
        }
    }

    #[log(show(peer))]
    fn ask_storage(&mut self, id: ConnectionId, peer: SocketAddr, job: Job) {
        if let Err(job) = self.workers.storage.submit(id, job) {
            self.backlog.push_back((id, job));
        }
    }

    fn hasten(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if let Err(error) = connection.stream.hasten() {
            log::debug!("cannot hasten the keepalive of {}: {error}", connection.peer);
        }
    }

    /// Ends a connection in peace: what waits is written first.
    pub(super) fn close(&mut self, id: ConnectionId, reason: &str) {
        self.chat.handle_gone(id);
        self.start_closing(id, reason);
    }

    /// The chat has forgotten the connection: flush, shut our side, drain.
    #[log(show(reason))]
    fn start_closing(&mut self, id: ConnectionId, reason: &str) {
        let (audiences, mut targets) = self.fanout();
        audiences.leave_all(id, &mut targets);
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        log::info!("{}", last_words(connection, reason));
        connection.phase = Phase::Flushing { until: self.now.uptime + FLUSH_TIME };
        connection.waiting = false;
        connection.mark_dirty(&mut self.dirty);
        self.workers.passwords.forget(id);
    }

    /// Ends a connection that broke, or whose reader is too slow: nothing more is written.
    pub(super) fn lose(&mut self, id: ConnectionId, reason: &str) {
        self.chat.handle_gone(id);
        self.carry_out(&[]);
        self.drop_now(id, reason);
    }

    /// Drops a connection at the end of the turn.
    #[log(show(reason))]
    pub(super) fn drop_now(&mut self, id: ConnectionId, reason: &str) {
        let (audiences, mut targets) = self.fanout();
        audiences.leave_all(id, &mut targets);
        let Some(connection) = self.connections.get_mut(id) else { return };
        match connection.phase {
            Phase::Gone => return,
            Phase::Open => log::info!("{}", last_words(connection, reason)),
            // Its end was logged, with its reason, when it began.
            Phase::Flushing { .. } | Phase::Draining { .. } => {
                log::debug!("{} is dropped: {reason}", connection.peer);
            }
        }
        connection.phase = Phase::Gone;
        connection.waiting = false;
        self.doomed.push(id);
        self.workers.passwords.forget(id);
    }
}

/// Who was refused what: at `info` where a limit was hit, else at `debug`.
fn log_refusal(peer: SocketAddr, reply: &Reply) {
    let facts = reply.phrase.facts();
    let level = match (facts.limit, reply.code) {
        (None, code) if code != Code::WrongLogin => log::Level::Debug,
        _ => log::Level::Info,
    };
    log::log!(
        level,
        "{peer}: {} {}",
        reply.code.number(),
        reply.phrase.in_language(crate::message::Language::English)
    );
}

/// Who ended, after how much, and why.
fn last_words(connection: &Connection, reason: &str) -> String {
    let (peer, requests) = (connection.peer, connection.requests);
    match &connection.name {
        Some(name) => format!("{peer} ended after {requests} requests: {reason} (user {name})"),
        None => format!("{peer} ended after {requests} requests: {reason}"),
    }
}
