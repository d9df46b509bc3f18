//! JSON values, read once from front to back, with the rules that protocol section 1 adds: bounded
//! depth, a bounded number of members, no key twice at any depth, no number beyond a float.

use super::cursor::{Cursor, Fault, Lexed, Number};
use super::keys::{MEMBERS, OtherKeys};
use super::text::Text;
use crate::limits::Limits;
use crate::message::JsonFault;

/// How deep values may nest, whatever the settings say: the lexer is recursive.
const DEPTH: usize = 64;

/// A value, as far as an envelope cares.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Text(Text<'a>),
    Number(Number),
    Null,
    Boolean,
    List,
    Object,
}

/// A key and the byte at which its quote stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub key: Text<'a>,
    pub at: usize,
}

/// Reads values from one object's bytes.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    cursor: Cursor<'a>,
    bytes: &'a [u8],
    depth: usize,
    max_depth: usize,
    max_members: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self {
            cursor: Cursor::new(bytes),
            bytes,
            depth: 0,
            max_depth: limits.object_depth.min(DEPTH),
            max_members: limits.object_members.min(MEMBERS),
        }
    }

    /// What has been read.
    pub(super) fn read(&self) -> &'a [u8] {
        self.cursor.since(0)
    }

    /// How many characters have been read, an escape counting as one.
    pub(super) const fn chars(&self) -> usize {
        self.cursor.chars()
    }

    /// How many bytes have been read.
    #[inline]
    pub(super) const fn at(&self) -> usize {
        self.cursor.at()
    }

    /// Whether the next value is an array.
    pub(super) fn is_at_list(&self) -> bool {
        self.cursor.peek() == Some(b'[')
    }

    /// Whether the next value is an object.
    pub(super) fn is_at_object(&self) -> bool {
        self.cursor.peek() == Some(b'{')
    }

    /// Reads an object; `read` reads the value of each member.
    #[inline]
    pub(super) fn object(
        &mut self,
        mut read: impl FnMut(&mut Self, Member<'a>) -> Lexed<()>,
    ) -> Lexed<()> {
        self.open(b'{')?;
        let mut members = 0;
        let mut is_open = !self.closes(b'}');
        while is_open {
            let member = self.member(members)?;
            read(self, member)?;
            members += 1;
            is_open = self.goes_on(b'}', "a , or a }")?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a key and its colon, `before` that many members.
    #[inline]
    fn member(&mut self, before: usize) -> Lexed<Member<'a>> {
        let at = self.cursor.at();
        let key = self.cursor.string("a key in double quotes")?;
        if before >= self.max_members {
            let what = JsonFault::TooManyMembers { limit: self.max_members };
            return Err(Fault { what, at });
        }
        self.cursor.skip_space();
        self.cursor.expect(b':', "a : behind the key")?;
        self.cursor.skip_space();
        Ok(Member { key, at })
    }

    /// Reads any value and keeps what an envelope may ask about it.
    ///
    /// # Errors
    /// If it is no JSON. A number too large for a float is one; see [`Self::value`].
    #[inline(always)]
    pub(super) fn any_value(&mut self) -> Lexed<Value<'a>> {
        match self.cursor.peek() {
            Some(b'"') => Ok(Value::Text(self.cursor.string("a value")?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.cursor.number()?)),
            Some(b'{') => self.ignored_object(),
            Some(b'[') => self.list(drop).map(|()| Value::List),
            Some(b'n') => self.cursor.word("null").map(|()| Value::Null),
            Some(b't') => self.cursor.word("true").map(|()| Value::Boolean),
            Some(b'f') => self.cursor.word("false").map(|()| Value::Boolean),
            _ => Err(self.cursor.expected("a value")),
        }
    }

    /// Reads a value that a receiver's JSON reader can hold: no number is infinite.
    #[inline(always)]
    pub(super) fn value(&mut self) -> Lexed<Value<'a>> {
        let at = self.cursor.at();
        match self.any_value()? {
            Value::Number(Number { finite: false, .. }) => {
                Err(Fault { what: JsonFault::Expected("a finite number"), at })
            }
            value => Ok(value),
        }
    }

    /// Reads an object that no field is taken from.
    fn ignored_object(&mut self) -> Lexed<Value<'a>> {
        let mut keys = OtherKeys::default();
        self.object(|lexer, member| lexer.other_value(member, &mut keys))?;
        Ok(Value::Object)
    }

    /// Reads the value of a key that is not known.
    pub(super) fn other_value(&mut self, member: Member<'a>, keys: &mut OtherKeys) -> Lexed<()> {
        keys.insert(&member.key, member.at, self.bytes)?;
        self.value().map(drop)
    }

    /// Reads an array; `see` is shown each of its values.
    pub(super) fn list(&mut self, mut see: impl FnMut(Value<'a>)) -> Lexed<()> {
        self.open(b'[')?;
        let mut is_open = !self.closes(b']');
        while is_open {
            see(self.value()?);
            is_open = self.goes_on(b']', "a , or a ]")?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an opening bracket, unless it is one too deep.
    #[inline]
    fn open(&mut self, bracket: u8) -> Lexed<()> {
        if self.depth >= self.max_depth {
            let what = JsonFault::TooDeep { limit: self.max_depth };
            return Err(Fault { what, at: self.cursor.at() });
        }
        self.depth += 1;
        self.cursor.expect(bracket, "a value")
    }

    /// Reads the bracket of something empty, if it is.
    #[inline]
    fn closes(&mut self, bracket: u8) -> bool {
        self.cursor.skip_space();
        self.cursor.take(bracket)
    }

    /// Behind a value: reads a comma, or the closing bracket; whether another value follows.
    #[inline]
    fn goes_on(&mut self, bracket: u8, what: &'static str) -> Lexed<bool> {
        self.cursor.skip_space();
        if self.cursor.take(b',') {
            self.cursor.skip_space();
            return Ok(true);
        }
        self.cursor.expect(bracket, what).map(|()| false)
    }
}
