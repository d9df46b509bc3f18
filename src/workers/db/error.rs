//! Why a command on the store was refused.

use super::super::data_folder::FolderError;
use super::super::store_error::StoreError;
use super::files::FileFaults;
use crate::message::{MessageId, Name, NameFault};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a command on the store was refused. Nothing that existed has been changed.
#[derive(Debug, Error)]
pub enum DbError {
    /// The store, or a file that was to be one, cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store is sound, but not the content of its files.
    #[error(
        "{} of {} files in {} are missing or changed: {}",
        faults.wrong, faults.of, path.display(), faults.named.join("; ")
    )]
    Files {
        /// The folder of files.
        path: PathBuf,
        /// What is wrong.
        faults: FileFaults,
    },
    /// The file exists.
    #[error("{} exists already; --force overwrites it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Not a file, so not even `--force` overwrites it.
    #[error("{} is not a plain file, so it is not overwritten", path.display())]
    NotAFile {
        /// What it is.
        path: PathBuf,
    },
    /// The file is one of those that a server keeps.
    #[error("{} is one of the server's own files: name another one", path.display())]
    OwnFile {
        /// The file.
        path: PathBuf,
    },
    /// There is a store where one was to be restored.
    #[error("there is a store already, {}; --force puts it aside and keeps it", path.display())]
    StoreExists {
        /// The store.
        path: PathBuf,
    },
    /// There is something in the store that was to be imported into.
    #[error(
        "the store {} is not empty ({accounts} accounts, {rooms} rooms, {messages} messages, \
         {invitations} invitations, {files} files): an import needs an empty one, name another \
         folder with --data", path.display()
    )]
    NotEmpty {
        /// The store.
        path: PathBuf,
        /// How many accounts it has.
        accounts: u64,
        /// How many rooms it has.
        rooms: u64,
        /// How many messages it has.
        messages: u64,
        /// How many invitations it has.
        invitations: u64,
        /// How many files it knows of.
        files: u64,
    },
    /// The system refused something.
    #[error("cannot {verb} {}: {source}", path.display())]
    File {
        /// What was tried.
        verb: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A line of an import is wrong.
    #[error("{}, line {line}: {fault}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// The export has other numbers of lines than its first line says.
    #[error("{} is cut short or changed: it announces {said} {what} and has {found}", path.display())]
    Cut {
        /// The file.
        path: PathBuf,
        /// Accounts, rooms, messages…
        what: &'static str,
        /// How many the first line announces.
        said: u64,
        /// How many there are.
        found: u64,
    },
}

impl DbError {
    pub(super) fn file(verb: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { verb, path: path.to_owned(), source }
    }
}

impl From<FolderError> for DbError {
    fn from(error: FolderError) -> Self {
        Self::Store(error.into())
    }
}

/// What is wrong with a line of an import.
#[derive(Debug, Error)]
pub enum LineFault {
    /// The first line is another one, or there is none.
    #[error("an export begins with {{\"type\":\"jim-export\",\"version\":3}}")]
    NoHeader,
    /// The first line comes again.
    #[error("only the first line has the type \"jim-export\"")]
    SecondHeader,
    /// A newer `jimd` wrote it.
    #[error("the export has version {0}, this jimd knows up to version 3")]
    Newer(u32),
    /// More bytes than any line has.
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    /// No JSON, or not of the expected form.
    #[error("{0}")]
    Form(String),
    /// The text is no name.
    #[error("the name {0:?} {1}")]
    BadName(String, NameFault),
    /// Twice the same account.
    #[error("there is an account {0} already")]
    AccountTwice(Name),
    /// Two accounts that can be mistaken for one another.
    #[error("{0} looks like the account {1}")]
    LooksLike(Name, Name),
    /// Twice the same room.
    #[error("there is a room {0} already")]
    RoomTwice(Name),
    /// Twice the same membership.
    #[error("{0} is in {1} already")]
    MembershipTwice(Name, Name),
    /// No such account on a line before.
    #[error("no line before has the account {0}")]
    NoAccount(Name),
    /// No such room on a line before.
    #[error("no line before has the room {0}")]
    NoRoom(Name),
    /// The owner is not in the room, though others are.
    #[error("the room has members, but its owner is none of them")]
    OwnerOutside,
    /// Twice the same invitation, ban, contact or file.
    #[error("that stands on a line before")]
    Twice,
    /// No hash of an invitation's code.
    #[error("\"code_hash\" has 64 hexadecimal digits")]
    CodeHash,
    /// More uses than there were, or none at all.
    #[error("an invitation has at least one use, and was not used more often")]
    Uses,
    /// No sum of a file.
    #[error("\"sha256\" has 64 hexadecimal digits, 0-9 and a-f")]
    Sum,
    /// Twice the same message.
    #[error("there is a message {0} already")]
    MessageTwice(MessageId),
    /// A room and two accounts.
    #[error("a message or file has either \"room\" or \"direct\", not both")]
    TwoPlaces,
    /// No JSON object with a text where it is said to be.
    #[error("\"object\" is no JSON object with a string at the bytes that \"text\" says")]
    Object,
    /// Nobody could log in with it.
    #[error("\"phc\" is no password hash that jimd can verify")]
    Hash,
    /// The room's topic is too long.
    #[error("the topic has {got} characters, {limit} are allowed")]
    Topic {
        /// The most allowed.
        limit: usize,
        /// What was counted.
        got: usize,
    },
    /// A moment that cannot be stored.
    #[error("a time is a number of microseconds since 1970, from 0 to 9223372036854775807")]
    Time,
}
