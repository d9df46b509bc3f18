//! `quit`: the name is free at once, the answer is flushed, the connection closed.

use crate::chat::Chat;
use crate::chat::checks::check_own_name;
use crate::chat::outcome::Outcome;
use crate::chat::session::Session;
use crate::message::{Code, Phrase, Reply, Request};

pub(crate) fn handle(_: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match check_own_name(session, request) {
        Ok(()) => Outcome::Quit(Reply::new(Code::Ok, Phrase::Goodbye)),
        Err(reply) => Outcome::Reply(reply),
    }
}
