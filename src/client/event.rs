//! What the server tells unasked, to those who asked for `notices`.

use crate::message::{Language, visible};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as in the object")]
pub enum Event {
    Online {
        user: String,
    },
    Offline {
        user: String,
    },
    Status {
        user: String,
        status: String,
    },
    Join {
        room: String,
        user: String,
    },
    Leave {
        room: String,
        user: String,
    },
    Topic {
        room: String,
        user: String,
        topic: String,
    },
    Kick {
        room: String,
        user: String,
        by: String,
    },
    Invite {
        room: String,
        by: String,
    },
    Destroy {
        room: String,
        by: String,
    },
    /// This connection is closed, and the server says why in one word.
    Parted {
        reason: String,
    },
    Shutdown,
}

impl Event {
    /// An event of this name; `None` where it is not known or lacks something.
    pub(super) fn new(
        event: &str,
        user: Option<String>,
        room: Option<String>,
        by: Option<String>,
        text: Option<String>,
    ) -> Option<Self> {
        let text = text.unwrap_or_default();
        Some(match event {
            "online" => Self::Online { user: user? },
            "offline" => Self::Offline { user: user? },
            "status" => Self::Status { user: user?, status: text },
            "join" => Self::Join { room: room?, user: user? },
            "leave" => Self::Leave { room: room?, user: user? },
            "topic" => Self::Topic { room: room?, user: user.unwrap_or_default(), topic: text },
            "kick" if room.is_none() => Self::Parted { reason: text },
            "kick" => Self::Kick { room: room?, user: user?, by: by.unwrap_or_default() },
            "invite" => Self::Invite { room: room?, by: by.unwrap_or_default() },
            "destroy" => Self::Destroy { room: room?, by: by.unwrap_or_default() },
            "shutdown" => Self::Shutdown,
            _ => return None,
        })
    }

    /// One short line, safe for a terminal.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let text = match language {
            Language::English => self.english(),
            Language::Russian => self.russian(),
        };
        visible(&text).to_string()
    }

    fn english(&self) -> String {
        match self {
            Self::Online { user } => format!("{user} is online"),
            Self::Offline { user } => format!("{user} is offline"),
            Self::Status { user, status } => format!("{user}: status {status}"),
            Self::Join { room, user } => format!("{user} joined {room}"),
            Self::Leave { room, user } => format!("{user} left {room}"),
            Self::Topic { room, user, topic } => format!("{user}: the topic of {room} is {topic}"),
            Self::Kick { room, user, by } => format!("{by} put {user} out of {room}"),
            Self::Invite { room, by } => format!("{by} invites you: /join {room}"),
            Self::Destroy { room, by } => format!("{by} destroyed {room}"),
            Self::Parted { reason } if reason.trim().is_empty() => {
                "the server closes this connection".to_owned()
            }
            Self::Parted { reason } => english_reason(reason).to_owned(),
            Self::Shutdown => "the server stops".to_owned(),
        }
    }

    fn russian(&self) -> String {
        match self {
            Self::Online { user } => format!("{user} в сети"),
            Self::Offline { user } => format!("{user} не в сети"),
            Self::Status { user, status } => format!("{user}: статус {status}"),
            Self::Join { room, user } => format!("{user} присоединился к {room}"),
            Self::Leave { room, user } => format!("{user} покинул {room}"),
            Self::Topic { room, user, topic } => format!("{user}: тема {room} теперь {topic}"),
            Self::Kick { room, user, by } => format!("{by} исключил {user} из {room}"),
            Self::Invite { room, by } => format!("{by} приглашает вас: /join {room}"),
            Self::Destroy { room, by } => format!("{by} удалил {room}"),
            Self::Parted { reason } if reason.trim().is_empty() => {
                "сервер закрывает это соединение".to_owned()
            }
            Self::Parted { reason } => russian_reason(reason).to_owned(),
            Self::Shutdown => "сервер останавливается".to_owned(),
        }
    }
}

/// Why the server closes a connection.
pub(super) fn english_reason(reason: &str) -> &str {
    match reason {
        "superseded" => "you logged in from elsewhere, and this connection is closed",
        "kicked" => "an operator closes this connection",
        "blocked" => "the account was blocked",
        "removed" => "the account was removed",
        "password_changed" => "the password was changed",
        "name_registered" => "the name is an account's now",
        "" => "it does not say why",
        other => other,
    }
}

pub(super) fn russian_reason(reason: &str) -> &str {
    match reason {
        "superseded" => "вход выполнен с другого места, это соединение закрывается",
        "kicked" => "оператор закрывает это соединение",
        "blocked" => "учётная запись заблокирована",
        "removed" => "учётная запись удалена",
        "password_changed" => "пароль изменён",
        "name_registered" => "имя теперь занято учётной записью",
        "" => "он не сказал почему",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_one_safe_line() {
        let user = || Some("ann\n".to_owned());
        let room = || Some("#tea".to_owned());
        for (event, english, russian) in [
            ("online", "ann\\n is online", "ann\\n в сети"),
            ("join", "ann\\n joined #tea", "ann\\n присоединился к #tea"),
            (
                "invite",
                "bob\\u{1b} invites you: /join #tea",
                "bob\\u{1b} приглашает вас: /join #tea",
            ),
            ("shutdown", "the server stops", "сервер останавливается"),
        ] {
            let by = Some("bob\u{1b}".to_owned());
            let event = Event::new(event, user(), room(), by, None).unwrap();
            assert_eq!(event.text(Language::English), english);
            assert_eq!(event.text(Language::Russian), russian);
        }
        assert_eq!(Event::new("join", user(), None, None, None), None);
        assert_eq!(Event::new("dance", user(), room(), None, None), None);
    }

    #[test]
    fn a_connection_that_is_closed_for_no_reason_is_told_in_words() {
        for reason in [None, Some(" ".to_owned())] {
            let event = Event::new("kick", None, None, None, reason).unwrap();
            assert_eq!(event.text(Language::English), "the server closes this connection");
            assert_eq!(event.text(Language::Russian), "сервер закрывает это соединение");
        }
        assert_eq!(english_reason(""), "it does not say why");
    }
}
