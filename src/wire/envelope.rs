//! An object's envelope: the fields that the chat decides by, read in the one pass that also finds
//! out whether the object is valid. Every other field is checked as JSON and otherwise left alone.

use super::cursor::{Lexed, Number};
use super::keys::{self, Key, KnownKeys, OtherKeys};
use super::lexer::{Lexer, Member, Value};
use super::text::Text;
use crate::limits::{Limits, PIECE_CHARS};
use crate::message::{Features, Field, Phrase, Request, Time};
use std::ops::Range;

const TEXT: &str = "a text";
const TEXTS: &str = "a list of texts";
const TEXT_OR_NULL: &str = "a text or null";
const COUNT: &str = "a whole number, at least 1";
const BYTES: &str = "a whole number, at least 0";

/// Reads the object that `bytes` begin with; its `raw` says how far it goes.
///
/// # Errors
/// If it is not valid, or not whole.
pub(super) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Lexed<Request<'a>> {
    let mut lexer = Lexer::new(bytes, limits);
    let mut request = blank();
    let mut envelope = Envelope::new(bytes, limits, &mut request);
    lexer.object(|lexer, member| envelope.member(lexer, member))?;
    let message = envelope.message;
    if let (Some(rare), Some(message)) = (request.rest.as_deref_mut(), message)
        && rare.size.is_some()
    {
        rare.message = Some(message.resolve());
    }
    request.raw = lexer.read();
    request.chars = lexer.chars();
    Ok(request)
}

/// A request in the making. It is filled in where it stands, since it is too large to be moved about.
struct Envelope<'a, 'l> {
    bytes: &'a [u8],
    limits: &'l Limits,
    request: &'l mut Request<'a>,
    message: Option<Text<'a>>,
    known: KnownKeys,
    others: OtherKeys,
}

impl<'a, 'l> Envelope<'a, 'l> {
    fn new(bytes: &'a [u8], limits: &'l Limits, request: &'l mut Request<'a>) -> Self {
        Self {
            bytes,
            limits,
            request,
            message: None,
            known: KnownKeys::default(),
            others: OtherKeys::default(),
        }
    }

    #[inline(always)]
    fn member(&mut self, lexer: &mut Lexer<'a>, member: Member<'a>) -> Lexed<()> {
        let Some((key, name)) = Key::at_top(&member.key) else {
            self.request.only_seed_fields = false;
            return lexer.other_value(member, &mut self.others);
        };
        self.known.insert(key, member.at)?;
        match key {
            Key::Time => self.time(lexer.any_value()?),
            Key::User if lexer.is_at_object() => self.user(lexer)?,
            Key::Features if lexer.is_at_list() => self.features(lexer, name)?,
            _ => {
                let start = lexer.at();
                let value = lexer.value()?;
                self.field(key, name, value, start..lexer.at());
            }
        }
        Ok(())
    }

    /// A field of the object itself, but `time` and `user`'s members; `at` is where its value is.
    fn field(&mut self, key: Key, name: &'static str, value: Value<'a>, at: Range<usize>) {
        match key {
            Key::Action => self.action(value),
            Key::To | Key::Destination | Key::SendTo | Key::Recipient => self.to(name, value),
            Key::From | Key::Sender | Key::SendFrom => self.from(name, value),
            Key::AccountName => self.account_name(name, value),
            Key::Message | Key::MessText | Key::MessageText | Key::Text => {
                self.message(name, value, at)
            }
            Key::User => self.user_text(name, value),
            Key::Encoding => self.encoding(name, value),
            _ => {
                self.request.only_seed_fields = false;
                self.later_field(key, name, value, at);
            }
        }
    }

