//! A client's request, borrowed from the bytes that it was sent in.

use super::Phrase;
use std::borrow::Cow;
use std::fmt;

/// A text of a request and how long it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<'a> {
    /// The text, escapes resolved; it borrows where there were none.
    pub text: Cow<'a, str>,
    /// Its length in characters: an escape (a surrogate pair too) counts as one.
    pub chars: usize,
    /// The key as the client spelled it (`to`, `destination`, ...), for error texts.
    pub key: &'static str,
}

/// The `time` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// A finite number.
    Number,
    /// A text, as one course client in eight sends; refused only where `strict = true`.
    Text,
}

/// One JSON object, read. Every field is there only if the object had it with the right type;
/// whatever was wrong with a field is in `fault`, so that the chat can answer in the order that
/// the protocol asks for: `action`, `time`, then types and limits.
#[derive(Clone, PartialEq)]
pub struct Request<'a> {
    /// The object, from `{` to `}`, as it was sent.
    pub raw: &'a [u8],
    /// The whole object's length in characters, an escape counting as one.
    pub chars: usize,
    /// Whether it has only seed 001's fields of a `msg` (in any spelling) and `user`.
    pub only_seed_fields: bool,
    /// `action`, as it was spelled.
    pub action: Option<Field<'a>>,
    /// `time`, if it is a finite number or a short text.
    pub time: Option<Time>,
    /// `user.account_name` (also `user.accaunt_name`, or `account_name` at the top).
    pub account_name: Option<Field<'a>>,
    /// `user.password`.
    pub password: Option<Field<'a>>,
    /// `user.new_password`.
    pub new_password: Option<Field<'a>>,
    /// `user.status`; a `null` is as if it were absent.
    pub status: Option<Field<'a>>,
    /// `to` and its synonyms.
    pub to: Option<Field<'a>>,
    /// `from` and its synonyms.
    pub from: Option<Field<'a>>,
    /// `message` and its synonyms, only counted: the text is relayed as it was sent.
    pub message_chars: Option<usize>,
    /// The key that the message was under.
    pub message_key: &'static str,
    /// `room`.
    pub room: Option<Field<'a>>,
    /// `invite`: an invitation's code.
    pub invite: Option<Field<'a>>,
    /// Whether `features` was given, and so any feature asked for.
    pub asks_features: bool,
    /// `response`, `alert`, `error`: what only a server says, if it was there.
    pub server_only: Option<&'static str>,
    /// What is wrong with `action` itself: a wrong type or too long.
    pub action_fault: Option<Phrase>,
    /// What is wrong with `time`: a wrong type, not finite, too long.
    pub time_fault: Option<Phrase>,
    /// The first thing wrong with any other field: its type, its length, two spellings of one
    /// field that disagree.
    pub fault: Option<Phrase>,
}

/// Passwords and invitations stay out of every log: only what names the request is shown.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = self.action.as_ref().map(|action| &*action.text);
        f.debug_struct("Request")
            .field("action", &action)
            .field("chars", &self.chars)
            .finish_non_exhaustive()
    }
}
