//! The objects that the load sends, and what it looks at in those that it gets.
//!
//! A message's text begins with its sender's number and its own, both of fixed width, so that a
//! receiver finds them at a known place and compares the rest byte for byte.

use super::Failure;

/// Digits of a sender's number.
const SENDER_DIGITS: usize = 5;
/// Digits of a message's number.
const SEQUENCE_DIGITS: usize = 10;
/// What every text must hold: both numbers, each with a blank behind it.
pub(crate) const LEAST_TEXT_BYTES: usize = SENDER_DIGITS + SEQUENCE_DIGITS + 2;

/// How much of a strange object an error shows.
const SHOWN_BYTES: usize = 200;

/// One sender's `msg`, complete but for the message's number.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Up to and with the sender's number and the blank behind it.
    head: Vec<u8>,
    /// From behind the message's number to the closing brace.
    tail: Vec<u8>,
    /// What is sent before and behind the object.
    before: Vec<u8>,
    behind: &'static [u8],
}

/// What a `msg` says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label {
    /// The sender's number.
    pub(crate) sender: usize,
    /// The message's number, from 0.
    pub(crate) sequence: u64,
}

impl Message {
    /// A message of `text_bytes` (at least [`LEAST_TEXT_BYTES`]) from one name to another.
    pub(crate) fn new(sender: usize, from: &str, to: &str, text_bytes: usize) -> Self {
        let head = format!(
            r#"{{"action":"msg","time":1,"from":"{from}","to":"{to}","message":"{sender:0width$} "#,
            width = SENDER_DIGITS
        );
        let padding = words(text_bytes.saturating_sub(LEAST_TEXT_BYTES));
        let (head, tail) = (head.into_bytes(), format!(" {padding}\"}}").into_bytes());
        Self { head, tail, before: Vec::new(), behind: b"\n" }
    }

    /// The same object, published on a channel of Redis.
    pub(crate) fn published(self, channel: &str) -> Self {
        self.framed(|bytes| {
            format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${bytes}\r\n", channel.len())
        })
    }

    /// The same object behind a beginning that is told its length, and before a line end with a
    /// carriage return.
    pub(crate) fn framed(mut self, before: impl FnOnce(usize) -> String) -> Self {
        let bytes = self.head.len() + SEQUENCE_DIGITS + self.tail.len();
        self.before = before(bytes).into_bytes();
        self.behind = b"\r\n";
        self
    }

    /// Appends the message with this number, as it is sent.
    pub(crate) fn write(&self, sequence: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        out.extend_from_slice(&self.head);
        let mut digits = [b'0'; SEQUENCE_DIGITS];
        let mut rest = sequence;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits);
        out.extend_from_slice(&self.tail);
        out.extend_from_slice(self.behind);
    }

    /// The numbers in a delivered object, where it is this message byte for byte.
    pub(crate) fn read(&self, object: &[u8]) -> Option<u64> {
        let rest = object.strip_prefix(self.head.as_slice())?;
        let (digits, tail) = rest.split_at_checked(SEQUENCE_DIGITS)?;
        if tail != self.tail { None } else { number(digits) }
    }

    /// Whose a delivered object is. All messages of one load have heads of one length.
    pub(crate) fn sender_of(&self, object: &[u8]) -> Option<usize> {
        let end = self.head.len() - 1;
        number(object.get(end - SENDER_DIGITS..end)?).and_then(|n| usize::try_from(n).ok())
    }

    /// Which of its sender's messages a delivered object is.
    fn sequence_of(&self, object: &[u8]) -> Option<usize> {
        let start = self.head.len();
        number(object.get(start..start + SEQUENCE_DIGITS)?).and_then(|n| usize::try_from(n).ok())
    }
}

/// So many bytes of words that differ, as a server with a search would have them.
fn words(bytes: usize) -> String {
    let letters = (b'a'..=b'z').cycle().skip(23).map(char::from);
    let words = letters.flat_map(|letter| [letter, letter, letter, letter, letter, ' ']);
    words.take(bytes).collect()
}

/// The numbers in `object`, if it is one of `messages` byte for byte. Each sender has a message for
/// each of its `rooms`, which take turns.
pub(crate) fn read_label(messages: &[Message], rooms: usize, object: &[u8]) -> Option<Label> {
    let first = messages.first()?;
    let sender = first.sender_of(object)?;
    let room = if rooms > 1 { first.sequence_of(object)? % rooms } else { 0 };
    let sequence = messages.get(sender.checked_mul(rooms)?.checked_add(room)?)?.read(object)?;
    Some(Label { sender, sequence })
}

