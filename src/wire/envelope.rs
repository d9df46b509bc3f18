//! An object's envelope: the fields that the chat decides by, read in the one pass that also finds
//! out whether the object is valid. Every other field is checked as JSON and otherwise left alone.

use super::cursor::{Lexed, Number};
use super::keys::{Key, KnownKeys, OtherKeys};
use super::lexer::{Lexer, Member, Value};
use super::text::Text;
use crate::limits::Limits;
use crate::message::{Field, Phrase, Request, Time};

const TEXT: &str = "a text";
const TEXT_OR_NULL: &str = "a text or null";

/// Reads the object that `bytes` begin with; its `raw` says how far it goes.
///
/// # Errors
/// If it is not valid, or not whole.
pub(super) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Lexed<Request<'a>> {
    let mut lexer = Lexer::new(bytes, limits);
    let mut envelope = Envelope::new(limits);
    lexer.object(|lexer, member| envelope.member(lexer, member))?;
    let mut request = envelope.request;
    request.raw = lexer.read();
    request.chars = lexer.chars();
    Ok(request)
}

/// A request in the making.
struct Envelope<'a, 'l> {
    limits: &'l Limits,
    request: Request<'a>,
    message: Option<Text<'a>>,
    known: KnownKeys,
    others: OtherKeys,
}

impl<'a, 'l> Envelope<'a, 'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            request: blank(),
            message: None,
            known: KnownKeys::default(),
            others: OtherKeys::default(),
        }
    }

    #[inline]
    fn member(&mut self, lexer: &mut Lexer<'a>, member: Member<'a>) -> Lexed<()> {
        let Some((key, name)) = Key::at_top(&member.key) else {
            self.request.only_seed_fields = false;
            return lexer.other_value(member, &mut self.others);
        };
        self.known.insert(key, member.at)?;
        match key {
            Key::Time => self.time(lexer.any_value()?),
            Key::User if lexer.is_at_object() => self.user(lexer)?,
            _ => {
                let value = lexer.value()?;
                self.field(key, name, value);
            }
        }
        Ok(())
    }

    /// A field of the object itself, but `time` and `user`'s members.
    fn field(&mut self, key: Key, name: &'static str, value: Value<'a>) {
        match key {
            Key::Action => self.action(value),
            Key::To | Key::Destination | Key::SendTo | Key::Recipient => self.to(name, value),
            Key::From | Key::Sender | Key::SendFrom => self.from(name, value),
            Key::AccountName => self.account_name(name, value),
            Key::Message | Key::MessText | Key::MessageText | Key::Text => {
                self.message(name, value)
            }
            Key::User => self.fault(wrong_type(name, "an object")),
            Key::Encoding => self.encoding(name, value),
            _ => {
                self.request.only_seed_fields = false;
                self.added_field(key, name, value);
            }
        }
    }

    /// A field that seed 001's `msg` does not have.
    fn added_field(&mut self, key: Key, name: &'static str, value: Value<'a>) {
        match key {
            Key::Room => self.room(name, value),
            Key::Invite => self.request.invite = self.text(value, name, self.limits.tag_chars),
            Key::Features => match value {
                Value::List { only_texts: true } => self.request.asks_features = true,
                _ => self.fault(wrong_type(name, "a list of texts")),
            },
            Key::Id => self.id(name, value),
            Key::Type => match value {
                Value::Text(_) | Value::Null => {}
                _ => self.fault(wrong_type(name, TEXT_OR_NULL)),
            },
            _ => {
                self.request.server_only.get_or_insert(name);
            }
        }
    }

    fn action(&mut self, value: Value<'a>) {
        match text_within(value, "action", self.limits.action_chars) {
            Ok(field) => self.request.action = Some(field),
            Err(fault) => self.request.action_fault = Some(fault),
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
            Err(fault) => self.request.time_fault = Some(fault),
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
                self.request.status = self.text(value, name, limits.status_chars);
            }
            (Key::UserStatus, _) => self.fault(wrong_type(name, TEXT_OR_NULL)),
            (Key::UserPassword, _) => {
                self.request.password = self.text(value, name, limits.password_chars);
            }
            (Key::UserNewPassword, _) => {
                self.request.new_password = self.text(value, name, limits.password_chars);
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
        self.request.room = self.room_or_name(value, name);
    }

    fn message(&mut self, name: &'static str, value: Value<'a>) {
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

    fn id(&mut self, name: &'static str, value: Value<'a>) {
        let fault = match value {
            Value::Text(Text { chars, .. })
            | Value::Number(Number { chars, integer: true, .. }) => {
                within(chars, name, self.limits.tag_chars)
            }
            _ => Err(wrong_type(name, "a text or an integer")),
        };
        self.note(fault);
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
        let Value::Text(text) = value else {
            return self.text(value, key, 0);
        };
        let is_room = text.characters().next() == Some('#');
        match within(text.chars - usize::from(is_room), key, self.limits.name_chars) {
            Ok(()) => Some(field(&text, key)),
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
        self.request.fault.get_or_insert(fault);
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

fn within(got: usize, field: &'static str, limit: usize) -> Result<(), Phrase> {
    if got > limit { Err(Phrase::FieldTooLong { field, limit, got }) } else { Ok(()) }
}

fn field<'a>(text: &Text<'a>, key: &'static str) -> Field<'a> {
    Field { text: text.resolve(), chars: text.chars, key }
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
        action: None,
        time: None,
        account_name: None,
        password: None,
        new_password: None,
        status: None,
        to: None,
        from: None,
        message_chars: None,
        message_key: "",
        room: None,
        invite: None,
        asks_features: false,
        server_only: None,
        action_fault: None,
        time_fault: None,
        fault: None,
    }
}
