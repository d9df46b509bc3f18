//! Work that may block, handed to the worker threads, and what comes back.

use super::{
    AccountId, AttachmentRecord, Change, HistoryQuery, MessageId, Name, Page, PutData, PutFault,
    Role, RoomId, SearchQuery, Sha256, StoredMessage, Upload,
};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A password on its way to the hasher: never shown, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a password in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password itself, for the hasher alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What the chat asks of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Reader: read this account afresh (it may have been changed beside the running server).
    FindAccount {
        /// The name as given; two spellings with one NFC are one name.
        name: Name,
    },
    /// Hasher: does the password fit? `None` stands for an unknown user: the same work is done
    /// against a fixed hash, and the answer is no.
    VerifyPassword {
        /// The stored hash, a PHC string.
        phc: Option<Arc<str>>,
        /// What was sent.
        password: Secret,
    },
    /// Hasher: the hash of a new password.
    HashPassword {
        /// What was sent.
        password: Secret,
    },
    /// Storage: a new account, and in the same transaction one use of its invitation.
    Register {
        /// The account's name.
        name: Name,
        /// Its password's hash, a PHC string.
        phc: Arc<str>,
        /// The invitation's code, which must be good where one is given.
        invite: Option<Secret>,
    },
    /// Storage: another password, unless the stored one has changed meanwhile.
    SetPassword {
        /// Whose.
        account: AccountId,
        /// The hash that the old password was found right against.
        old_phc: Arc<str>,
        /// The new hash, a PHC string.
        phc: Arc<str>,
    },
    /// Storage: enter a room, which is made (and owned) by the first who joins it.
    Join {
        /// Who joins.
        account: AccountId,
        /// The room's name with its `#`.
        room: Name,
        /// The newest message's number at this moment: what is read from before the joining.
        position: MessageId,
    },
    /// Storage: leave a room.
    Leave {
        /// Who leaves.
        account: AccountId,
        /// Which room.
        room: RoomId,
    },
    /// Storage: keep a message. Its connection goes on meanwhile.
    Store(Arc<StoredMessage>),
    /// Storage: change lasting state.
    Change {
        /// Who asked for it.
        by: AccountId,
        /// What.
        change: Change,
    },
    /// Storage: forget what waits for an account up to a message, since it has it.
    Acknowledge {
        /// Whose.
        account: AccountId,
        /// The last that it has.
        up_to: MessageId,
    },
    /// Storage: no number up to this one will be used again after a restart. Nobody waits for it.
    RaiseCeiling {
        /// The new ceiling.
        ceiling: MessageId,
    },
    /// Reader: a part of a conversation.
    History(HistoryQuery),
    /// Reader: messages with certain words.
    Search(SearchQuery),
    /// Reader: what waits for an account, oldest first.
    Waiting {
        /// Whose.
        account: AccountId,
        /// Only messages after this one.
        after: MessageId,
        /// The most messages.
        limit: usize,
    },
    /// Storage: a new upload, where the quotas have room for it.
    OpenUpload(Arc<Upload>),
    /// Storage: forget an upload that was not announced. Its pieces go too.
    DropUpload {
        /// Which.
        upload: MessageId,
    },
    /// Reader: what is known of a file, whole or not.
    FindAttachment {
        /// Its upload's number.
        id: MessageId,
    },
    /// Files: the next piece of an upload that is open. A file is whole with its last byte; an empty
    /// one with an empty piece.
    Put {
        /// Which.
        upload: MessageId,
        /// How many bytes were said to come in all.
        size: u64,
        /// Where the piece begins.
        offset: u64,
        /// The piece.
        data: PutData,
    },
    /// Files: forget the pieces of an upload. What they became stays. Nobody waits for it.
    DropPieces {
        /// Which.
        upload: MessageId,
    },
    /// Files: a part of a whole file.
    ReadPiece {
        /// Its content.
        sha256: Sha256,
        /// Where the part begins.
        offset: u64,
        /// The most bytes, at most [`RAW_PIECE_BYTES`](crate::limits::RAW_PIECE_BYTES).
        bytes: usize,
    },
}

