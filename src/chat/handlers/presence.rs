//! `presence`: into the common chat; without authentication as a guest.

use crate::chat::checks::check_own_name;
use crate::chat::notices::tell_account_rooms;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Who};
use crate::chat::{Chat, Effect, Guests};
use crate::message::{
    Announcement, AudienceId, Code, Dialect, Features, Field, Name, Notice, Phrase, Reply, Request,
};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let admitted = match &session.who {
        Who::Account { .. } => check_own_name(session, request),
        Who::Stranger | Who::Guest(_) => as_guest(chat, session, request.account_name.as_ref()),
    };
    if let Err(reply) = admitted {
        return Outcome::Reply(reply);
    }
    session.presence_at = u64::try_from(chat.now.uptime.as_micros()).unwrap_or(u64::MAX);
    if let Some(status) = &request.rare().status {
        set_status(chat, session, &status.text);
    }
    enter_common(chat, session);
    let mut reply = Reply::new(Code::Ok, Phrase::Present { user: session.name().cloned() });
    if let Some(asked) = request.features {
        reply.features = Some(chat.grant(session, asked));
        if session.features.has(Features::HISTORY) {
            reply.extra_mut().kept = Some(chat.policy.kept);
        }
    }
    session.offers = true;
    Outcome::Reply(reply)
}

/// A status that is another one is told.
fn set_status(chat: &mut Chat, session: &mut Session, status: &str) {
    if session.status() == Some(status) {
        return;
    }
    session.rare_mut().status = Some(Box::from(status));
    if let Who::Account { id, name } = &session.who {
        let notice = Notice::Status { user: name.clone(), status: Box::from(status) };
        tell_account_rooms(chat, *id, Some(session.id), notice);
    }
}

fn as_guest(
    chat: &mut Chat,
    session: &mut Session,
    given: Option<&Field<'_>>,
) -> Result<(), Reply> {
    if chat.policy.guests == Guests::None {
        return Err(Reply::new(Code::Unauthorized, Phrase::GuestsMayNot));
    }
    match given {
        Some(field) => take_guest_name(chat, session, field),
        None => {
            if session.who == Who::Stranger {
                session.who = Who::Guest(None);
            }
            Ok(())
        }
    }
}

/// Makes the connection a guest of this name; an account's name, or one that looks like it, is
/// refused.
pub(super) fn take_guest_name(
    chat: &mut Chat,
    session: &mut Session,
    field: &Field<'_>,
) -> Result<(), Reply> {
    if session.name().is_some_and(|name| name.is_spelled(&field.text)) {
        return Ok(());
    }
    let name = Name::account(&field.text, chat.limits.name_chars)
        .map_err(|fault| Reply::bad(Phrase::BadName { field: field.key, fault }))?;
    if session.dialect == Dialect::Exchange && chat.users.has_guest(&name) {
        return Err(Reply::new(Code::Conflict, Phrase::NicknameTaken { user: name }));
    }
    if let Some(account) = chat.users.account_like(&name) {
        let account = account.record.name.clone();
        let phrase = Phrase::NameOfAccount { user: name, account };
        return Err(Reply::new(Code::Unauthorized, phrase));
    }
    chat.drop_guest_name(session);
    let audience = chat.users.enter_guest(&name, session.id, &mut chat.audiences);
    chat.effects.push_back(Effect::Enter { connection: session.id, audience });
    session.who = Who::Guest(Some(name));
    session.since_unix_micros = chat.now.unix_micros;
    Ok(())
}

fn enter_common(chat: &mut Chat, session: &mut Session) {
    if !session.present {
        session.present = true;
        chat.present += 1;
        let audience = AudienceId::COMMON;
        chat.effects.push_back(Effect::Enter { connection: session.id, audience });
        announce(chat, session);
    }
}

/// Exchange clients hear of each other.
fn announce(chat: &mut Chat, session: &Session) {
    if let (Dialect::Exchange, Some(name)) = (session.dialect, session.name().cloned()) {
        let announcement = Announcement::Connected { name };
        chat.effects.push_back(Effect::Announce { except: session.id, announcement });
    }
}
