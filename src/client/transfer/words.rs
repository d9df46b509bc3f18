//! What is told about files, in Russian and English.

use super::progress::Progress;
use super::size_text;
use super::stop::Stop;
use super::words_cancel::CancelNotice;
use crate::message::{Language, MessageId, visible};
use log::Level;
use std::fmt;
use std::path::PathBuf;

/// One thing to tell about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields say what the variant's text is about")]
pub enum FileNotice {
    /// It has to wait for others.
    Queued { name: String, before: usize },
    /// No more have room.
    QueueFull { most: usize },
    /// A file is being sent, from so many bytes on.
    Sending { name: String, to: String, size: u64, from: u64 },
    /// A file is being got, from so many bytes on.
    Getting { name: String, size: u64, from: u64 },
    /// How far it is.
    Progress(Progress),
    /// The server has it.
    Sent { name: String, id: MessageId },
    /// It is here.
    Saved { path: PathBuf },
    /// The server refused something for now.
    Again { name: String, code: u16, text: String, seconds: u64 },
    /// It was not sent or got.
    Stopped { name: String, stop: Stop },
    /// A file was not sent to its end: how to go on.
    GoOnSending { name: String },
    /// A file was not got to its end: how to go on.
    GoOnGetting { part: PathBuf },
    /// What came of giving one up.
    Cancel(CancelNotice),
    /// An interrupted upload could not be taken up again.
    NotRemembered { why: String },
}

impl FileNotice {
    /// How much it matters.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::Stopped { .. } | Self::QueueFull { .. } => Level::Error,
            Self::Cancel(notice) => notice.level(),
            Self::GoOnSending { .. }
            | Self::GoOnGetting { .. }
            | Self::Again { .. }
            | Self::NotRemembered { .. } => Level::Warn,
            _ => Level::Info,
        }
    }

    /// Writes the text, safe for a terminal.
    pub(in crate::client) fn write(
        &self,
        language: Language,
        f: &mut impl fmt::Write,
    ) -> fmt::Result {
        match language {
            Language::English => self.write_english(f),
            Language::Russian => self.write_russian(f),
        }
    }

    fn write_english(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let size = |bytes: &u64| size_text(*bytes, Language::English);
        match self {
            Self::Queued { name, before } => {
                write!(f, "{} waits: files before it: {before}", visible(name))
            }
            Self::QueueFull { most } => write!(f, "{most} files are waiting; no more can"),
            Self::Sending { name, to, size: all, from } => {
                write!(f, "sending {} ({}) to {}", visible(name), size(all), visible(to))?;
                if *from > 0 { write!(f, ", going on at {}", size(from)) } else { Ok(()) }
            }
            Self::Getting { name, size: all, from } => {
                write!(f, "getting {} ({})", visible(name), size(all))?;
                if *from > 0 { write!(f, ", going on at {}", size(from)) } else { Ok(()) }
            }
            Self::Progress(progress) => f.write_str(&progress.text(Language::English)),
            Self::Sent { name, id } => {
                write!(f, "{} is sent; it is got with jim-client get {id}", visible(name))
            }
            Self::Saved { path } => {
                write!(f, "saved as {}", visible(&path.display().to_string()))
            }
            Self::Again { name, code, text, seconds } => write!(
                f,
                "{}: the server says: {code} {}; trying again in {seconds} s",
                visible(name),
                visible(text)
            ),
            Self::Stopped { name, stop } => {
                write!(f, "{}: {}", visible(name), stop.text(Language::English))
            }
            Self::GoOnSending { name } => write!(
                f,
                "{} is not sent to its end; to go on, send it again within a day",
                visible(name)
            ),
            Self::GoOnGetting { part } => write!(
                f,
                "what came is in {}; to go on, get it again",
                visible(&part.display().to_string())
            ),
            Self::Cancel(notice) => notice.write(Language::English, f),
            Self::NotRemembered { why } => {
                write!(f, "if this is interrupted it begins anew: {}", visible(why))
            }
        }
    }

    fn write_russian(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let size = |bytes: &u64| size_text(*bytes, Language::Russian);
        match self {
            Self::Queued { name, before } => {
                write!(f, "{} ждёт; файлов перед ним: {before}", visible(name))
            }
            Self::QueueFull { most } => write!(f, "файлов ждёт: {most}, больше нельзя"),
            Self::Sending { name, to, size: all, from } => {
                write!(f, "отправляется {} ({}) для {}", visible(name), size(all), visible(to))?;
                if *from > 0 { write!(f, ", продолжая с {}", size(from)) } else { Ok(()) }
            }
            Self::Getting { name, size: all, from } => {
                write!(f, "загружается {} ({})", visible(name), size(all))?;
                if *from > 0 { write!(f, ", продолжая с {}", size(from)) } else { Ok(()) }
            }
            Self::Progress(progress) => f.write_str(&progress.text(Language::Russian)),
            Self::Sent { name, id } => {
                write!(f, "{} отправлен; загрузить его: jim-client get {id}", visible(name))
            }
            Self::Saved { path } => {
                write!(f, "сохранён как {}", visible(&path.display().to_string()))
            }
            Self::Again { name, code, text, seconds } => write!(
                f,
                "{}: сервер говорит: {code} {}; повтор через {seconds} с",
                visible(name),
                visible(text)
            ),
            Self::Stopped { name, stop } => {
                write!(f, "{}: {}", visible(name), stop.text(Language::Russian))
            }
            Self::GoOnSending { name } => write!(
                f,
                "{} отправлен не до конца; чтобы продолжить, отправьте его снова в течение суток",
                visible(name)
            ),
            Self::GoOnGetting { part } => write!(
                f,
                "загруженное лежит в {}; чтобы продолжить, загрузите снова",
                visible(&part.display().to_string())
            ),
            Self::Cancel(notice) => notice.write(Language::Russian, f),
            Self::NotRemembered { why } => {
                write!(f, "если прервать, отправка начнётся заново: {}", visible(why))
            }
        }
    }
}
