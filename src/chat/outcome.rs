//! What a handler made of a request.

use super::Payload;
use crate::message::{Code, Phrase, Reply, StoredMessage};

/// What a handler made of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The answer.
    Reply(Reply),
    /// The answer, and the end of the connection.
    Quit(Reply),
    /// The answer waits for a job.
    Wait,
    /// The answer waits for a message to be stored; the connection goes on meanwhile.
    Store(Box<Kept>),
}

/// A message that is to be stored.
#[derive(Debug)]
pub(super) struct Kept {
    /// The message, whose bytes the event loop has.
    pub(super) message: StoredMessage,
    /// In which form the bytes are kept.
    pub(super) payload: Payload,
    /// The answer once it is on disk.
    pub(super) reply: Reply,
}

impl Outcome {
    pub(super) const fn reply(code: Code, phrase: Phrase) -> Self {
        Self::Reply(Reply::new(code, phrase))
    }

    pub(super) const fn bad(phrase: Phrase) -> Self {
        Self::Reply(Reply::bad(phrase))
    }
}