    /// A field that seed 001's `msg` does not have.
    #[inline(never)]
    fn later_field(&mut self, key: Key, name: &'static str, value: Value<'a>, at: Range<usize>) {
        match key {
            Key::Room => self.room(name, value),
            Key::Invite => {
                self.request.rare_mut().invite = self.text(value, name, self.limits.tag_chars)
            }
            Key::Features => self.fault(wrong_type(name, TEXTS)),
            Key::Id => self.id(name, value, at),
            Key::Type => match value {
                Value::Text(_) | Value::Null => {}
                _ => self.fault(wrong_type(name, TEXT_OR_NULL)),
            },
            Key::Response | Key::Alert | Key::Error => {
                self.request.rare_mut().server_only.get_or_insert(name);
            }
            _ => {
                if let Err(fault) = self.added_field(key, name, value, at) {
                    self.request.rare_mut().added_fault.get_or_insert(fault);
                }
            }
        }
    }

    /// A field that only added actions read.
    fn added_field(
        &mut self,
        key: Key,
        name: &'static str,
        value: Value<'a>,
        at: Range<usize>,
    ) -> Result<(), Phrase> {
        let limits = self.limits;
        let request = self.request.rare_mut();
        match key {
            Key::UserId | Key::Contact => {
                let field = text_within(value, name, limits.name_chars)?;
                return agree(&mut request.contact, field);
            }
            Key::Target => request.target = Some(text_within(value, name, limits.name_chars)?),
            Key::Topic => request.topic = Some(text_within(value, name, limits.status_chars)?),
            Key::With => request.with = Some(room_or_name(value, name, limits.name_chars)?),
            Key::Before => request.before = Some(text_within(value, name, limits.tag_chars)?),
            Key::After => request.after = Some(text_within(value, name, limits.tag_chars)?),
            Key::Query => request.query = Some(text_within(value, name, limits.message_chars)?),
            Key::Command => request.command = Some(text_within(value, name, limits.tag_chars)?),
            Key::Limit => request.limit = Some(count(value, name, literal(self.bytes, at))?),
            Key::MsgId => {
                request.reserved.get_or_insert(name);
                request.msg_id = Some(text_within(value, name, limits.tag_chars)?);
            }
            Key::ServerTime => {
                request.reserved.get_or_insert(name);
            }
            _ => return self.file_field(key, name, value, at),
        }
        Ok(())
    }

    /// A field of a file's transfer.
    #[cold]
    fn file_field(
        &mut self,
        key: Key,
        name: &'static str,
        value: Value<'a>,
        at: Range<usize>,
    ) -> Result<(), Phrase> {
        let limits = self.limits;
        let request = self.request.rare_mut();
        match key {
            Key::Upload => request.upload = Some(text_within(value, name, limits.tag_chars)?),
            Key::Name => request.name = Some(text_within(value, name, limits.message_chars)?),
            Key::Size => request.size = Some(bytes(value, name, literal(self.bytes, at))?),
            Key::Offset => request.offset = Some(bytes(value, name, literal(self.bytes, at))?),
            _ => {
                if let Value::Text(text) = value {
                    request.data_chars = text.chars;
                }
                request.data = Some(text_within(value, name, PIECE_CHARS)?);
            }
        }
        Ok(())
    }

    /// What a client asks for. Names that are not known are of a later day.
    #[cold]
    fn features(&mut self, lexer: &mut Lexer<'a>, name: &'static str) -> Lexed<()> {
        self.request.only_seed_fields = false;
        let mut asked = Some(Features::NONE);
        lexer.list(|item| {
            asked = match item {
                Value::Text(text) => asked.map(|asked| asked.with(keys::feature(&text))),
                _ => None,
            };
        })?;
        self.request.features = asked;
        if asked.is_none() {
            self.fault(wrong_type(name, TEXTS));
        }
        Ok(())
    }

    /// `user` that is no object. A text is one only to the actions that say so.
    #[cold]
    fn user_text(&mut self, name: &'static str, value: Value<'a>) {
        match value {
            Value::Text(_) => {
                self.request.rare_mut().user_text = self.text(value, name, self.limits.name_chars);
            }
            _ => self.fault(wrong_type(name, "an object")),
        }
    }

    fn action(&mut self, value: Value<'a>) {
        match text_within(value, "action", self.limits.action_chars) {
            Ok(field) => self.request.action = Some(field),
            Err(fault) => self.request.rare_mut().action_fault = Some(fault),
        }
    }

