//! Seed 004's own serialiser: texts, lists and objects. It looks like JSON and is not: in a text
//! only `\"` and `\\` are escapes, everything else stands for itself, line ends included.

use crate::limits::Limits;
use crate::message::JsonFault;

/// How deep values may nest, whatever the settings say: both directions are recursive.
const DEPTH: usize = 64;

/// What an exchange client can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Self>),
    /// Values by key, in order; no key is there twice.
    Object(Vec<(String, Self)>),
}

/// What is wrong with a frame, and at which byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub what: JsonFault,
    /// The byte, counted from the frame's first behind its length.
    pub at: usize,
}

impl Value {
    /// The text under a key of an object.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The value under a key of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// Writes a value (seed 004's `dump`).
pub fn dump(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => dump_text(text, out),
        Value::List(values) => {
            dump_all(b"[]", values, out, dump);
        }
        Value::Object(members) => {
            dump_all(b"{}", members, out, |(key, value), out| {
                dump_text(key, out);
                out.push(b':');
                dump(value, out);
            });
        }
    }
}

fn dump_all<T>(
    brackets: &[u8; 2],
    entries: &[T],
    out: &mut Vec<u8>,
    dump: impl Fn(&T, &mut Vec<u8>),
) {
    let [open, close] = *brackets;
    out.push(open);
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        dump(entry, out);
    }
    out.push(close);
}

/// Writes a text between its quotes.
pub(super) fn dump_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Reads a frame (seed 004's `load`): one object, and nothing but white space around it.
///
/// # Errors
/// Where it is none, is nested too deeply, has too many members in one object, or a key twice.
pub fn load(frame: &[u8], limits: &Limits) -> Result<Value, Fault> {
    let text = std::str::from_utf8(frame)
        .map_err(|error| Fault { what: JsonFault::NotUtf8, at: error.valid_up_to() })?;
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        max_depth: limits.object_depth.min(DEPTH),
        max_members: limits.object_members,
    };
    reader.skip_space();
    if reader.peek() != Some(b'{') {
        return Err(reader.expected("an object in { }"));
    }
    let value = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.expected("the frame's end")),
    }
}

