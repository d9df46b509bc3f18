//! What the client sends.

use crate::message::Secret;
use serde::Serialize;

/// A request to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Log in.
    Authenticate {
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// Enter the common chat.
    Presence {
        /// Under this name; `None` for an anonymous guest.
        user: Option<String>,
    },
    /// Enter a room.
    Join {
        /// Who.
        user: String,
        /// Which room, with its `#`.
        room: String,
    },
    /// Leave a room.
    Leave {
        /// Who.
        user: String,
        /// Which room, with its `#`.
        room: String,
    },
    /// Send a message.
    Msg {
        /// Who.
        from: String,
        /// To a user, a room or the common chat.
        to: String,
        /// The text, as it stands.
        text: String,
        /// Whether `user.account_name` is sent too, as seed 000's line does.
        with_user: bool,
    },
    /// Say goodbye.
    Quit {
        /// Who, if a name is known.
        user: Option<String>,
    },
}

/// Which request an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// [`Request::Authenticate`].
    Authenticate,
    /// [`Request::Presence`].
    Presence,
    /// [`Request::Join`].
    Join,
    /// [`Request::Leave`].
    Leave,
    /// [`Request::Msg`].
    Msg,
    /// [`Request::Quit`].
    Quit,
}

#[derive(Serialize)]
struct User<'a> {
    account_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct Object<'a> {
    action: &'static str,
    time: u64,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl Request {
    /// Which request this is.
    #[must_use]
    pub const fn asked(&self) -> Asked {
        match self {
            Self::Authenticate { .. } => Asked::Authenticate,
            Self::Presence { .. } => Asked::Presence,
            Self::Join { .. } => Asked::Join,
            Self::Leave { .. } => Asked::Leave,
            Self::Msg { .. } => Asked::Msg,
            Self::Quit { .. } => Asked::Quit,
        }
    }

    /// Appends the object and a line end.
    pub(super) fn encode(&self, unix_seconds: u64, output: &mut Vec<u8>) {
        let start = output.len();
        // Texts and numbers always serialise, and a `Vec` takes all; should that ever change,
        // no half object is left behind.
        if serde_json::to_writer(&mut *output, &self.object(unix_seconds)).is_err() {
            output.truncate(start);
            return;
        }
        output.push(b'\n');
    }

    fn object(&self, time: u64) -> Object<'_> {
        match self {
            Self::Authenticate { user, password } => Object {
                action: "authenticate",
                time,
                user: Some(User { account_name: user, password: Some(password.expose()) }),
                ..Object::default()
            },
            Self::Presence { user: name } => Object {
                action: "presence",
                time,
                kind: Some("status"),
                user: name.as_deref().map(named),
                ..Object::default()
            },
            Self::Join { user: name, room } => Object {
                action: "join",
                time,
                user: Some(named(name)),
                room: Some(room),
                ..Object::default()
            },
            Self::Leave { user: name, room } => Object {
                action: "leave",
                time,
                user: Some(named(name)),
                room: Some(room),
                ..Object::default()
            },
            Self::Msg { from, to, text, with_user } => Object {
                action: "msg",
                time,
                user: with_user.then_some(named(from)),
                to: Some(to),
                from: Some(from),
                message: Some(text),
                ..Object::default()
            },
            Self::Quit { user: name } => Object {
                action: "quit",
                time,
                user: name.as_deref().map(named),
                ..Object::default()
            },
        }
    }
}

const fn named(account_name: &str) -> User<'_> {
    User { account_name, password: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: &Request, expected: &str) {
        let mut output = b"before\n".to_vec();
        request.encode(7, &mut output);
        assert_eq!(String::from_utf8(output).unwrap(), format!("before\n{expected}\n"));
    }

    #[test]
    fn requests_are_seed_001s() {
        let user = String::from("user");
        let room = String::from("#geekbrains");
        check(
            &Request::Authenticate { user: user.clone(), password: Secret::new("p\"w") },
            r#"{"action":"authenticate","time":7,"user":{"account_name":"user","password":"p\"w"}}"#,
        );
        check(
            &Request::Presence { user: Some(user.clone()) },
            r#"{"action":"presence","time":7,"type":"status","user":{"account_name":"user"}}"#,
        );
        check(
            &Request::Presence { user: None },
            r#"{"action":"presence","time":7,"type":"status"}"#,
        );
        check(
            &Request::Join { user: user.clone(), room: room.clone() },
            r##"{"action":"join","time":7,"user":{"account_name":"user"},"room":"#geekbrains"}"##,
        );
        check(
            &Request::Leave { user: user.clone(), room: room.clone() },
            r##"{"action":"leave","time":7,"user":{"account_name":"user"},"room":"#geekbrains"}"##,
        );
        check(&Request::Quit { user: None }, r#"{"action":"quit","time":7}"#);
        let msg = |with_user, text: &str| Request::Msg {
            from: user.clone(),
            to: room.clone(),
            text: text.into(),
            with_user,
        };
        check(
            &msg(false, "п\u{1b}\n"),
            r##"{"action":"msg","time":7,"to":"#geekbrains","from":"user","message":"п\u001b\n"}"##,
        );
        check(
            &msg(true, ""),
            r##"{"action":"msg","time":7,"user":{"account_name":"user"},"to":"#geekbrains","from":"user","message":""}"##,
        );
    }

    #[test]
    fn a_password_is_not_shown() {
        let request = Request::Authenticate { user: "u".into(), password: Secret::new("geheim") };
        assert!(!format!("{request:?}").contains("geheim"));
    }
}
