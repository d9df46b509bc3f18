//! How passwords are asked for at the terminal.

use crate::message::{Language, Secret, visible};
use crate::terminal::{ask_password, ask_password_twice};
use std::io;

/// A password and the one that is to take its place.
#[derive(Debug)]
pub struct Change {
    /// The password in use.
    pub old: Secret,
    /// The new one.
    pub new: Secret,
}

/// What came of asking for them.
#[derive(Debug)]
pub enum Asked {
    /// They were typed.
    Typed(Change),
    /// The new one was typed in two ways.
    Differ,
    /// The user thought better of it.
    Stopped,
    /// There is no terminal, say.
    CannotAsk(io::Error),
}

/// The prompt for a user's password.
pub(super) fn prompt(user: &str, language: Language) -> String {
    let user = visible(user);
    match language {
        Language::Russian => format!("Пароль пользователя {user}: "),
        Language::English => format!("Password of {user}: "),
    }
}

/// The prompts for a new one.
pub(super) fn new_prompts(user: &str, language: Language) -> (String, &'static str) {
    let user = visible(user);
    match language {
        Language::Russian => (format!("Новый пароль пользователя {user}: "), "Еще раз: "),
        Language::English => (format!("New password of {user}: "), "Again: "),
    }
}

/// Asks at the terminal, which shows nothing of what is typed. This blocks.
pub(super) fn ask_change(user: &str, language: Language) -> Asked {
    let (first, again) = new_prompts(user, language);
    let asked = ask_password(&prompt(user, language))
        .and_then(|old| Ok((old, ask_password_twice(&first, again)?)));
    match asked {
        Ok((_, (new, again))) if new != again => Asked::Differ,
        Ok((old, (new, _))) => {
            let [old, new] = [old, new].map(|password| Secret::new(password.as_str()));
            Asked::Typed(Change { old, new })
        }
        Err(error) => match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Asked::Stopped,
            _ => Asked::CannotAsk(error),
        },
    }
}
