//! What a client may opt into.

/// The features of PROTOCOL.md, in the order in which an answer lists them.
const NAMES: [(&str, u8); 5] =
    [("ids", 1), ("notices", 2), ("offline", 4), ("files", 8), ("history", 16)];

/// A set of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features(u8);

impl Features {
    /// None.
    pub const NONE: Self = Self(0);
    /// Answers repeat the request's `id`, messages carry `msg_id` and `server_time`.
    pub const IDS: Self = Self(1);
    /// Events of users and rooms that are shared are told.
    pub const NOTICES: Self = Self(2);
    /// Messages to users who are offline are stored for them.
    pub const OFFLINE: Self = Self(4);
    /// Files are announced as such, and a `put` may be long.
    pub const FILES: Self = Self(8);
    /// Messages of the past can be read and searched.
    pub const HISTORY: Self = Self(16);
    /// What this server grants; [`Features::FILES`] only where it takes any.
    pub const GRANTED: Self =
        Self(Self::IDS.0 | Self::NOTICES.0 | Self::OFFLINE.0 | Self::FILES.0 | Self::HISTORY.0);

    /// The feature of this name; none for a name that is not known, which is no error.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(NAMES.iter().find(|(known, _)| *known == name).map_or(0, |(_, bit)| *bit))
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// This set without the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of the other set is in this one.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |(_, bit)| self.0 & bit != 0).map(|(name, _)| *name)
    }
}
