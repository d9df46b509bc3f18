//! Changes of lasting state whose outcome is known before the disk has them: who may do what was
//! decided by the chat, and what is not there any more is left alone.

use super::{AccountId, MessageId, RoomId};

/// A change of lasting state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are who, where and what")]
pub enum Change {
    /// A room's topic.
    Topic { room: RoomId, topic: Box<str> },
    /// Whether a room is hidden.
    Hidden { room: RoomId, hidden: bool },
    /// The target may enter, once, though the room is hidden.
    Invite { room: RoomId, target: AccountId },
    /// The target is no member any more. The owner is never kicked.
    Kick { room: RoomId, target: AccountId },
    /// The same, and it cannot enter; an invitation of it is void.
    Ban { room: RoomId, target: AccountId },
    /// It can enter again.
    Unban { room: RoomId, target: AccountId },
    /// The member's role.
    Role { room: RoomId, target: AccountId, role: Role },
    /// The room, its memberships, bans and invitations are gone; its messages go later.
    Destroy { room: RoomId },
    /// A contact is on the account's list, or is not.
    Contact { account: AccountId, contact: AccountId, listed: bool },
    /// A message that is stored already is to be handed to the account at its next presence.
    Await { account: AccountId, id: MessageId },
}

/// What a member of a room may do. Its owner stands in the room's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Read and write.
    #[default]
    Member,
    /// And decide who else may.
    Op,
}
