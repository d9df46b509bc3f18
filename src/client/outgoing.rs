//! What the client sends.

use super::ask::{Ask, What};
use super::transfer::{FileAsked, FileRequest};
use crate::message::{Features, Secret};
use serde::Serialize;
use std::{fmt, io};
use zeroize::{Zeroize, Zeroizing};

/// The room that is taken at first for what is to be sent.
const OUTPUT_BYTES: usize = 1024;

/// A request to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Log in.
    Authenticate {
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
        /// What this client understands.
        features: Features,
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
    /// Change the password.
    Passwd {
        /// The one in use.
        old: Secret,
        /// The new one.
        new: Secret,
    },
    /// Enter the common chat.
    Presence {
        /// Under this name; `None` for an anonymous guest.
        user: Option<String>,
        /// What this client understands; none leaves it as it was.
        features: Features,
    },
    /// Say something about oneself.
    Status {
        /// Who.
        user: String,
        /// What is said.
        status: String,
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
    /// One of the added actions.
    Added(Box<Ask>),
    /// About a file that is sent or got.
    File(FileRequest),
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
    /// [`Request::Register`].
    Register,
    /// [`Request::Passwd`].
    Passwd,
    /// [`Request::Presence`].
    Presence,
    /// [`Request::Status`].
    Status,
    /// [`Request::Join`].
    Join,
    /// [`Request::Leave`].
    Leave,
    /// [`Request::Msg`].
    Msg,
    /// [`Request::Added`].
    Added(What),
    /// [`Request::File`].
    File(FileAsked),
    /// [`Request::Quit`].
    Quit,
}

#[derive(Serialize, Default)]
struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    invite: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<&'static str>>,
    #[serde(flatten)]
    ask: Option<&'a Ask>,
    #[serde(flatten)]
    file: Option<&'a FileRequest>,
}

impl Request {
    /// Which request this is.
    #[must_use]
    pub const fn asked(&self) -> Asked {
        match self {
            Self::Authenticate { .. } => Asked::Authenticate,
            Self::Register { .. } => Asked::Register,
            Self::Passwd { .. } => Asked::Passwd,
            Self::Presence { .. } => Asked::Presence,
            Self::Status { .. } => Asked::Status,
            Self::Join { .. } => Asked::Join,
            Self::Leave { .. } => Asked::Leave,
            Self::Msg { .. } => Asked::Msg,
            Self::Added(ask) => Asked::Added(ask.what),
            Self::File(request) => Asked::File(request.asked()),
            Self::Quit { .. } => Asked::Quit,
        }
    }

    fn object(&self, time: u64) -> Object<'_> {
        match self {
            Self::Authenticate { user, password, features } => Object {
                action: "authenticate",
                time,
                user: Some(with_password(user, password)),
                features: named_features(*features),
                ..Object::default()
            },
            Self::Register { user, password, invite } => Object {
                action: "register",
                time,
                user: Some(with_password(user, password)),
                invite: invite.as_deref(),
                ..Object::default()
            },
            Self::Passwd { old, new } => Object {
                action: "passwd",
                time,
                user: Some(User {
                    password: Some(old.expose()),
                    new_password: Some(new.expose()),
                    ..User::default()
                }),
                ..Object::default()
            },
            Self::Presence { user: name, features } => Object {
                action: "presence",
                time,
                kind: Some("status"),
                user: name.as_deref().map(named),
                features: named_features(*features),
                ..Object::default()
            },
            Self::Status { user: name, status } => Object {
                action: "presence",
                time,
                kind: Some("status"),
                user: Some(User { status: Some(status), ..named(name) }),
                ..Object::default()
            },
            Self::Join { user, room } => membership("join", time, user, room),
            Self::Leave { user, room } => membership("leave", time, user, room),
            Self::Msg { from, to, text, with_user } => Object {
                action: "msg",
                time,
                user: with_user.then_some(named(from)),
                to: Some(to),
                from: Some(from),
                message: Some(text),
                ..Object::default()
            },
            Self::Added(ask) => {
                Object { action: ask.what.action(), time, ask: Some(ask), ..Object::default() }
            }
            Self::File(request) => Object {
                action: request.asked().action(),
                time,
                file: Some(request),
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

/// Bytes on their way to the server. A password among them is wiped from memory when it is sent.
#[derive(Default)]
pub(super) struct Output {
    bytes: Zeroizing<Vec<u8>>,
    /// How much of `bytes` was sent.
    sent: usize,
}

impl Output {
    /// Appends a request's object and a line end.
    pub(super) fn push(&mut self, request: &Request, unix_seconds: u64) {
        let start = self.bytes.len();
        // Texts and numbers always serialise, and a `Vec` takes all; should that ever change,
        // no half object is left behind.
        if serde_json::to_writer(&mut *self, &request.object(unix_seconds)).is_err() {
            self.bytes.truncate(start);
            return;
        }
        self.append(b"\n");
    }

    /// Appends bytes as they are.
    pub(super) fn push_bytes(&mut self, bytes: &[u8]) {
        self.append(bytes);
    }

    /// What is not sent yet.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Forgets what was sent.
    pub(super) fn wrote(&mut self, bytes: usize) {
        let from = self.sent;
        self.sent = from.saturating_add(bytes).min(self.bytes.len());
        if self.sent == self.bytes.len() {
            self.bytes.zeroize();
            self.sent = 0;
        } else if let Some(sent) = self.bytes.get_mut(from..self.sent) {
            sent.zeroize();
        }
    }

    /// A `Vec` that grows by itself leaves a copy of its bytes behind.
    fn append(&mut self, more: &[u8]) {
        let needed = self.as_slice().len() + more.len();
        if self.bytes.len() + more.len() > self.bytes.capacity() {
            let mut room = Vec::with_capacity((needed * 2).max(OUTPUT_BYTES));
            room.extend_from_slice(self.as_slice());
            // The former bytes are wiped as they are dropped.
            self.bytes = Zeroizing::new(room);
            self.sent = 0;
        }
        self.bytes.extend_from_slice(more);
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({} bytes)", self.as_slice().len())
    }
}

fn membership<'a>(action: &'static str, time: u64, user: &'a str, room: &'a str) -> Object<'a> {
    Object { action, time, user: Some(named(user)), room: Some(room), ..Object::default() }
}

fn named_features(features: Features) -> Option<Vec<&'static str>> {
    (!features.is_empty()).then(|| features.names().collect())
}

