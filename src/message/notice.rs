//! What the server tells unasked, to those who opted in with `notices`.

use super::Name;

/// An event of a user or a room. The fields are who did or is it, where, and what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are named as in the object")]
pub enum Notice {
    /// A user's first connection is there.
    Online { user: Name },
    /// A user's last connection is gone.
    Offline { user: Name },
    /// A user's status is another one.
    Status { user: Name, status: Box<str> },
    /// A member entered a room for the first time.
    Join { room: Name, user: Name },
    /// A member left a room for good.
    Leave { room: Name, user: Name },
    /// A room has another topic.
    Topic { room: Name, user: Name, topic: Box<str> },
    /// A member was put out of a room.
    Kick { room: Name, user: Name, by: Name },
    /// A user may enter a room; only the user hears of it.
    Invite { room: Name, user: Name, by: Name },
    /// A room is no more.
    Destroy { room: Name, by: Name },
    /// The connection that hears of it is closed, and coming back at once would be of no use.
    Parted { user: Name, reason: &'static str },
    /// The server stops.
    Shutdown,
}
