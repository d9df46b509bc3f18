//! The console chat's wire (seed 003): JSON objects with nothing between them.
//!
//! The JIM wire's decoder cuts and checks the objects. What a client says becomes the JIM object
//! that says the same, so that everything behind this file knows one protocol; what it is shown is
//! written here.

pub mod client;

use super::cursor::Lexed;
use super::encode::json;
use super::lexer::{Lexer, Value};
use super::text::Text;
use crate::limits::Limits;
use crate::message::{COMMAND_MARK, Language, Phrase, Reply};

/// The most bytes of an object: seed 003's client reads 1024 at a time, and an object that is cut
/// ends it.
const OBJECT_BYTES: usize = 1000;

/// What a client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Who it is: its first object.
    Username(String),
    /// Something to everybody.
    Message(String),
    /// A command, as it was written.
    Command(String),
}

/// Whether a connection's first object is console chat's: it has `username` and no `action`.
#[must_use]
pub fn is_registration(object: &[u8], limits: &Limits) -> bool {
    matches!(read(object, limits), Some(Said::Username(_)))
}

/// Reads an object that is valid JSON; `None` where it says nothing that console chat knows.
#[must_use]
pub fn read(object: &[u8], limits: &Limits) -> Option<Said> {
    let fields = fields(object, limits).ok()?;
    if fields.has_action {
        return None;
    }
    let text = |text: Text<'_>| text.resolve().into_owned();
    match (fields.username, fields.message_type, fields.data) {
        (Some(username), None, _) => Some(Said::Username(text(username))),
        (_, Some(kind), Some(data)) => match &*kind.resolve() {
            "message" => Some(Said::Message(text(data))),
            "command" => Some(Said::Command(text(data))),
            _ => None,
        },
        _ => None,
    }
}

/// The members that console chat knows, of both directions.
#[derive(Default)]
struct Fields<'a> {
    has_action: bool,
    username: Option<Text<'a>>,
    message_type: Option<Text<'a>>,
    sender: Option<Text<'a>>,
    data: Option<Text<'a>>,
    error: Option<Text<'a>>,
}

fn fields<'a>(object: &'a [u8], limits: &Limits) -> Lexed<Fields<'a>> {
    let mut fields = Fields::default();
    let mut lexer = Lexer::new(object, limits);
    let read = lexer.object(|lexer, member| {
        let key = member.key.resolve();
        let value = match lexer.any_value()? {
            Value::Text(text) => Some(text),
            _ => None,
        };
        match &*key {
            "action" => fields.has_action = true,
            "username" => fields.username = value,
            "message_type" => fields.message_type = value,
            "sender" => fields.sender = value,
            "data" => fields.data = value,
            "error" => fields.error = value,
            _ => {}
        }
        Ok(())
    });
    read.map(|()| fields)
}

/// Writes the JIM object that says the same. A message goes to the room `common` from `speaker`.
pub fn write_as_jim(out: &mut Vec<u8>, said: &Said, speaker: &str, common: &str, unix_micros: u64) {
    match said {
        Said::Username(name) => json::write_presence(out, name, unix_micros),
        Said::Message(text) => json::write_msg(out, common, speaker, text, unix_micros),
        Said::Command(command) => {
            let command = command.strip_prefix(COMMAND_MARK).unwrap_or(command);
            json::write_command(out, command, unix_micros);
        }
    }
}

/// The parts of a text that go into one object each. There is one at least; nearly always one.
pub fn parts<'a>(sender: &str, text: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut object = Vec::new();
    write_message(&mut object, sender, "");
    let room = OBJECT_BYTES.saturating_sub(object.len()).max(OBJECT_BYTES / 2);
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let end = fitting(text, room);
        let (part, behind) = text.split_at_checked(end)?;
        rest = Some(behind).filter(|behind| !behind.is_empty());
        Some(part)
    })
}

/// How many bytes of a text take so many in JSON at most; all of it, or a character at least.
fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    let over = text.char_indices().skip(1).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        used += before.map_or(0, json::escaped_bytes);
        let next = text.get(*at..).and_then(|rest| rest.chars().next());
        used + next.map_or(0, json::escaped_bytes) > room
    });
    over.map_or(text.len(), |(at, _)| at)
}

/// Writes a message, or a part of one, and its line end.
pub fn write_message(out: &mut Vec<u8>, sender: &str, text: &str) {
    write(out, "message", sender, text);
}

/// Writes what a client is told of its request: nothing where seed 003's server says nothing.
pub fn write_reply(out: &mut Vec<u8>, reply: &Reply, language: Language) {
    let is_silent = !reply.code.is_error() && !matches!(reply.phrase, Phrase::Told(_));
    if !is_silent {
        write_system_message(out, &reply.phrase.in_language(language).to_string());
    }
}