const fn named(account_name: &str) -> User<'_> {
    User { account_name: Some(account_name), password: None, new_password: None, status: None }
}

fn with_password<'a>(user: &'a str, password: &'a Secret) -> User<'a> {
    User { password: Some(password.expose()), ..named(user) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(user: Option<String>) -> Request {
        Request::Presence { user, features: Features::NONE }
    }

    fn login(user: &str, password: &str) -> Request {
        let password = Secret::new(password);
        Request::Authenticate { user: user.into(), password, features: Features::NONE }
    }

    fn check(request: &Request, expected: &str) {
        let mut output = Output::default();
        output.push(&presence(None), 1);
        output.wrote("{\"action\":\"presence\",".len());
        output.push(request, 7);
        let text = std::str::from_utf8(output.as_slice()).unwrap();
        assert_eq!(text, format!("\"time\":1,\"type\":\"status\"}}\n{expected}\n"));
    }

    #[test]
    fn requests_are_seed_001s() {
        let user = String::from("user");
        let room = String::from("#geekbrains");
        check(
            &login("user", "p\"w"),
            r#"{"action":"authenticate","time":7,"user":{"account_name":"user","password":"p\"w"}}"#,
        );
        check(
            &presence(Some(user.clone())),
            r#"{"action":"presence","time":7,"type":"status","user":{"account_name":"user"}}"#,
        );
        check(&presence(None), r#"{"action":"presence","time":7,"type":"status"}"#);
        check(
            &Request::Join { user: user.clone(), room: room.clone() },
            r##"{"action":"join","time":7,"user":{"account_name":"user"},"room":"#geekbrains"}"##,
        );
        check(
            &Request::Leave { user: user.clone(), room: room.clone() },
            r##"{"action":"leave","time":7,"user":{"account_name":"user"},"room":"#geekbrains"}"##,
        );
        check(&Request::Quit { user: None }, r#"{"action":"quit","time":7}"#);
        check(
            &Request::Status { user: user.clone(), status: "at tea".into() },
            r#"{"action":"presence","time":7,"type":"status","user":{"account_name":"user","status":"at tea"}}"#,
        );
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
    fn what_was_added_is_sent_only_where_it_is_used() {
        let features = Features::IDS.with(Features::HISTORY);
        check(
            &Request::Presence { user: None, features },
            r#"{"action":"presence","time":7,"type":"status","features":["ids","history"]}"#,
        );
        check(
            &Request::Register {
                user: "a".into(),
                password: Secret::new("p"),
                invite: Some("c".into()),
            },
            r#"{"action":"register","time":7,"user":{"account_name":"a","password":"p"},"invite":"c"}"#,
        );
        check(
            &Request::Passwd { old: Secret::new("p"), new: Secret::new("q") },
            r#"{"action":"passwd","time":7,"user":{"password":"p","new_password":"q"}}"#,
        );
        check(&Ask::new(What::Rooms).request(), r#"{"action":"rooms","time":7}"#);
        let history = Ask {
            with: Some("#tea".into()),
            after: Some("0000000000000001".into()),
            limit: Some(200),
            ..Ask::new(What::History)
        };
        check(
            &history.request(),
            r##"{"action":"history","time":7,"with":"#tea","after":"0000000000000001","limit":200}"##,
        );
    }

    #[test]
    fn a_password_is_not_shown() {
        let request = login("u", "geheim");
        assert!(!format!("{request:?}").contains("geheim"));
    }

    #[test]
    fn what_was_sent_is_wiped() {
        let password = "geheim".repeat(1000);
        let request = login("u", &password);
        let mut output = Output::default();
        output.push(&Request::Quit { user: None }, 1);
        output.push(&request, 7);
        let all = output.as_slice().len();
        assert!(!format!("{output:?}").contains("geheim"));
        output.wrote(all - 1);
        assert_eq!(output.as_slice(), b"\n");
        assert!(output.bytes.iter().take(all - 1).all(|byte| *byte == 0));
        // A longer rest moves, and nothing of it is lost.
        output.push(&request, 7);
        assert!(output.as_slice().starts_with(b"\n{\"action\":\"authenticate\""));
        assert!(output.as_slice().ends_with(b"}}\n"));
        output.wrote(usize::MAX);
        assert!(output.as_slice().is_empty() && output.bytes.is_empty());
    }
}
