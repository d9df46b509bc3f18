//! Everything that the server says in an answer, as values: the texts are rendered at the edge, in
//! Russian or English, and the facts for programs (`reason`, `field`, `limit`, `got`, `at`) come
//! from the same value, so that they never disagree.

use super::{Name, NameFault, Told, phrase_english, phrase_russian};
use std::fmt;

/// The language of the server's texts (`--lang`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Russian, seed 000's to the letter.
    Russian,
    /// English.
    #[default]
    English,
}

/// What is wrong with an object as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFault {
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A raw control character inside a string.
    ControlCharacter,
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// A backslash with something that JSON does not know behind it.
    BadEscape,
    /// A key twice (also once plain, once escaped).
    DuplicateKey,
    /// Objects and arrays nested too deeply.
    TooDeep {
        /// The deepest allowed.
        limit: usize,
    },
    /// More members than allowed.
    TooManyMembers {
        /// The most allowed.
        limit: usize,
    },
    /// Anything else: what should have stood there.
    Expected(&'static str),
}

/// Bytes that start no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junk {
    /// A Python pickle (two real course servers spoke it).
    Pickle,
    /// `[`: an array.
    Array,
    /// `"`: a string.
    Text,
    /// A digit or `-`: a number.
    Number,
    /// Letters: words such as `hello` or `null`.
    Word,
    /// Anything else.
    Bytes,
}

/// What a listing is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Who is connected.
    Users,
    /// Rooms.
    Rooms,
    /// A room's members.
    Members,
    /// Contacts.
    Contacts,
    /// Messages.
    Messages,
}

/// What became of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomState {
    /// Only members see it.
    Hidden,
    /// Everyone sees it.
    Shown,
    /// It is gone.
    Destroyed,
}

/// What one member did to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// `invite`.
    Invited,
    /// `kick`.
    Kicked,
    /// `ban`.
    Banned,
    /// `unban`.
    Unbanned,
    /// `op`.
    Opped,
    /// `deop`.
    Deopped,
}

/// What an answer says. The texts of seed 000 are the Russian ones, to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields say what the variant's text is about")]
pub enum Phrase {
    // Done.
    /// 202: the password was right.
    Authenticated { user: Name },
    /// 200: this connection is that user already (or, with `sessions = "many"`, another one is).
    AlreadyAuthenticated { user: Name },
    /// 201: the account is made.
    Registered { user: Name },
    /// 200: the password is another one.
    PasswordChanged { user: Name },
    /// 200: presence; `None` for an anonymous guest.
    Present { user: Option<Name> },
    /// 200: joined.
    Joined { user: Name, room: Name },
    /// 200: left.
    Left { user: Name, room: Name },
    /// 200: delivered.
    Delivered { from: Name, to: Name },
    /// 202: stored, and delivered when the addressee is back.
    Waits { from: Name, to: Name },
    /// 200, or 202 for contacts: a listing of so many entries.
    Listed { what: Listed, count: usize },
    /// 200: the topic of a room.
    TopicOf { room: Name },
    /// 200: a room is another one now.
    RoomIs { room: Name, state: RoomState },
    /// 200: somebody may do more or less in a room now.
    Did { deed: Deed, target: Name, room: Name },
    /// 200: on the list of contacts.
    ContactAdded { user: Name },
    /// 200: off the list of contacts.
    ContactRemoved { user: Name },
    /// 200: what waited up to a message is forgotten.
    Acknowledged,
    /// 200: a file may be sent, of so many bytes.
    UploadOpened { size: u64 },
    /// 200: so much of a file is here.
    PieceTaken { next: u64, size: u64 },
    /// 200: the file was here, whole, before this piece of it came.
    FileWhole { size: u64 },
    /// 200: a file is whole, and announced.
    FileDelivered { from: Name, to: Name },
    /// 200: a file is whole, and is announced when the addressee is back.
    FileWaits { from: Name, to: Name },
    /// 200: a piece of a file.
    PieceGiven { offset: u64, size: u64 },
    /// 200: quit.
    Goodbye,
    /// 200: what a command came to, in seed 003's words.
    Told(Told),