/// Who speaks where the server does. Seed 003's client wants a sender and does not show it.
const SERVER: &str = "SERVER";

/// Writes what the server itself says, and its line end.
pub fn write_system_message(out: &mut Vec<u8>, text: &str) {
    write(out, "system_message", SERVER, text);
}

fn write(out: &mut Vec<u8>, kind: &str, sender: &str, text: &str) {
    out.extend_from_slice(b"{\"message_type\":");
    json::string(out, kind);
    json::key(out, "sender");
    json::string(out, sender);
    json::key(out, "data");
    json::string(out, text);
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use super::write_system_message;
    use super::{OBJECT_BYTES, Said, is_registration, parts, read, write_as_jim, write_message};
    use crate::limits::Limits;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn said(object: &str) -> Option<Said> {
        read(object.as_bytes(), &Limits::default())
    }

    #[test]
    fn what_seed_003s_client_writes_is_read() {
        let rows = [
            (r#"{"username": "John Doe"}"#, Some(Said::Username("John Doe".into()))),
            (r#"{"username": "\u0418\u0432\u0430\u043d"}"#, Some(Said::Username("Иван".into()))),
            (
                r#"{"message_type": "message", "data": "hi \ud83d\ude00"}"#,
                Some(Said::Message("hi 😀".into())),
            ),
            (r#"{"data": "", "message_type": "message"}"#, Some(Said::Message(String::new()))),
            (
                r#"{"message_type": "command", "data": "cmd!x"}"#,
                Some(Said::Command("cmd!x".into())),
            ),
            (r#"{"message_type": "other", "data": "x"}"#, None),
            (r#"{"message_type": "message"}"#, None),
            (r#"{"message_type": "message", "data": 5}"#, None),
            (r#"{"username": 5}"#, None),
            (r#"{}"#, None),
        ];
        for (object, expected) in rows {
            assert_eq!(said(object), expected, "{object}");
        }
    }

    #[test]
    fn only_a_username_without_an_action_begins_console_chat() {
        let rows = [
            (r#"{"username":"a"}"#, true),
            (r#"{"extra":[1,{}],"username":"a"}"#, true),
            (r#"{"username":"a","action":"presence"}"#, false),
            (r#"{"action":null,"username":"a"}"#, false),
            (r#"{"user":{"username":"a"}}"#, false),
            (r#"{"message_type":"message","data":"a"}"#, false),
        ];
        for (object, is) in rows {
            assert_eq!(is_registration(object.as_bytes(), &Limits::default()), is, "{object}");
        }
    }

    #[test]
    fn jim_hears_the_same() {
        let rows = [
            (
                Said::Username("п\"".into()),
                json!({"action":"presence","time":1.5,"user":{"account_name":"п\""}}),
            ),
            (
                Said::Message("a\n".into()),
                json!({"action":"msg","time":1.5,"to":"#all","from":"n","message":"a\n"}),
            ),
            (
                Said::Command("cmd!current_time".into()),
                json!({"action":"command","time":1.5,"command":"current_time"}),
            ),
            (Said::Command("bare".into()), json!({"action":"command","time":1.5,"command":"bare"})),
        ];
        for (said, expected) in rows {
            let mut out = Vec::new();
            write_as_jim(&mut out, &said, "n", "#all", 1_500_000);
            assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
        }
    }

    #[test]
    fn objects_are_written_as_seed_003s_server_names_their_members() {
        let mut out = Vec::new();
        write_message(&mut out, "Иван", "\"hi\"\n\u{1b}");
        write_system_message(&mut out, "Participants count: 2");
        let expected = concat!(
            r#"{"message_type":"message","sender":"Иван","data":"\"hi\"\n\u001b"}"#,
            "\n",
            r#"{"message_type":"system_message","sender":"SERVER","data":"Participants count: 2"}"#,
            "\n",
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_long_text_goes_into_as_many_objects_as_it_needs() {
        assert_eq!(parts("a", "").collect::<Vec<_>>(), [""]);
        assert_eq!(parts("a", &"x".repeat(500)).count(), 1);
        assert_eq!(parts("a", &"п".repeat(500)).count(), 2);
        assert_eq!(parts("a", &"😀".repeat(500)).count(), 3);
        assert_eq!(parts("a", &"\0".repeat(500)).count(), 4);
    }

    proptest! {
        #[test]
        fn parts_make_the_text_and_each_fits(
            sender in "\\PC{1,25}",
            text in proptest::collection::vec(any::<char>(), 0..500),
        ) {
            let text: String = text.into_iter().collect();
            let mut whole = String::new();
            for part in parts(&sender, &text) {
                let mut out = Vec::new();
                write_message(&mut out, &sender, part);
                prop_assert!(out.len() <= OBJECT_BYTES);
                whole.push_str(part);
            }
            prop_assert_eq!(whole, text);
        }
    }
}