/// The code of an answer; `None` where the object is none. Redis has numbers and texts for success,
/// and a line for failure.
pub(crate) fn answer_code(object: &[u8]) -> Option<u16> {
    match object.first() {
        Some(b'+' | b':') => return Some(200),
        Some(b'-') => return Some(500),
        _ => {}
    }
    let rest = object.strip_prefix(br#"{"response":"#)?;
    number(rest.get(..3)?).and_then(|code| u16::try_from(code).ok())
}

/// That an object is an answer of success.
///
/// # Errors
/// It is an answer of failure, or no answer.
pub(crate) fn expect_success(client: usize, object: &[u8]) -> Result<(), Failure> {
    match answer_code(object) {
        Some(200..300) => Ok(()),
        Some(_) => Err(Failure::Refused { client, answer: shown(object) }),
        None => Err(strange(client, object)),
    }
}

/// An object that nobody sent.
pub(crate) fn strange(receiver: usize, object: &[u8]) -> Failure {
    Failure::Strange { receiver, object: shown(object) }
}

/// The beginning of an object, with nothing in it that could drive a terminal.
pub(crate) fn shown(object: &[u8]) -> String {
    let beginning = object.get(..SHOWN_BYTES).unwrap_or(object);
    String::from_utf8_lossy(beginning).escape_debug().to_string().replace("\\\"", "\"")
}

/// The number that a few digits (fewer than twenty) are. Written for the compiler: no early way
/// out, since nearly always all are digits.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    let (mut sum, mut all_digits) = (0_u64, true);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        all_digits &= digit < 10;
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    all_digits.then_some(sum)
}

/// `presence`, which makes a guest.
pub(crate) fn presence(name: &str) -> String {
    format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"#) + "\n"
}

/// `authenticate`.
pub(crate) fn authenticate(name: &str, password: &str) -> String {
    let user = format!(r#"{{"account_name":"{name}","password":"{password}"}}"#);
    format!(r#"{{"action":"authenticate","time":1,"user":{user}}}"#) + "\n"
}

/// `quit`.
pub(crate) const QUIT: &[u8] = b"{\"action\":\"quit\"}\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<Message> {
        vec![Message::new(0, "a0", "#all", 20), Message::new(1, "a1", "#all", 20)]
    }

    #[test]
    fn what_is_written_is_read() {
        let messages = two();
        let mut bytes = Vec::new();
        messages[1].write(1_234, &mut bytes);
        let object = bytes.strip_suffix(b"\n").unwrap();
        assert_eq!(read_label(&messages, 1, object), Some(Label { sender: 1, sequence: 1_234 }));
        let value: serde_json::Value = serde_json::from_slice(object).unwrap();
        assert_eq!(value["message"], "00001 0000001234 xxx");
        assert_eq!(value["message"].as_str().unwrap().len(), 20);
    }

    #[test]
    fn rooms_take_turns_and_no_other_will_do() {
        let messages: Vec<_> = ["#r0", "#r1"].map(|room| Message::new(0, "a0", room, 20)).to_vec();
        for (room, sequence, right) in [(0, 4, true), (1, 5, true), (0, 5, false), (1, 4, false)] {
            let mut object = Vec::new();
            messages[room].write(sequence, &mut object);
            object.pop();
            assert_eq!(read_label(&messages, 2, &object).is_some(), right, "{room} {sequence}");
        }
    }

    #[test]
    fn what_is_published_is_the_object() {
        let (mut plain, mut published) = (Vec::new(), Vec::new());
        let message = Message::new(0, "a0", "#all", 20);
        message.write(7, &mut plain);
        message.published("#all").write(7, &mut published);
        let object = String::from_utf8(plain).unwrap();
        let object = object.trim_end();
        let command =
            format!("*3\r\n$7\r\nPUBLISH\r\n$4\r\n#all\r\n${}\r\n{object}\r\n", object.len());
        assert_eq!(String::from_utf8(published).unwrap(), command);
    }

    #[test]
    fn the_rest_of_a_text_is_words() {
        assert_eq!(words(20), "xxxxx yyyyy zzzzz aa");
        assert_eq!(words(0), "");
    }

    #[test]
    fn any_changed_byte_is_seen() {
        let messages = two();
        let mut bytes = Vec::new();
        messages[0].write(0, &mut bytes);
        bytes.pop();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x40;
            assert_eq!(read_label(&messages, 1, &other), None, "byte {at}");
        }
        assert_eq!(read_label(&messages, 1, &bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn answers_are_told_from_messages() {
        assert!(expect_success(0, br#"{"response":202,"time":1,"alert":"ok"}"#).is_ok());
        assert!(expect_success(0, b":99").is_ok() && expect_success(0, b"+OK").is_ok());
        assert!(matches!(expect_success(0, b"-ERR no"), Err(Failure::Refused { .. })));
        let refused = expect_success(3, br#"{"response":404,"time":1,"error":"no"}"#);
        assert!(matches!(refused, Err(Failure::Refused { client: 3, .. })));
        let strange = expect_success(3, b"{\"x\":1}");
        assert!(matches!(strange, Err(Failure::Strange { receiver: 3, .. })));
    }

    #[test]
    fn requests_are_json_objects_with_a_line_end() {
        for text in [presence("a"), authenticate("a", "b")] {
            assert!(text.ends_with('\n'));
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value["action"].is_string());
        }
        assert!(serde_json::from_slice::<serde_json::Value>(QUIT).is_ok());
    }
}
