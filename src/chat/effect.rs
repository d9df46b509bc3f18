//! What the chat wants done: values that the event loop carries out, in order.

use crate::message::{
    Announcement, AudienceId, ConnectionId, Features, FileNotice, Job, Mark, Name, Notice,
    PageMessage, Reply, StoredMessage,
};
use std::sync::Arc;

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Answer a request.
    Reply {
        /// Whose request.
        to: ConnectionId,
        /// The answer.
        reply: Reply,
    },
    /// Ask a silent connection for a sign of life.
    Probe {
        /// Whom.
        to: ConnectionId,
    },
    /// Have the storage worker keep the request that is being handled, or a file's announcement. The connection goes on.
    Store {
        /// Who is answered once it is on disk.
        connection: ConnectionId,
        /// All of the message but its bytes.
        message: StoredMessage,
        /// In which form the bytes are kept; never [`Payload::Stored`].
        payload: Payload,
    },
    /// Hand a message to everyone in an audience.
    Deliver {
        /// Who gets it.
        to: AudienceId,
        /// Who does not, though in that audience: the sender.
        except: Option<ConnectionId>,
        /// What, in which form.
        payload: Payload,
        /// What those with `ids` get besides.
        mark: Mark,
    },
    /// Hand a message that waited to one connection.
    Hand {
        /// Who gets it.
        to: ConnectionId,
        /// What.
        message: PageMessage,
    },
    /// Tell an event to those who opted in with `notices`, each connection once.
    Notice {
        /// Who hears of it.
        to: Hearers,
        /// Who does not: the connection that did it.
        except: Option<ConnectionId>,
        /// What happened.
        notice: Notice,
    },
    /// Tell those in the common chat who speak the announcement's dialect.
    Announce {
        /// Who is not told: whom it is about.
        except: ConnectionId,
        /// What happened.
        announcement: Announcement,
    },
    /// From now on the connection has these features.
    Features {
        /// Which.
        connection: ConnectionId,
        /// All that it has.
        features: Features,
    },
    /// From now on the connection gets what is delivered to the audience.
    Enter {
        /// Who enters.
        connection: ConnectionId,
        /// What.
        audience: AudienceId,
    },
    /// From now on it does not.
    Leave {
        /// Who leaves.
        connection: ConnectionId,
        /// What.
        audience: AudienceId,
    },
    /// Work that may block. Whether the connection's next request waits for it says
    /// [`Chat::is_busy`](super::Chat::is_busy).
    Job {
        /// Who waits for it, or [`ConnectionId::NONE`].
        connection: ConnectionId,
        /// The work.
        job: Job,
    },
    /// Somebody wants this connection's login: find out quickly whether its peer is dead.
    Hasten {
        /// The holder of the login.
        connection: ConnectionId,
    },
    /// Flush and close. The chat has forgotten the connection already: no `handle_gone` follows,
    /// and it leaves all its audiences.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why, for the log.
        reason: CloseReason,
    },
}

// Two or three are queued and taken for every message: what makes one larger is moved with all.
const _: () = assert!(size_of::<Effect>() <= 144);

/// What is handed on, in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The request that is being handled: the sender's own bytes.
    AsSent,
    /// A message that is on disk now.
    Stored(Arc<StoredMessage>),
    /// What announces a file: the server's own object.
    File(Box<FileNotice>),
    /// The request that is being handled: the sender's own bytes and `"sender":NAME` before the closing brace, for the course's
    /// lesson 7 writers, whose readers want one.
    WithSender(Name),
}

/// Who hears of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearers {
    /// Whoever is in one of these audiences.
    Of(Vec<AudienceId>),
    /// One connection.
    One(ConnectionId),
    /// Everyone.
    All,
}

/// Why the chat ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// It said `quit`.
    Quit,
    /// Too many 400 in a row.
    BadRequests,
    /// An object that never closed.
    NeverClosed,
    /// Another connection took its login (`sessions = "newest"`).
    Superseded,
    /// An operator blocked the account.
    Blocked,
    /// An operator removed the account.
    Removed,
    /// Another connection, or an operator, changed the account's password.
    PasswordChanged,
    /// Its guest name became an account's.
    NameRegistered,
    /// No answer to a probe (`drop_silent`).
    Silent,
    /// A client of another wire that was not let in.
    KeptOut,
    /// An operator closed it.
    Kicked,
}

impl CloseReason {
    /// What the one who is closed is told, with `notices`: what somebody else did.
    #[must_use]
    pub const fn slug(self) -> Option<&'static str> {
        Some(match self {
            Self::Superseded => "superseded",
            Self::Blocked => "blocked",
            Self::Removed => "removed",
            Self::PasswordChanged => "password_changed",
            Self::NameRegistered => "name_registered",
            Self::Kicked => "kicked",
            Self::Quit | Self::BadRequests | Self::NeverClosed => return None,
            Self::Silent | Self::KeptOut => return None,
        })
    }

    /// The reason in the log's words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::BadRequests => "too many bad requests in a row",
            Self::NeverClosed => "an object that never closed",
            Self::Superseded => "a newer connection took the login",
            Self::Blocked => "the account was blocked",
            Self::Removed => "the account was removed",
            Self::PasswordChanged => "the account's password was changed",
            Self::NameRegistered => "the guest's name became an account's",
            Self::Silent => "no answer to a probe",
            Self::KeptOut => "it was not let in",
            Self::Kicked => "an operator closed it",
        }
    }
}
