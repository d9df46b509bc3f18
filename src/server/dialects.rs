//! Clients of the other wires (seeds 003 and 004): what they say becomes a JIM request, so that the
//! chat knows one protocol, and what they are told is written in their own form.

use super::event_loop::{Observer, Running};
use super::place::Form;
use crate::buffer::ReadBuffer;
use crate::message::{Announcement, AudienceId, ConnectionId, Dialect, Phrase, Reply, Request};
use crate::wire::exchange::{self, FRAME_BYTES};
use crate::wire::{Decoded, Decoder, console, encode};

impl<O: Observer> Running<O> {
    /// Whether a connection's first object says that it is console chat's; then it is from now on.
    pub(super) fn begins_console(&mut self, id: ConnectionId, request: &Request<'_>) -> bool {
        let limits = &self.server.settings.limits;
        let Some(connection) = self.connections.get_mut(id) else { return false };
        let is_first = connection.requests == 1 && connection.dialect == Dialect::Jim;
        if !is_first || request.action.is_some() || !console::is_registration(request.raw, limits) {
            return false;
        }
        self.set_dialect(id, Dialect::Console);
        true
    }

    /// Nothing was said on the connection yet.
    pub(super) fn set_dialect(&mut self, id: ConnectionId, dialect: Dialect) {
        if let Some(connection) = self.connections.get_mut(id) {
            connection.dialect = dialect;
            self.chat.set_dialect(id, dialect);
        }
    }

    /// Handles an object of console chat.
    pub(super) fn hear_console(&mut self, id: ConnectionId, object: &[u8]) {
        let said = console::read(object, &self.server.settings.limits);
        let is_known = self.chat.name_of(id).is_some();
        // The first says who it is, and no other does.
        let said = said.filter(|said| matches!(said, console::Said::Username(_)) != is_known);
        let Some(said) = said else { return self.close_console(id) };
        match &said {
            console::Said::Username(_) => {}
            console::Said::Message(text) => {
                log::info!("Received message from {}: {text}", self.name(id));
            }
            console::Said::Command(command) => {
                log::info!("The client {} has requested the command: {command}", self.name(id));
            }
        }
        let (mut object, speaker) = (self.pool.take_owned(), self.name(id));
        let (common, time) = (self.chat.common_name(), self.now.unix_micros);
        console::write_as_jim(&mut object, &said, &speaker, common.as_str(), time);
        self.hear_jim(id, &object);
        self.pool.give_owned(object);
        if !is_known && self.chat.name_of(id).is_some() {
            self.log_accepted(id);
        }
    }

    /// Seed 003's server closes on what it cannot read, and says so in its log.
    pub(super) fn close_console(&mut self, id: ConnectionId) {
        log::info!("Closed connection from: {}", self.name(id));
        self.close(id, "what it sent is no message of console chat");
    }

    fn log_accepted(&mut self, id: ConnectionId) {
        let name = self.name(id);
        if let Some(connection) = self.connections.get_mut(id) {
            log::info!("Accepted new connection from {}, username: {name}", connection.peer);
        }
    }

    /// Whom the log and the others know the connection as.
    fn name(&self, id: ConnectionId) -> String {
        self.chat.name_of(id).map(|name| name.as_str().to_owned()).unwrap_or_default()
    }

    /// Handles one frame, or a piece of a file: false if none is there, `None` if nothing more is
    /// read.
    pub(super) fn hear_frame(&mut self, id: ConnectionId, input: &mut ReadBuffer) -> Option<bool> {
        let connection = self.connections.get_mut(id)?;
        let decoded = connection.frames.get_or_insert_default().decoder.decode(input.data());
        let consumed = match decoded {
            exchange::Decoded::Incomplete => return Some(false),
            exchange::Decoded::Refused { length } => {
                self.refuse_frame(id, length);
                return None;
            }
            exchange::Decoded::Frame { frame, consumed } => {
                connection.note_request();
                self.hear_exchange(id, frame);
                consumed
            }
            exchange::Decoded::File { length, consumed } => {
                connection.note_request();
                self.begin_file(id, length)?;
                consumed
            }
            exchange::Decoded::Piece { bytes, is_last, consumed } => {
                self.take_bytes(id, bytes, is_last);
                consumed
            }
        };
        input.consume(consumed);
        Some(true)
    }

    fn refuse_frame(&mut self, id: ConnectionId, length: u32) {
        let phrase = match length {
            0 => Phrase::EmptyFrame,
            _ => Phrase::FrameTooLong { limit: FRAME_BYTES, got: length as usize },
        };
        self.malformed(id, phrase);
        self.close(id, "a frame that is not read");
    }

