//! Changing who we are while a connection stands: `/login`, `/register`, `/passwd`, `/nick` and
//! `/status`. One such request is under way at a time.

use super::entry::Entry;
use super::incoming::Answer;
use super::mode::Turn;
use super::outgoing::{Asked, Request};
use super::passwords::Change;
use super::words::Notice;
use crate::message::{Features, Secret};

/// The request under way.
#[derive(Debug, Default)]
pub(super) struct Changing {
    under_way: Option<UnderWay>,
}

#[derive(Debug)]
enum UnderWay {
    Passwd { new: Secret },
    LogIn { user: String, password: Secret },
    Register { user: String, password: Secret },
    Nick { name: String },
    Status,
}

/// What an answer has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// Nothing, or nothing that matters here.
    Nothing,
    /// A guest has become someone with an account.
    LoggedIn,
    /// A guest bears another name.
    Renamed,
}

impl Changing {
    /// Whether an answer is waited for.
    pub(super) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Sends what passwords were asked for.
    pub(super) fn begin(&mut self, turn: &mut Turn<'_>, entry: &Entry, change: Change) {
        let (request, under_way) = match change {
            Change::Passwd { old, new } => {
                (Request::Passwd { old, new: new.clone() }, UnderWay::Passwd { new })
            }
            Change::LogIn { user, password } => log_in(entry, user, password),
            Change::Register { user, password, invite } => {
                let (name, secret) = (user.clone(), password.clone());
                let request = Request::Register { user: name, password: secret, invite };
                (request, UnderWay::Register { user, password })
            }
        };
        turn.session.send(turn.now, &request);
        self.under_way = Some(under_way);
    }

    /// Asks for another name.
    pub(super) fn begin_nick(&mut self, turn: &mut Turn<'_>, entry: &Entry, name: String) {
        if entry.is_user() {
            return turn.screen.notice(&Notice::NameIsAccounts);
        }
        let request = Request::Presence { user: Some(name.clone()), features: Features::NONE };
        turn.session.send(turn.now, &request);
        self.under_way = Some(UnderWay::Nick { name });
    }

    /// Says something about us.
    pub(super) fn begin_status(&mut self, turn: &mut Turn<'_>, entry: &Entry, status: String) {
        let request = Request::Status { user: entry.name().to_owned(), status };
        turn.session.send(turn.now, &request);
        self.under_way = Some(UnderWay::Status);
    }

    /// Takes an answer that may be to this, and tells of it; `None` where it is to something else.
    pub(super) fn handle_answer(
        &mut self,
        turn: &mut Turn<'_>,
        entry: &mut Entry,
        asked: Asked,
        answer: &Answer,
    ) -> Option<Changed> {
        let under_way = self.under_way.take_if(|under_way| under_way.asked() == asked)?;
        let Answer { code, text, .. } = answer.clone();
        turn.screen.notice(&Notice::Answer { code, text });
        if answer.is_error() {
            return Some(Changed::Nothing);
        }
        Some(match under_way {
            UnderWay::Passwd { new } => {
                entry.set_password(new);
                Changed::Nothing
            }
            UnderWay::Register { user, password } => {
                self.begin(turn, entry, Change::LogIn { user, password });
                Changed::Nothing
            }
            UnderWay::LogIn { user, password } => {
                entry.become_user(user, password, answer);
                // The common chat is for those who said presence under the name that they bear.
                let user = Some(entry.name().to_owned());
                let request = Request::Presence { user, features: Features::NONE };
                turn.session.send(turn.now, &request);
                Changed::LoggedIn
            }
            UnderWay::Nick { name } => {
                entry.rename(name);
                Changed::Renamed
            }
            UnderWay::Status => Changed::Nothing,
        })
    }

    /// The connection is gone. Gives a password that may be the account's by now.
    pub(super) fn reset(&mut self) -> Option<Secret> {
        match self.under_way.take() {
            Some(UnderWay::Passwd { new }) => Some(new),
            _ => None,
        }
    }
}

impl UnderWay {
    const fn asked(&self) -> Asked {
        match self {
            Self::Passwd { .. } => Asked::Passwd,
            Self::LogIn { .. } => Asked::Authenticate,
            Self::Register { .. } => Asked::Register,
            Self::Nick { .. } => Asked::Presence,
            Self::Status => Asked::Status,
        }
    }
}

fn log_in(entry: &Entry, user: String, password: Secret) -> (Request, UnderWay) {
    let request = Request::Authenticate {
        user: user.clone(),
        password: password.clone(),
        features: entry.features(),
    };
    (request, UnderWay::LogIn { user, password })
}
