//! What a handler made of a request.

use crate::message::{Code, Phrase, Reply};

/// What a handler made of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The answer.
    Reply(Reply),
    /// The answer, and the end of the connection.
    Quit(Reply),
    /// The answer waits: for a job, or behind the gate.
    Wait,
}

impl Outcome {
    pub(super) const fn reply(code: Code, phrase: Phrase) -> Self {
        Self::Reply(Reply::new(code, phrase))
    }

    pub(super) const fn bad(phrase: Phrase) -> Self {
        Self::Reply(Reply::bad(phrase))
    }
}
