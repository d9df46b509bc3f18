//! The client's half of console chat: what seed 003's client writes, and reads.

use super::{fields, json};
use crate::limits::Limits;
use crate::message::{COMMAND_MARK, JsonFault};

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// What somebody wrote.
    Message {
        /// Who.
        sender: String,
        /// What.
        text: String,
    },
    /// What the server itself says.
    System(String),
    /// Nothing that console chat knows.
    Nothing,
}

/// Writes the first object: who we are.
pub fn write_username(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b"{\"username\":");
    json::string(out, name);
    out.push(b'}');
}

/// Writes what was typed: a command where it begins as one, else a message.
pub fn write_line(out: &mut Vec<u8>, line: &str) {
    let kind = if line.starts_with(COMMAND_MARK) { "command" } else { "message" };
    out.extend_from_slice(b"{\"message_type\":");
    json::string(out, kind);
    json::key(out, "data");
    json::string(out, line);
    out.push(b'}');
}

/// Reads an object. Whatever has a sender and is no system message is shown as a message. A server
/// that has not yet heard which wire this is may refuse us in JIM: its error is what it says.
///
/// # Errors
/// Where it is no JSON.
pub fn read(object: &[u8], limits: &Limits) -> Result<Heard, JsonFault> {
    let fields = fields(object, limits).map_err(|fault| fault.what)?;
    let is_system = fields.message_type.is_some_and(|kind| kind.resolve() == "system_message");
    let owned = |text: super::Text<'_>| text.resolve().into_owned();
    Ok(match (fields.data.map(owned), fields.sender.map(owned), fields.error.map(owned)) {
        (Some(text), _, _) if is_system => Heard::System(text),
        (Some(text), Some(sender), _) => Heard::Message { sender, text },
        (None, _, Some(error)) => Heard::System(error),
        _ => Heard::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Said, read as read_said, write_message, write_system_message};
    use super::{Heard, read, write_line, write_username};
    use crate::limits::Limits;

    fn heard(object: &str) -> Option<Heard> {
        read(object.as_bytes(), &Limits::default()).ok()
    }

    fn message(sender: &str, text: &str) -> Option<Heard> {
        Some(Heard::Message { sender: sender.into(), text: text.into() })
    }

    #[test]
    fn what_seed_003s_server_writes_is_read() {
        let rows = [
            (
                r#"{"message_type": "message", "sender": "\u0418", "data": "hi"}"#,
                message("И", "hi"),
            ),
            (r#"{"data":"","sender":"a","extra":[{}]}"#, message("a", "")),
            (
                r#"{"message_type": "system_message", "data": "Tie!"}"#,
                Some(Heard::System("Tie!".into())),
            ),
            (r#"{"response":429,"error":"full"}"#, Some(Heard::System("full".into()))),
            (r#"{"message_type":"message","data":"x"}"#, Some(Heard::Nothing)),
            (r#"{"message_type":5,"sender":[],"data":null}"#, Some(Heard::Nothing)),
            ("{}", Some(Heard::Nothing)),
            ("{,}", None),
            (r#"{"data":"\ud800"}"#, None),
        ];
        for (object, expected) in rows {
            assert_eq!(heard(object), expected, "{object}");
        }
    }

    #[test]
    fn our_server_reads_what_is_written_and_is_read() {
        let mut out = Vec::new();
        write_username(&mut out, "Иван \"x\"");
        let said = |out: &[u8]| read_said(out, &Limits::default());
        assert_eq!(said(&out), Some(Said::Username("Иван \"x\"".into())));
        for (line, expected) in [
            ("hi\n\u{1b}", Said::Message("hi\n\u{1b}".into())),
            ("cmd!x", Said::Command("cmd!x".into())),
            (" cmd!x", Said::Message(" cmd!x".into())),
        ] {
            let mut out = Vec::new();
            write_line(&mut out, line);
            assert_eq!(said(&out), Some(expected));
        }
        let mut out = Vec::new();
        write_message(&mut out, "a", "\"b\"");
        assert_eq!(read(&out, &Limits::default()), Ok(message("a", "\"b\"").unwrap()));
        out.clear();
        write_system_message(&mut out, "c");
        assert_eq!(read(&out, &Limits::default()), Ok(Heard::System("c".into())));
    }
}
