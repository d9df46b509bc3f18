//! What ends a measurement early, and the exit code that says so.

use std::io;
use std::net::SocketAddr;
use thiserror::Error;

/// Why a measurement gave no figures.
#[derive(Debug, Error)]
pub enum Failure {
    /// The arguments ask for something that cannot be done.
    #[error("{0}")]
    Usage(String),
    /// A program could not be started at all.
    #[error("cannot start {program}: {source}")]
    Start {
        /// What was started.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program was started but did not come to listen, or did not do its errand.
    #[error("{program} did not do its work: {said}")]
    NotReady {
        /// What was started.
        program: String,
        /// The last that it wrote on standard error.
        said: String,
    },
    /// Nobody listens there.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A delivery that was lost, came twice, came out of order, or came to the wrong client.
    #[error(
        "wrong delivery to client {receiver}: message {got} of sender {sender}, not {expected}"
    )]
    Order {
        /// Who got it.
        receiver: usize,
        /// Whose it is.
        sender: usize,
        /// The number in it.
        got: u64,
        /// The number that was due.
        expected: u64,
    },
    /// An object that is neither an answer nor a message of ours, byte for byte.
    #[error("client {receiver} got what nobody sent: {object}")]
    Strange {
        /// Who got it.
        receiver: usize,
        /// Its beginning.
        object: String,
    },
    /// A request was not answered with success.
    #[error("client {client} was refused: {answer}")]
    Refused {
        /// Whose request it was.
        client: usize,
        /// The beginning of the answer.
        answer: String,
    },
    /// The server closed a connection that was in use.
    #[error("the server closed the connection of client {0}")]
    Gone(usize),
    /// The server owes something and says nothing.
    #[error("nothing came from the server for {seconds} s while {waiting}")]
    Silent {
        /// How long.
        seconds: u64,
        /// What was owed.
        waiting: String,
    },
    /// The server is slower than the rate that was asked for.
    #[error("the server cannot keep up: {waiting} messages are under way; ask for a lower --rate")]
    TooSlow {
        /// How many messages are not yet with everyone.
        waiting: u64,
    },
    /// A fault had another outcome than it must have.
    #[error("{0}")]
    Missed(String),
    /// Ctrl-C, or being asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The system refused something else.
    #[error("{doing}: {source}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl Failure {
    /// The exit code that `--help` lists.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::System { .. } => 1,
            Self::Usage(_) => 2,
            Self::Start { .. } | Self::NotReady { .. } | Self::Connect { .. } => 3,
            Self::Order { .. } | Self::Strange { .. } | Self::Refused { .. } | Self::Missed(_) => 4,
            Self::Gone(_) | Self::Silent { .. } | Self::TooSlow { .. } => 5,
            Self::Interrupted => 130,
        }
    }

    /// For `map_err`: the system refused what was being done.
    pub(crate) fn while_doing(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::System { doing, source }
    }
}
