//! Who a request speaks for: checks that several handlers share.

use super::session::{Session, Who};
use crate::message::{Code, Field, Name, Phrase, Reply, Request};

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
