//! Carrying out what the chat wants done, in order.

use super::connection::{Connection, Entry, Phase};
use super::event_loop::{Observer, Running};
use super::fanout::Audiences;
use super::handed::Message;
use super::patience;
use super::timers::Moment;
use super::turn::Targets;
use crate::chat::{Effect, Hearers, Payload, Standing};
use crate::logging::log;
use crate::message::{AudienceId, Code, ConnectionId, Dialect, Mark, Notice, PageMessage, Reply};
use crate::wire::attachment::{FileWords, write_attachment};
use crate::wire::encode;
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
                Effect::Deliver { to, except, payload, mark } => {
                    self.deliver(to, except, &payload, mark, raw);
                }
                Effect::Store { connection, message, payload } => {
                    self.store(connection, message, &payload, raw);
                }
                Effect::Hand { to, message } => self.hand(to, &message),
                Effect::Announce { except, announcement } => self.announce(except, &announcement),
                Effect::Notice { to, except, notice } => self.tell(&to, except, &notice),
                Effect::Features { connection, features } => {
                    let (audiences, mut targets) = self.fanout();
                    audiences.set_features(connection, features, &mut targets);
                }
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

    pub(super) fn fanout(&mut self) -> (&mut Audiences, Targets<'_>) {
        let targets = Targets {
            connections: &mut self.connections,
            pool: &mut self.pool,
            dirty: &mut self.dirty,
        };
        (&mut self.audiences, targets)
    }

    pub(super) fn reply(&mut self, to: ConnectionId, reply: &Reply) {
        self.server.observer.answered(self.now, reply);
        let Some(connection) = self.connections.get_mut(to) else { return };
        if let Some(name) = self.chat.name_of(to)
            && connection.name.as_ref() != Some(name)
        {
            log::info!("{} is {name}", connection.peer);
            connection.name = Some(name.clone());
        }
        if connection.entry == Entry::Stranger
            && let Some(about) = self.chat.about(to, self.now)
            && about.standing != Standing::Stranger
        {
            connection.entry = Entry::Known;
            self.throttle.made_known(connection.peer.ip());
        }
        if reply.code.is_error() {
            log_refusal(connection.peer, reply);
        }
        if connection.dialect != Dialect::Jim {
            let dialect = connection.dialect;
            return self.answer_elsewhere(to, dialect, reply);
        }
        let (language, time) = (self.server.settings.language, self.now.unix_micros);
        let encode = |out: &mut Vec<u8>| encode::reply(out, reply, language, time);
        if patience::may_wait(reply) {
            connection.answer_patiently(&mut self.pool, encode);
        } else {
            connection.answer(&mut self.pool, encode);
        }
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
        mark: Mark,
        raw: &[u8],
    ) {
        match payload {
            Payload::AsSent => self.hand_on(to, except, Message { object: raw, mark }),
            Payload::Stored(stored) if stored.attachment.is_some() => {
                self.hand_on_file(to, except, Message { object: &stored.object, mark });
            }
            Payload::Stored(stored) => {
                self.hand_on(to, except, Message { object: &stored.object, mark });
            }
            Payload::WithSender(_) | Payload::File(_) => {
                let mut object = self.pool.take_owned();
                write_object(&mut object, payload, raw);
                self.hand_on(to, except, Message { object: &object, mark });
                self.pool.give_owned(object);
            }
        }
    }

    fn hand_on(&mut self, to: AudienceId, except: Option<ConnectionId>, message: Message<'_>) {
        let (audiences, mut targets) = self.fanout();
        audiences.deliver(to, except, message, &mut targets);
    }

    /// Hands on the announcement of a file, which each gets as its client knows it.
    fn hand_on_file(&mut self, to: AudienceId, except: Option<ConnectionId>, file: Message<'_>) {
        let words = self.file_words();
        let (audiences, mut targets) = self.fanout();
        audiences.deliver_file(to, except, file, words, &mut targets);
    }

    fn hand(&mut self, to: ConnectionId, message: &PageMessage) {
        let words = self.file_words();
        let (audiences, mut targets) = self.fanout();
        let message = Message { object: &message.object, mark: message.mark };
        audiences.hand(to, message, words, &mut targets);
    }

    /// How a file is told of to clients that know none.
    const fn file_words(&self) -> FileWords {
        let settings = &self.server.settings;
        FileWords { language: settings.language, chars: settings.limits.message_chars }
    }

    pub(super) fn tell(&mut self, to: &Hearers, except: Option<ConnectionId>, notice: &Notice) {
        if matches!(to, Hearers::Of(those) if !self.audiences.has_hearers(those)) {
            return;
        }
        let mut object = self.pool.take_owned();
        encode::notice(&mut object, notice, self.now.unix_micros);
        let (audiences, mut targets) = self.fanout();
        match to {
            Hearers::Of(those) => audiences.tell(those, except, &object, &mut targets),
            Hearers::One(one) => audiences.tell_one(*one, &object, &mut targets),
            Hearers::All => audiences.tell_all(except, &object, &mut targets),
        }
        self.pool.give_owned(object);
    }

    fn hasten(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if let Err(error) = connection.stream.hasten() {
            log::debug!("cannot hasten the keepalive of {}: {error}", connection.peer);
        }
    }

    /// Ends a connection in peace: what waits is written first.
    pub(super) fn close(&mut self, id: ConnectionId, reason: &str) {
        self.part_from_chat(id);
        self.start_closing(id, reason);
    }

    /// The chat forgets a connection, which gets nothing of what that makes others hear.
    fn part_from_chat(&mut self, id: ConnectionId) {
        let (audiences, mut targets) = self.fanout();
        audiences.leave_all(id, &mut targets);
        self.chat.handle_gone(id);
        self.carry_out(&[]);
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
        connection.phase = Phase::Flushing { until: Moment::at(self.now.uptime + FLUSH_TIME) };
        connection.forget_jobs();
        connection.mark_dirty(&mut self.dirty);
        self.forget_file(id);
        self.workers.passwords.forget(id);
        self.throttle.forget_guess(id);
    }

    /// Ends a connection that broke, or whose reader is too slow: nothing more is written.
    pub(super) fn lose(&mut self, id: ConnectionId, reason: &str) {
        self.part_from_chat(id);
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
        connection.forget_jobs();
        self.doomed.push(id);
        self.forget_file(id);
        self.workers.passwords.forget(id);
        self.throttle.forget_guess(id);
    }
}

/// Writes what is handed on, without a line end.
pub(super) fn write_object(out: &mut Vec<u8>, payload: &Payload, raw: &[u8]) {
    match payload {
        Payload::AsSent => out.extend_from_slice(raw),
        Payload::Stored(message) => out.extend_from_slice(&message.object),
        Payload::WithSender(name) => encode::push_with_sender(out, raw, name.as_str()),
        Payload::File(notice) => drop(write_attachment(out, notice)),
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
