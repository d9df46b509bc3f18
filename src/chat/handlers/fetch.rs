//! `get`: a piece of a file, for who may read where it was sent. To others there is no such file.

use super::put::file_id;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Waiting};
use crate::chat::{Chat, files};
use crate::limits::{BRIEF_PIECE_BYTES, PIECE_BYTES};
use crate::message::{
    AttachmentRecord, Code, FileFacts, Job, MessageId, Phrase, Reply, Request, Sha256,
};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare(chat, request) {
        Ok((id, offset)) => {
            chat.ask(session, Job::FindAttachment { id }, Waiting::Fetch { offset });
            Outcome::Wait
        }
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(chat: &Chat, request: &Request<'_>) -> Result<(MessageId, u64), Reply> {
    let id = file_id(chat, request)?;
    let missing = || Reply::bad(Phrase::MissingField { field: "offset" });
    let offset = request.rare().offset.ok_or_else(missing)?;
    Ok((id, offset))
}

/// The file's content, if the asker may have it.
fn readable(chat: &Chat, session: &Session, record: &AttachmentRecord) -> Option<Sha256> {
    let account = session.account()?;
    record.sha256.filter(|_| files::may_read(chat, account, record))
}

fn no_such_file() -> Outcome {
    Outcome::reply(Code::NotFound, Phrase::NoSuchFile)
}

/// What is known of the file was read.
pub(in crate::chat) fn found(
    chat: &mut Chat,
    session: &mut Session,
    offset: u64,
    record: Option<Box<AttachmentRecord>>,
) -> Outcome {
    let Some(record) = record else { return no_such_file() };
    let Some(sha256) = readable(chat, session, &record) else { return no_such_file() };
    let next = record.upload.size;
    if offset > next {
        let facts = FileFacts { next: Some(next), ..FileFacts::default() };
        let phrase = Phrase::WrongOffset { next };
        return Outcome::Reply(files::reply(session, Code::BadRequest, phrase, facts));
    }
    let bytes = if session.features.is_empty() { BRIEF_PIECE_BYTES } else { PIECE_BYTES };
    let job = Job::ReadPiece { sha256, offset, bytes };
    chat.ask(session, job, Waiting::Fetched { offset, record });
    Outcome::Wait
}

/// The piece was read. Who was put out of the room meanwhile does not get it.
pub(in crate::chat) fn read(
    chat: &Chat,
    session: &Session,
    offset: u64,
    record: AttachmentRecord,
    piece: Option<Box<[u8]>>,
) -> Outcome {
    let sha256 = readable(chat, session, &record);
    let size = record.upload.size;
    let (Some(piece), Some(_)) = (piece, sha256) else { return no_such_file() };
    if piece.is_empty() && offset < size {
        return no_such_file();
    }
    let facts = FileFacts {
        next: Some(offset.saturating_add(piece.len() as u64)),
        data: Some(piece),
        name: Some(record.upload.name),
        size: Some(size),
        sha256,
        ..FileFacts::default()
    };
    Outcome::Reply(files::reply(session, Code::Ok, Phrase::PieceGiven { offset, size }, facts))
}
