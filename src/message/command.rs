//! The commands of console chat (seed 003): what they are called and what they are answered. The
//! answers are seed 003's own, in English whatever the server's language is.

use std::fmt;

/// What console chat puts before the name of a command.
pub const COMMAND_MARK: &str = "cmd!";

/// What somebody shows in the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Beats scissors.
    Rock,
    /// Beats rock.
    Paper,
    /// Beat paper.
    Scissors,
}

impl Hand {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rock, Self::Paper, Self::Scissors];

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rock => "rock",
            Self::Paper => "paper",
            Self::Scissors => "scissors",
        }
    }

    /// The hand of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hand| hand.as_str() == name)
    }

    const fn beats(self) -> Self {
        match self {
            Self::Rock => Self::Scissors,
            Self::Paper => Self::Rock,
            Self::Scissors => Self::Paper,
        }
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// How many are in the common chat.
    Participants {
        /// The asker and namesakes included.
        count: usize,
    },
    /// The server's local time.
    CurrentTime {
        /// Seconds since midnight, less than a day's.
        second: u32,
    },
    /// A game was played.
    Played {
        /// What the server showed.
        server: Hand,
        /// What the asker showed.
        yours: Hand,
    },
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Participants { count } => write!(f, "Participants count: {count}"),
            Self::CurrentTime { second } => {
                let (hour, minute) = (second / 3600, second / 60 % 60);
                write!(f, "Current time: {hour:02}:{minute:02}:{:02}", second % 60)
            }
            Self::Played { server, yours } => {
                let result = match () {
                    () if server == yours => "Tie!",
                    () if yours.beats() == server => "You win!",
                    () => "You lose!",
                };
                let (server, yours) = (server.as_str(), yours.as_str());
                write!(f, "{result} Server option: {server}, your option {yours}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hand, Told};

    #[test]
    fn answers_are_those_of_seed_003() {
        let played = |yours, server| Told::Played { server, yours };
        let rows = [
            (Told::Participants { count: 3 }, "Participants count: 3"),
            (Told::CurrentTime { second: 0 }, "Current time: 00:00:00"),
            (Told::CurrentTime { second: 86_399 }, "Current time: 23:59:59"),
            (played(Hand::Rock, Hand::Rock), "Tie! Server option: rock, your option rock"),
            (
                played(Hand::Rock, Hand::Scissors),
                "You win! Server option: scissors, your option rock",
            ),
            (played(Hand::Paper, Hand::Rock), "You win! Server option: rock, your option paper"),
            (
                played(Hand::Scissors, Hand::Paper),
                "You win! Server option: paper, your option scissors",
            ),
            (played(Hand::Rock, Hand::Paper), "You lose! Server option: paper, your option rock"),
        ];
        for (told, text) in rows {
            assert_eq!(told.to_string(), text);
        }
    }

    #[test]
    fn each_hand_beats_one_and_is_known_by_its_name() {
        for hand in Hand::ALL {
            assert_ne!(hand.beats(), hand);
            assert_ne!(hand.beats().beats(), hand);
            assert_eq!(hand.beats().beats().beats(), hand);
            assert_eq!(Hand::named(hand.as_str()), Some(hand));
        }
        assert_eq!(Hand::named("Rock"), None);
        assert_eq!(Hand::named(""), None);
    }
}
