//! `passwd`: the account is read afresh, the old password verified, the new one hashed, and only
//! then stored. Whoever else is connected with the old password is not any more.

use crate::chat::checks::{check_own_name, given};
use crate::chat::outcome::Outcome;
use crate::chat::session::{PasswordChange, Session, Waiting, Who};
use crate::chat::{Chat, CloseReason};
use crate::message::{
    AccountId, Code, ConnectionId, Done, Job, Name, Phrase, Reply, Request, Secret,
};
use std::sync::Arc;

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let (name, change) = match check(session, request) {
        Ok(checked) => checked,
        Err(reply) => return Outcome::Reply(reply),
    };
    chat.ask(session, Job::FindAccount { name }, Waiting::Passwd(change));
    Outcome::Wait
}

fn check(session: &Session, request: &Request<'_>) -> Result<(Name, PasswordChange), Reply> {
    let old = given(request.rare().password.as_ref(), "user.password")?;
    let new = given(request.rare().new_password.as_ref(), "user.new_password")?;
    check_own_name(session, request)?;
    let Who::Account { name, .. } = &session.who else {
        let user = session.name().cloned();
        return Err(Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user }));
    };
    let (old, new) = (Secret::new(&*old.text), Secret::new(&*new.text));
    Ok((name.clone(), PasswordChange { old, new, phc: None }))
}

/// The next of the four steps.
pub(in crate::chat) fn go_on(
    chat: &mut Chat,
    session: &mut Session,
    change: PasswordChange,
    done: Done,
) -> Outcome {
    let Who::Account { id, name } = session.who.clone() else {
        return Outcome::reply(Code::ServerError, Phrase::ServerFailed);
    };
    let (job, phc) = match (done, change.phc.clone()) {
        (Done::Account(Some(account)), _) => {
            let (phc, password) = (Some(account.phc.clone()), change.old.clone());
            (Job::VerifyPassword { phc, password }, Some(account.phc))
        }
        (Done::Password(true), phc) => (Job::HashPassword { password: change.new.clone() }, phc),
        (Done::Hashed(phc), Some(old_phc)) => {
            (Job::SetPassword { account: id, old_phc: old_phc.clone(), phc }, Some(old_phc))
        }
        (done, _) => return conclude(name, &done),
    };
    chat.ask(session, job, Waiting::Passwd(PasswordChange { phc, ..change }));
    Outcome::Wait
}

fn conclude(user: Name, done: &Done) -> Outcome {
    match done {
        Done::PasswordSet { .. } => Outcome::reply(Code::Ok, Phrase::PasswordChanged { user }),
        // The stored one changed while this was under way: what was sent is no longer right.
        Done::Account(None) | Done::Password(false) | Done::PasswordStale => {
            Outcome::reply(Code::WrongLogin, Phrase::WrongLogin { user })
        }
        Done::PasswordRefused => Outcome::bad(Phrase::BadPassword { field: "user.new_password" }),
        _ => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}

/// The new password is on disk: the account's other connections end.
pub(in crate::chat) fn committed(
    chat: &mut Chat,
    asker: ConnectionId,
    account: AccountId,
    (phc, version): (Arc<str>, i64),
) {
    let Some(account) = chat.users.account_mut(account) else { return };
    // An operator may have set another one since.
    if account.record.version <= version {
        account.record.phc = phc;
        account.record.version = version;
    }
    for connection in account.connections.clone() {
        if connection != asker {
            chat.close(connection, CloseReason::PasswordChanged);
        }
    }
}