/// Reads forward over a frame, never back.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    max_depth: usize,
    max_members: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expected(&self, what: &'static str) -> Fault {
        Fault { what: JsonFault::Expected(what), at: self.at }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'[') => self.list(),
            Some(b'{') => self.object(),
            _ => Err(self.expected("a text in double quotes, a list or an object")),
        }
    }

    fn list(&mut self) -> Result<Value, Fault> {
        let mut values = Vec::new();
        self.entries(b']', "a , or a ]", |reader, _| {
            values.push(reader.value()?);
            Ok(())
        })?;
        Ok(Value::List(values))
    }

    fn object(&mut self) -> Result<Value, Fault> {
        let mut members: Vec<(String, Value)> = Vec::new();
        self.entries(b'}', "a , or a }", |reader, count| {
            let at = reader.at;
            if count >= reader.max_members {
                let what = JsonFault::TooManyMembers { limit: reader.max_members };
                return Err(Fault { what, at });
            }
            let key = reader.string()?;
            if members.iter().any(|(name, _)| *name == key) {
                return Err(Fault { what: JsonFault::DuplicateKey, at });
            }
            reader.skip_space();
            if !reader.take(b':') {
                return Err(reader.expected("a : behind the key"));
            }
            reader.skip_space();
            members.push((key, reader.value()?));
            Ok(())
        })?;
        Ok(Value::Object(members))
    }

    /// Reads what stands between brackets; `read` reads one entry, so many having been read.
    fn entries(
        &mut self,
        close: u8,
        separator: &'static str,
        mut read: impl FnMut(&mut Self, usize) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.depth >= self.max_depth {
            let what = JsonFault::TooDeep { limit: self.max_depth };
            return Err(Fault { what, at: self.at });
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let mut count = 0;
        let mut is_open = !self.take(close);
        while is_open {
            read(self, count)?;
            count += 1;
            self.skip_space();
            is_open = self.take(b',');
            if is_open {
                self.skip_space();
            } else if !self.take(close) {
                return Err(self.expected(separator));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a text with its quotes. A backslash before anything but `"` and `\` is itself.
    fn string(&mut self) -> Result<String, Fault> {
        if !self.take(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let mut text = String::new();
        loop {
            let rest: &'a str = self.text.get(self.at..).unwrap_or_default();
            let Some(plain) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) else {
                self.at = self.text.len();
                return Err(self.expected("the text's closing quote"));
            };
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            if self.take(b'"') {
                return Ok(text);
            }
            self.at += 1;
            match self.peek() {
                Some(escaped @ (b'"' | b'\\')) => {
                    text.push(char::from(escaped));
                    self.at += 1;
                }
                _ => text.push('\\'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Value, dump, load};
    use crate::limits::Limits;
    use crate::message::JsonFault;
    use proptest::prelude::*;

    fn read(frame: &str) -> Result<Value, Fault> {
        load(frame.as_bytes(), &Limits::default())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
        Value::Object(members.map(|(key, value)| (key.to_owned(), value)).into())
    }

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        dump(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn frames_of_seed_004_are_read_and_written() {
        let rows = [
            (r#"{"nickname":"Ivan"}"#, object([("nickname", text("Ivan"))])),
            (
                r#"{"text":"Hello","attachment":"1.jpg"}"#,
                object([("text", text("Hello")), ("attachment", text("1.jpg"))]),
            ),
            (
                r#"{"text1":"text2","text3":[{"text4":["text5"]},"text6",["text7"]]}"#,
                object([
                    ("text1", text("text2")),
                    (
                        "text3",
                        Value::List(vec![
                            object([("text4", Value::List(vec![text("text5")]))]),
                            text("text6"),
                            Value::List(vec![text("text7")]),
                        ]),
                    ),
                ]),
            ),
            ("{\"text\":\"two\nlines\t\u{1b}\"}", object([("text", text("two\nlines\t\u{1b}"))])),
            (r#"{"text":"\"\\n\""}"#, object([("text", text(r#""\n""#))])),
            (r#"{"a":[],"b":{}}"#, object([("a", Value::List(vec![])), ("b", object([]))])),
        ];
        for (frame, value) in rows {
            assert_eq!(read(frame).as_ref(), Ok(&value), "{frame}");
            assert_eq!(written(&value), frame);
        }
    }

    #[test]
    fn a_backslash_before_anything_else_is_itself() {
        let rows =
            [(r"a\nb", r"a\nb"), (r"C:\dir", r"C:\dir"), (r"\\", r"\"), (r"\u0436", r"\u0436")];
        for (raw, meant) in rows {
            let frame = format!("{{\"text\":\"{raw}\"}}");
            assert_eq!(read(&frame).unwrap().text("text"), Some(meant), "{raw}");
        }
    }

    #[test]
    fn white_space_may_stand_between_values() {
        let frame = " { \"text\" : \"a\" ,\n\"list\" : [ \"b\" , \"c\" ] } ";
        let value =
            object([("text", text("a")), ("list", Value::List(vec![text("b"), text("c")]))]);
        assert_eq!(read(frame), Ok(value));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_byte() {
        let expected = |what, at| Err(Fault { what: JsonFault::Expected(what), at });
        let rows = [
            ("", expected("an object in { }", 0)),
            ("[]", expected("an object in { }", 0)),
            (r#""text""#, expected("an object in { }", 0)),
            (r#"{"a":1}"#, expected("a text in double quotes, a list or an object", 5)),
            (r#"{"a":null}"#, expected("a text in double quotes, a list or an object", 5)),
            (r#"{a:"b"}"#, expected("a key in double quotes", 1)),
            (r#"{"a" "b"}"#, expected("a : behind the key", 5)),
            (r#"{"a":"b""#, expected("a , or a }", 8)),
            (r#"{"a":"b"} x"#, expected("the frame's end", 10)),
            (r#"{"a":"b\"}"#, expected("the text's closing quote", 10)),
            (r#"{"a":"b",}"#, expected("a key in double quotes", 9)),
            (r#"{"a":"b","a":"c"}"#, Err(Fault { what: JsonFault::DuplicateKey, at: 9 })),
        ];
        for (frame, result) in rows {
            assert_eq!(read(frame), result, "{frame}");
        }
        let not_utf8 = load(b"{\"a\":\"\xff\"}", &Limits::default());
        assert_eq!(not_utf8, Err(Fault { what: JsonFault::NotUtf8, at: 6 }));
    }

    #[test]
    fn nesting_and_members_are_bounded() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        let fault = read(&deep).unwrap_err();
        assert_eq!(fault, Fault { what: JsonFault::TooDeep { limit: 32 }, at: 36 });
        let members: Vec<String> = (0..65).map(|n| format!("\"{n}\":\"\"")).collect();
        let fault = read(&format!("{{{}}}", members.join(","))).unwrap_err();
        assert_eq!(fault.what, JsonFault::TooManyMembers { limit: 64 });
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = any::<String>().prop_map(Value::Text);
        leaf.prop_recursive(6, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(values in prop::collection::vec(any_value(), 0..4)) {
            let value = object([("all", Value::List(values))]);
            prop_assert_eq!(load(written(&value).as_bytes(), &Limits::default()), Ok(value));
        }

        #[test]
        fn any_bytes_are_read_or_refused_within_them(frame in any::<Vec<u8>>()) {
            if let Err(fault) = load(&frame, &Limits::default()) {
                prop_assert!(fault.at <= frame.len());
            }
        }
    }
}
