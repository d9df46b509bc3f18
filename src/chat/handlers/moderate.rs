//! `invite`, `kick`, `ban`, `unban`, `op` and `deop`: what a member of a room does to another user.

use crate::chat::checks::{account_named, asker, check_standing, given, named_room};
use crate::chat::outcome::Outcome;
use crate::chat::rooms::{Room, Standing};
use crate::chat::session::Session;
use crate::chat::users::Account;
use crate::chat::{Chat, change};
use crate::message::{AccountId, Change, Code, Deed, Name, Phrase, Reply, Request, Role};

pub(crate) fn invite(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    act(chat, session, request, Deed::Invited)
}

pub(crate) fn kick(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    act(chat, session, request, Deed::Kicked)
}

pub(crate) fn ban(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    act(chat, session, request, Deed::Banned)
}

pub(crate) fn unban(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    act(chat, session, request, Deed::Unbanned)
}

pub(crate) fn op(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    act(chat, session, request, Deed::Opped)
}

pub(crate) fn deop(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    act(chat, session, request, Deed::Deopped)
}

fn act(chat: &mut Chat, session: &mut Session, request: &Request<'_>, deed: Deed) -> Outcome {
    match prepare(chat, session, request, deed) {
        Ok(Prepared { by, change: Some(change), reply }) => {
            change::ask(chat, session, by, change, reply)
        }
        Ok(Prepared { change: None, reply, .. }) | Err(reply) => Outcome::Reply(reply),
    }
}

/// What is allowed.
struct Prepared {
    by: AccountId,
    /// `None` where all is so already.
    change: Option<Change>,
    reply: Reply,
}

fn prepare(
    chat: &Chat,
    session: &Session,
    request: &Request<'_>,
    deed: Deed,
) -> Result<Prepared, Reply> {
    let (by, _) = asker(session)?;
    given(request.rare().room.as_ref(), "room")?;
    let target = given(request.rare().target.as_ref(), "target")?;
    let room = named_room(chat, session, request)?;
    check_standing(session, room, needed(deed))?;
    let target = account_named(chat, target)?;
    check_target(room, target, deed)?;
    let (name, room_name) = (target.record.name.clone(), room.record.name.clone());
    let reply = Reply::new(Code::Ok, Phrase::Did { deed, target: name, room: room_name });
    Ok(Prepared { by, change: change_of(room, target.record.id, deed), reply })
}

const fn needed(deed: Deed) -> Standing {
    match deed {
        Deed::Invited => Standing::Member,
        Deed::Kicked | Deed::Banned | Deed::Unbanned | Deed::Opped | Deed::Deopped => Standing::Op,
    }
}

fn check_target(room: &Room, target: &Account, deed: Deed) -> Result<(), Reply> {
    let id = target.record.id;
    let names = || (target.record.name.clone(), room.record.name.clone());
    let (code, phrase): (Code, fn(Name, Name) -> Phrase) = match deed {
        Deed::Invited if room.bans(id) => {
            (Code::Forbidden, |user, room| Phrase::Banned { user, room })
        }
        Deed::Invited => return Ok(()),
        _ if room.is_owner(id) => {
            (Code::Forbidden, |target, room| Phrase::IsOwner { target, room })
        }
        Deed::Kicked | Deed::Opped | Deed::Deopped if !room.members.contains_key(&id) => {
            (Code::NotFound, |target, room| Phrase::NoSuchMember { target, room })
        }
        _ => return Ok(()),
    };
    let (target, room) = names();
    Err(Reply::new(code, phrase(target, room)))
}

/// An invitation that a member held would let it back in later.
fn change_of(room: &Room, target: AccountId, deed: Deed) -> Option<Change> {
    let id = room.record.id;
    Some(match deed {
        Deed::Invited if room.members.contains_key(&target) => return None,
        Deed::Invited => Change::Invite { room: id, target },
        Deed::Kicked => Change::Kick { room: id, target },
        Deed::Banned => Change::Ban { room: id, target },
        Deed::Unbanned => Change::Unban { room: id, target },
        Deed::Opped => Change::Role { room: id, target, role: Role::Op },
        Deed::Deopped => Change::Role { room: id, target, role: Role::Member },
    })
}
