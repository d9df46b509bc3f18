//! The gate: a message that is kept is answered for and delivered once it is on disk, not before.
//!
//! A connection goes on meanwhile. Its answers keep their order: what is answered at once stands
//! behind what still waits for the disk.

use super::session::{Owed, Session};
use super::{Chat, CloseReason, Effect, Payload, files, waiting};
use crate::message::{
    AccountId, AudienceId, Code, ConnectionId, Conversation, Extra, Job, Name, Phrase, Reply,
    RoomId, StoredMessage,
};
use std::sync::Arc;

/// So many answers of one connection may wait for the disk: it is read no further meanwhile.
pub(super) const ANSWERS_OWED: usize = 1024;

/// Whether an answer that waits is large: only one of those waits at a time.
pub(super) fn is_large(owed: &Owed) -> bool {
    let Owed::Answer(reply) = owed else { return false };
    let has_data = |extra: &Extra| extra.file.as_ref().is_some_and(|file| file.data.is_some());
    reply.extra.as_ref().is_some_and(|extra| extra.listing.is_some() || has_data(extra))
}

/// Sends a message to the disk, whose bytes the event loop has; `reply` waits until it is there.
/// The connection goes on meanwhile.
pub(super) fn store(
    chat: &mut Chat,
    session: &mut Session,
    message: StoredMessage,
    payload: Payload,
    reply: Reply,
) {
    let reply = session.tell_id(reply);
    session.strikes = 0;
    session.rare_mut().owed.push_back(Owed::Stored(reply));
    chat.effects.push_back(Effect::Store { connection: session.id, message, payload });
}

/// The message is on disk: it is delivered to whoever is there now, also where its sender is gone.
pub(super) fn stored(chat: &mut Chat, connection: ConnectionId, message: &Arc<StoredMessage>) {
    if message.waits_for.is_some() {
        waiting::stored(chat, message);
    } else if let Some((to, except)) = audience(chat, connection, message) {
        let (payload, mark) = (Payload::Stored(Arc::clone(message)), message.mark);
        chat.effects.push_back(Effect::Deliver { to, except, payload, mark });
    } else {
        waiting::missed(chat, connection, message);
    }
    answer_stored(chat, connection, |reply| reply);
    files::settled(chat, message, true);
}

/// It is not on disk, and so never was.
pub(super) fn failed(chat: &mut Chat, connection: ConnectionId, message: Option<&StoredMessage>) {
    if let Some(message) = message {
        waiting::not_stored(chat, message);
        forget_file(chat, message);
    }
    answer_stored(chat, connection, |reply| {
        instead(reply, Code::ServerError, Phrase::ServerFailed)
    });
    match message {
        Some(message) => files::settled(chat, message, false),
        None => files::none_settled(chat),
    }
}

/// The file of a guest that could not be announced is forgotten: nobody can go on with it.
fn forget_file(chat: &mut Chat, message: &StoredMessage) {
    let announced = message.attachment.as_ref().filter(|_| message.sender.is_none());
    if let Some(upload) = announced.map(|announced| announced.upload) {
        let (connection, job) = (ConnectionId::NONE, Job::DropUpload { upload });
        chat.effects.push_back(Effect::Job { connection, job });
    }
}

/// It is not on disk, since its way was closed by what came there before it: the answer is what it
/// would have been then.
pub(super) fn unreachable(chat: &mut Chat, connection: ConnectionId, message: &StoredMessage) {
    waiting::not_stored(chat, message);
    let sees_room = match message.conversation {
        Conversation::Room(room) => Some(sees(chat, room, message.sender)),
        _ => None,
    };
    answer_stored(chat, connection, |reply| {
        let (user, to) = names(&reply.phrase);
        let (code, phrase) = match sees_room {
            Some(true) => (Code::Forbidden, Phrase::NotAMember { user, room: to }),
            Some(false) => (Code::NotFound, Phrase::NoSuchRoom { room: to }),
            None => (Code::NotFound, Phrase::NoSuchUser { user: to }),
        };
        instead(reply, code, phrase)
    });
    files::settled(chat, message, false);
}

fn sees(chat: &Chat, room: RoomId, account: Option<AccountId>) -> bool {
    chat.rooms.get(room).is_some_and(|room| room.is_seen_by(account))
}

/// Sender and addressee, as the answer to a message names them.
fn names(phrase: &Phrase) -> (Option<Name>, Name) {
    match phrase {
        Phrase::Delivered { from, to }
        | Phrase::Waits { from, to }
        | Phrase::FileDelivered { from, to }
        | Phrase::FileWaits { from, to } => (Some(from.clone()), to.clone()),
        _ => (None, Name::shown("")),
    }
}

/// Another answer to the same request.
fn instead(reply: Reply, code: Code, phrase: Phrase) -> Reply {
    Reply { extra: super::only_id(reply.extra), ..Reply::new(code, phrase) }
}

/// Who gets it: nobody, where the room or the addressee has gone.
fn audience(
    chat: &Chat,
    connection: ConnectionId,
    message: &StoredMessage,
) -> Option<(AudienceId, Option<ConnectionId>)> {
    match message.conversation {
        Conversation::Common => Some((AudienceId::COMMON, Some(connection))),
        Conversation::Room(room) => {
            chat.rooms.get(room).map(|room| (room.audience, Some(connection)))
        }
        Conversation::Direct(one, other) => {
            let to = if message.sender == Some(one) { other } else { one };
            let audience = chat.users.account(to).and_then(|account| account.audience);
            audience.map(|audience| (audience, None))
        }
    }
}

/// Gives the answer that the oldest stored message waited with, as it turned out, and those behind
/// it.
fn answer_stored(
    chat: &mut Chat,
    connection: ConnectionId,
    turned_out: impl FnOnce(Reply) -> Reply,
) {
    let Some(mut session) = chat.sessions.remove(connection) else { return };
    let owed = &mut session.rare_mut().owed;
    if let Some(Owed::Stored(reply)) = owed.pop_front() {
        chat.effects.push_back(Effect::Reply { to: connection, reply: turned_out(reply) });
    }
    let is_due = |owed: &mut Owed| !matches!(owed, Owed::Stored(_));
    while let Some(next) = session.rare_mut().owed.pop_front_if(is_due) {
        match next {
            Owed::Answer(reply) | Owed::Stored(reply) => {
                chat.effects.push_back(Effect::Reply { to: connection, reply });
            }
            Owed::Offer => waiting::offer(chat, &mut session),
        }
    }
    match session.ending {
        Some(reason) if session.owed().is_none() => end(chat, session, reason),
        _ => chat.sessions.insert(session),
    }
}

/// Answers behind what waits for the disk; `ends` closes the connection after it.
pub(super) fn answer(
    chat: &mut Chat,
    mut session: Box<Session>,
    reply: Reply,
    ends: Option<CloseReason>,
) {
    let offers = std::mem::take(&mut session.offers);
    if session.owed().is_none() {
        chat.effects.push_back(Effect::Reply { to: session.id, reply });
        if offers {
            waiting::offer(chat, &mut session);
        }
        return match ends {
            None => chat.sessions.insert(session),
            Some(reason) => end(chat, session, reason),
        };
    }
    session.rare_mut().owed.push_back(Owed::Answer(reply));
    if offers {
        session.rare_mut().owed.push_back(Owed::Offer);
    }
    session.ending = ends;
    chat.sessions.insert(session);
}

fn end(chat: &mut Chat, mut session: Box<Session>, reason: CloseReason) {
    chat.forget(&mut session);
    chat.effects.push_back(Effect::Close { connection: session.id, reason });
}