/// What a worker made of a [`Job`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The account, or `None` where there is none of that name.
    Account(Option<AccountRecord>),
    /// Whether the password fits.
    Password(bool),
    /// The hash of a new password, a PHC string.
    Hashed(Arc<str>),
    /// The new password cannot be used: control characters and such.
    PasswordRefused,
    /// The account is on disk.
    Registered {
        /// As stored.
        account: AccountRecord,
        /// The room that the invitation leads to.
        joined: Option<(RoomRecord, Membership)>,
    },
    /// An account has that name, or one that looks like it. Nothing was stored.
    NameTaken {
        /// The account's name.
        by: Name,
    },
    /// The invitation is unknown, used up or expired. Nothing was stored.
    InviteRefused,
    /// The new password is on disk.
    PasswordSet {
        /// Whose.
        account: AccountId,
        /// The new hash, a PHC string.
        phc: Arc<str>,
        /// The [`AccountRecord::version`] that the account has with it.
        version: i64,
    },
    /// The stored password had changed meanwhile. Nothing was stored.
    PasswordStale,
    /// The membership is on disk.
    Joined {
        /// Who joined.
        account: AccountId,
        /// The room, whose number is new if the room is.
        room: RoomRecord,
        /// The membership as stored.
        membership: Membership,
    },
    /// The membership is gone from the disk.
    Left {
        /// Who left.
        account: AccountId,
        /// Which room.
        room: RoomId,
        /// Who owns the room now, where that changed.
        heir: Option<AccountId>,
    },
    /// The message is on disk: it may be answered for and delivered.
    Stored(Arc<StoredMessage>),
    /// The message is not on disk, and is not delivered; `None` where the worker is gone.
    NotStored(Option<Arc<StoredMessage>>),
    /// Before the message came to the disk its room or addressee was gone, or its sender no member
    /// any more. Nothing was stored.
    Unreachable(Arc<StoredMessage>),
    /// The change is on disk: from now on it counts.
    Changed {
        /// Who asked for it.
        by: AccountId,
        /// What.
        change: Change,
    },
    /// A [`Change::Await`] failed: nothing was stored.
    NotAwaited {
        /// For whom it was to wait.
        account: AccountId,
    },
    /// The account has it; the disk holds it no more.
    Acknowledged {
        /// Whose.
        account: AccountId,
        /// How many messages wait for it still.
        waiting: usize,
    },
    /// The ceiling is on disk.
    CeilingRaised {
        /// The new ceiling.
        ceiling: MessageId,
    },
    /// What was read.
    Page(Page),
    /// What waits for an account; `None` where it could not be read.
    Waiting(Option<Page>),
    /// The upload is on disk: its pieces may come.
    UploadOpened {
        /// Which.
        upload: MessageId,
    },
    /// There is no room for the file. Nothing was stored.
    QuotaExceeded {
        /// The quota that would be exceeded, in bytes.
        limit_bytes: u64,
        /// What is used of it.
        used_bytes: u64,
        /// Whether it is the account's own (or the guests') quota, not that of all together.
        is_own: bool,
    },
    /// The upload is forgotten, or was not there.
    UploadDropped {
        /// Which.
        upload: MessageId,
    },
    /// The piece was taken; more are missing.
    Put {
        /// Where the next one begins.
        next: u64,
    },
    /// The piece was not taken, since it begins elsewhere.
    PutOffset {
        /// Where the next one begins.
        next: u64,
    },
    /// The piece was not taken.
    PutRefused(PutFault),
    /// The file is whole and on disk. To be announced; until then the last piece may come again, as
    /// an empty one at its end.
    PutWhole {
        /// Its content.
        sha256: Sha256,
    },
    /// What is known of a file, or `None` where there is none.
    Attachment(Option<Box<AttachmentRecord>>),
    /// A part of a file, empty at its end or behind it; `None` where the file is not there (any
    /// more).
    Piece(Option<Box<[u8]>>),
    /// The room cannot be entered: it was hidden, or the account banned, meanwhile.
    MayNotJoin,
    /// The account that the job was for is no more.
    AccountGone,
    /// Too much is waiting; come back after this many seconds.
    Busy {
        /// How long to wait.
        seconds: u32,
    },
    /// The password was not looked at, since too many wrong ones came from that address.
    TooManyLogins {
        /// How long to wait.
        seconds: u32,
    },
    /// The worker failed (a full disk, say); nothing was stored. The log says why.
    Failed,
}

/// An account as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its number, never used again.
    pub id: AccountId,
    /// Its name.
    pub name: Name,
    /// Its password's hash, a PHC string.
    pub phc: Arc<str>,
    /// Whether an operator blocked it.
    pub blocked: bool,
    /// When it was made, in microseconds since 1970.
    pub created_unix_micros: u64,
    /// How many changes of accounts the disk had seen when this was read: of two records of an
    /// account, the one with the lower number is out of date.
    pub version: i64,
}

/// All accounts, and whom the rooms belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountList {
    /// The [`AccountRecord::version`] of an account that were read at the same moment.
    pub version: i64,
    /// Every account.
    pub accounts: Vec<AccountRecord>,
    /// Every room's owner, unless that account is gone.
    pub owners: Vec<(RoomId, Option<AccountId>)>,
}

/// A room as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// Its number, never used again.
    pub id: RoomId,
    /// Its name with the `#`.
    pub name: Name,
    /// Its owner, unless that account is gone.
    pub owner: Option<AccountId>,
    /// Its topic.
    pub topic: Box<str>,
    /// Whether only its members see it, and only those who are invited enter.
    pub hidden: bool,
}

/// Who is in which room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub account: AccountId,
    /// Since when, in microseconds since 1970.
    pub since_unix_micros: u64,
    /// What the member may do.
    pub role: Role,
    /// The newest message's number when it joined.
    pub position: MessageId,
}

/// All lasting state that the chat holds in memory, as read at start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Every account.
    pub accounts: Vec<AccountRecord>,
    /// How many changes of accounts the disk had seen.
    pub accounts_version: i64,
    /// Every room.
    pub rooms: Vec<RoomRecord>,
    /// Every membership.
    pub memberships: Vec<Membership>,
    /// Who cannot enter which room.
    pub bans: Vec<(RoomId, AccountId)>,
    /// Who may enter which hidden room.
    pub invited: Vec<(RoomId, AccountId)>,
    /// Who has whom on its list of contacts.
    pub contacts: Vec<(AccountId, AccountId)>,
    /// For whom how many messages wait.
    pub waiting: Vec<(AccountId, usize)>,
    /// No message has this number or a greater one.
    pub next_id: MessageId,
    /// Up to this number, excluded, messages may be numbered before it is raised on the disk.
    pub ceiling: MessageId,
}
