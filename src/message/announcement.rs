//! What the servers of seeds 003 and 004 tell their own clients of others, unasked. The texts are
//! theirs, in English whatever the server's language is.

use super::{Dialect, Name};
use std::fmt;

/// Something about somebody in the common chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// Said goodbye: for console chat.
    LeftChat {
        /// Who.
        name: Name,
    },
    /// An exchange client is there: for the exchange.
    Connected {
        /// Who.
        name: Name,
    },
    /// An exchange client is gone: for the exchange.
    Disconnected {
        /// Who.
        name: Name,
    },
}

impl Announcement {
    /// Whose clients hear it.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::LeftChat { .. } => Dialect::Console,
            Self::Connected { .. } | Self::Disconnected { .. } => Dialect::Exchange,
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftChat { name } => write!(f, "Client '{name}' left the chat"),
            Self::Connected { name } => write!(f, "User \"{name}\" connected"),
            Self::Disconnected { name } => write!(f, "User \"{name}\" disconnected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Name};

    #[test]
    fn texts_are_those_of_the_seeds() {
        let name = || Name::shown("Иван");
        let texts = [
            Announcement::LeftChat { name: name() },
            Announcement::Connected { name: name() },
            Announcement::Disconnected { name: name() },
        ]
        .map(|announcement| announcement.to_string());
        let expected = [
            "Client 'Иван' left the chat",
            "User \"Иван\" connected",
            "User \"Иван\" disconnected",
        ];
        assert_eq!(texts, expected);
    }
}
