//! Seed 000's console lines: what a script shows, to the letter in Russian.

use super::incoming::is_error;
use crate::message::{Language, visible};
use std::fmt;
use std::net::SocketAddr;

/// One line of the console, without its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields say what the variant's text is about")]
pub enum Console<'a> {
    /// The connection stands.
    Connected { address: SocketAddr },
    /// A log-in is sent.
    Authenticating { user: &'a str },
    /// A presence is sent.
    Presence,
    /// A join is sent.
    Joining { user: &'a str, room: &'a str },
    /// A message is sent.
    Message { from: &'a str, to: &'a str, text: &'a str },
    /// A leave is sent.
    Leaving { user: &'a str, room: &'a str },
    /// The server answered.
    Answered { code: u16, text: &'a str },
}

impl<'a> Console<'a> {
    /// The line in a language.
    #[must_use]
    pub const fn in_language(self, language: Language) -> Spoken<'a> {
        Spoken { line: self, language }
    }
}

/// A console line in one language, to be written.
#[derive(Debug, Clone, Copy)]
pub struct Spoken<'a> {
    line: Console<'a>,
    language: Language,
}

impl fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.language {
            Language::Russian => write_russian(self.line, f),
            Language::English => write_english(self.line, f),
        }
    }
}

fn write_russian(line: Console<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use Console as C;
    match line {
        C::Connected { address } => write!(f, "Клиент подключился к {address}"),
        C::Authenticating { user } => write!(f, "Аутентификация {}...", visible(user)),
        C::Presence => f.write_str("Шлем presence..."),
        C::Joining { user, room } => {
            write!(f, "Пользователь {} присоединяется к чату {}...", visible(user), visible(room))
        }
        C::Message { from, to, text } => {
            write!(f, "Шлем сообщение от {} к {}: {}", visible(from), visible(to), visible(text))
        }
        C::Leaving { user, room } => {
            write!(f, "Пользователь {} выходит из чата {}...", visible(user), visible(room))
        }
        C::Answered { code, text } if is_error(code) => {
            write!(f, "Сервер ответил ошибкой: {code} {}", visible(text))
        }
        C::Answered { code, text } => write!(f, "Сервер ответил: {code} {}", visible(text)),
    }
}

fn write_english(line: Console<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use Console as C;
    match line {
        C::Connected { address } => write!(f, "Client connected to {address}"),
        C::Authenticating { user } => write!(f, "Authenticating {}...", visible(user)),
        C::Presence => f.write_str("Sending presence..."),
        C::Joining { user, room } => {
            write!(f, "User {} is joining chat {}...", visible(user), visible(room))
        }
        C::Message { from, to, text } => {
            let (from, to) = (visible(from), visible(to));
            write!(f, "Sending a message from {from} to {to}: {}", visible(text))
        }
        C::Leaving { user, room } => {
            write!(f, "User {} is leaving chat {}...", visible(user), visible(room))
        }
        C::Answered { code, text } if is_error(code) => {
            write!(f, "Server answered with an error: {code} {}", visible(text))
        }
        C::Answered { code, text } => write!(f, "Server answered: {code} {}", visible(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: Console<'_>, russian: &str, english: &str) {
        assert_eq!(line.in_language(Language::Russian).to_string(), russian);
        assert_eq!(line.in_language(Language::English).to_string(), english);
    }

    #[test]
    fn the_lines_of_seed_000() {
        let (user, room) = ("user", "#geekbrains");
        check(
            Console::Connected { address: ([127, 0, 0, 1], 7777).into() },
            "Клиент подключился к 127.0.0.1:7777",
            "Client connected to 127.0.0.1:7777",
        );
        check(Console::Authenticating { user }, "Аутентификация user...", "Authenticating user...");
        check(Console::Presence, "Шлем presence...", "Sending presence...");
        check(
            Console::Joining { user, room },
            "Пользователь user присоединяется к чату #geekbrains...",
            "User user is joining chat #geekbrains...",
        );
        check(
            Console::Message { from: user, to: room, text: "Ну и больно надо..." },
            "Шлем сообщение от user к #geekbrains: Ну и больно надо...",
            "Sending a message from user to #geekbrains: Ну и больно надо...",
        );
        check(
            Console::Leaving { user, room },
            "Пользователь user выходит из чата #geekbrains...",
            "User user is leaving chat #geekbrains...",
        );
    }

    #[test]
    fn answers_of_seed_000() {
        check(
            Console::Answered {
                code: 202, text: "Пользователь user аутентифицирован"
            },
            "Сервер ответил: 202 Пользователь user аутентифицирован",
            "Server answered: 202 Пользователь user аутентифицирован",
        );
        check(
            Console::Answered { code: 400, text: "Чата #geeks не существует" },
            "Сервер ответил ошибкой: 400 Чата #geeks не существует",
            "Server answered with an error: 400 Чата #geeks не существует",
        );
        check(
            Console::Answered { code: 200, text: "a\nb" },
            "Сервер ответил: 200 a\\nb",
            "Server answered: 200 a\\nb",
        );
    }
}
