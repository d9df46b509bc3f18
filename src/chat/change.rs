//! Changes of lasting state, once the disk has them: from now on they count, whether or not who
//! asked for them is here.

use super::notices::{tell_account_rooms, tell_room};
use super::rooms::{Member, Room};
use super::session::{Session, Waiting};
use super::{Chat, Effect, Hearers, Outcome, waiting};
use crate::message::{AccountId, Change, ConnectionId, Job, Name, Notice, Reply, Role, RoomId};

/// Asks for a change; `reply` is the answer once it is on disk.
pub(super) fn ask(
    chat: &mut Chat,
    session: &mut Session,
    by: AccountId,
    change: Change,
    reply: Reply,
) -> Outcome {
    chat.ask(session, Job::Change { by, change }, Waiting::Change(reply));
    Outcome::Wait
}

/// The change is on disk.
pub(super) fn committed(chat: &mut Chat, by: AccountId, change: &Change) {
    match change {
        Change::Topic { room, topic } => set_topic(chat, by, *room, topic),
        Change::Hidden { room, hidden } => {
            if let Some(room) = chat.rooms.get_mut(*room) {
                room.record.hidden = *hidden;
            }
        }
        Change::Invite { room, target } => invite(chat, by, *room, *target),
        Change::Kick { room, target } => put_out(chat, by, *room, *target),
        Change::Ban { room, target } => ban(chat, by, *room, *target),
        Change::Unban { room, target } => {
            if let Some(room) = chat.rooms.get_mut(*room) {
                room.unban(*target);
            }
        }
        Change::Role { room, target, role } => set_role(chat, *room, *target, *role),
        Change::Destroy { room } => destroy(chat, by, *room),
        Change::Contact { account, contact, listed } => {
            set_contact(chat, *account, *contact, *listed);
        }
        Change::Await { account, .. } => waiting::awaits(chat, *account),
    }
}

fn name_of(chat: &Chat, account: AccountId) -> Option<Name> {
    chat.users.account(account).map(|account| account.record.name.clone())
}

fn set_topic(chat: &mut Chat, by: AccountId, id: RoomId, topic: &str) {
    let Some(room) = chat.rooms.get_mut(id) else { return };
    room.record.topic = Box::from(topic);
    let name = room.record.name.clone();
    if let Some(user) = name_of(chat, by) {
        tell_room(chat, id, Notice::Topic { room: name, user, topic: Box::from(topic) });
    }
}

/// Nobody but the one who is invited hears of it.
fn invite(chat: &mut Chat, by: AccountId, id: RoomId, target: AccountId) {
    let Some(room) = chat.rooms.get_mut(id) else { return };
    room.invite(target);
    let name = room.record.name.clone();
    let audience = chat.users.account(target).and_then(|account| account.audience);
    let names = name_of(chat, target).zip(name_of(chat, by));
    if let (Some(audience), Some((user, by))) = (audience, names) {
        let notice = Notice::Invite { room: name, user, by };
        let to = Hearers::Of(vec![audience]);
        chat.effects.push_back(Effect::Notice { to, except: None, notice });
    }
}

fn ban(chat: &mut Chat, by: AccountId, id: RoomId, target: AccountId) {
    let room = chat.rooms.get_mut(id);
    let Some(room) = room.filter(|room| !room.is_owner(target)) else { return };
    room.ban(target);
    put_out(chat, by, id, target);
}

/// Takes a member out of a room, unless it inherited the room meanwhile. It hears of it too: the
/// notice goes out before it leaves.
fn put_out(chat: &mut Chat, by: AccountId, id: RoomId, target: AccountId) {
    let room = chat.rooms.get(id);
    let is_put_out = |room: &&Room| room.members.contains_key(&target) && !room.is_owner(target);
    let Some(room) = room.filter(is_put_out) else { return };
    let name = room.record.name.clone();
    if let (Some(user), Some(by)) = (name_of(chat, target), name_of(chat, by)) {
        tell_room(chat, id, Notice::Kick { room: name, user, by });
    }
    chat.end_membership(id, target);
}

fn set_role(chat: &mut Chat, room: RoomId, target: AccountId, role: Role) {
    let room = chat.rooms.get_mut(room);
    if let Some(Member { role: held, .. }) = room.and_then(|room| room.members.get_mut(&target)) {
        *held = role;
    }
}

fn destroy(chat: &mut Chat, by: AccountId, id: RoomId) {
    let Some(room) = chat.rooms.get(id) else { return };
    let name = room.record.name.clone();
    let mut members: Vec<AccountId> = room.members.keys().copied().collect();
    // In an order that a replay repeats.
    members.sort_unstable();
    if let Some(by) = name_of(chat, by) {
        tell_room(chat, id, Notice::Destroy { room: name, by });
    }
    for member in members {
        chat.end_membership(id, member);
    }
    if let Some(audience) = chat.rooms.take(id) {
        chat.audiences.give_back(audience);
    }
}

fn set_contact(chat: &mut Chat, account: AccountId, contact: AccountId, listed: bool) {
    let Some(known) = chat.users.account_mut(account) else { return };
    if listed {
        known.contacts.insert(contact);
    } else {
        known.contacts.remove(&contact);
    }
}

/// An account's first connection is there, or its last is gone: all others hear of it.
pub(super) fn came_or_went(
    chat: &mut Chat,
    account: AccountId,
    connection: ConnectionId,
    came: bool,
) {
    let rooms = chat.users.account(account).map(|account| account.rooms.clone());
    for room in rooms.unwrap_or_default() {
        if let Some(room) = chat.rooms.get_mut(room) {
            room.online = if came { room.online + 1 } else { room.online.saturating_sub(1) };
        }
    }
    if let Some(user) = name_of(chat, account) {
        let notice = if came { Notice::Online { user } } else { Notice::Offline { user } };
        tell_account_rooms(chat, account, Some(connection), notice);
    }
}
