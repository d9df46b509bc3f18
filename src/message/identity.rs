//! Who and what, as small numbers, and the moment that a thing happened.

use std::time::Duration;

/// One connection: a slot and the generation of its use, so that a reused slot never takes what
/// was meant for its former holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    /// The place in the table of connections.
    pub slot: u32,
    /// How often that place was used before.
    pub generation: u32,
}

impl ConnectionId {
    /// No connection: work that nobody waits for.
    pub const NONE: Self = Self { slot: u32::MAX, generation: u32::MAX };

    /// The slot as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.slot as usize
    }
}

/// An account's identity: a number that is never used again, so that a removed and re-added name
/// reads nothing of the former's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub i64);

/// A room's identity, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub i64);

/// A set of connections that messages are delivered to: a room's, a name's, the common chat's.
/// The chat names it; the server keeps the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AudienceId(pub u32);

impl AudienceId {
    /// The common chat's, which always exists.
    pub const COMMON: Self = Self(0);

    /// The number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The moment of an event, handed in by whoever owns a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Wall time, microseconds since 1970, for showing.
    pub unix_micros: u64,
    /// Monotonic time since the start, for waiting.
    pub uptime: Duration,
}
