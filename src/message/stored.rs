//! Messages that are kept: what is stored of one, and what is asked of the store.

use super::{AccountId, Announced, Mark, MessageId, RoomId};
use std::ops::Range;

/// Where a message belongs: those of one conversation have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conversation {
    /// The common chat.
    Common,
    /// A room.
    Room(RoomId),
    /// Two accounts, the one with the smaller number first. Make it with [`Conversation::direct`].
    Direct(AccountId, AccountId),
}

impl Conversation {
    /// The conversation of two accounts, whoever writes to whom.
    #[must_use]
    pub fn direct(one: AccountId, other: AccountId) -> Self {
        Self::Direct(one.min(other), one.max(other))
    }
}

/// A message on its way to the disk, and behind the gate to its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its number and the server's time.
    pub mark: Mark,
    /// Where it belongs.
    pub conversation: Conversation,
    /// Who wrote it; `None` for a guest.
    pub sender: Option<AccountId>,
    /// The object as it is delivered, without what the server adds for those with `ids`. The event
    /// loop fills it in.
    pub object: Box<[u8]>,
    /// Where in the object the text is, a JSON string with its quotes: what search looks at.
    pub text: Range<u32>,
    /// Whether it belongs to the history; else it is only kept until its addressee has it.
    pub in_history: bool,
    /// Who is to get it at its next presence.
    pub waits_for: Option<AccountId>,
    /// The file that it announces, whose row is changed with it. Where such a message is neither
    /// for the history nor waits for anybody, only that row is stored.
    pub attachment: Option<Box<Announced>>,
}

/// A part of a conversation: the messages after `after` and before `before`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Which.
    pub conversation: Conversation,
    /// Only messages before this one. Without it, or `after`, the newest are read.
    pub before: Option<MessageId>,
    /// Only messages after this one; the oldest of them are read first.
    pub after: Option<MessageId>,
    /// Only messages after this one, whatever is asked for: what came before the asker joined.
    pub floor: MessageId,
    /// The most messages.
    pub limit: usize,
    /// The most bytes of objects, unless the first alone is larger.
    pub bytes: usize,
}

/// What is looked for among the messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words, phrases in quotes and `prefix*`, as they were typed.
    pub query: String,
    /// Where.
    pub scope: Vec<Place>,
    /// Whether the direct conversations of an account are looked through as well.
    pub direct_of: Option<AccountId>,
    /// Only messages before this one.
    pub before: Option<MessageId>,
    /// The most messages.
    pub limit: usize,
    /// The most bytes of objects, unless the first alone is larger.
    pub bytes: usize,
}

/// A conversation that may be read, and from where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub conversation: Conversation,
    /// Only messages after this one.
    pub floor: MessageId,
}

/// Messages as read from the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages, in the order that was asked for.
    pub messages: Vec<PageMessage>,
    /// Whether the range holds more.
    pub more: bool,
    /// The position to go on from, where there is no message to go on from though there may be more.
    pub next: Option<MessageId>,
}

/// A message as read from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageMessage {
    /// Its number and the server's time.
    pub mark: Mark,
    /// The object as it was delivered.
    pub object: Box<[u8]>,
}
