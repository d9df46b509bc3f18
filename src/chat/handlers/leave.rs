//! `leave`: the end of a membership. A named room is answered before the log-in is asked for, as
//! seed 000's fourth and fifth transcript show.

use crate::chat::Chat;
use crate::chat::checks::{check_own_name, given_room, room_name, speaker};
use crate::chat::notices::tell_room;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Waiting};
use crate::message::{AccountId, Code, Field, Job, Name, Notice, Phrase, Reply, Request, RoomId};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let prepared = match given_room(request) {
        Some(field) => prepare(chat, session, request, field),
        None if session.account().is_none() => {
            let user = speaker(session, request);
            Err(Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user }))
        }
        None => Err(Reply::bad(Phrase::NoRoomGiven)),
    };
    match prepared {
        Ok(outcome) => outcome,
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(
    chat: &mut Chat,
    session: &mut Session,
    request: &Request<'_>,
    field: &Field<'_>,
) -> Result<Outcome, Reply> {
    let name = room_name(chat, field).map_err(Reply::bad)?;
    let Ok(room) = chat.visible_room(name.as_str(), session.account()) else {
        return Err(Reply::bad(Phrase::NoSuchRoom { room: name }));
    };
    check_own_name(session, request)?;
    let member = session.account().filter(|account| room.members.contains_key(account));
    let Some(account) = member else {
        let user = speaker(session, request);
        return Err(Reply::new(Code::Forbidden, Phrase::NotAMember { user, room: name }));
    };
    let job = Job::Leave { account, room: room.record.id };
    chat.ask(session, job, Waiting::Leave { room: name });
    Ok(Outcome::Wait)
}

/// The membership is gone from the disk: from now on it is over.
pub(in crate::chat) fn committed(
    chat: &mut Chat,
    account: AccountId,
    room: RoomId,
    heir: Option<AccountId>,
) {
    let Some(left) = chat.rooms.get_mut(room) else { return };
    if let Some(heir) = heir {
        left.record.owner = Some(heir);
    }
    let name = left.record.name.clone();
    chat.end_membership(room, account);
    if let Some(user) = chat.users.account(account).map(|account| account.record.name.clone()) {
        tell_room(chat, room, Notice::Leave { room: name, user });
    }
}

/// The answer, after [`committed`].
pub(in crate::chat) fn conclude(session: &Session, room: &Name) -> Outcome {
    match session.name() {
        Some(user) => {
            Outcome::reply(Code::Ok, Phrase::Left { user: user.clone(), room: room.clone() })
        }
        None => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}
