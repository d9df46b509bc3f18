//! `hide`, `show` and `destroy`: what only a room's owner does.

use crate::chat::checks::{asker, check_standing, named_room};
use crate::chat::outcome::Outcome;
use crate::chat::rooms::Standing;
use crate::chat::session::Session;
use crate::chat::{Chat, change};
use crate::message::{AccountId, Change, Code, Phrase, Reply, Request, RoomState};

pub(crate) fn hide(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    make(chat, session, request, RoomState::Hidden)
}

pub(crate) fn show(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    make(chat, session, request, RoomState::Shown)
}

pub(crate) fn destroy(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    make(chat, session, request, RoomState::Destroyed)
}

fn make(
    chat: &mut Chat,
    session: &mut Session,
    request: &Request<'_>,
    state: RoomState,
) -> Outcome {
    match prepare(chat, session, request, state) {
        Ok((by, change, reply)) => change::ask(chat, session, by, change, reply),
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(
    chat: &Chat,
    session: &Session,
    request: &Request<'_>,
    state: RoomState,
) -> Result<(AccountId, Change, Reply), Reply> {
    let (by, _) = asker(session)?;
    let room = named_room(chat, session, request)?;
    check_standing(session, room, Standing::Owner)?;
    let (id, name) = (room.record.id, room.record.name.clone());
    let change = match state {
        RoomState::Hidden => Change::Hidden { room: id, hidden: true },
        RoomState::Shown => Change::Hidden { room: id, hidden: false },
        RoomState::Destroyed => Change::Destroy { room: id },
    };
    Ok((by, change, Reply::new(Code::Ok, Phrase::RoomIs { room: name, state })))
}