    // The object (400).
    /// Bytes that start no object.
    NotAnObject { junk: Junk },
    /// Braces that close but are no valid JSON; `at` is the byte offset in the object.
    BadJson { fault: JsonFault, at: usize },
    /// The whole object is too long, in characters.
    ObjectTooLong { limit: usize, got: usize },
    /// The object was too long to be held, and was only counted, in bytes.
    ObjectTooBig { limit: usize, got: usize },
    /// The object did not close within this many bytes; the connection closes.
    NeverCloses { limit: usize },
    /// The client shut its sending side in the middle of an object.
    CutShort,
    /// A field is missing.
    MissingField { field: &'static str },
    /// A field has the wrong type.
    WrongType { field: &'static str, expected: &'static str },
    /// A field is too long, in characters.
    FieldTooLong { field: &'static str, limit: usize, got: usize },
    /// `time` is not finite.
    TimeNotFinite,
    /// No such action; `odd` is a letter in it that looks like another (a Cyrillic `о`), and the
    /// action that was probably meant.
    UnknownAction { action: Name, odd: Option<(char, &'static str)> },
    /// `response`, `alert` or `error` in a client's object.
    ServerOnly { field: &'static str },
    /// Only the server probes.
    ProbeFromClient,
    /// `msg_id` or `server_time` in a message.
    Reserved { field: &'static str },
    /// A field that is no `msg_id`.
    BadMessageId { field: &'static str },
    /// Two spellings of one field disagree.
    Disagree { field: &'static str, other: &'static str },
    /// A field's text is no good as a name.
    BadName { field: &'static str, fault: NameFault },
    /// A new password that cannot be used.
    BadPassword { field: &'static str },
    /// `join` or `leave` without `room`: seed 000's text.
    NoRoomGiven,
    /// `msg` without `to` or `from`: seed 000's text.
    NoSenderOrAddressee,
    /// `room` does not begin with `#`, or is `#` alone.
    NotARoom { room: Name },
    /// A command that there is not: seed 003's text.
    UnknownCommand { command: Name },
    /// The game was started with no hand: seed 003's text.
    BadHand,
    /// A frame that is no object in seed 004's form; `at` is the byte behind its length.
    BadFrame { fault: JsonFault, at: usize },
    /// A frame that is longer than what is read, in bytes; the connection closes.
    FrameTooLong { limit: usize, got: usize },
    /// A frame of no bytes; the connection closes.
    EmptyFrame,
    /// A file came, and files are not handed on: its message was.
    NoFiles,
    /// A file is too large, in bytes.
    FileTooLarge { limit: u64, got: u64 },
    /// What a file is called is no name.
    BadFileName { field: &'static str },
    /// The files of the account, or all, would be too large together, in bytes.
    QuotaExceeded { limit: u64, used: u64, is_own: bool },
    /// A piece of a file does not begin where the former ended, or is asked for behind the end.
    WrongOffset { next: u64 },
    /// A piece of a file is no base64.
    BadBase64,
    /// A piece of a file goes on behind the size that was claimed.
    LongerThanClaimed { size: u64 },
    /// A field that is no file's number.
    BadFileId { field: &'static str },
    /// The common chat can be neither joined nor left: all who are present are in it.
    CommonChat { room: Name },

    // Who and what (401 to 410).
    /// 401: this needs authentication (seed 000's text); `None` where no name is known.
    NotAuthenticated { user: Option<Name> },
    /// 401: `msg` before presence or authentication.
    NotPresent { user: Option<Name> },
    /// 401: guests may not do this (setting `guests`).
    GuestsMayNot,
    /// 401: a guest asked for the name of an account, or for one that looks like it.
    NameOfAccount { user: Name, account: Name },
    /// 402: unknown user or wrong password, the same for both.
    WrongLogin { user: Name },
    /// 403: an operator blocked the account.
    Blocked { user: Name },
    /// 403: an operator banned the address that the connection comes from.
    AddressBanned,
    /// 403: not in that room.
    NotAMember { user: Option<Name>, room: Name },
    /// 403: a name in the request is not who the connection is.
    NotYou { field: &'static str, claimed: Name, user: Name },
    /// 403: this connection is another user already.
    AlreadyOther { user: Name, other: Name },
    /// 403: only TLS is served (setting `plaintext`); the connection closes.
    NotEncrypted,
    /// 403: nobody can register (setting `registration`).
    RegistrationClosed,
    /// 403: the invitation is missing, unknown, used up or expired, the same for all.
    BadInvite,
    /// 403: this needs a room's operator or owner.
    NeedsRole { user: Name, room: Name, is_owner: bool },
    /// 403: nobody does this to a room's owner.
    IsOwner { target: Name, room: Name },
    /// 403: banned from that room.
    Banned { user: Name, room: Name },
    /// 403: a hidden room, and no invitation.
    NotInvited { user: Name, room: Name },
    /// 403: in as many rooms as an account may be.
    TooManyRooms { limit: usize },
    /// 403: as many contacts as a list may have.
    TooManyContacts { limit: usize },
    /// 403: files are not handed on (setting `attachment_max`).
    NoFilesHere,
    /// 403: who is no account could not get the file.
    GuestGetsNoFiles { user: Name },
    /// 404: no such upload, or another account's, or it is too old.
    NoSuchUpload,
    /// 404: no such file, or the asker may not read where it was sent.
    NoSuchFile,
    /// 404: the target is not in that room.
    NoSuchMember { target: Name, room: Name },
    /// 404: not on the list of contacts.
    NoSuchContact { user: Name },
    /// 404, and 400 for `leave`: no such room.
    NoSuchRoom { room: Name },
    /// 404: no such user.
    NoSuchUser { user: Name },
    /// 409: an account has that name, or one that looks like it.
    NameTaken { user: Name, account: Name },
    /// 409: somebody who is connected has that nickname, or the server itself: seed 004's text.
    NicknameTaken { user: Name },
    /// 409: connected elsewhere.
    ConnectedElsewhere { user: Name },
    /// 410: the addressee is offline.
    Offline { user: Name },
    /// 410: the addressee is offline, and as many messages wait for it as may.
    OfflineFull { user: Name, limit: usize },

    // The server (429, 500).
    /// 429: too many log-ins are waiting.
    Busy { seconds: u32 },
    /// 429: too many pieces of files wait for the disk.
    FilesBusy { seconds: u32 },
    /// 429: too many connections, in all or from one address.
    TooManyConnections { limit: usize },
    /// 429: too many wrong passwords came from that address.
    TooManyLogins { seconds: u32 },
    /// 429: this was done too often lately.
    TooOften { seconds: u32 },
    /// 500: the server failed.
    ServerFailed,
}

/// What a program can branch on; the student reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// A stable English slug.
    pub reason: &'static str,
    /// The field that was wrong.
    pub field: Option<&'static str>,
    /// The limit that was hit.
    pub limit: Option<usize>,
    /// What was counted.
    pub got: Option<usize>,
    /// The byte offset in the object.
    pub at: Option<usize>,
    /// How many seconds to wait before it is tried again.
    pub retry_after: Option<u32>,
}

impl Facts {
    const fn slug(reason: &'static str) -> Self {
        Self { reason, field: None, limit: None, got: None, at: None, retry_after: None }
    }

    const fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    const fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    const fn got(mut self, got: usize) -> Self {
        self.got = Some(got);
        self
    }
}

impl Phrase {
    /// What seed 004's server says of a nickname.
    pub const TAKEN: &str = "this nickname is already taken";

    /// The text in a language.
    #[must_use]
    pub const fn in_language(&self, language: Language) -> Spoken<'_> {
        Spoken { phrase: self, language }
    }

    /// What a program can branch on: the `reason`, `field`, `limit`, `got` and `at` of a 4xx or
    /// 5xx. Empty for what is no error.
    #[must_use]
    pub fn facts(&self) -> Facts {
        use Phrase as P;
        match self {
            P::Authenticated { .. }
            | P::AlreadyAuthenticated { .. }
            | P::Registered { .. }
            | P::PasswordChanged { .. }
            | P::Present { .. }
            | P::Joined { .. }
            | P::Left { .. }
            | P::Delivered { .. }
            | P::Waits { .. }
            | P::Listed { .. }
            | P::TopicOf { .. }
            | P::RoomIs { .. }
            | P::Did { .. }
            | P::ContactAdded { .. }
            | P::ContactRemoved { .. }
            | P::Acknowledged
            | P::UploadOpened { .. }
            | P::PieceTaken { .. }
            | P::FileWhole { .. }
            | P::FileDelivered { .. }
            | P::FileWaits { .. }
            | P::PieceGiven { .. }
            | P::Goodbye
            | P::Told(_) => Facts::default(),
            _ => self.bad_facts(),
        }
    }

    /// Of 400.
    fn bad_facts(&self) -> Facts {
        use Phrase as P;
        let slug = Facts::slug;
        match self {
            P::NotAnObject { .. } => slug("not_an_object"),
            P::BadJson { fault, at } => Facts { at: Some(*at), ..json_facts(*fault) },
            P::ObjectTooLong { limit, got } | P::ObjectTooBig { limit, got } => {
                slug("too_long").limit(*limit).got(*got)
            }
            P::NeverCloses { limit } => slug("never_closes").limit(*limit),
            P::CutShort => slug("cut_short"),
            P::MissingField { field } => slug("missing_field").field(field),
            P::WrongType { field, .. } => slug("wrong_type").field(field),
            P::FieldTooLong { field, limit, got } => {
                slug("too_long").field(field).limit(*limit).got(*got)
            }
            P::TimeNotFinite => slug("not_finite").field("time"),
            P::UnknownAction { .. } => slug("unknown_action").field("action"),
            P::ServerOnly { field } => slug("server_only").field(field),
            P::ProbeFromClient => slug("server_only").field("action"),
            P::Reserved { field } => slug("reserved_field").field(field),
            P::BadMessageId { field } => slug("bad_msg_id").field(field),
            P::Disagree { field, .. } => slug("disagree").field(field),
            P::BadName { field, fault } => Facts { field: Some(field), ..name_facts(*fault) },
            P::BadPassword { field } => slug("bad_password").field(field),
            P::NoRoomGiven => slug("missing_field").field("room"),
            P::NoSenderOrAddressee => slug("missing_field"),
            P::NotARoom { .. } => slug("bad_name").field("room"),
            P::CommonChat { .. } => slug("common_chat").field("room"),
            P::UnknownCommand { .. } => slug("unknown_command").field("command"),
            P::BadHand => slug("bad_option").field("command"),
            P::BadFrame { fault, at } => Facts { at: Some(*at), ..json_facts(*fault) },
            P::FrameTooLong { limit, got } => slug("too_long").limit(*limit).got(*got),
            P::EmptyFrame => slug("empty_frame"),
            P::NoFiles => slug("no_files"),
            _ => self.bad_file_facts(),
        }
    }

    /// Of 400 about files.
    fn bad_file_facts(&self) -> Facts {
        use Phrase as P;
        let slug = Facts::slug;
        let bytes = |count: &u64| usize::try_from(*count).unwrap_or(usize::MAX);
        match self {
            P::FileTooLarge { limit, got } => {
                slug("too_large").field("size").limit(bytes(limit)).got(bytes(got))
            }
            P::BadFileName { field } => slug("bad_name").field(field),
            P::QuotaExceeded { limit, used, .. } => {
                slug("quota").limit(bytes(limit)).got(bytes(used))
            }
            P::WrongOffset { .. } => slug("wrong_offset").field("offset"),
            P::BadBase64 => slug("bad_base64").field("data"),
            P::LongerThanClaimed { size } => slug("too_long").field("data").limit(bytes(size)),
            P::BadFileId { field } => slug("bad_id").field(field),
            _ => self.refusal_facts(),
        }
    }

    /// Of 401 and above.
    const fn refusal_facts(&self) -> Facts {
        use Phrase as P;
        match self {
            P::NotAuthenticated { .. } => Facts::slug("not_authenticated"),
            P::NotPresent { .. } => Facts::slug("not_present"),
            P::GuestsMayNot => Facts::slug("guests_may_not"),
            P::NameOfAccount { .. } => Facts::slug("name_of_account"),
            P::WrongLogin { .. } => Facts::slug("wrong_login"),
            P::Blocked { .. } => Facts::slug("blocked"),
            P::AddressBanned => Facts::slug("address_banned"),
            P::NotAMember { .. } => Facts::slug("not_a_member"),
            P::NotYou { field, .. } => Facts::slug("not_you").field(field),
            P::AlreadyOther { .. } => Facts::slug("already_authenticated"),
            P::NotEncrypted => Facts::slug("not_encrypted"),
            P::RegistrationClosed => Facts::slug("registration_closed"),
            P::BadInvite => Facts::slug("bad_invite"),
            P::NeedsRole { is_owner: true, .. } => Facts::slug("not_owner"),
            P::NeedsRole { .. } => Facts::slug("not_op"),
            P::IsOwner { .. } => Facts::slug("is_owner").field("target"),
            P::Banned { .. } => Facts::slug("banned"),
            P::NotInvited { .. } => Facts::slug("invite_only"),
            P::TooManyRooms { limit } => Facts::slug("too_many_rooms").limit(*limit),
            P::TooManyContacts { limit } => Facts::slug("too_many_contacts").limit(*limit),
            P::NoFilesHere => Facts::slug("no_files"),
            P::GuestGetsNoFiles { .. } => Facts::slug("guest_addressee"),
            P::NoSuchUpload => Facts::slug("no_such_upload"),
            P::NoSuchFile => Facts::slug("no_such_file"),
            P::NoSuchMember { .. } => Facts::slug("no_such_member").field("target"),
            P::NoSuchContact { .. } => Facts::slug("no_such_contact"),
            P::NoSuchRoom { .. } => Facts::slug("no_such_room"),
            P::NoSuchUser { .. } => Facts::slug("no_such_user"),
            P::NameTaken { .. } => Facts::slug("name_taken").field("user.account_name"),
            P::NicknameTaken { .. } => Facts::slug("name_taken"),
            P::ConnectedElsewhere { .. } => Facts::slug("connected_elsewhere"),
            P::Offline { .. } => Facts::slug("offline"),
            P::OfflineFull { limit, .. } => Facts::slug("offline_full").limit(*limit),
            P::Busy { seconds } | P::FilesBusy { seconds } => {
                Facts::slug("busy").retry_after(*seconds)
            }
            P::TooManyLogins { seconds } => Facts::slug("too_many_logins").retry_after(*seconds),
            P::TooOften { seconds } => Facts::slug("too_often").retry_after(*seconds),
            P::TooManyConnections { limit } => Facts::slug("too_many_connections").limit(*limit),
            // What is left: all others have their facts above.
            _ => Facts::slug("server_failed"),
        }
    }
}

const fn json_facts(fault: JsonFault) -> Facts {
    match fault {
        JsonFault::TooDeep { limit } => Facts::slug("too_deep").limit(limit),
        JsonFault::TooManyMembers { limit } => Facts::slug("too_many_members").limit(limit),
        JsonFault::DuplicateKey => Facts::slug("duplicate_key"),
        JsonFault::NotUtf8 => Facts::slug("not_utf8"),
        JsonFault::ControlCharacter
        | JsonFault::LoneSurrogate
        | JsonFault::BadEscape
        | JsonFault::Expected(_) => Facts::slug("bad_json"),
    }
}

const fn name_facts(fault: NameFault) -> Facts {
    match fault {
        NameFault::TooLong { limit, got } => Facts::slug("too_long").limit(limit).got(got),
        _ => Facts::slug("bad_name"),
    }
}

/// A phrase in one language, to be written.
#[derive(Debug, Clone, Copy)]
pub struct Spoken<'a> {
    phrase: &'a Phrase,
    language: Language,
}

impl fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.language {
            Language::Russian => phrase_russian::write(self.phrase, f),
            Language::English => phrase_english::write(self.phrase, f),
        }
    }
}
