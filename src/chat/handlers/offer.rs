//! A file that a client of the exchange (seed 004) sends to everybody: a guest's, so the store keeps
//! it for nobody's account. It is announced when it is whole, as those of accounts are.

use super::upload::{base_name, refused};
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Waiting};
use crate::chat::{Chat, Guests, files, message_ids};
use crate::message::{
    Code, ConnectionId, Conversation, Done, Field, Job, Now, Phrase, Reply, Upload,
};
use std::sync::Arc;

/// A file that is about to come.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// What is said with it, perhaps nothing.
    pub text: &'a str,
    /// What it is called, as given.
    pub name: &'a str,
    /// How many bytes it has.
    pub size: u64,
}

impl Chat {
    /// A client of the exchange is about to send a file. If it may, the store is asked for room with
    /// [`Job::OpenUpload`], and with [`Done::UploadOpened`] the file's bytes are awaited; of what
    /// becomes of them [`Done::PutWhole`] or [`Done::Failed`] is to be told. If it may not, that is
    /// answered.
    pub fn handle_file(&mut self, now: Now, connection: ConnectionId, file: Offered<'_>) {
        let Some(mut session) = self.sessions.remove(connection) else { return };
        session.hear(now);
        session.echo = None;
        self.now = now;
        let outcome = match prepare(self, &session, file) {
            Ok(upload) => {
                let upload = Arc::new(upload);
                let asked = Waiting::Offered(Arc::clone(&upload));
                self.ask(&mut session, Job::OpenUpload(upload), asked);
                Outcome::Wait
            }
            Err(reply) => Outcome::Reply(reply),
        };
        self.conclude(session, outcome);
    }
}

fn prepare(chat: &mut Chat, session: &Session, file: Offered<'_>) -> Result<Upload, Reply> {
    let limit = chat.policy.attachments.max_bytes;
    if file.size > limit {
        return Err(Reply::bad(Phrase::FileTooLarge { limit, got: file.size }));
    }
    check_length(chat, "text", file.text)?;
    check_length(chat, "attachment", file.name)?;
    let name = Field { text: file.name.into(), key: "attachment" };
    let name = base_name(&name).map_err(Reply::bad)?;
    if session.account().is_none() && chat.policy.guests != Guests::Write {
        return Err(Reply::new(Code::Unauthorized, Phrase::GuestsMayNot));
    }
    Ok(Upload {
        id: message_ids::take(chat, chat.now),
        created_unix_micros: chat.now.unix_micros,
        sender: session.account(),
        conversation: Conversation::Common,
        waits_for: None,
        name,
        size: file.size,
        text: file.text.into(),
    })
}

/// Both are limited like a message.
fn check_length(chat: &Chat, field: &'static str, text: &str) -> Result<(), Reply> {
    let (limit, got) = (chat.limits.message_chars, text.chars().count());
    if got > limit {
        return Err(Reply::bad(Phrase::FieldTooLong { field, limit, got }));
    }
    Ok(())
}

/// The store has room for it, or has not.
pub(in crate::chat) fn opened(session: &mut Session, upload: Arc<Upload>, done: &Done) -> Outcome {
    if !matches!(done, Done::UploadOpened { .. }) {
        return refused(done);
    }
    session.waiting = Some(Box::new(Waiting::Receiving(upload)));
    Outcome::Wait
}

/// It is whole, or will never be.
pub(in crate::chat) fn received(
    chat: &mut Chat,
    session: &mut Session,
    upload: &Upload,
    done: &Done,
) -> Outcome {
    let Done::PutWhole { sha256 } = *done else { return refused(done) };
    match files::announce(chat, session, upload.clone(), sha256) {
        Ok(()) => Outcome::Wait,
        Err(reply) => Outcome::Reply(reply),
    }
}
