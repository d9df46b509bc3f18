//! What the chat knows of one connection.

use super::CloseReason;
use crate::message::{
    AccountId, AccountRecord, AttachmentRecord, ConnectionId, Conversation, Dialect, Features,
    MessageId, Name, Now, Reply, Secret, Upload,
};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// One connection, from its first byte to its last.
#[derive(Debug)]
pub(super) struct Session {
    /// Which connection.
    pub(super) id: ConnectionId,
    /// What it speaks.
    pub(super) dialect: Dialect,
    /// Who it is.
    pub(super) who: Who,
    /// Whether it sent presence, and so is in the common chat.
    pub(super) present: bool,
    /// When its last presence came, in microseconds of the server's uptime.
    pub(super) presence_at: u64,
    /// Since when it goes by its name, in microseconds since 1970.
    pub(super) since_unix_micros: u64,
    /// What it opted into.
    pub(super) features: Features,
    /// Whether it ever asked for a feature, known or not.
    pub(super) asked_features: bool,
    /// Answers of 400 in a row.
    pub(super) strikes: u32,
    /// When its last request came.
    pub(super) last_heard: Duration,
    /// When it was probed, while no sign of life has come since.
    pub(super) probed_at: Option<Duration>,
    /// Whether it counts as away.
    pub(super) away: bool,
    /// The request that waits for a job. No other is handled meanwhile.
    pub(super) waiting: Option<Box<Waiting>>,
    /// The `id` of the request that is being handled or waits, as it was sent.
    pub(super) echo: Option<Box<str>>,
    /// The last answer is among those: the connection ends after it.
    pub(super) ending: Option<CloseReason>,
    /// What waits is handed over behind the answer to the request that is being handled.
    pub(super) offers: bool,
    /// Where the handing over of what waited stands.
    pub(super) offer: Option<Box<Offer>>,
    /// What many never have.
    rare: Option<Box<Rare>>,
}

// Each of many idle connections has one: what many never have is apart.
const _: () = assert!(size_of::<Session>() <= 144);

/// What a connection that does no more than listen never has.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// The status that its presence gave.
    pub(super) status: Option<Box<str>>,
    /// Answers that wait for the disk, and those behind them.
    pub(super) owed: VecDeque<Owed>,
    /// A guest's list of contacts, which ends with the connection.
    pub(super) contacts: BTreeSet<Name>,
}

/// An answer that could not be given at once.
#[derive(Debug)]
pub(super) enum Owed {
    /// It waits for its message to be stored.
    Stored(Reply),
    /// It waits for those before it.
    Answer(Reply),
    /// No answer, but what is handed over behind the one before it.
    Offer,
}

/// How far what waited for an account was handed to one connection.
#[derive(Debug)]
pub(super) struct Offer {
    /// The last message that was handed over.
    pub(super) up_to: MessageId,
    /// More is being read.
    pub(super) is_fetching: bool,
    /// Something came meanwhile that may not be among it.
    pub(super) again: bool,
    /// When it counts as received, for a client that cannot acknowledge it.
    pub(super) due: Option<Duration>,
}

/// Who a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Nobody yet.
    Stranger,
    /// Present without authentication; no name until its first `from` gives one.
    Guest(Option<Name>),
    /// An authenticated user.
    Account {
        /// Its number.
        id: AccountId,
        /// Its name.
        name: Name,
    },
}

/// What a request needs once its job is done.
#[derive(Debug)]
pub(super) enum Waiting {
    /// `authenticate` waits for the account.
    Account {
        /// What was asked for.
        claim: Claim,
        /// The password as given.
        password: Secret,
    },
    /// `authenticate` waits for the hash.
    Password {
        /// What was asked for.
        claim: Claim,
        /// The account, if there is one.
        account: Option<AccountRecord>,
    },
    /// `register` waits for the hash, then for the disk.
    Register(Registering),
    /// `passwd` waits for the account, two hashes and the disk, one by one.
    Passwd(PasswordChange),
    /// `join` waits for the disk.
    Join {
        /// The room's name as given.
        room: Name,
    },
    /// `leave` waits for the disk.
    Leave {
        /// The room's name as given.
        room: Name,
    },
    /// A change waits for the disk: the answer once it is there.
    Change(Reply),
    /// Messages are being read.
    Read(Reading),
    /// `upload` waits for the disk.
    Upload {
        /// How many bytes are to come.
        size: u64,
    },
    /// A file of the exchange waits for the disk.
    Offered(Arc<Upload>),
    /// Its bytes come, and the connection is held by nothing but them.
    Receiving(Arc<Upload>),
    /// `put` waits for what is known of its upload.
    Put(PutPiece),
    /// `put` waits for its piece to be written.
    Piece(Box<Upload>),
    /// `put` found its file whole while that is being announced, and waits for what becomes of that.
    Announcement(PutPiece),
    /// `put` waits for a job whose outcome counts no more, since its file was announced meanwhile.
    PutAgain(PutPiece),
    /// `get` waits for what is known of its file.
    Fetch {
        /// Where it is to be read.
        offset: u64,
    },
    /// `get` waits for its piece to be read.
    Fetched {
        /// Where it is read.
        offset: u64,
        /// The file: the right to it is looked at once more.
        record: Box<AttachmentRecord>,
    },
}

