//! `join`: membership is the account's, and is on disk before it is answered.

use crate::chat::Chat;
use crate::chat::checks::{check_own_name, given_room, room_name};
use crate::chat::notices::tell_room;
use crate::chat::outcome::Outcome;
use crate::chat::rooms::Room;
use crate::chat::session::{Session, Waiting, Who};
use crate::message::{
    AccountId, Code, Features, Job, Membership, Name, NameFault, Notice, Phrase, Reply, Request,
    RoomRecord,
};
use crate::rate::{Rate, whole_seconds};

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
    if room.is_some_and(|room| room.members.contains_key(id)) {
        return Ok(joined(chat, session, user, &name));
    }
    match room {
        Some(room) => check_entrance(room, *id, user)?,
        None if name.is_reserved_room(&chat.common) => {
            let fault = NameFault::Reserved;
            return Err(Reply::bad(Phrase::BadName { field: field.key, fault }));
        }
        None => {}
    }
    let limit = chat.policy.rooms_per_account;
    if chat.users.account(*id).is_some_and(|account| account.rooms.len() >= limit) {
        return Err(Reply::new(Code::Forbidden, Phrase::TooManyRooms { limit }));
    }
    check_rate(chat, *id)?;
    let job = Job::Join { account: *id, room: name.clone(), position: chat.ids.last() };
    chat.ask(session, job, Waiting::Join { room: name });
    Ok(Outcome::Wait)
}

/// Each new membership is a commit, and told to a whole room.
fn check_rate(chat: &mut Chat, account: AccountId) -> Result<(), Reply> {
    let per_minute = chat.policy.joins_per_minute;
    if per_minute == 0 {
        return Ok(());
    }
    let bucket = chat.joins.of(&account);
    bucket.take(&Rate::per_minute(per_minute), chat.now.uptime).map_err(|wait| {
        Reply::new(Code::TooMany, Phrase::TooOften { seconds: whole_seconds(wait) })
    })
}

/// The banned do not enter, nor, where the room is hidden, who is not invited. Its owner, who may have
/// been the last to leave, does.
fn check_entrance(room: &Room, account: AccountId, user: &Name) -> Result<(), Reply> {
    let (user, name) = (user.clone(), room.record.name.clone());
    if room.bans(account) {
        return Err(Reply::new(Code::Forbidden, Phrase::Banned { user, room: name }));
    }
    let may_enter = room.record.owner == Some(account) || room.invites(account);
    if room.record.hidden && !may_enter {
        return Err(Reply::new(Code::Forbidden, Phrase::NotInvited { user, room: name }));
    }
    Ok(())
}

/// The answer, which says how long messages are kept where that is not as the log-in was told.
fn joined(chat: &Chat, session: &Session, user: &Name, room: &Name) -> Outcome {
    let phrase = Phrase::Joined { user: user.clone(), room: room.clone() };
    let mut reply = Reply::new(Code::Ok, phrase);
    if session.features.has(Features::HISTORY)
        && let Some(own) = chat.policy.kept_rooms.get(room)
    {
        reply.extra_mut().kept = Some(chat.policy.kept.of_room(*own));
    }
    Outcome::Reply(reply)
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
    if !chat.rooms.add_member(membership) {
        return;
    }
    member.enter(id);
    let (connections, user) = (member.connections.clone(), member.record.name.clone());
    if let Some(room) = chat.rooms.get_mut(id) {
        room.uninvite(account);
        room.online += usize::from(!connections.is_empty());
        let room = room.record.name.clone();
        tell_room(chat, id, Notice::Join { room, user });
    }
    for connection in connections {
        chat.enter(connection, audience);
    }
}

/// The room was closed to the account while the membership was on its way to the disk.
pub(in crate::chat) fn refused(session: &Session, room: Name) -> Outcome {
    match session.name().cloned() {
        Some(user) => Outcome::reply(Code::Forbidden, Phrase::NotInvited { user, room }),
        None => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}

/// The answer, after [`committed`].
pub(in crate::chat) fn conclude(chat: &Chat, session: &Session, room: &Name) -> Outcome {
    match session.name() {
        Some(user) => joined(chat, session, user, room),
        None => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}
