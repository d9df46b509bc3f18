//! What was typed and is not yet answered: it is sent in its order, and never twice unless the
//! server is known not to have it.

use super::line::Drawing;
use super::text::Row;
use super::words::either;
use crate::message::{Language, MessageId};

/// How far a message of ours has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for the connection, or for its turn.
    Waiting,
    /// It is sent; the answer is waited for.
    Sent,
    /// The connection was lost before the answer: it may have arrived or not.
    Unsure,
}

/// A message of ours that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// Which one it is.
    pub(super) number: u64,
    pub(super) from: String,
    pub(super) text: String,
    pub(super) unix_micros: u64,
    pub(super) state: State,
    /// The newest message known where it goes when it was sent.
    pub(super) after: Option<MessageId>,
}

impl Pending {
    /// Its rows, with how far it has come behind the text.
    pub(super) fn rows(&self, drawing: &Drawing) -> Vec<Row> {
        let time = drawing.at(self.unix_micros).strftime("%H:%M ").to_string();
        drawing.message(&time, &self.from, &self.text, self.mark(drawing.language))
    }

    const fn mark(&self, language: Language) -> &'static str {
        match self.state {
            State::Waiting => either(language, "(waits)", "(ждёт)"),
            State::Sent => "…",
            State::Unsure => either(language, "(perhaps not delivered)", "(могло не дойти)"),
        }
    }
}