/// What a `put` brings.
#[derive(Debug)]
pub(super) struct PutPiece {
    /// Which upload it is of.
    pub(super) upload: MessageId,
    /// Where it begins.
    pub(super) offset: u64,
    /// It itself, in base64.
    pub(super) data: Box<[u8]>,
}

/// What was asked for, while messages are being read: the right to it is looked at once more.
#[derive(Debug)]
pub(super) struct Reading {
    /// The conversation, if one was named.
    pub(super) conversation: Option<Conversation>,
}

/// What an `authenticate` asks for.
#[derive(Debug)]
pub(super) struct Claim {
    /// The name as given.
    pub(super) name: Name,
    /// The features that were asked for: they only count once the log-in is granted.
    pub(super) features: Option<Features>,
}

/// What a `register` asks for.
#[derive(Debug)]
pub(super) struct Registering {
    /// The name that is to be an account's.
    pub(super) name: Name,
    /// The invitation's code, until it is handed to the disk.
    pub(super) invite: Option<Secret>,
}

/// What a `passwd` asks for.
#[derive(Debug)]
pub(super) struct PasswordChange {
    /// The password that must be right.
    pub(super) old: Secret,
    /// The password to come.
    pub(super) new: Secret,
    /// The stored hash, once it was read.
    pub(super) phc: Option<Arc<str>>,
}

impl Session {
    pub(super) const fn new(id: ConnectionId, now: Now) -> Self {
        Self {
            id,
            dialect: Dialect::Jim,
            who: Who::Stranger,
            present: false,
            presence_at: 0,
            since_unix_micros: now.unix_micros,
            features: Features::NONE,
            asked_features: false,
            strikes: 0,
            last_heard: now.uptime,
            probed_at: None,
            away: false,
            waiting: None,
            echo: None,
            ending: None,
            offers: false,
            offer: None,
            rare: None,
        }
    }

    /// What many never have, if it ever had any.
    pub(super) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The same, to be changed: from now on it has it.
    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The status that its presence gave.
    pub(super) fn status(&self) -> Option<&str> {
        self.rare()?.status.as_deref()
    }

    /// Answers that wait for the disk, and those behind them.
    pub(super) fn owed(&self) -> Option<&VecDeque<Owed>> {
        self.rare().map(|rare| &rare.owed).filter(|owed| !owed.is_empty())
    }

    /// The name that this connection goes by.
    pub(super) const fn name(&self) -> Option<&Name> {
        match &self.who {
            Who::Stranger | Who::Guest(None) => None,
            Who::Guest(Some(name)) | Who::Account { name, .. } => Some(name),
        }
    }

    /// The account that it authenticated as.
    pub(super) const fn account(&self) -> Option<AccountId> {
        match &self.who {
            Who::Account { id, .. } => Some(*id),
            Who::Stranger | Who::Guest(_) => None,
        }
    }
}

/// The sessions, by slot. A generation that differs means a connection that is gone.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    slots: Vec<Option<Box<Session>>>,
}

impl Sessions {
    pub(super) fn insert(&mut self, session: Box<Session>) {
        let index = session.id.index();
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        if let Some(slot) = self.slots.get_mut(index) {
            debug_assert!(slot.is_none(), "a slot is opened once");
            *slot = Some(session);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().flatten().map(|session| &**session)
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Session> {
        self.slots.get(id.index())?.as_deref().filter(|session| session.id == id)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Session> {
        self.slots.get_mut(id.index())?.as_deref_mut().filter(|session| session.id == id)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.slots.iter_mut().flatten().map(Box::as_mut)
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Box<Session>> {
        self.get(id)?;
        self.slots.get_mut(id.index())?.take()
    }
}
