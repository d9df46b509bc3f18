//! TLS on the one port: how it begins and ends, and what becomes of those who do without.

use super::event_loop::{Observer, Running};
use super::timers::Moment;
use crate::message::{Code, ConnectionId, Phrase, Reply};
use std::io;

impl<O: Observer> Running<O> {
    /// The connection's first bytes are those of TLS: its handshake begins. False if there can be
    /// none, and then the connection is closed.
    pub(super) fn begin_tls(&mut self, id: ConnectionId, first_bytes: &[u8]) -> bool {
        let Some(connection) = self.connections.get_mut(id) else { return false };
        let begun = match &self.server.tls {
            _ if connection.stream.is_tls() => Err("it speaks TLS inside TLS".to_owned()),
            None => Err("it speaks TLS, which is not served here: there is no certificate".into()),
            Some(tls) => {
                connection.stream.serve_tls(tls, first_bytes).map_err(|error| error.to_string())
            }
        };
        if let Err(reason) = begun {
            self.close(id, &reason);
            return false;
        }
        // What was read is to be looked at, whether or not more comes.
        connection.readable = true;
        let due = Moment::at(self.now.uptime + self.server.settings.handshake);
        connection.first_object_due = connection.first_object_due.min(due);
        true
    }

    /// Sees to what TLS has to say after it was read, and to the end of its handshake.
    pub(super) fn after_reading_tls(&mut self, id: ConnectionId) {
        let due = self.now.uptime + self.first_object_time();
        let Some(connection) = self.connections.get_mut(id) else { return };
        if let Some(version) = connection.stream.take_version() {
            log::debug!("{} speaks TLS {version}", connection.peer);
            // The first object may have come together with the handshake's end.
            if connection.first_object_due.is_ever() {
                connection.first_object_due = Moment::at(due);
            }
            connection.blocked = false;
        }
        if !connection.owes_nothing() {
            connection.mark_dirty(&mut self.dirty);
        }
    }

    /// Reading failed. Who broke the rules of TLS was told so, and is given time to read it.
    pub(super) fn end_broken(&mut self, id: ConnectionId, error: &io::Error) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !connection.stream.is_broken() {
            return self.lose(id, &error.to_string());
        }
        self.discard_output(id);
        self.close(id, &format!("TLS: {error}"));
    }

    /// Whether the connection has to be told to speak TLS. Who was let speak without goes on so,
    /// though the setting has changed meanwhile.
    pub(super) fn wants_tls(&mut self, id: ConnectionId) -> bool {
        let plaintext = self.server.settings.plaintext;
        self.connections.get_mut(id).is_some_and(|connection| {
            connection.requests <= 1
                && !connection.stream.is_tls()
                && !plaintext.allows(connection.peer.ip())
        })
    }

    /// Tells it so, in its own form, and closes.
    pub(super) fn refuse_plain(&mut self, id: ConnectionId) {
        self.reply(id, &Reply::new(Code::Forbidden, Phrase::NotEncrypted));
        self.close(id, "it does not speak TLS, which the setting plaintext wants");
    }
}
