//! What is said about files: requests, what only their answers hold, and the announcement.

use super::size_text;
use crate::message::{Language, MessageId, visible};
use serde::Serialize;

/// A request about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FileRequest {
    /// Begin to send one.
    Upload {
        /// To a user, a room or the common chat.
        to: String,
        /// Who sends it.
        from: String,
        /// Its base name.
        name: String,
        /// Its length in bytes.
        size: u64,
        /// A text that goes with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Send a piece.
    Put {
        /// The upload's number.
        id: String,
        /// Where the piece begins.
        offset: u64,
        /// The piece in base64.
        data: String,
    },
    /// Get a piece.
    Get {
        /// The file's number.
        id: String,
        /// Where the piece begins.
        offset: u64,
    },
}

/// Which request about a file an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the actions of PROTOCOL.md")]
pub enum FileAsked {
    Upload,
    Put,
    Get,
}

impl FileRequest {
    /// Which request this is.
    #[must_use]
    pub const fn asked(&self) -> FileAsked {
        match self {
            Self::Upload { .. } => FileAsked::Upload,
            Self::Put { .. } => FileAsked::Put,
            Self::Get { .. } => FileAsked::Get,
        }
    }
}

impl FileAsked {
    /// The `action`.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Put => "put",
            Self::Get => "get",
        }
    }
}

/// What only answers about files hold, each where the answer has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileAnswer {
    /// The upload's number.
    pub id: Option<MessageId>,
    /// Where the next piece begins.
    pub next: Option<u64>,
    /// The file's name, as its sender gave it.
    pub name: Option<String>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// Its SHA-256, in hexadecimal.
    pub sha256: Option<String>,
    /// A piece in base64.
    pub data: Option<String>,
}

/// A file that someone sent, as it is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its number, by which it is got.
    pub id: MessageId,
    /// Its name, as its sender gave it.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
}

impl Attachment {
    /// `[file NAME, SIZE: COMMAND ID]`, safe for a terminal; the command is what gets it.
    #[must_use]
    pub fn text(&self, language: Language, command: &str) -> String {
        let (name, size, id) = (visible(&self.name), size_text(self.size, language), self.id);
        match language {
            Language::English => format!("[file {name}, {size}: {command} {id}]"),
            Language::Russian => format!("[файл {name}, {size}: {command} {id}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_one_safe_line_that_says_how_to_get_the_file() {
        let name = "a\u{1b}\n.jpg".to_owned();
        let attachment = Attachment { id: MessageId(0xab), name, size: 12_600 };
        assert_eq!(
            attachment.text(Language::English, "/get"),
            "[file a\\u{1b}\\n.jpg, 12.3 KiB: /get 00000000000000ab]"
        );
        assert_eq!(
            attachment.text(Language::Russian, "jim-client get"),
            "[файл a\\u{1b}\\n.jpg, 12,3 КиБ: jim-client get 00000000000000ab]"
        );
    }
}
