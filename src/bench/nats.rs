//! The part of NATS's text protocol that keeping messages in a stream of JetStream takes.
//!
//! Each client subscribes to an inbox of its own, where the stream confirms what was published. A
//! confirmation is one answer to a script, whatever its number in the stream.

use super::dialect::reply_line;
use super::message::Message;

/// The stream, and the one subject that it keeps.
const STREAM: &str = "ROOM";
const SUBJECT: &str = "room";

/// What a confirmation is to a script.
const KEPT: &[u8] = b"+kept";
/// What the answer to a `PING` is.
const ALIVE: &[u8] = b"+alive";

/// What brings a client in: the first makes the stream and is answered once it is there, the others
/// are answered at once.
pub(crate) fn entrance(client: usize) -> String {
    let hello = r#"{"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"rust","version":"1"}"#;
    let hello = format!("CONNECT {hello}\r\nSUB {} 1\r\n", inbox(client));
    match client {
        0 => {
            let config = format!(
                r#"{{"name":"{STREAM}","subjects":["{SUBJECT}"],"retention":"limits","storage":"file","discard":"old","num_replicas":1}}"#
            );
            let (to, bytes) = (inbox(client), config.len());
            format!("{hello}PUB $JS.API.STREAM.CREATE.{STREAM} {to} {bytes}\r\n{config}\r\n")
        }
        _ => format!("{hello}PING\r\n"),
    }
}

/// A sender's object, for the stream to keep.
pub(crate) fn kept(sender: usize, object: Message) -> Message {
    object.framed(|bytes| format!("PUB {SUBJECT} {} {bytes}\r\n", inbox(sender)))
}

fn inbox(client: usize) -> String {
    format!("_INBOX.{client}")
}

/// The first whole operation in some bytes as a script sees it, and the bytes behind it: of a message
/// its payload, where that confirms nothing, and else the line.
pub(crate) fn first_object(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, behind) = reply_line(bytes)?;
    match payload_bytes(line) {
        Some(length) => {
            let (payload, rest) = behind.split_at_checked(length.checked_add(2)?)?;
            let payload = payload.get(..length)?;
            Some((if confirms(payload) { KEPT } else { payload }, rest))
        }
        None if line == b"PONG" => Some((ALIVE, behind)),
        None => Some((line, behind)),
    }
}

/// The length at the end of `MSG <subject> <sid> [reply-to] <#bytes>`; `None` for any other line.
fn payload_bytes(line: &[u8]) -> Option<usize> {
    let words = std::str::from_utf8(line.strip_prefix(b"MSG ")?).ok()?;
    words.rsplit(' ').next()?.parse().ok()
}

/// Whether a payload says that a message was kept, or that the stream was made.
fn confirms(payload: &[u8]) -> bool {
    let behind = payload.strip_prefix(br#"{"stream":"ROOM","#).unwrap_or_default();
    if let Some(number) = behind.trim_ascii_start().strip_prefix(br#""seq":"#) {
        // Numbers begin with 1; an error stands before the stream, and has 0 behind it.
        return matches!(number.first(), Some(b'1'..=b'9'));
    }
    let made = br#"{"type":"io.nats.jetstream.api.v1.stream_create_response","#;
    payload.strip_prefix(made).is_some_and(|rest| rest.starts_with(br#""config":"#))
}

/// What is owed for what the server says of itself, and for its asking whether one is there.
pub(crate) fn courtesy(object: &[u8]) -> Option<&'static [u8]> {
    match object {
        b"PING" => Some(b"PONG\r\n"),
        _ if object.starts_with(b"INFO ") => Some(b""),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Failure;
    use super::super::message::expect_success;
    use super::*;

    fn operation(payload: &str) -> String {
        format!("MSG _INBOX.0 1 {}\r\n{payload}\r\n", payload.len())
    }

    #[test]
    fn confirmations_are_answers_and_all_else_is_shown_as_it_is() {
        let refused = r#"{"error":{"code":503,"description":"no"},"stream":"ROOM","seq":0}"#;
        let created = r#"{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{}}"#;
        let bytes = [
            "INFO {\"version\":\"2\"}\r\n".to_owned(),
            operation(created),
            "PING\r\nPONG\r\n-ERR 'no'\r\n".to_owned(),
            operation(r#"{"stream":"ROOM", "seq":17}"#),
            operation(r#"{"stream":"ROOM","seq":0}"#),
            operation(refused),
            "HMSG _INBOX.0 1 16 16\r\n".to_owned(),
        ]
        .concat();
        let (mut rest, mut objects) = (bytes.as_bytes(), Vec::new());
        while let Some((object, behind)) = first_object(rest) {
            objects.push(String::from_utf8(object.to_vec()).unwrap());
            rest = behind;
        }
        assert_eq!(objects.len(), 9);
        assert_eq!(
            objects[1..],
            [
                "+kept",
                "PING",
                "+alive",
                "-ERR 'no'",
                "+kept",
                r#"{"stream":"ROOM","seq":0}"#,
                refused,
                "HMSG _INBOX.0 1 16 16"
            ]
        );
        let failures = [&objects[4], &objects[6], &objects[7], &objects[8]];
        for failure in failures.map(|object| expect_success(0, object.as_bytes())) {
            assert!(matches!(failure, Err(Failure::Refused { .. } | Failure::Strange { .. })));
        }
        assert!(expect_success(0, objects[3].as_bytes()).is_ok());
    }

    #[test]
    fn no_beginning_of_an_operation_is_taken_for_a_whole_one() {
        let whole = operation(r#"{"stream":"ROOM","seq":1}"#);
        for end in 0..whole.len() {
            assert_eq!(first_object(&whole.as_bytes()[..end]), None, "{end}");
        }
        assert_eq!(first_object(whole.as_bytes()), Some((KEPT, &b""[..])));
    }

    #[test]
    fn lengths_are_those_of_what_follows() {
        let mut sent = Vec::new();
        kept(3, Message::new(3, "user-00003", "#room", 20)).write(7, &mut sent);
        let sent = String::from_utf8(sent).unwrap();
        let (line, object) = sent.split_once("\r\n").unwrap();
        let object = object.strip_suffix("\r\n").unwrap();
        assert_eq!(line, format!("PUB room _INBOX.3 {}", object.len()));
        let entrance = entrance(0);
        let mut lines = entrance.lines().skip(2);
        let (request, config) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(request.ends_with(&format!(" _INBOX.0 {}", config.len())), "{request}");
        let value: serde_json::Value = serde_json::from_str(config).unwrap();
        assert_eq!((&value["storage"], &value["subjects"][0]), (&"file".into(), &"room".into()));
    }

    #[test]
    fn the_server_may_ask_at_any_time() {
        assert_eq!(courtesy(b"PING"), Some(&b"PONG\r\n"[..]));
        assert_eq!(courtesy(b"INFO {}"), Some(&b""[..]));
        assert_eq!(courtesy(b"+kept"), None);
    }
}
