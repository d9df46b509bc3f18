//! How `jimd` ends, as a number that scripts and service managers can branch on.

use std::io;
use std::process::ExitCode;

/// The exit codes of `jimd`; `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, or ended by a signal as it should.
    Done,
    /// 1: anything else.
    Failed,
    /// 2: the command line was not understood.
    Usage,
    /// 3: a setting of the file or of a variable was refused.
    Settings,
    /// 4: another program listens on that port.
    PortInUse,
    /// 5: the address does not exist, or is not this machine's.
    BadAddress,
    /// 6: this user may not take that port.
    NotPermitted,
    /// 7: the data or log folder, a file that was named, or the certificate cannot be used.
    Folder,
    /// 8: another `jimd` uses the data folder.
    FolderTaken,
    /// 9: the store is damaged, or a newer `jimd` wrote it.
    StoreRefused,
    /// 10: there is no such user, or nobody is connected under that name.
    NoSuchUser,
    /// 11: the name is taken, looks like a taken one, or is no name.
    NameRefused,
    /// 12: the password is empty, too long, or was not typed the same twice.
    PasswordRefused,
    /// 13: something is there that would be overwritten.
    InTheWay,
    /// 14: a line of an import is wrong.
    ImportRefused,
    /// 15: no server runs on the data folder.
    NotRunning,
    /// 130: Ctrl-C at a question, or a second signal before all that was owed was written.
    Interrupted,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Settings,
        Self::PortInUse,
        Self::BadAddress,
        Self::NotPermitted,
        Self::Folder,
        Self::FolderTaken,
        Self::StoreRefused,
        Self::NoSuchUser,
        Self::NameRefused,
        Self::PasswordRefused,
        Self::InTheWay,
        Self::ImportRefused,
        Self::NotRunning,
        Self::Interrupted,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Settings => 3,
            Self::PortInUse => 4,
            Self::BadAddress => 5,
            Self::NotPermitted => 6,
            Self::Folder => 7,
            Self::FolderTaken => 8,
            Self::StoreRefused => 9,
            Self::NoSuchUser => 10,
            Self::NameRefused => 11,
            Self::PasswordRefused => 12,
            Self::InTheWay => 13,
            Self::ImportRefused => 14,
            Self::NotRunning => 15,
            Self::Interrupted => 130,
        }
    }

    /// What an error of `bind` or `listen` means.
    #[must_use]
    pub fn of_listening(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse,
            // A link's own IPv6 address without its link is an invalid one.
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::InvalidInput => Self::BadAddress,
            io::ErrorKind::PermissionDenied => Self::NotPermitted,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_errors_have_codes_of_their_own() {
        let rows = [
            (io::ErrorKind::AddrInUse, 4),
            (io::ErrorKind::AddrNotAvailable, 5),
            (io::ErrorKind::InvalidInput, 5),
            (io::ErrorKind::PermissionDenied, 6),
            (io::ErrorKind::OutOfMemory, 1),
        ];
        for (kind, code) in rows {
            assert_eq!(Exit::of_listening(&kind.into()).code(), code, "{kind}");
        }
    }

    #[test]
    fn no_two_codes_are_the_same() {
        for exit in Exit::ALL {
            let same = Exit::ALL.iter().filter(|other| other.code() == exit.code()).count();
            assert_eq!(same, 1, "{exit:?}");
        }
    }
}
