//! `members`: who is in a room, for those who are.

use crate::chat::Chat;
use crate::chat::checks::{check_standing, named_room};
use crate::chat::listing::{self, Slice};
use crate::chat::outcome::Outcome;
use crate::chat::rooms::{Member, Room, Standing};
use crate::chat::session::Session;
use crate::chat::users::Account;
use crate::message::{Code, Listed, Listing, MemberEntry, Reply, Request};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    Outcome::Reply(list(chat, session, request).unwrap_or_else(|refusal| refusal))
}

fn list(chat: &Chat, session: &Session, request: &Request<'_>) -> Result<Reply, Reply> {
    let room = named_room(chat, session, request)?;
    check_standing(session, room, Standing::Member)?;
    let members = room.members.iter();
    let members = members.filter_map(|(id, member)| Some((chat.users.account(*id)?, member)));
    let Slice { entries, of, more } =
        listing::slice(members, |(account, _)| &account.record.name, request);
    let entries = entries.into_iter().map(|(account, member)| entry(room, account, member));
    let members = Listing::Members(entries.collect());
    Ok(listing::reply(session, Code::Ok, (Listed::Members, of), members, more))
}

fn entry(room: &Room, account: &Account, member: &Member) -> MemberEntry {
    MemberEntry {
        name: account.record.name.clone(),
        is_online: !account.connections.is_empty(),
        is_owner: room.is_owner(account.record.id),
        role: member.role,
    }
}
