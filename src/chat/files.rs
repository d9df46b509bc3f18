//! Files: where one may go, who may have it, and its announcement, which is a message of the
//! server's own that goes through the gate as others do.

use super::handlers::put;
use super::session::Session;
use super::{Chat, Payload, gate, message_ids, waiting};
use crate::limits::UPLOAD_TIME;
use crate::message::{
    AccountId, Announced, AttachmentRecord, Code, Conversation, Dialect, Features, FileFacts,
    FileNotice, Mark, Name, Now, Phrase, Reply, Sha256, StoredMessage, Upload,
};

/// Where a file goes, as things are now.
pub(super) struct Destination {
    /// As answers name it.
    to: Name,
    in_history: bool,
    /// The addressee, where it is offline.
    absent: Option<AccountId>,
}

/// Where an upload goes, if its sender may still write there.
pub(super) fn destination(
    chat: &Chat,
    session: &Session,
    upload: &Upload,
) -> Result<Destination, Reply> {
    let kept = chat.policy.kept;
    match upload.conversation {
        Conversation::Common => {
            let to = chat.common_name().clone();
            // Seed 004 keeps no history, and its clients are not told of one.
            let in_history = kept.common && session.dialect != Dialect::Exchange;
            Ok(Destination { to, in_history, absent: None })
        }
        Conversation::Room(id) => {
            let room = chat.rooms.get(id).filter(|room| room.is_seen_by(upload.sender));
            let Some(room) = room else {
                let phrase = Phrase::NoSuchRoom { room: Name::shown("#") };
                return Err(Reply::new(Code::NotFound, phrase));
            };
            let to = room.record.name.clone();
            if !upload.sender.is_some_and(|sender| room.members.contains_key(&sender)) {
                let phrase = Phrase::NotAMember { user: session.name().cloned(), room: to };
                return Err(Reply::new(Code::Forbidden, phrase));
            }
            Ok(Destination { to, in_history: kept.rooms, absent: None })
        }
        Conversation::Direct(one, other) => {
            let id = if upload.sender == Some(one) { other } else { one };
            let Some(account) = chat.users.account(id) else {
                let phrase = Phrase::NoSuchUser { user: Name::shown("") };
                return Err(Reply::new(Code::NotFound, phrase));
            };
            let absent = account.audience.is_none().then_some(id);
            let to = account.record.name.clone();
            Ok(Destination { to, in_history: kept.direct, absent })
        }
    }
}

/// A file is whole: it is announced once that is on disk, and the answer waits until then.
pub(super) fn announce(
    chat: &mut Chat,
    session: &mut Session,
    upload: Upload,
    sha256: Sha256,
) -> Result<(), Reply> {
    let Destination { to, in_history, absent } = destination(chat, session, &upload)?;
    if absent.is_some_and(|account| !waiting::has_room(chat, account)) {
        let phrase = Phrase::OfflineFull { user: to, limit: chat.policy.offline_messages };
        return Err(Reply::new(Code::Gone, phrase));
    }
    let from = session.name().cloned().unwrap_or_else(|| Name::shown(""));
    let mark = Mark { id: message_ids::take(chat, chat.now), unix_micros: chat.now.unix_micros };
    let mut reply =
        announced(session, &upload, sha256, (from.clone(), to.clone()), absent.is_some());
    if session.features.has(Features::IDS) {
        reply.extra_mut().msg_id = Some(mark.id);
    }
    let message = StoredMessage {
        mark,
        conversation: upload.conversation,
        sender: upload.sender,
        // The loop writes it.
        object: Box::default(),
        text: 0..0,
        in_history,
        waits_for: absent,
        attachment: Some(Box::new(Announced { upload: upload.id, sha256 })),
    };
    if let Some(sender) = upload.sender {
        chat.announcing.insert(upload.id, sender);
    }
    if let Some(account) = absent.and_then(|account| chat.users.account_mut(account)) {
        account.reserved += 1;
    }
    let notice = FileNotice {
        id: upload.id,
        unix_micros: mark.unix_micros,
        from,
        to,
        name: upload.name,
        size: upload.size,
        sha256,
        text: upload.text,
    };
    gate::store(chat, session, message, Payload::File(Box::new(notice)), reply);
    Ok(())
}

/// What becomes of a message is known: if it announces a file, so do those know who wait for that.
pub(super) fn settled(chat: &mut Chat, message: &StoredMessage, is_stored: bool) {
    let Some(upload) = message.attachment.as_ref().map(|announced| announced.upload) else {
        return;
    };
    if let Some(sender) = chat.announcing.remove(&upload) {
        put::announced(chat, upload, sender, is_stored);
    }
}

/// The storage worker is gone, and with it all that it had: nothing of that was announced.
pub(super) fn none_settled(chat: &mut Chat) {
    for (upload, sender) in std::mem::take(&mut chat.announcing) {
        put::announced(chat, upload, sender, false);
    }
}

/// The answer to the last piece.
fn announced(
    session: &Session,
    upload: &Upload,
    sha256: Sha256,
    (from, to): (Name, Name),
    waits: bool,
) -> Reply {
    let phrase =
        if waits { Phrase::FileWaits { from, to } } else { Phrase::FileDelivered { from, to } };
    let facts = FileFacts { sha256: Some(sha256), ..so_far(upload, upload.size) };
    reply(session, Code::Ok, phrase, facts)
}

/// An answer about a file.
pub(super) fn reply(session: &Session, code: Code, phrase: Phrase, facts: FileFacts) -> Reply {
    let mut reply = Reply::new(code, phrase);
    let extra = reply.extra_mut();
    extra.file = Some(Box::new(facts));
    extra.is_brief = session.features.is_empty();
    reply
}

/// How far an upload has come.
pub(super) fn so_far(upload: &Upload, next: u64) -> FileFacts {
    FileFacts { upload: Some(upload.id), next: Some(next), ..FileFacts::default() }
}

/// Whether an upload's time is over.
pub(super) fn is_too_old(upload: &Upload, now: Now) -> bool {
    let age = now.unix_micros.saturating_sub(upload.created_unix_micros);
    u128::from(age) > UPLOAD_TIME.as_micros()
}

/// Whether an account may have a whole file: who may read the conversation that it was sent to.
pub(super) fn may_read(chat: &Chat, account: AccountId, record: &AttachmentRecord) -> bool {
    match record.upload.conversation {
        Conversation::Common => true,
        Conversation::Direct(one, other) => account == one || account == other,
        Conversation::Room(room) => {
            let room = chat.rooms.get(room);
            let member = room.and_then(|room| room.members.get(&account));
            // The announcement came later still; what was on its way at the joining is not given.
            member.is_some_and(|m| chat.policy.before_join || record.upload.id > m.position)
        }
    }
}
