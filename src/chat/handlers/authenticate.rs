//! `authenticate`: the account is read afresh, the password hashed beside the loop, then the login
//! is given to one connection, or to many, as the setting `sessions` says.

use crate::chat::change::came_or_went;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Claim, Session, Waiting, Who};
use crate::chat::{Chat, CloseReason, Effect, Sessions};
use crate::message::{AccountRecord, Code, Features, Job, Name, Phrase, Request, Secret};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let Some(name) = request.account_name.as_ref().filter(|field| !field.text.is_empty()) else {
        return Outcome::bad(Phrase::MissingField { field: "user.account_name" });
    };
    let Some(password) = request.rare().password.as_ref().filter(|field| !field.text.is_empty())
    else {
        return Outcome::bad(Phrase::MissingField { field: "user.password" });
    };
    let name = Name::shown(&name.text);
    if let Who::Account { name: user, .. } = &session.who
        && *user != name
    {
        let phrase = Phrase::AlreadyOther { user: user.clone(), other: name };
        return Outcome::reply(Code::Forbidden, phrase);
    }
    let password = Secret::new(&*password.text);
    let job = Job::FindAccount { name: name.clone() };
    let claim = Claim { name, features: request.features };
    chat.ask(session, job, Waiting::Account { claim, password });
    Outcome::Wait
}

/// The account was looked for. Unknown or not, a hash is computed: both take the same time.
pub(in crate::chat) fn found(
    chat: &mut Chat,
    session: &mut Session,
    claim: Claim,
    password: Secret,
    account: Option<AccountRecord>,
) -> Outcome {
    let phc = account.as_ref().map(|account| account.phc.clone());
    let job = Job::VerifyPassword { phc, password };
    chat.ask(session, job, Waiting::Password { claim, account });
    Outcome::Wait
}

/// The password was checked. The features of a log-in that is refused have no effect.
pub(in crate::chat) fn verified(
    chat: &mut Chat,
    session: &mut Session,
    claim: Claim,
    account: Option<AccountRecord>,
    fits: bool,
) -> Outcome {
    match decide(chat, session, claim.name, account, fits) {
        Outcome::Reply(mut reply) if !reply.code.is_error() => {
            if let Some(asked) = claim.features {
                reply.features = Some(chat.grant(session, asked));
            }
            if session.features.has(Features::HISTORY) {
                reply.extra_mut().kept = Some(chat.policy.kept);
            }
            Outcome::Reply(reply)
        }
        outcome => outcome,
    }
}

fn decide(
    chat: &mut Chat,
    session: &mut Session,
    name: Name,
    account: Option<AccountRecord>,
    fits: bool,
) -> Outcome {
    let Some(account) = account.filter(|_| fits) else {
        return Outcome::reply(Code::WrongLogin, Phrase::WrongLogin { user: name });
    };
    // It may have been removed or blocked while the hash was computed.
    let Some(known) = chat.users.account(account.id) else {
        return Outcome::reply(Code::WrongLogin, Phrase::WrongLogin { user: name });
    };
    // Nor does a password that was changed meanwhile let anyone in.
    if known.record.phc != account.phc {
        return Outcome::reply(Code::WrongLogin, Phrase::WrongLogin { user: name });
    }
    let user = known.record.name.clone();
    if known.record.blocked {
        return Outcome::reply(Code::Forbidden, Phrase::Blocked { user });
    }
    if session.account() == Some(account.id) {
        return Outcome::reply(Code::Ok, Phrase::AlreadyAuthenticated { user });
    }
    let held = !known.connections.is_empty();
    if held && chat.policy.sessions == Sessions::One {
        return refuse_second(chat, &account, user);
    }
    if held && chat.policy.sessions == Sessions::Newest {
        supersede(chat, &account);
    }
    log_in(chat, session, &account, &user);
    if held && chat.policy.sessions == Sessions::Many {
        return Outcome::reply(Code::Ok, Phrase::AlreadyAuthenticated { user });
    }
    Outcome::reply(Code::Accepted, Phrase::Authenticated { user })
}

/// The holder keeps the login; if its peer is dead, it is to be found out within seconds.
fn refuse_second(chat: &mut Chat, account: &AccountRecord, user: Name) -> Outcome {
    let holders = chat.users.account(account.id).map(|account| account.connections.as_slice());
    let hasten = |connection: &_| Effect::Hasten { connection: *connection };
    chat.effects.extend(holders.unwrap_or_default().iter().map(hasten));
    Outcome::reply(Code::Conflict, Phrase::ConnectedElsewhere { user })
}

fn supersede(chat: &mut Chat, account: &AccountRecord) {
    let holders = chat.users.account(account.id).map(|account| account.connections.clone());
    for holder in holders.unwrap_or_default() {
        chat.close(holder, CloseReason::Superseded);
    }
}

fn log_in(chat: &mut Chat, session: &mut Session, account: &AccountRecord, user: &Name) {
    chat.drop_guest_name(session);
    if session.rare().is_some() {
        session.rare_mut().contacts.clear();
    }
    session.who = Who::Account { id: account.id, name: user.clone() };
    let Some(known) = chat.users.account_mut(account.id) else { return };
    known.connections.push(session.id);
    let audience = *known.audience.get_or_insert_with(|| chat.audiences.take());
    let (rooms, is_first) = (known.rooms.clone(), known.connections.len() == 1);
    session.since_unix_micros = chat.now.unix_micros;
    if is_first {
        came_or_went(chat, account.id, session.id, true);
    }
    chat.enter(session.id, audience);
    for room in rooms {
        if let Some(audience) = chat.rooms.get(room).map(|room| room.audience) {
            chat.enter(session.id, audience);
        }
    }
}
