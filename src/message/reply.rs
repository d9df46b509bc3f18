//! An answer, as a value: its code and text, and what else some answers say.

use super::{AttachmentBounds, Code, Features, MessageId, Name, Page, Phrase, Role, Sha256};
use std::collections::BTreeMap;

/// One answer: `{"response":CODE,"time":TS,"alert":TEXT}`, or `error` for 4xx and 5xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: Code,
    /// The text, and what a program can branch on.
    pub phrase: Phrase,
    /// The features that are granted, where some were asked for.
    pub features: Option<Features>,
    /// What only some answers say.
    pub extra: Option<Box<Extra>>,
}

// It is moved with every message: what few answers say belongs into `Extra`.
const _: () = assert!(size_of::<Reply>() <= 72);

/// What only some answers say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// The request's `id` as it was sent, a JSON string or integer.
    pub id: Option<Box<str>>,
    /// The number of the message that was sent.
    pub msg_id: Option<MessageId>,
    /// How many connections share the addressee's name, where several guests do.
    pub recipients: Option<usize>,
    /// A room's topic.
    pub topic: Option<Box<str>>,
    /// What is kept of messages, and for how long.
    pub kept: Option<Kept>,
    /// What is said of a file.
    pub file: Option<Box<FileFacts>>,
    /// What was asked for.
    pub listing: Option<Listing>,
    /// There is more than the listing shows.
    pub more: bool,
    /// The client knows no files: in a listing of messages they are told of in words, in so many
    /// characters at most.
    pub file_words_chars: Option<usize>,
    /// The client asked for no feature: a listing is cut so that the answer stays short.
    pub is_brief: bool,
}

/// What an answer says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// `upload`: its number.
    pub upload: Option<MessageId>,
    /// That number is `id` as well, unless the request had one of its own.
    pub is_id: bool,
    /// `data`: a piece of it.
    pub data: Option<Box<[u8]>>,
    /// `next`: where the next piece begins.
    pub next: Option<u64>,
    /// `name`.
    pub name: Option<Box<str>>,
    /// `size`, in bytes.
    pub size: Option<u64>,
    /// `sha256`.
    pub sha256: Option<Sha256>,
}

/// What is kept of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Of the common chat.
    pub common: bool,
    /// Of rooms.
    pub rooms: bool,
    /// Between accounts.
    pub direct: bool,
    /// For how many days; 0: for ever.
    pub days: u32,
    /// How many of each conversation; 0: all.
    pub messages: u32,
}

/// For how long the messages of one room are kept, where that is not as for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomKept {
    /// For how many days; 0: for ever; `None`: as for all.
    pub days: Option<u32>,
    /// How many; 0: all; `None`: as for all.
    pub messages: Option<u32>,
}

impl Kept {
    /// The same where one room has bounds of its own.
    #[must_use]
    pub fn of_room(self, own: RoomKept) -> Self {
        let (days, messages) =
            (own.days.unwrap_or(self.days), own.messages.unwrap_or(self.messages));
        Self { days, messages, ..self }
    }
}

/// For how long all messages are kept, and how much of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// What holds for all.
    pub kept: Kept,
    /// What rooms have of their own, by their names.
    pub rooms: BTreeMap<Name, RoomKept>,
    /// What holds for files.
    pub attachments: AttachmentBounds,
}

impl From<Kept> for Retention {
    fn from(kept: Kept) -> Self {
        Self { kept, ..Self::default() }
    }
}

/// Entries of an answer, in the order of `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// `users`.
    Users(Vec<UserEntry>),
    /// `rooms`.
    Rooms(Vec<RoomEntry>),
    /// `members`.
    Members(Vec<MemberEntry>),
    /// `data_list`.
    Names(Vec<Name>),
    /// `messages`.
    Messages(Page),
}

/// Somebody who is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntry {
    /// `account_name`.
    pub name: Name,
    /// The status of its last presence.
    pub status: Option<Box<str>>,
    /// Whether it did not authenticate.
    pub is_guest: bool,
    /// Since when it is connected under this name, in microseconds since 1970.
    pub since_unix_micros: u64,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEntry {
    /// Its name.
    pub name: Name,
    /// Its topic.
    pub topic: Box<str>,
    /// How many members it has.
    pub members: usize,
    /// How many of them are connected.
    pub online: usize,
    /// Whether the asker is one.
    pub is_member: bool,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEntry {
    /// Its name.
    pub name: Name,
    /// Whether it is connected.
    pub is_online: bool,
    /// Whether it owns the room; else its role says what it may do.
    pub is_owner: bool,
    /// Its role.
    pub role: Role,
}

impl Reply {
    /// An answer.
    #[must_use]
    pub const fn new(code: Code, phrase: Phrase) -> Self {
        Self { code, phrase, features: None, extra: None }
    }

    /// A 400.
    #[must_use]
    pub const fn bad(phrase: Phrase) -> Self {
        Self::new(Code::BadRequest, phrase)
    }

    /// What else the answer says, to be filled in.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}
