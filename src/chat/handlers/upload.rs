//! `upload`: a file is to be sent. It goes where a `msg` of the same sender would go.

use super::msg::{check_sender, check_waits, own_room};
use crate::chat::checks::{asker, check_own_name, given};
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Waiting};
use crate::chat::users::Addressee;
use crate::chat::{Chat, files, message_ids};
use crate::message::{
    AccountId, Code, Conversation, Done, Field, FileFacts, Job, Name, Phrase, Reply, Request,
    Upload, visible,
};
use std::sync::Arc;

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare(chat, session, request) {
        Ok(upload) => {
            let size = upload.size;
            chat.ask(session, Job::OpenUpload(Arc::new(upload)), Waiting::Upload { size });
            Outcome::Wait
        }
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Result<Upload, Reply> {
    let limit = chat.policy.attachments.max_bytes;
    if limit == 0 {
        return Err(Reply::new(Code::Forbidden, Phrase::NoFilesHere));
    }
    let is_empty = |field: &Field<'_>| field.text.is_empty();
    let (Some(to), Some(from)) = (&request.to, &request.from) else {
        return Err(Reply::bad(Phrase::NoSenderOrAddressee));
    };
    if is_empty(to) || is_empty(from) {
        return Err(Reply::bad(Phrase::NoSenderOrAddressee));
    }
    let name = given(request.rare().name.as_ref(), "name")?;
    let missing = || Reply::bad(Phrase::MissingField { field: "size" });
    let size = request.rare().size.ok_or_else(missing)?;
    let name = base_name(name).map_err(Reply::bad)?;
    if size > limit {
        return Err(Reply::bad(Phrase::FileTooLarge { limit, got: size }));
    }
    check_sender(chat, session, request, false)?;
    check_own_name(session, request)?;
    let (sender, _) = asker(session)?;
    let (conversation, waits_for) = find_place(chat, session, sender, to)?;
    Ok(Upload {
        id: message_ids::take(chat, chat.now),
        created_unix_micros: chat.now.unix_micros,
        sender: Some(sender),
        conversation,
        waits_for,
        name,
        size,
        text: Box::from(request.rare().message.as_deref().unwrap_or_default()),
    })
}

/// A file's name without the folders that it was in, if it can be one.
pub(super) fn base_name(field: &Field<'_>) -> Result<Box<str>, Phrase> {
    let name = field.text.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_dots = name.chars().all(|character| character == '.');
    let has_controls = name.chars().any(char::is_control) || visible(name).to_string() != name;
    if is_dots || has_controls {
        return Err(Phrase::BadFileName { field: field.key });
    }
    Ok(Box::from(name))
}

/// Where it goes, and who is to get it later, being offline.
fn find_place(
    chat: &Chat,
    session: &Session,
    sender: AccountId,
    to: &Field<'_>,
) -> Result<(Conversation, Option<AccountId>), Reply> {
    if chat.common_named(&to.text).is_some() {
        return Ok((Conversation::Common, None));
    }
    let text = Name::nfc(&to.text);
    if text.starts_with('#') {
        let room = own_room(chat, session, &text)?;
        return Ok((Conversation::Room(room.record.id), None));
    }
    match chat.users.addressee(&text) {
        Addressee::Online { id, .. } => Ok((Conversation::direct(sender, id), None)),
        Addressee::Offline { id, name } => {
            check_waits(chat, session, id, name)?;
            Ok((Conversation::direct(sender, id), Some(id)))
        }
        Addressee::Guests { name: user, .. } => {
            Err(Reply::new(Code::Forbidden, Phrase::GuestGetsNoFiles { user }))
        }
        Addressee::Unknown => {
            let user = Name::shown(&text);
            Err(Reply::new(Code::NotFound, Phrase::NoSuchUser { user }))
        }
    }
}

/// The upload is on disk, or there is no room for it.
pub(in crate::chat) fn go_on(session: &Session, size: u64, done: &Done) -> Outcome {
    match *done {
        Done::UploadOpened { upload } => {
            let (upload, next) = (Some(upload), Some(0));
            let facts = FileFacts { upload, is_id: true, next, ..FileFacts::default() };
            let phrase = Phrase::UploadOpened { size };
            Outcome::Reply(files::reply(session, Code::Ok, phrase, facts))
        }
        _ => refused(done),
    }
}

/// There is no room for the file, or the disk fails.
pub(super) fn refused(done: &Done) -> Outcome {
    match *done {
        Done::QuotaExceeded { limit_bytes, used_bytes, is_own } => {
            let (limit, used) = (limit_bytes, used_bytes);
            Outcome::bad(Phrase::QuotaExceeded { limit, used, is_own })
        }
        _ => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, base_name};

    fn cut(text: &str) -> Option<Box<str>> {
        base_name(&Field { text: text.into(), key: "name" }).ok()
    }

    #[test]
    fn only_the_base_name_stays() {
        let rows = [
            ("a.txt", "a.txt"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("C:\\Users\\x\\отчёт 1.pdf", "отчёт 1.pdf"),
            ("a/b\\c", "c"),
            (".bashrc", ".bashrc"),
            ("...a", "...a"),
            ("CON", "CON"),
            (" a b ", "a b"),
        ];
        for (given, name) in rows {
            assert_eq!(cut(given).as_deref(), Some(name), "{given}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for given in [
            "",
            " ",
            ".",
            "..",
            "...",
            "a/",
            "../",
            "\\",
            "a\nb",
            "a\0",
            "a\u{1b}[2J",
            "a\u{202e}b",
        ] {
            assert_eq!(cut(given), None, "{given:?}");
        }
    }
}