    fn time(&mut self, value: Value<'a>) {
        let time = match value {
            Value::Number(Number { finite: true, .. }) => Ok(Time::Number),
            Value::Number(_) => Err(Phrase::TimeNotFinite),
            Value::Text(text) => {
                within(text.chars, "time", self.limits.time_text_chars).map(|()| Time::Text)
            }
            _ => Err(wrong_type("time", "a number")),
        };
        match time {
            Ok(time) => self.request.time = Some(time),
            Err(fault) => self.request.rare_mut().time_fault = Some(fault),
        }
    }

    /// The members of `user`.
    fn user(&mut self, lexer: &mut Lexer<'a>) -> Lexed<()> {
        let mut others = OtherKeys::default();
        lexer.object(|lexer, member| {
            let Some((key, name)) = Key::in_user(&member.key) else {
                return lexer.other_value(member, &mut others);
            };
            self.known.insert(key, member.at)?;
            let value = lexer.value()?;
            self.user_field(key, name, value);
            Ok(())
        })
    }

    fn user_field(&mut self, key: Key, name: &'static str, value: Value<'a>) {
        let limits = self.limits;
        match (key, value) {
            (Key::UserStatus, Value::Null) => {}
            (Key::UserStatus, Value::Text(_)) => {
                self.request.rare_mut().status = self.text(value, name, limits.status_chars);
            }
            (Key::UserStatus, _) => self.fault(wrong_type(name, TEXT_OR_NULL)),
            (Key::UserPassword, _) => {
                self.request.rare_mut().password = self.text(value, name, limits.password_chars);
            }
            (Key::UserNewPassword, _) => {
                self.request.rare_mut().new_password =
                    self.text(value, name, limits.password_chars);
            }
            _ => self.account_name(name, value),
        }
    }

    fn account_name(&mut self, name: &'static str, value: Value<'a>) {
        if let Some(field) = self.text(value, name, self.limits.name_chars) {
            let disagree = agree(&mut self.request.account_name, field);
            self.note(disagree);
        }
    }

    fn to(&mut self, name: &'static str, value: Value<'a>) {
        if let Some(field) = self.room_or_name(value, name) {
            let disagree = agree(&mut self.request.to, field);
            self.note(disagree);
        }
    }

    fn from(&mut self, name: &'static str, value: Value<'a>) {
        if let Some(field) = self.text(value, name, self.limits.name_chars) {
            let disagree = agree(&mut self.request.from, field);
            self.note(disagree);
        }
    }

    fn room(&mut self, name: &'static str, value: Value<'a>) {
        self.request.rare_mut().room = self.room_or_name(value, name);
    }

    fn message(&mut self, name: &'static str, value: Value<'a>, at: Range<usize>) {
        let Value::Text(text) = value else {
            return self.fault(wrong_type(name, TEXT));
        };
        self.note(within(text.chars, name, self.limits.message_chars));
        match self.message {
            Some(first) if first.same_as(&text) => {}
            Some(_) => {
                self.fault(Phrase::Disagree { field: self.request.message_key, other: name });
            }
            None => {
                self.message = Some(text);
                self.request.message_chars = Some(text.chars);
                self.request.message_key = name;
                self.request.message_at = place(at.start)..place(at.end);
            }
        }
    }

    fn encoding(&mut self, name: &'static str, value: Value<'a>) {
        let fault = match value {
            Value::Null => Ok(()),
            Value::Text(text) => within(text.chars, name, self.limits.tag_chars),
            _ => Err(wrong_type(name, TEXT_OR_NULL)),
        };
        self.note(fault);
    }

    fn id(&mut self, name: &'static str, value: Value<'a>, at: Range<usize>) {
        let checked = match value {
            Value::Text(Text { chars, .. })
            | Value::Number(Number { chars, integer: true, .. }) => {
                within(chars, name, self.limits.tag_chars)
            }
            _ => Err(wrong_type(name, "a text or an integer")),
        };
        match checked {
            Ok(()) => self.request.id = Some(literal(self.bytes, at)),
            Err(fault) => self.fault(fault),
        }
    }

