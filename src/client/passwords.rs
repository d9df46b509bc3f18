//! How passwords are asked for.

use crate::message::{Language, Secret, visible};
use crate::terminal::{ask_password, ask_password_twice};
use std::io;

/// What passwords are to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The user's, and the one that is to take its place.
    Change {
        /// Who we are.
        user: String,
    },
    /// This user's, to log in.
    LogIn {
        /// The account.
        user: String,
    },
    /// One for a new account.
    Register {
        /// Its name.
        user: String,
        /// An invitation's code.
        invite: Option<String>,
    },
}

/// What is to be done with the passwords that were typed.
#[derive(Debug)]
pub enum Change {
    /// Put one in another's place.
    Passwd {
        /// The password in use.
        old: Secret,
        /// The new one.
        new: Secret,
    },
    /// Log in.
    LogIn {
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// Make an account.
    Register {
        /// Its name.
        user: String,
        /// Its password.
        password: Secret,
        /// An invitation's code.
        invite: Option<String>,
    },
}

/// What came of asking.
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

impl Wanted {
    /// Whether a password in use has to be typed.
    const fn asks_old(&self) -> bool {
        !matches!(self, Self::Register { .. })
    }

    /// Whether a new password has to be typed, twice.
    const fn asks_new(&self) -> bool {
        !matches!(self, Self::LogIn { .. })
    }

    const fn user(&self) -> &String {
        let (Self::Change { user } | Self::LogIn { user } | Self::Register { user, .. }) = self;
        user
    }

    /// What to ask, in order.
    #[must_use]
    pub fn prompts(&self, language: Language) -> Vec<String> {
        let mut prompts = Vec::new();
        if self.asks_old() {
            prompts.push(prompt(self.user(), language));
        }
        if self.asks_new() {
            let (first, again) = new_prompts(self.user(), language);
            prompts.extend([first, again.to_owned()]);
        }
        prompts
    }

    /// What the answers to all prompts mean.
    #[must_use]
    pub fn answered(self, answers: &[Secret]) -> Asked {
        match (self, answers) {
            (Self::LogIn { user }, [password]) => {
                Asked::Typed(Change::LogIn { user, password: password.clone() })
            }
            (Self::Change { .. }, [old, new, again]) if new == again => {
                Asked::Typed(Change::Passwd { old: old.clone(), new: new.clone() })
            }
            (Self::Register { user, invite }, [new, again]) if new == again => {
                Asked::Typed(Change::Register { user, password: new.clone(), invite })
            }
            (Self::Change { .. }, [_, _, _]) | (Self::Register { .. }, [_, _]) => Asked::Differ,
            _ => Asked::Stopped,
        }
    }
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
pub(super) fn ask(wanted: Wanted, language: Language) -> Asked {
    match type_all(&wanted, language) {
        Ok(answers) => wanted.answered(&answers),
        Err(error) => match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Asked::Stopped,
            _ => Asked::CannotAsk(error),
        },
    }
}

fn type_all(wanted: &Wanted, language: Language) -> io::Result<Vec<Secret>> {
    let mut typed = Vec::new();
    if wanted.asks_old() {
        typed.push(ask_password(&prompt(wanted.user(), language))?);
    }
    if wanted.asks_new() {
        let (first, again) = new_prompts(wanted.user(), language);
        let (first, second) = ask_password_twice(&first, again)?;
        typed.extend([first, second]);
    }
    Ok(typed.iter().map(|password| Secret::new(password.as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text)).collect()
    }

    #[test]
    fn each_wish_has_its_prompts() {
        let user = || "anna".to_owned();
        for (wanted, count) in [
            (Wanted::Change { user: user() }, 3),
            (Wanted::LogIn { user: user() }, 1),
            (Wanted::Register { user: user(), invite: None }, 2),
        ] {
            let prompts = wanted.prompts(Language::English);
            assert_eq!(prompts.len(), count);
            assert!(prompts[0].contains("anna"));
            let typed = wanted.clone().answered(&secrets(&["x"; 3][..count]));
            assert!(matches!(typed, Asked::Typed(_)), "{wanted:?}");
            assert!(matches!(wanted.answered(&[]), Asked::Stopped));
        }
    }

    #[test]
    fn a_new_password_is_typed_twice_alike() {
        let user = || "anna".to_owned();
        let change = Wanted::Change { user: user() }.answered(&secrets(&["old", "a", "b"]));
        assert!(matches!(change, Asked::Differ));
        let register = Wanted::Register { user: user(), invite: None };
        assert!(matches!(register.answered(&secrets(&["a", "b"])), Asked::Differ));
    }
}
