//! A client's request, borrowed from the bytes that it was sent in.

use super::{Features, Phrase};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A text of a request and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<'a> {
    /// The text, escapes resolved; it borrows where there were none.
    pub text: Cow<'a, str>,
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
/// whatever was wrong with a field is a fault in [`Rare`], so that the chat can answer in the order
/// that the protocol asks for: `action`, `time`, then types and limits.
///
/// What a plain message has is here; all else lies beside it, since every byte is moved with
/// every message.
#[derive(Clone, PartialEq)]
pub struct Request<'a> {
    /// The object, from `{` to `}`, as it was sent.
    pub raw: &'a [u8],
    /// The whole object's length in characters, an escape counting as one.
    pub chars: usize,
    /// Whether it has only seed 001's fields of a `msg` (in any spelling) and `user`.
    pub only_seed_fields: bool,
    /// `time`, if it is a finite number or a short text.
    pub time: Option<Time>,
    /// `features`, if it was given: those of them that are known.
    pub features: Option<Features>,
    /// `action`, as it was spelled.
    pub action: Option<Field<'a>>,
    /// `user.account_name` (also `user.accaunt_name`, or `account_name` at the top).
    pub account_name: Option<Field<'a>>,
    /// `to` and its synonyms.
    pub to: Option<Field<'a>>,
    /// `from` and its synonyms.
    pub from: Option<Field<'a>>,
    /// `message` and its synonyms, only counted: the text is relayed as it was sent.
    pub message_chars: Option<usize>,
    /// The key that the message was under.
    pub message_key: &'static str,
    /// Where in `raw` the message is, a JSON string with its quotes.
    pub message_at: Range<u32>,
    /// `id` as it was sent: a JSON string or integer.
    pub id: Option<&'a str>,
    /// The rest, if there is any of it. To read it, ask [`Request::rare`].
    pub rest: Option<Box<Rare<'a>>>,
}

// It is set up and moved with every message: a field that few requests have belongs into `Rare`.
const _: () = assert!(size_of::<Request<'_>>() <= 256);

/// What a plain message does not have: fields of other actions, and whatever is wrong.
#[derive(Clone, PartialEq)]
pub struct Rare<'a> {
    /// `user.password`.
    pub password: Option<Field<'a>>,
    /// `user.new_password`.
    pub new_password: Option<Field<'a>>,
    /// `user.status`; a `null` is as if it were absent.
    pub status: Option<Field<'a>>,
    /// `room`.
    pub room: Option<Field<'a>>,
    /// `invite`: an invitation's code.
    pub invite: Option<Field<'a>>,
    /// `user` where it is a text, as the course's reference client sends it with its contacts.
    pub user_text: Option<Field<'a>>,
    /// `user_id` or `contact`: whom a list of contacts is about.
    pub contact: Option<Field<'a>>,
    /// `target`: another user.
    pub target: Option<Field<'a>>,
    /// `topic`, which may be empty.
    pub topic: Option<Field<'a>>,
    /// `with`: a user, or a room with its `#`.
    pub with: Option<Field<'a>>,
    /// `before`: a `msg_id`.
    pub before: Option<Field<'a>>,
    /// `after`: a `msg_id`, or the last entry of a list.
    pub after: Option<Field<'a>>,
    /// `limit`: how many entries are asked for, 1 at least.
    pub limit: Option<usize>,
    /// `query`: what is searched for.
    pub query: Option<Field<'a>>,
    /// `command`: what console chat's clients ask of their server.
    pub command: Option<Field<'a>>,
    /// `msg_id`: what was received. In a `msg` it is refused.
    pub msg_id: Option<Field<'a>>,
    /// `upload`: an upload's number.
    pub upload: Option<Field<'a>>,
    /// What the message says, only where there is a `size`: a file's text is told anew.
    pub message: Option<Cow<'a, str>>,
    /// `name`: a file's.
    pub name: Option<Field<'a>>,
    /// `size`: a file's, in bytes; more than can be counted is as many as can be.
    pub size: Option<u64>,
    /// `offset`: where in a file, in bytes.
    pub offset: Option<u64>,
    /// `data`: a piece of a file, in base64.
    pub data: Option<Field<'a>>,
    /// The length of `data` in characters, also where it is too long.
    pub data_chars: usize,
    /// `msg_id` or `server_time`, if there: what only the server adds to a message.
    pub reserved: Option<&'static str>,
    /// `response`, `alert`, `error`: what only a server says, if it was there.
    pub server_only: Option<&'static str>,
    /// What is wrong with `action` itself: a wrong type or too long.
    pub action_fault: Option<Phrase>,
    /// What is wrong with `time`: a wrong type, not finite, too long.
    pub time_fault: Option<Phrase>,
    /// The first thing wrong with any other field: its type, its length, two spellings of one
    /// field that disagree.
    pub fault: Option<Phrase>,
    /// The first thing wrong with a field that only added actions read: `user_id`, `contact`,
    /// `target`, `topic`, `with`, `before`, `after`, `limit`, `query`, `command`, `msg_id`, `upload`,
    /// `name`, `size`, `offset`, `data`. To the other
    /// actions they are as good as unknown fields, which may hold anything.
    pub added_fault: Option<Phrase>,
}

impl Rare<'_> {
    /// Nothing of it.
    pub const NONE: Self = Self {
        password: None,
        new_password: None,
        status: None,
        room: None,
        invite: None,
        user_text: None,
        contact: None,
        target: None,
        topic: None,
        with: None,
        before: None,
        after: None,
        limit: None,
        query: None,
        command: None,
        msg_id: None,
        upload: None,
        message: None,
        name: None,
        size: None,
        offset: None,
        data: None,
        data_chars: 0,
        reserved: None,
        server_only: None,
        action_fault: None,
        time_fault: None,
        fault: None,
        added_fault: None,
    };
}

/// What is read where a request has no such fields.
static NOTHING_RARE: Rare<'static> = Rare::NONE;

impl<'a> Request<'a> {
    /// What a plain message does not have.
    #[must_use]
    pub fn rare(&self) -> &Rare<'a> {
        self.rest.as_deref().unwrap_or(&NOTHING_RARE)
    }

    /// The same, to be filled in.
    pub fn rare_mut(&mut self) -> &mut Rare<'a> {
        self.rest.get_or_insert_with(|| Box::new(Rare::NONE))
    }
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
