//! `put`: the next piece of a file that is being sent, from any connection of its account.

use crate::chat::outcome::Outcome;
use crate::chat::session::{PutPiece, Session, Waiting};
use crate::chat::{Chat, files};
use crate::message::{
    AccountId, AttachmentRecord, Code, Done, FileFacts, Job, MessageId, Phrase, PutData, PutFault,
    Reply, Request, Upload,
};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare(chat, request) {
        Ok(piece) => begin(chat, session, piece),
        Err(reply) => Outcome::Reply(reply),
    }
}

/// Reads what is known of the upload.
pub(in crate::chat) fn begin(chat: &mut Chat, session: &mut Session, piece: PutPiece) -> Outcome {
    chat.ask(session, Job::FindAttachment { id: piece.upload }, Waiting::Put(piece));
    Outcome::Wait
}

fn prepare(chat: &Chat, request: &Request<'_>) -> Result<PutPiece, Reply> {
    let upload = file_id(chat, request)?;
    let missing = |field| Reply::bad(Phrase::MissingField { field });
    let offset = request.rare().offset.ok_or_else(|| missing("offset"))?;
    let data = request.rare().data.as_ref().ok_or_else(|| missing("data"))?;
    let data = Box::from(data.text.as_bytes());
    Ok(PutPiece { upload, offset, data })
}

/// The file that a request names: in `upload` or, where that is missing, in `id`.
pub(super) fn file_id(chat: &Chat, request: &Request<'_>) -> Result<MessageId, Reply> {
    if chat.policy.attachments.max_bytes == 0 {
        return Err(Reply::new(Code::Forbidden, Phrase::NoFilesHere));
    }
    let (field, text) = match (&request.rare().upload, request.id) {
        (Some(upload), _) => ("upload", &*upload.text),
        (None, Some(id)) => ("id", id.trim_matches('"')),
        (None, None) => return Err(Reply::bad(Phrase::MissingField { field: "id" })),
    };
    MessageId::parse(text).ok_or_else(|| Reply::bad(Phrase::BadFileId { field }))
}

/// What is known of the upload was read.
pub(in crate::chat) fn found(
    chat: &mut Chat,
    session: &mut Session,
    piece: PutPiece,
    record: Option<Box<AttachmentRecord>>,
) -> Outcome {
    let (account, now) = (session.account(), chat.now);
    let own = record.map(|record| *record).filter(|record| record.upload.sender == account);
    let Some(AttachmentRecord { upload, sha256 }) = own else {
        return Outcome::reply(Code::NotFound, Phrase::NoSuchUpload);
    };
    if sha256.is_some() {
        // The answer to the last piece may have been lost with its connection.
        let facts = FileFacts { sha256, ..files::so_far(&upload, upload.size) };
        let phrase = Phrase::FileWhole { size: upload.size };
        return Outcome::Reply(files::reply(session, Code::Ok, phrase, facts));
    }
    if files::is_too_old(&upload, now) {
        return Outcome::reply(Code::NotFound, Phrase::NoSuchUpload);
    }
    if let Err(reply) = files::destination(chat, session, &upload) {
        return Outcome::Reply(reply);
    }
    let (size, data) = (upload.size, PutData::Base64(piece.data));
    let job = Job::Put { upload: upload.id, size, offset: piece.offset, data };
    chat.ask(session, job, Waiting::Piece(Box::new(upload)));
    Outcome::Wait
}

/// The piece was written, or not.
pub(in crate::chat) fn taken(
    chat: &mut Chat,
    session: &mut Session,
    upload: Upload,
    done: &Done,
) -> Outcome {
    let size = upload.size;
    match *done {
        Done::Put { next } => {
            let phrase = Phrase::PieceTaken { next, size };
            let facts = files::so_far(&upload, next);
            Outcome::Reply(files::reply(session, Code::Ok, phrase, facts))
        }
        Done::PutOffset { next } => {
            let phrase = Phrase::WrongOffset { next };
            let facts = files::so_far(&upload, next);
            Outcome::Reply(files::reply(session, Code::BadRequest, phrase, facts))
        }
        // `data` has a limit of its own, within which no piece is too long.
        Done::PutRefused(PutFault::Base64 | PutFault::Piece) => Outcome::bad(Phrase::BadBase64),
        Done::PutRefused(PutFault::Size) => Outcome::bad(Phrase::LongerThanClaimed { size }),
        // It may be announced but once: what becomes of that is the answer to this one as well.
        Done::PutWhole { .. } if chat.announcing.contains_key(&upload.id) => {
            session.waiting = Some(Box::new(Waiting::Announcement(end_of(&upload))));
            Outcome::Wait
        }
        Done::PutWhole { sha256 } => match files::announce(chat, session, upload, sha256) {
            Ok(()) => Outcome::Wait,
            Err(reply) => Outcome::Reply(reply),
        },
        _ => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}

/// A piece that brings nothing more.
fn end_of(upload: &Upload) -> PutPiece {
    PutPiece { upload: upload.id, offset: upload.size, data: Box::default() }
}

/// What becomes of a file's announcement is known: each other `put` of it that met the announcement
/// looks anew at what is known of the upload. Once that `is_stored`, so does one whose job is still
/// under way, since it may have found the upload as it was before.
pub(in crate::chat) fn announced(
    chat: &mut Chat,
    upload: MessageId,
    sender: AccountId,
    is_stored: bool,
) {
    let connections = chat.users.account(sender).map(|account| account.connections.clone());
    for connection in connections.unwrap_or_default() {
        let Some(mut session) = chat.sessions.remove(connection) else { continue };
        if is_stored {
            disregard(&mut session, upload);
        }
        match session.waiting.take().map(|waiting| *waiting) {
            Some(Waiting::Announcement(piece)) if piece.upload == upload => {
                begin(chat, &mut session, piece);
            }
            other => session.waiting = other.map(Box::new),
        }
        chat.sessions.insert(session);
    }
}

/// What the job of a `put` of this upload finds counts no more.
fn disregard(session: &mut Session, id: MessageId) {
    let waiting = match session.waiting.take().map(|waiting| *waiting) {
        Some(Waiting::Put(piece)) if piece.upload == id => {
            Some(Waiting::PutAgain(PutPiece { data: Box::default(), ..piece }))
        }
        Some(Waiting::Piece(upload)) if upload.id == id => Some(Waiting::PutAgain(end_of(&upload))),
        other => other,
    };
    session.waiting = waiting.map(Box::new);
}
