//! Which of the messages that waited for us the server is told that we have.
//!
//! An acknowledgement counts for all messages up to its number, so a message counts only if all
//! those that were received before it are shown too.

use super::ask::{Ask, What};
use super::bounds::HANDED_OVER_WAIT;
use super::incoming::Message;
use super::mode::Turn;
use crate::message::{MessageId, Now};
use std::time::Duration;

/// The acknowledgements of one connection.
#[derive(Debug, Default)]
pub(super) struct Acks {
    /// The moment of our entry, by the server's clock and in uptime; `None` where the server
    /// takes no acknowledgements.
    entered: Option<(Option<u64>, Duration)>,
    /// What may be acknowledged and is not.
    due: Option<MessageId>,
    /// Whether the answer to an acknowledgement is waited for.
    under_way: bool,
    /// Whether something was received and not shown.
    blocked: bool,
}

impl Acks {
    /// We are in, on a server that takes acknowledgements; it was then this time by its clock.
    pub(super) fn begin(&mut self, now: Now, unix_micros: Option<u64>) {
        *self = Self { entered: Some((unix_micros, now.uptime)), ..Self::default() };
    }

    /// The connection is gone.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// A message to us alone was received and is not shown, so nothing after it may be told.
    pub(super) const fn handle_hidden(&mut self) {
        self.blocked = true;
    }

    /// A message to us alone was shown.
    pub(super) fn handle_shown(&mut self, now: Now, message: &Message) {
        let Some((entered, uptime)) = self.entered else { return };
        // One that is newer than our entry may have overtaken those that waited.
        let waited =
            message.unix_micros.zip(entered).is_some_and(|(sent, entered)| sent <= entered);
        if !self.blocked && (waited || now.uptime >= uptime + HANDED_OVER_WAIT) {
            self.due = message.id.or(self.due);
        }
    }

    /// Sends what is due, one acknowledgement at a time.
    pub(super) fn send(&mut self, turn: &mut Turn<'_>) {
        if self.under_way {
            return;
        }
        let Some(id) = self.due.take() else { return };
        let ask = Ask { msg_id: Some(id.to_string()), ..Ask::new(What::Ack) };
        turn.session.send(turn.now, &ask.request());
        self.under_way = true;
    }

    /// The answer to one came; an error only means that the messages are offered again.
    pub(super) fn handle_answer(&mut self, turn: &mut Turn<'_>) {
        self.under_way = false;
        self.send(turn);
    }
}
