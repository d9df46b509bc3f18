//! What a server can do that ends the conversation.

use super::event::english_reason;
use super::exit::Exit;
use thiserror::Error;

/// Why the conversation with the server cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server closed the connection after it had said that coming back is of no use.
    #[error("the server closed the connection: {}", english_reason(reason))]
    Parted {
        /// Its word for why.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection to the server broke: {why}")]
    Broke {
        /// The system's words.
        why: String,
    },
    /// The server closed the connection in the middle of an object.
    #[error("the server closed the connection in the middle of an object")]
    CutShort,
    /// The connection ended without the word that TLS has for it.
    #[error(
        "the connection was cut off: TLS has a word for its end, and the server did not say it"
    )]
    CutOff,
    /// Bytes that start no JSON object.
    #[error("this is no JIM server; it sent: {sample}")]
    NotJson {
        /// How it begins, as it came.
        sample: String,
    },
    /// Braces that close, but are no valid JSON.
    #[error("the server sent an object that is not valid JSON: {sample}")]
    BadObject {
        /// How it begins, as it came.
        sample: String,
    },
    /// An object that is too long.
    #[error("the server sent an object that does not end within {limit_bytes} bytes")]
    NeverCloses {
        /// The most that is taken.
        limit_bytes: usize,
    },
    /// Bytes that are no frame of the exchange.
    #[error("this is no server of the exchange; it sent: {sample}")]
    NoFrame {
        /// How it begins, as it came.
        sample: String,
    },
    /// A frame of the exchange that is too long.
    #[error("the server sent a frame of {bytes} bytes; at most {limit_bytes} are taken")]
    FrameTooLong {
        /// Its length.
        bytes: u32,
        /// The most that is taken.
        limit_bytes: usize,
    },
    /// A request stayed unanswered.
    #[error("the server did not answer within {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// An object stayed half.
    #[error("the server sent half an object and then nothing for {seconds} s")]
    Half {
        /// How long was waited.
        seconds: u64,
    },
}

impl Fault {
    /// What the client ends with because of it.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Silent { .. } | Self::Half { .. } => Exit::TimedOut,
            _ => Exit::Gone,
        }
    }

    /// Whether a server that had let us in may be there again soon. What is no JIM may come from
    /// something before it that answers while it starts again.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Closed | Self::Broke { .. } | Self::CutShort | Self::CutOff => true,
            Self::Silent { .. } | Self::Half { .. } => true,
            Self::NotJson { .. } | Self::BadObject { .. } | Self::NeverCloses { .. } => true,
            Self::NoFrame { .. } | Self::FrameTooLong { .. } | Self::Parted { .. } => false,
        }
    }
}
