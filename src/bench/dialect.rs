//! What a load speaks: JIM, or the part of Redis's protocol that publishing, subscribing and adding
//! to streams takes, or that of NATS that keeping takes.
//!
//! Whatever the dialect, a script gets objects: what was published, or the line of an answer.

use super::message::{QUIT, number};
use super::nats;

/// What a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON objects, each with a line end.
    Jim,
    /// RESP 2: commands as arrays or plain lines.
    Redis,
    /// The text protocol of NATS.
    Nats,
}

impl Dialect {
    /// The first whole object in some bytes, without its ends, and the bytes behind it.
    pub(crate) fn first_object(self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        match self {
            Self::Jim => first_line(bytes),
            Self::Redis => first_reply(bytes),
            Self::Nats => nats::first_object(bytes),
        }
    }

    /// What a server is owed for an object that it may send at any time, and that is nothing to a
    /// script; `None` for all others.
    pub(crate) fn courtesy(self, object: &[u8]) -> Option<&'static [u8]> {
        match self {
            Self::Jim | Self::Redis => None,
            Self::Nats => nats::courtesy(object),
        }
    }

    /// The request after whose answer the server closes the connection; NATS has none.
    pub(crate) const fn quit(self) -> Option<&'static [u8]> {
        match self {
            Self::Jim => Some(QUIT),
            Self::Redis => Some(b"QUIT\r\n"),
            Self::Nats => None,
        }
    }
}

/// What a confirmed subscription is to a script.
const SUBSCRIBED: &[u8] = b"+subscribed";
/// What the id of an entry that was added is.
const ADDED: &[u8] = b"+added";

/// The bytes before the first line end and those behind it.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, behind) = bytes.split_at_checked(memchr::memchr(b'\n', bytes)?)?;
    Some((line, behind.get(1..)?))
}

fn first_reply(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, behind) = reply_line(bytes)?;
    match line.split_first() {
        Some((b'$', digits)) if number(digits).is_some() => {
            element(bytes).map(|(_, rest)| (ADDED, rest))
        }
        Some((b'*', digits)) => match number(digits) {
            Some(elements @ 1..=3) => array(elements, behind),
            _ => Some((line, behind)),
        },
        _ => Some((line, behind)),
    }
}

/// A line without its end, which may have a carriage return, and the bytes behind it.
pub(super) fn reply_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, behind) = first_line(bytes)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), behind))
}

/// What was published is the last element of an array that begins with `message`.
fn array(elements: u64, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (kind, mut rest) = element(bytes)?;
    let mut last = kind;
    for _ in 1..elements {
        (last, rest) = element(rest)?;
    }
    let object = match kind {
        b"message" => last,
        b"subscribe" => SUBSCRIBED,
        _ => kind,
    };
    Some((object, rest))
}

fn element(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, behind) = reply_line(bytes)?;
    let length = line.strip_prefix(b"$").and_then(number).and_then(|n| usize::try_from(n).ok());
    match length {
        Some(length) => {
            let (text, rest) = behind.split_at_checked(length.checked_add(2)?)?;
            Some((text.get(..length)?, rest))
        }
        None => Some((line, behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_jim_are_lines() {
        let bytes = b"{\"a\":1}\n{\"b\"";
        assert_eq!(Dialect::Jim.first_object(bytes), Some((&b"{\"a\":1}"[..], &b"{\"b\""[..])));
        assert_eq!(Dialect::Jim.first_object(b"{\"b\""), None);
    }

    #[test]
    fn replies_of_redis_are_what_was_published_and_lines() {
        let mut rest: &[u8] = b"*3\r\n$9\r\nsubscribe\r\n$4\r\n#all\r\n:1\r\n\
            *3\r\n$7\r\nmessage\r\n$4\r\n#all\r\n$6\r\n{\r\n\"}x\r\n:12\r\n+OK\r\n-ERR no\r\n\
            $4\r\n17-0\r\n$-1\r\n";
        let mut objects = Vec::new();
        while let Some((object, behind)) = Dialect::Redis.first_object(rest) {
            objects.push(String::from_utf8(object.to_vec()).unwrap());
            rest = behind;
        }
        assert_eq!(objects, ["+subscribed", "{\r\n\"}x", ":12", "+OK", "-ERR no", "+added", "$-1"]);
        assert!(rest.is_empty());
    }

    #[test]
    fn no_beginning_of_a_reply_is_taken_for_a_whole_one() {
        let whole = b"*3\r\n$7\r\nmessage\r\n$4\r\n#all\r\n$3\r\nabc\r\n";
        for end in 0..whole.len() {
            assert_eq!(Dialect::Redis.first_object(&whole[..end]), None, "{end}");
        }
        assert_eq!(Dialect::Redis.first_object(whole), Some((&b"abc"[..], &b""[..])));
    }

    #[test]
    fn nonsense_is_handed_on_for_the_script_to_refuse() {
        for line in ["*9999999999999999999999\r\n", "*0\r\n", "*x\r\n", "?\r\n"] {
            let object = Dialect::Redis.first_object(line.as_bytes()).unwrap().0;
            assert_eq!(object, line.trim_end().as_bytes());
        }
    }
}
