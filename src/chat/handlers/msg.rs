//! `msg`, and `message` as the course's later lessons spell it: the envelope is read, the sender's
//! own bytes are handed on.

use super::presence::take_guest_name;
use crate::chat::checks::{check_is, check_own_name};
use crate::chat::outcome::Outcome;
use crate::chat::rooms::Room;
use crate::chat::session::{Session, Who};
use crate::chat::users::Addressee;
use crate::chat::{Chat, Effect, Guests, Payload, gate, message_ids, waiting};
use crate::message::{
    AccountId, AudienceId, Code, ConnectionId, Conversation, Dialect, Features, Field, Mark, Name,
    Phrase, Reply, Request, StoredMessage,
};

/// The spelling whose sender and addressee may be missing: lesson 7's writers send neither.
const LENIENT: &str = "message";

/// Where a message goes.
struct Route {
    /// The addressee as the answer names it.
    to: Name,
    way: Way,
    /// How many connections share the addressee's name, where several guests do.
    recipients: Option<usize>,
}

/// How it gets there.
enum Way {
    /// At once.
    Now { audience: AudienceId, except: Option<ConnectionId> },
    /// Through the gate, to whoever is there once it is on disk.
    Kept { conversation: Conversation },
    /// Through the gate, to an account that is offline, when it is back.
    Waits { conversation: Conversation, account: AccountId, in_history: bool },
}

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match relay(chat, session, request) {
        Ok(outcome) => outcome,
        Err(reply) => Outcome::Reply(reply),
    }
}

fn relay(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Result<Outcome, Reply> {
    let lenient = request.action.as_ref().is_some_and(|action| action.text == LENIENT);
    if let Some(field) = request.rare().reserved {
        return Err(Reply::bad(Phrase::Reserved { field }));
    }
    check_missing(request, lenient)?;
    check_sender(chat, session, request, lenient)?;
    check_own_name(session, request)?;
    let from = session.name().cloned().ok_or_else(|| Reply::bad(Phrase::NoSenderOrAddressee))?;
    let route = find_route(chat, session, request.to.as_ref())?;
    let id = message_ids::take(chat, chat.now);
    let mark = Mark { id, unix_micros: chat.now.unix_micros };
    Ok(send(chat, session, request, Letter { from, route, mark }))
}

/// A message that may be sent.
struct Letter {
    from: Name,
    route: Route,
    mark: Mark,
}

fn send(chat: &mut Chat, session: &mut Session, request: &Request<'_>, letter: Letter) -> Outcome {
    let Letter { from, route, mark } = letter;
    let payload = match request.from {
        Some(_) => Payload::AsSent,
        None => Payload::WithSender(from.clone()),
    };
    let (conversation, waits_for, in_history) = match route.way {
        Way::Now { audience, except } => {
            let reply = answer(session, Phrase::Delivered { from, to: route.to }, Code::Ok, mark);
            let reply = with_recipients(session, reply, route.recipients);
            chat.effects.push_back(Effect::Deliver { to: audience, except, payload, mark });
            return Outcome::Reply(reply);
        }
        Way::Kept { conversation } => (conversation, None, true),
        Way::Waits { conversation, account, in_history } => {
            (conversation, Some(account), in_history)
        }
    };
    let reply = match waits_for {
        None => answer(session, Phrase::Delivered { from, to: route.to }, Code::Ok, mark),
        Some(_) => answer(session, Phrase::Waits { from, to: route.to }, Code::Accepted, mark),
    };
    let message = StoredMessage {
        mark,
        conversation,
        sender: session.account(),
        // The loop copies the bytes in.
        object: Box::default(),
        text: request.message_at.clone(),
        in_history,
        waits_for,
        attachment: None,
    };
    if let Some(account) = waits_for.and_then(|account| chat.users.account_mut(account)) {
        account.reserved += 1;
    }
    gate::store(chat, session, message, payload, reply);
    Outcome::Wait
}

/// The answer; those with `ids` are told the message's number.
fn answer(session: &Session, phrase: Phrase, code: Code, mark: Mark) -> Reply {
    let mut reply = Reply::new(code, phrase);
    if session.features.has(Features::IDS) {
        reply.extra_mut().msg_id = Some(mark.id);
    }
    reply
}

fn with_recipients(session: &Session, mut reply: Reply, recipients: Option<usize>) -> Reply {
    if session.features.has(Features::IDS) && recipients.is_some() {
        reply.extra_mut().recipients = recipients;
    }
    reply
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
pub(super) fn check_sender(
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
    if text.starts_with('#') {
        room_route(chat, session, &text)
    } else {
        user_route(chat, session, &text)
    }
}

fn common_route(chat: &Chat, session: &Session, to: &Name) -> Result<Route, Reply> {
    if session.account().is_none() && chat.policy.guests != Guests::Write {
        return Err(Reply::new(Code::Unauthorized, Phrase::GuestsMayNot));
    }
    // Seed 004 keeps no history, and its clients are not told of one.
    let way = if chat.policy.kept.common && session.dialect != Dialect::Exchange {
        Way::Kept { conversation: Conversation::Common }
    } else {
        Way::Now { audience: AudienceId::COMMON, except: Some(session.id) }
    };
    Ok(Route { to: to.clone(), way, recipients: None })
}

/// A room that the sender is a member of.
pub(super) fn own_room<'c>(
    chat: &'c Chat,
    session: &Session,
    name: &str,
) -> Result<&'c Room, Reply> {
    let Some(account) = session.account() else {
        let user = session.name().cloned();
        return Err(Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user }));
    };
    let room = chat.visible_room(name, Some(account))?;
    if !chat.users.account(account).is_some_and(|known| known.is_in(room.record.id)) {
        let (user, room) = (session.name().cloned(), room.record.name.clone());
        return Err(Reply::new(Code::Forbidden, Phrase::NotAMember { user, room }));
    }
    Ok(room)
}

