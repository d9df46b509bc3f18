//! `get_users`, `get_contacts`, `add` and `remove`: what the course's reference client asks for. An
//! account's list is on the disk and holds accounts; a guest's lasts as long as its connection.

use crate::chat::checks::{account_named, check_is, check_own_name, given};
use crate::chat::listing::{self, Slice};
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Who};
use crate::chat::{Chat, change};
use crate::limits::CONTACTS;
use crate::message::{
    AccountId, Change, Code, Field, Listed, Listing, Name, Phrase, Reply, Request,
};

/// The key under which the asker's own name stands, and not another's.
const OWN: &str = "user.";

pub(crate) fn users(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    if let Err(reply) = check_asker(session, request) {
        return Outcome::Reply(reply);
    }
    let names = chat.users.connected().map(|user| user.name);
    Outcome::Reply(list(session, request, Listed::Users, names))
}

pub(crate) fn list_contacts(
    chat: &mut Chat,
    session: &mut Session,
    request: &Request<'_>,
) -> Outcome {
    if let Err(reply) = check_asker(session, request) {
        return Outcome::Reply(reply);
    }
    let reply = match session.account().and_then(|account| chat.users.account(account)) {
        Some(known) => {
            let contacts = known.contacts.iter().filter_map(|contact| chat.users.account(*contact));
            let names = contacts.map(|contact| &contact.record.name);
            list(session, request, Listed::Contacts, names)
        }
        None => list(
            session,
            request,
            Listed::Contacts,
            session.rare().map(|rare| &rare.contacts).into_iter().flatten(),
        ),
    };
    Outcome::Reply(reply)
}

fn list<'c>(
    session: &Session,
    request: &Request<'_>,
    what: Listed,
    names: impl Iterator<Item = &'c Name>,
) -> Reply {
    let Slice { entries, of, more } = listing::slice(names, |name| name, request);
    let names = Listing::Names(entries.into_iter().cloned().collect());
    listing::reply(session, Code::Accepted, (what, of), names, more)
}

/// Whoever is named as the asker must be.
fn check_asker(session: &Session, request: &Request<'_>) -> Result<(), Reply> {
    check_user_text(session, request)?;
    check_own_name(session, request)
}

fn check_user_text(session: &Session, request: &Request<'_>) -> Result<(), Reply> {
    match (&session.who, &request.rare().user_text) {
        (Who::Account { name, .. }, Some(field)) => check_is(name, field),
        _ => Ok(()),
    }
}

pub(crate) fn add(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let done = other(session, request).and_then(|field| match session.account() {
        Some(account) => added(chat, account, field),
        None => add_for_guest(chat, session, field).map(Act::Done),
    });
    conclude(chat, session, done)
}

pub(crate) fn remove(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let done = other(session, request).and_then(|field| match session.account() {
        Some(account) => removed(chat, account, field),
        None => remove_for_guest(session, field).map(Act::Done),
    });
    conclude(chat, session, done)
}

/// What becomes of a list.
enum Act {
    /// Nothing that the disk has to know.
    Done(Reply),
    /// This, and the answer once the disk has it.
    Ask { account: AccountId, contact: AccountId, listed: bool, reply: Reply },
}

fn conclude(chat: &mut Chat, session: &mut Session, done: Result<Act, Reply>) -> Outcome {
    match done {
        Ok(Act::Ask { account, contact, listed, reply }) => {
            let change = Change::Contact { account, contact, listed };
            change::ask(chat, session, account, change, reply)
        }
        Ok(Act::Done(reply)) | Err(reply) => Outcome::Reply(reply),
    }
}

/// Whom the request is about: `account_name` at the top is the other here.
fn other<'a, 'r>(session: &Session, request: &'a Request<'r>) -> Result<&'a Field<'r>, Reply> {
    let (own, named) = match &request.account_name {
        Some(field) if field.key.starts_with(OWN) => (Some(field), None),
        field => (None, field.as_ref()),
    };
    let field = given(request.rare().contact.as_ref().or(named), "account_name")?;
    check_user_text(session, request)?;
    if own.is_some() {
        check_own_name(session, request)?;
    }
    Ok(field)
}

fn added(chat: &Chat, account: AccountId, field: &Field<'_>) -> Result<Act, Reply> {
    let other = account_named(chat, field)?;
    let (contact, user) = (other.record.id, other.record.name.clone());
    let reply = Reply::new(Code::Ok, Phrase::ContactAdded { user });
    let contacts = chat.users.account(account).map(|known| &known.contacts);
    if contacts.is_some_and(|contacts| contacts.contains(&contact)) {
        return Ok(Act::Done(reply));
    }
    check_room(contacts.map_or(0, |contacts| contacts.len()))?;
    Ok(Act::Ask { account, contact, listed: true, reply })
}

fn removed(chat: &Chat, account: AccountId, field: &Field<'_>) -> Result<Act, Reply> {
    let known = chat.users.account(account);
    let other = chat.users.account_named(&Name::nfc(&field.text)).map(|other| &other.record);
    match other.filter(|other| known.is_some_and(|known| known.contacts.contains(&other.id))) {
        Some(other) => {
            let reply = Reply::new(Code::Ok, Phrase::ContactRemoved { user: other.name.clone() });
            Ok(Act::Ask { account, contact: other.id, listed: false, reply })
        }
        None => Err(not_listed(field)),
    }
}

/// A guest's list holds names: accounts' and those of guests who were connected.
fn add_for_guest(chat: &Chat, session: &mut Session, field: &Field<'_>) -> Result<Reply, Reply> {
    let user = match chat.users.guest_named(&Name::nfc(&field.text)) {
        Some(guest) => guest.clone(),
        None => account_named(chat, field)?.record.name.clone(),
    };
    let contacts = &mut session.rare_mut().contacts;
    if !contacts.contains(&user) {
        check_room(contacts.len())?;
        contacts.insert(user.clone());
    }
    Ok(Reply::new(Code::Ok, Phrase::ContactAdded { user }))
}

fn remove_for_guest(session: &mut Session, field: &Field<'_>) -> Result<Reply, Reply> {
    let user = Name::shown(&field.text);
    if session.rare_mut().contacts.remove(&user) {
        Ok(Reply::new(Code::Ok, Phrase::ContactRemoved { user }))
    } else {
        Err(not_listed(field))
    }
}

fn check_room(contacts: usize) -> Result<(), Reply> {
    if contacts < CONTACTS {
        return Ok(());
    }
    Err(Reply::new(Code::Forbidden, Phrase::TooManyContacts { limit: CONTACTS }))
}

fn not_listed(field: &Field<'_>) -> Reply {
    let user = Name::shown(&field.text);
    Reply::new(Code::NotFound, Phrase::NoSuchContact { user })
}
