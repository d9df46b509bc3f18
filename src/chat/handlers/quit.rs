//! `quit`: the name is free at once, the answer is flushed, the connection closed.

use crate::chat::checks::check_own_name;
use crate::chat::outcome::Outcome;
use crate::chat::session::Session;
use crate::chat::{Chat, Context};
use crate::message::{Code, Phrase, Reply};

pub(crate) fn handle(_: &mut Chat, session: &mut Session, context: &Context<'_>) -> Outcome {
    match check_own_name(session, context.request) {
        Ok(()) => Outcome::Quit(Reply::new(Code::Ok, Phrase::Goodbye)),
        Err(reply) => Outcome::Reply(reply),
    }
}
