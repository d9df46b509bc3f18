//! How the client ends: its exit codes.

/// Why the client ended. `--help` lists the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: the system refused something, such as writing the output to a full disk.
    System,
    /// 2: the command line or the script is wrong.
    Usage,
    /// 3: no address could be connected to.
    CannotConnect,
    /// 4: the server did not let us in.
    Refused,
    /// 5: the server went away, or sent what is no JIM.
    Gone,
    /// 6: some lines were not acknowledged.
    NotAcknowledged,
    /// 7: a time-out: the user's own (`--timeout`), or the server did not answer.
    TimedOut,
    /// 8: the server refused a file, has none of that number, or takes none.
    FileRefused,
    /// 9: there is a file of that name already.
    Exists,
    /// 10: a file is not what was sent: its SHA-256 differs, or it changed meanwhile.
    Damaged,
    /// 128 and the signal's number; so 130 for Ctrl-C.
    Signal(u8),
}

impl Exit {
    /// 130: Ctrl-C.
    pub const INTERRUPTED: Self = Self::Signal(2);

    /// What a client that ended with this code said.
    #[must_use]
    pub const fn of_code(code: u8) -> Self {
        match code {
            0 => Self::Done,
            2 => Self::Usage,
            3 => Self::CannotConnect,
            4 => Self::Refused,
            5 => Self::Gone,
            6 => Self::NotAcknowledged,
            7 => Self::TimedOut,
            129.. => Self::Signal(code - 128),
            _ => Self::System,
        }
    }

    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::System => 1,
            Self::Usage => 2,
            Self::CannotConnect => 3,
            Self::Refused => 4,
            Self::Gone => 5,
            Self::NotAcknowledged => 6,
            Self::TimedOut => 7,
            Self::FileRefused => 8,
            Self::Exists => 9,
            Self::Damaged => 10,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}
