//! `put`: the next piece of a file that is being sent, from any connection of its account.

use crate::chat::outcome::Outcome;
use crate::chat::session::{PutPiece, Session, Waiting};
use crate::chat::{Chat, files};
use crate::message::{
    AttachmentRecord, Code, Done, FileFacts, Job, MessageId, Phrase, PutData, PutFault, Reply,
    Request, Upload,
};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare(chat, request) {
        Ok((id, piece)) => {
            chat.ask(session, Job::FindAttachment { id }, Waiting::Put(piece));
            Outcome::Wait
        }
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(chat: &Chat, request: &Request<'_>) -> Result<(MessageId, PutPiece), Reply> {
    let id = file_id(chat, request)?;
    let missing = |field| Reply::bad(Phrase::MissingField { field });
    let offset = request.rare().offset.ok_or_else(|| missing("offset"))?;
    let data = request.rare().data.as_ref().ok_or_else(|| missing("data"))?;
    let data = Box::from(data.text.as_bytes());
    Ok((id, PutPiece { offset, data }))
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
        Done::PutWhole { sha256 } => match files::announce(chat, session, upload, sha256) {
            Ok(()) => Outcome::Wait,
            Err(reply) => Outcome::Reply(reply),
        },
        _ => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}
