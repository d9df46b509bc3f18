//! `join`: membership is the account's, and is on disk before it is answered.

use crate::chat::Chat;
use crate::chat::checks::check_own_name;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Waiting, Who};
use crate::message::{
    AccountId, Code, Field, Job, Membership, Name, NameFault, Phrase, Reply, Request, RoomRecord,
};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare(chat, session, request) {
        Ok(outcome) => outcome,
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare(
    chat: &mut Chat,
    session: &mut Session,
    request: &Request<'_>,
) -> Result<Outcome, Reply> {
    let Some(field) = given_room(request) else {
        return Err(Reply::bad(Phrase::NoRoomGiven));
    };
    let name = room_name(chat, field).map_err(Reply::bad)?;
    check_own_name(session, request)?;
    let Who::Account { id, name: user } = &session.who else {
        let user = session.name().cloned();
        return Err(Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user }));
    };
    let room = chat.rooms.named(name.as_str());
    if room.is_some_and(|room| room.members.contains(id)) {
        return Ok(joined(user, &name));
    }
    let job = Job::Join { account: *id, room: name.clone() };
    chat.ask(session, job, Waiting::Join { room: name });
    Ok(Outcome::Wait)
}

/// The room that a request names; an empty one is as if it were missing.
pub(super) fn given_room<'a>(request: &'a Request<'_>) -> Option<&'a Field<'a>> {
    request.room.as_ref().filter(|field| !field.text.is_empty())
}

/// The room's name, where it can be a room's that is joined or left.
pub(super) fn room_name(chat: &Chat, field: &Field<'_>) -> Result<Name, Phrase> {
    if chat.common_named(&field.text).is_some() && field.text != "#" {
        return Err(Phrase::CommonChat { room: Name::shown(&field.text) });
    }
    Name::room(&field.text, chat.limits.name_chars).map_err(|fault| match fault {
        NameFault::NoHash => Phrase::NotARoom { room: Name::shown(&field.text) },
        fault => Phrase::BadName { field: field.key, fault },
    })
}

fn joined(user: &Name, room: &Name) -> Outcome {
    Outcome::reply(Code::Ok, Phrase::Joined { user: user.clone(), room: room.clone() })
}

/// The membership is on disk: from now on it counts, whether or not the one who asked is here.
pub(in crate::chat) fn committed(
    chat: &mut Chat,
    account: AccountId,
    room: RoomRecord,
    membership: &Membership,
) {
    let id = room.id;
    let audience = chat.rooms.put(room, &mut chat.audiences);
    let Some(member) = chat.users.account_mut(account) else { return };
    if chat.rooms.add_member(membership) {
        member.rooms.push(id);
        let connections = member.connections.clone();
        for connection in connections {
            chat.enter(connection, audience);
        }
    }
}

/// The answer, after [`committed`].
pub(in crate::chat) fn conclude(session: &Session, room: &Name) -> Outcome {
    match session.name() {
        Some(user) => joined(user, room),
        None => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}
