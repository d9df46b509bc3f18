//! `topic`: what a room is about. Who sees the room may read it, its operators may change it.

use crate::chat::checks::{asker, check_standing, named_room};
use crate::chat::outcome::Outcome;
use crate::chat::rooms::{Room, Standing};
use crate::chat::session::Session;
use crate::chat::{Chat, change};
use crate::message::{AccountId, Change, Code, Phrase, Reply, Request};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare(chat, session, request) {
        Ok((by, Some(change), reply)) => change::ask(chat, session, by, change, reply),
        Ok((_, None, reply)) | Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(
    chat: &Chat,
    session: &Session,
    request: &Request<'_>,
) -> Result<(AccountId, Option<Change>, Reply), Reply> {
    let (by, _) = asker(session)?;
    let room = named_room(chat, session, request)?;
    let Some(topic) = &request.rare().topic else {
        return Ok((by, None, answer(session, room, &room.record.topic)));
    };
    check_standing(session, room, Standing::Op)?;
    let change = Change::Topic { room: room.record.id, topic: Box::from(&*topic.text) };
    Ok((by, Some(change), answer(session, room, &topic.text)))
}

fn answer(session: &Session, room: &Room, topic: &str) -> Reply {
    let mut reply = Reply::new(Code::Ok, Phrase::TopicOf { room: room.record.name.clone() });
    let extra = reply.extra_mut();
    extra.topic = Some(Box::from(topic));
    extra.is_brief = session.features.is_empty();
    reply
}