    fn hear_exchange(&mut self, id: ConnectionId, frame: &[u8]) {
        let said = match exchange::read(frame, &self.server.settings.limits) {
            Ok(said) => said,
            Err(fault) => {
                return self.malformed(id, Phrase::BadFrame { fault: fault.what, at: fault.at });
            }
        };
        let is_known = self.chat.name_of(id).is_some();
        match said {
            exchange::Said::Nickname(nickname) if !is_known => {
                let mut object = self.pool.take_owned();
                exchange::write_presence(&mut object, &nickname, self.now.unix_micros);
                self.hear_jim(id, &object);
                self.pool.give_owned(object);
            }
            exchange::Said::Text { text, attachment: None } if is_known => {
                self.hear_text(id, &text);
            }
            exchange::Said::Text { text, attachment: Some(name) } if is_known => {
                self.expect_file(id, text, name);
            }
            _ => {
                let field = if is_known { "text" } else { "nickname" };
                self.malformed(id, Phrase::MissingField { field });
            }
        }
    }

    /// Handles what somebody in the exchange says to everybody.
    pub(super) fn hear_text(&mut self, id: ConnectionId, text: &str) {
        let (mut object, time) = (self.pool.take_owned(), self.now.unix_micros);
        let (common, speaker) = (self.chat.common_name(), self.name(id));
        exchange::write_msg(&mut object, common.as_str(), &speaker, text, time);
        self.hear_jim(id, &object);
        self.pool.give_owned(object);
    }

    /// Handles what was said, as the JIM object that says the same.
    fn hear_jim(&mut self, id: ConnectionId, object: &[u8]) {
        let limits = &self.server.settings.limits;
        match Decoder::default().decode(object, limits) {
            Decoded::Request { mut request, .. } => {
                // It was longer or shorter where it came from: its fields' limits are what counts.
                request.chars = 0;
                let Some(connection) = self.connections.get_mut(id) else { return };
                let peer = connection.peer;
                self.dispatch(id, peer, &request);
            }
            Decoded::Malformed { phrase, .. } => self.malformed(id, phrase),
            Decoded::Incomplete { .. } => {}
        }
    }

    /// Tells a client what was wrong with what it sent.
    pub(super) fn malformed(&mut self, id: ConnectionId, phrase: Phrase) {
        self.chat.handle_malformed(self.now, id, phrase);
        self.carry_out(&[]);
        self.note_busy(id);
    }

    /// Tells those of one dialect in the common chat about another.
    pub(super) fn announce(&mut self, except: ConnectionId, announcement: &Announcement) {
        let mut object = self.pool.take_owned();
        let text = announcement.to_string();
        let form = match announcement.dialect() {
            Dialect::Jim => return,
            Dialect::Console => {
                console::write_system_message(&mut object, &text);
                Form::Console
            }
            Dialect::Exchange => {
                let time = self.now.unix_micros;
                exchange::write_message(&mut object, exchange::SERVER, &text, time);
                Form::Exchange
            }
        };
        let (audiences, mut targets) = self.fanout();
        audiences.say(AudienceId::COMMON, form, Some(except), &object, &mut targets);
        self.pool.give_owned(object);
    }

    /// Answers a client of another wire; where all is well, that is mostly nothing.
    pub(super) fn answer_elsewhere(&mut self, id: ConnectionId, dialect: Dialect, reply: &Reply) {
        let is_in = self.chat.name_of(id).is_some();
        let reply = &in_words_of(dialect, reply);
        let (language, time) = (self.server.settings.language, self.now.unix_micros);
        let mut object = self.pool.take_owned();
        match dialect {
            Dialect::Jim => encode::reply(&mut object, reply, language, time),
            Dialect::Console => console::write_reply(&mut object, reply, language),
            Dialect::Exchange => {
                exchange::write_reply(&mut object, reply, language, is_in, time);
            }
        }
        if let Some(connection) = self.connections.get_mut(id).filter(|_| !object.is_empty()) {
            connection.answer(&mut self.pool, |out| out.extend_from_slice(&object));
            connection.mark_dirty(&mut self.dirty);
        }
        self.pool.give_owned(object);
    }
}

/// A client of another wire called its name otherwise than JIM does.
fn in_words_of(dialect: Dialect, reply: &Reply) -> Reply {
    let mut reply = reply.clone();
    if let Phrase::BadName { field, .. } = &mut reply.phrase {
        *field = match dialect {
            Dialect::Jim => field,
            Dialect::Console => "username",
            Dialect::Exchange => "nickname",
        };
    }
    reply
}
