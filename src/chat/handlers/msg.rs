//! `msg`, and `message` as the course's later lessons spell it: the envelope is read, the sender's
//! own bytes are handed on.

use super::presence::take_guest_name;
use crate::chat::checks::{check_is, check_own_name};
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Who};
use crate::chat::users::Addressee;
use crate::chat::{Chat, Effect, Guests, Payload};
use crate::message::{AudienceId, Code, ConnectionId, Field, Name, Phrase, Reply, Request};
use std::borrow::Cow;

/// The spelling whose sender and addressee may be missing: lesson 7's writers send neither.
const LENIENT: &str = "message";

/// Where a message goes.
struct Route {
    /// The addressee as the answer names it.
    to: Name,
    audience: AudienceId,
    /// Who in the audience does not get it.
    except: Option<ConnectionId>,
}

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match relay(chat, session, request) {
        Ok(reply) | Err(reply) => Outcome::Reply(reply),
    }
}

fn relay(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Result<Reply, Reply> {
    let lenient = request.action.as_ref().is_some_and(|action| action.text == LENIENT);
    check_missing(request, lenient)?;
    check_sender(chat, session, request, lenient)?;
    check_own_name(session, request)?;
    let from = session.name().cloned().ok_or_else(|| Reply::bad(Phrase::NoSenderOrAddressee))?;
    let route = find_route(chat, session, request.to.as_ref())?;
    let payload = match request.from {
        Some(_) => Payload::AsSent,
        None => Payload::WithSender(from.clone()),
    };
    chat.effects.push_back(Effect::Deliver { to: route.audience, except: route.except, payload });
    Ok(Reply::new(Code::Ok, Phrase::Delivered { from, to: route.to }))
}

fn check_missing(request: &Request<'_>, lenient: bool) -> Result<(), Reply> {
    let given = |field: &Option<Field<'_>>| match field {
        Some(field) => !field.text.is_empty(),
        None => lenient,
    };
    if !given(&request.to) || !given(&request.from) {
        return Err(Reply::bad(Phrase::NoSenderOrAddressee));
    }
    match request.message_chars {
        Some(_) => Ok(()),
        None => Err(Reply::bad(Phrase::MissingField { field: "message" })),
    }
}

/// `from` must be who the connection is; an anonymous guest becomes who its first `from` says.
fn check_sender(
    chat: &mut Chat,
    session: &mut Session,
    request: &Request<'_>,
    lenient: bool,
) -> Result<(), Reply> {
    let stand_in = request.account_name.as_ref().filter(|_| lenient);
    let Some(sender) = request.from.as_ref().or(stand_in) else {
        return Ok(());
    };
    match &session.who {
        Who::Guest(None) => take_guest_name(chat, session, sender),
        Who::Guest(Some(name)) | Who::Account { name, .. } => check_is(name, sender),
        Who::Stranger => Ok(()),
    }
}

fn find_route(chat: &Chat, session: &Session, to: Option<&Field<'_>>) -> Result<Route, Reply> {
    let Some(to) = to else {
        return common_route(chat, session, chat.common_name());
    };
    if let Some(name) = chat.common_named(&to.text) {
        return common_route(chat, session, name);
    }
    let text = Name::nfc(&to.text);
    if text.starts_with('#') { room_route(chat, session, text) } else { user_route(chat, text) }
}

fn common_route(chat: &Chat, session: &Session, to: &Name) -> Result<Route, Reply> {
    if session.account().is_none() && chat.policy.guests != Guests::Write {
        return Err(Reply::new(Code::Unauthorized, Phrase::GuestsMayNot));
    }
    let audience = AudienceId::COMMON;
    Ok(Route { to: to.clone(), audience, except: Some(session.id) })
}

fn room_route(chat: &Chat, session: &Session, name: Cow<'_, str>) -> Result<Route, Reply> {
    let Some(account) = session.account() else {
        let user = session.name().cloned();
        return Err(Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user }));
    };
    let Some(room) = chat.rooms.named(&name) else {
        let room = Name::shown(&name);
        return Err(Reply::new(Code::NotFound, Phrase::NoSuchRoom { room }));
    };
    let to = room.record.name.clone();
    if !room.members.contains(&account) {
        let user = session.name().cloned();
        return Err(Reply::new(Code::Forbidden, Phrase::NotAMember { user, room: to }));
    }
    Ok(Route { to, audience: room.audience, except: Some(session.id) })
}

fn user_route(chat: &Chat, name: Cow<'_, str>) -> Result<Route, Reply> {
    match chat.users.addressee(&name) {
        Addressee::Online { name, audience } => Ok(Route { to: name, audience, except: None }),
        Addressee::Offline(user) => Err(Reply::new(Code::Gone, Phrase::Offline { user })),
        Addressee::Unknown => {
            let user = Name::shown(&name);
            Err(Reply::new(Code::NotFound, Phrase::NoSuchUser { user }))
        }
    }
}
