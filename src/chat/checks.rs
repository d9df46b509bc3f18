//! Who a request speaks for: checks that several handlers share.

use super::Chat;
use super::rooms::{Room, Standing};
use super::session::{Session, Who};
use super::users::Account;
use crate::message::{AccountId, Code, Field, Name, NameFault, Phrase, Reply, Request};

/// Whom an answer's text names: who the connection is, else the name that the request gives.
pub(super) fn speaker(session: &Session, request: &Request<'_>) -> Option<Name> {
    if session.account().is_some() {
        return session.name().cloned();
    }
    let given = request.account_name.as_ref().or(request.from.as_ref());
    given
        .filter(|field| !field.text.is_empty())
        .map(|field| Name::shown(&field.text))
        .or_else(|| session.name().cloned())
}

/// `user.account_name` in any request of an authenticated connection must be its own.
pub(super) fn check_own_name(session: &Session, request: &Request<'_>) -> Result<(), Reply> {
    let (Who::Account { name, .. }, Some(field)) = (&session.who, &request.account_name) else {
        return Ok(());
    };
    check_is(name, field)
}

/// A field that must be the connection's own name.
pub(super) fn check_is(name: &Name, field: &Field<'_>) -> Result<(), Reply> {
    if name.is_spelled(&field.text) {
        return Ok(());
    }
    let claimed = Name::shown(&field.text);
    let phrase = Phrase::NotYou { field: field.key, claimed, user: name.clone() };
    Err(Reply::new(Code::Forbidden, phrase))
}

/// The account that asks, and its name.
pub(super) fn asker(session: &Session) -> Result<(AccountId, &Name), Reply> {
    match &session.who {
        Who::Account { id, name } => Ok((*id, name)),
        Who::Stranger | Who::Guest(_) => {
            let user = session.name().cloned();
            Err(Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user }))
        }
    }
}

/// A field that must be there; an empty one is as if it were missing.
pub(super) fn given<'a, 'r>(
    field: Option<&'a Field<'r>>,
    key: &'static str,
) -> Result<&'a Field<'r>, Reply> {
    field
        .filter(|field| !field.text.is_empty())
        .ok_or_else(|| Reply::bad(Phrase::MissingField { field: key }))
}

/// The room that a request names; an empty one is as if it were missing.
pub(super) fn given_room<'a>(request: &'a Request<'_>) -> Option<&'a Field<'a>> {
    request.rare().room.as_ref().filter(|field| !field.text.is_empty())
}

/// The room's name, where it can be a room's that is joined or left.
pub(super) fn room_name(chat: &Chat, field: &Field<'_>) -> Result<Name, Phrase> {
    if chat.common_named(&field.text).is_some() && field.text != "#" {
        return Err(Phrase::CommonChat { room: Name::shown(&field.text) });
    }
    Name::room(&field.text, chat.limits.name_chars).map_err(|fault| match fault {
        NameFault::NoHash => Phrase::NotARoom { room: Name::shown(&field.text) },
        fault => Phrase::BadName { field: field.key, fault },
    })
}

/// The room that a request names, if the asker sees it.
pub(super) fn named_room<'c>(
    chat: &'c Chat,
    session: &Session,
    request: &Request<'_>,
) -> Result<&'c Room, Reply> {
    let missing = || Reply::bad(Phrase::MissingField { field: "room" });
    let field = given_room(request).ok_or_else(missing)?;
    let name = room_name(chat, field).map_err(Reply::bad)?;
    check_own_name(session, request)?;
    chat.visible_room(name.as_str(), session.account())
}

/// The asker must be a member of the room, and more than that where more is needed.
pub(super) fn check_standing(session: &Session, room: &Room, needs: Standing) -> Result<(), Reply> {
    let (account, user) = asker(session)?;
    let name = room.record.name.clone();
    let phrase = match room.standing(account) {
        Some(standing) if standing >= needs => return Ok(()),
        Some(_) => {
            let is_owner = needs == Standing::Owner;
            Phrase::NeedsRole { user: user.clone(), room: name, is_owner }
        }
        None => Phrase::NotAMember { user: Some(user.clone()), room: name },
    };
    Err(Reply::new(Code::Forbidden, phrase))
}

/// The account of this name.
pub(super) fn account_named<'c>(chat: &'c Chat, field: &Field<'_>) -> Result<&'c Account, Reply> {
    chat.users.account_named(&Name::nfc(&field.text)).ok_or_else(|| {
        let user = Name::shown(&field.text);
        Reply::new(Code::NotFound, Phrase::NoSuchUser { user })
    })
}
