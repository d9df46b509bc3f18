//! `register`: the password is hashed beside the loop, then the account and the use of its
//! invitation are stored together. The connection is not logged in by it.

use super::join;
use crate::chat::checks::given;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Registering, Session, Waiting, Who};
use crate::chat::{Chat, Registration};
use crate::message::{
    AccountRecord, Code, Done, Job, Membership, Name, Phrase, Reply, Request, RoomRecord, Secret,
};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let (asked, password) = match check(chat, session, request) {
        Ok(checked) => checked,
        Err(reply) => return Outcome::Reply(reply),
    };
    chat.ask(session, Job::HashPassword { password }, Waiting::Register(asked));
    Outcome::Wait
}

/// All that can be refused before the hash, which is work.
fn check(
    chat: &Chat,
    session: &Session,
    request: &Request<'_>,
) -> Result<(Registering, Secret), Reply> {
    let field = given(request.account_name.as_ref(), "user.account_name")?;
    let password = given(request.rare().password.as_ref(), "user.password")?;
    let name = Name::account(&field.text, chat.limits.name_chars)
        .map_err(|fault| Reply::bad(Phrase::BadName { field: field.key, fault }))?;
    if let Who::Account { name: user, .. } = &session.who {
        let phrase = Phrase::AlreadyOther { user: user.clone(), other: name };
        return Err(Reply::new(Code::Forbidden, phrase));
    }
    let invite = request.rare().invite.as_ref().filter(|field| !field.text.is_empty());
    match chat.policy.registration {
        Registration::Closed => {
            return Err(Reply::new(Code::Forbidden, Phrase::RegistrationClosed));
        }
        Registration::Invite if invite.is_none() => {
            return Err(Reply::new(Code::Forbidden, Phrase::BadInvite));
        }
        Registration::Invite | Registration::Open => {}
    }
    if let Some(account) = chat.users.account_like(&name) {
        return Err(taken(name, account.record.name.clone()));
    }
    let invite = invite.map(|field| Secret::new(&*field.text));
    Ok((Registering { name, invite }, Secret::new(&*password.text)))
}

fn taken(user: Name, account: Name) -> Reply {
    Reply::new(Code::Conflict, Phrase::NameTaken { user, account })
}

/// The hash is there, or what became of the account.
pub(in crate::chat) fn go_on(
    chat: &mut Chat,
    session: &mut Session,
    asked: Registering,
    done: Done,
) -> Outcome {
    let Registering { name, invite } = asked;
    match done {
        Done::Hashed(phc) => {
            let job = Job::Register { name: name.clone(), phc, invite };
            chat.ask(session, job, Waiting::Register(Registering { name, invite: None }));
            Outcome::Wait
        }
        Done::PasswordRefused => Outcome::bad(Phrase::BadPassword { field: "user.password" }),
        Done::Registered { account, .. } => {
            Outcome::reply(Code::Created, Phrase::Registered { user: account.name })
        }
        Done::NameTaken { by } => Outcome::Reply(taken(name, by)),
        Done::InviteRefused => Outcome::reply(Code::Forbidden, Phrase::BadInvite),
        _ => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
    }
}

/// The account is on disk: from now on the name is its own, whether or not who asked is here.
pub(in crate::chat) fn committed(
    chat: &mut Chat,
    account: &AccountRecord,
    joined: Option<&(RoomRecord, Membership)>,
) {
    chat.refresh_account(account.clone());
    if let Some((room, membership)) = joined {
        join::committed(chat, account.id, room.clone(), membership);
    }
}
