//! `rooms`: the rooms that the asker sees.

use crate::chat::Chat;
use crate::chat::checks::check_own_name;
use crate::chat::listing::{self, Slice};
use crate::chat::outcome::Outcome;
use crate::chat::rooms::Room;
use crate::chat::session::Session;
use crate::message::{AccountId, Code, Listed, Listing, Reply, Request, RoomEntry};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match check_own_name(session, request) {
        Ok(()) => Outcome::Reply(list(chat, session, request)),
        Err(reply) => Outcome::Reply(reply),
    }
}

fn list(chat: &Chat, session: &Session, request: &Request<'_>) -> Reply {
    let asker = session.account();
    let seen = chat.rooms.iter().filter(|room| room.is_seen_by(asker));
    let Slice { entries, of, more } = listing::slice(seen, |room| &room.record.name, request);
    let rooms = entries.iter().map(|room| entry(room, asker)).collect();
    listing::reply(session, Code::Ok, (Listed::Rooms, of), Listing::Rooms(rooms), more)
}

fn entry(room: &Room, asker: Option<AccountId>) -> RoomEntry {
    RoomEntry {
        name: room.record.name.clone(),
        topic: room.record.topic.clone(),
        members: room.members.len(),
        online: room.online,
        is_member: asker.is_some_and(|account| room.members.contains_key(&account)),
    }
}
