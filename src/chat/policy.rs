//! What an operator may decide about the chat's rules.

use crate::message::{AttachmentBounds, Kept, Name, RoomKept};
use std::collections::BTreeMap;
use std::time::Duration;

/// What guests (presence without authentication) may do in the common chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guests {
    /// Read and write it.
    #[default]
    Write,
    /// Read it.
    Read,
    /// Neither: their presence and messages are answered 401.
    None,
}

/// What happens when a user authenticates whose login another connection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sessions {
    /// The new one gets 409, and the holder is checked quickly for being dead.
    #[default]
    One,
    /// The old one is closed.
    Newest,
    /// Both live.
    Many,
}

/// Who may make an account by `register`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Anyone.
    Open,
    /// Who has an invitation.
    Invite,
    /// Nobody: the operator makes the accounts.
    #[default]
    Closed,
}

/// Who is probed after a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probe {
    /// Connections that asked for a feature: to the others nobody sends what they did not ask for.
    #[default]
    Features,
    /// Everyone (seed 001's rule).
    All,
    /// Nobody.
    Off,
}

/// The chat's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What guests may do.
    pub guests: Guests,
    /// Who may register.
    pub registration: Registration,
    /// Several connections of one user.
    pub sessions: Sessions,
    /// The names under which the common chat is written to; the first is its own name.
    pub common: Vec<String>,
    /// Who is probed.
    pub probe: Probe,
    /// How long a connection is silent before it is probed.
    pub probe_after: Duration,
    /// How long it has to answer with a presence before its user counts as away.
    pub probe_timeout: Duration,
    /// Whether a connection that does not answer a probe is closed.
    pub drop_silent: bool,
    /// Whether a `time` that is a text is refused.
    pub strict: bool,
    /// Which messages are kept, and for how long.
    pub kept: Kept,
    /// For how long in rooms that have bounds of their own.
    pub kept_rooms: BTreeMap<Name, RoomKept>,
    /// Whether new members read what came before them.
    pub before_join: bool,
    /// The most rooms that an account may be in.
    pub rooms_per_account: usize,
    /// The most rooms that an account may join in a minute; 0: no limit.
    pub joins_per_minute: u32,
    /// The most messages that may wait for an account while it is offline.
    pub offline_messages: usize,
    /// Files that are sent.
    pub attachments: AttachmentBounds,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            guests: Guests::default(),
            registration: Registration::default(),
            sessions: Sessions::default(),
            common: ["#all", "#chat", "#default", "#", "all"].map(String::from).to_vec(),
            probe: Probe::default(),
            probe_after: Duration::from_secs(300),
            probe_timeout: Duration::from_secs(10),
            drop_silent: false,
            strict: false,
            kept: Kept { rooms: true, direct: true, ..Kept::default() },
            kept_rooms: BTreeMap::new(),
            before_join: true,
            rooms_per_account: 250,
            joins_per_minute: 300,
            offline_messages: 1000,
            attachments: AttachmentBounds::default(),
        }
    }
}