fn room_route(chat: &Chat, session: &Session, name: &str) -> Result<Route, Reply> {
    let room = own_room(chat, session, name)?;
    let to = room.record.name.clone();
    let way = if chat.policy.kept.rooms {
        Way::Kept { conversation: Conversation::Room(room.record.id) }
    } else {
        Way::Now { audience: room.audience, except: Some(session.id) }
    };
    Ok(Route { to, way, recipients: None })
}

fn user_route(chat: &Chat, session: &Session, name: &str) -> Result<Route, Reply> {
    match chat.users.addressee(name) {
        Addressee::Online { id, name: to, audience } => {
            let way = match session.account().filter(|_| chat.policy.kept.direct) {
                Some(sender) => Way::Kept { conversation: Conversation::direct(sender, id) },
                None => Way::Now { audience, except: None },
            };
            Ok(Route { to, way, recipients: None })
        }
        Addressee::Guests { name: to, audience, count } => {
            let way = Way::Now { audience, except: None };
            Ok(Route { to, way, recipients: (count > 1).then_some(count) })
        }
        Addressee::Offline { id, name: to } => offline_route(chat, session, id, to),
        Addressee::Unknown => {
            let user = Name::shown(name);
            Err(Reply::new(Code::NotFound, Phrase::NoSuchUser { user }))
        }
    }
}

/// Whether what is sent to an offline account can wait for it: from an account, whose client asked for
/// that. Says the sender and the addressee.
pub(super) fn check_waits(
    chat: &Chat,
    session: &Session,
    account: AccountId,
    to: Name,
) -> Result<(AccountId, Name), Reply> {
    let sender = session.account().filter(|_| session.features.has(Features::OFFLINE));
    let Some(sender) = sender else {
        return Err(Reply::new(Code::Gone, Phrase::Offline { user: to }));
    };
    if !waiting::has_room(chat, account) {
        let phrase = Phrase::OfflineFull { user: to, limit: chat.policy.offline_messages };
        return Err(Reply::new(Code::Gone, phrase));
    }
    Ok((sender, to))
}

/// What an account sends whose client asked for `offline` waits.
fn offline_route(
    chat: &Chat,
    session: &Session,
    account: AccountId,
    to: Name,
) -> Result<Route, Reply> {
    let (sender, to) = check_waits(chat, session, account, to)?;
    let conversation = Conversation::direct(sender, account);
    let in_history = chat.policy.kept.direct;
    Ok(Route { to, way: Way::Waits { conversation, account, in_history }, recipients: None })
}