    /// A text within its limit, or `None` and a fault.
    fn text(&mut self, value: Value<'a>, key: &'static str, limit: usize) -> Option<Field<'a>> {
        match text_within(value, key, limit) {
            Ok(field) => Some(field),
            Err(fault) => {
                self.fault(fault);
                None
            }
        }
    }

    /// The same for a name, before which a room's `#` does not count.
    fn room_or_name(&mut self, value: Value<'a>, key: &'static str) -> Option<Field<'a>> {
        match room_or_name(value, key, self.limits.name_chars) {
            Ok(field) => Some(field),
            Err(fault) => {
                self.fault(fault);
                None
            }
        }
    }

    fn note(&mut self, checked: Result<(), Phrase>) {
        if let Err(fault) = checked {
            self.fault(fault);
        }
    }

    /// Keeps the first fault only: one answer names one.
    #[cold]
    fn fault(&mut self, fault: Phrase) {
        self.request.rare_mut().fault.get_or_insert(fault);
    }
}

/// Puts a field where none or an equal one is.
fn agree<'a>(slot: &mut Option<Field<'a>>, field: Field<'a>) -> Result<(), Phrase> {
    match slot {
        Some(first) if first.text == field.text => {}
        Some(first) => return Err(Phrase::Disagree { field: first.key, other: field.key }),
        None => *slot = Some(field),
    }
    Ok(())
}

fn text_within<'a>(value: Value<'a>, key: &'static str, limit: usize) -> Result<Field<'a>, Phrase> {
    let Value::Text(text) = value else {
        return Err(wrong_type(key, TEXT));
    };
    within(text.chars, key, limit).map(|()| field(&text, key))
}

/// A name within its limit, before which a room's `#` does not count.
fn room_or_name<'a>(
    value: Value<'a>,
    key: &'static str,
    limit: usize,
) -> Result<Field<'a>, Phrase> {
    let Value::Text(text) = value else {
        return Err(wrong_type(key, TEXT));
    };
    let is_room = text.begins_with('#');
    within(text.chars - usize::from(is_room), key, limit).map(|()| field(&text, key))
}

/// How many of something; more than can be counted is as many as can be.
fn count(value: Value<'_>, key: &'static str, literal: &str) -> Result<usize, Phrase> {
    let is_positive = !literal.starts_with('-') && literal != "0";
    match value {
        Value::Number(Number { integer: true, .. }) if is_positive => {
            Ok(literal.parse().unwrap_or(usize::MAX))
        }
        _ => Err(wrong_type(key, COUNT)),
    }
}

/// A number of bytes; more than can be counted is as many as can be.
fn bytes(value: Value<'_>, key: &'static str, literal: &str) -> Result<u64, Phrase> {
    match value {
        Value::Number(Number { integer: true, .. }) if !literal.starts_with('-') => {
            Ok(literal.parse().unwrap_or(u64::MAX))
        }
        _ => Err(wrong_type(key, BYTES)),
    }
}

/// A value as it was sent; the cursor has checked these bytes.
fn literal(bytes: &[u8], at: Range<usize>) -> &str {
    std::str::from_utf8(bytes.get(at).unwrap_or_default()).unwrap_or_default()
}

/// A place in an object, which is never longer than is held.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn within(got: usize, field: &'static str, limit: usize) -> Result<(), Phrase> {
    if got > limit { Err(Phrase::FieldTooLong { field, limit, got }) } else { Ok(()) }
}

fn field<'a>(text: &Text<'a>, key: &'static str) -> Field<'a> {
    Field { text: text.resolve(), key }
}

#[cold]
const fn wrong_type(field: &'static str, expected: &'static str) -> Phrase {
    Phrase::WrongType { field, expected }
}

/// The request that `{}` is.
const fn blank<'a>() -> Request<'a> {
    Request {
        raw: &[],
        chars: 0,
        only_seed_fields: true,
        time: None,
        features: None,
        action: None,
        account_name: None,
        to: None,
        from: None,
        message_chars: None,
        message_key: "",
        message_at: 0..0,
        id: None,
        rest: None,
    }
}
