//! Why a file is not sent or got.

use crate::client::exit::Exit;
use crate::message::{Language, visible};
use std::io;
use std::path::{Path, PathBuf};

/// Why a transfer ended before it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The server refused a request.
    Refused {
        /// The code.
        code: u16,
        /// The text, as it came.
        text: String,
    },
    /// The server takes no files, or not from a guest.
    NoFiles,
    /// Only accounts send and get files.
    NoAccount,
    /// The server's answer lacks something, or is at odds with its others.
    Strange,
    /// The file to be sent cannot be read.
    Unreadable {
        /// Its name.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file changed while it was sent.
    Changed,
    /// What the server has, or what was got, is not what was sent.
    Damaged,
    /// There is something of that name already.
    Exists {
        /// Its name.
        path: PathBuf,
    },
    /// What was got cannot be saved.
    Unsaved {
        /// Where.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
}

impl Stop {
    /// The file to be sent cannot be read.
    pub(super) fn unreadable(file: &Path, why: &impl ToString) -> Self {
        Self::Unreadable { file: file.display().to_string(), why: why.to_string() }
    }

    /// What was got cannot be saved.
    pub(super) fn unsaved(path: &Path, why: &io::Error) -> Self {
        Self::Unsaved { path: path.to_owned(), why: why.to_string() }
    }

    /// What `send` and `get` end with because of it.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } | Self::NoFiles | Self::NoAccount | Self::Strange => {
                Exit::FileRefused
            }
            Self::Unreadable { .. } | Self::Unsaved { .. } => Exit::System,
            Self::Changed | Self::Damaged => Exit::Damaged,
            Self::Exists { .. } => Exit::Exists,
        }
    }

    /// Whether the same may go well later, from where it stands.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::Refused { code, .. } => matches!(code, 429 | 500..),
            Self::Unreadable { .. } | Self::Unsaved { .. } => true,
            _ => false,
        }
    }

    /// Why, in a few words that are safe for a terminal.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let text = match language {
            Language::English => self.english(),
            Language::Russian => self.russian(),
        };
        visible(&text).to_string()
    }

    fn english(&self) -> String {
        match self {
            Self::Refused { code, text } => format!("the server says: {code} {text}"),
            Self::NoFiles => "this server takes no files".to_owned(),
            Self::NoAccount => "files are for accounts; log in with -u".to_owned(),
            Self::Strange => "the server's answer makes no sense".to_owned(),
            Self::Unreadable { file, why } => format!("{file} cannot be read: {why}"),
            Self::Changed => "the file changed while it was sent".to_owned(),
            Self::Damaged => "what arrived is not what was sent: the SHA-256 differs".to_owned(),
            Self::Exists { path } => {
                format!("{} is there already and is left as it is", path.display())
            }
            Self::Unsaved { path, why } => format!("{} cannot be saved: {why}", path.display()),
        }
    }

    fn russian(&self) -> String {
        match self {
            Self::Refused { code, text } => format!("сервер говорит: {code} {text}"),
            Self::NoFiles => "этот сервер не принимает файлы".to_owned(),
            Self::NoAccount => {
                "файлы только для учетных записей; войдите с параметром -u".to_owned()
            }
            Self::Strange => "ответ сервера не имеет смысла".to_owned(),
            Self::Unreadable { file, why } => format!("{file} не прочитать: {why}"),
            Self::Changed => "файл изменился, пока отправлялся".to_owned(),
            Self::Damaged => "дошло не то, что отправлено: SHA-256 не совпадает".to_owned(),
            Self::Exists { path } => format!("{} уже есть и остаётся как есть", path.display()),
            Self::Unsaved { path, why } => format!("{} не сохранить: {why}", path.display()),
        }
    }
}
