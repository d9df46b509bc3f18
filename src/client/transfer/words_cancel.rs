//! What is told when a file is given up, in Russian and English: what it leaves behind.

use crate::message::{Language, visible};
use log::Level;
use std::fmt;
use std::path::{Path, PathBuf};

/// What came of giving a file up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields say what the variant's text is about")]
pub enum CancelNotice {
    /// None is under way that could be given up, or none of that name.
    NotUnderWay { which: Option<String>, names: Vec<String> },
    /// Several are under way.
    WhichOne { names: Vec<String> },
    /// One that had not begun is given up.
    NotBegun { name: String },
    /// One that was being sent is given up.
    GivenUpSending { name: String, is_maybe_whole: bool },
    /// All of it is on its way, so that it cannot be given up.
    TooLate { name: String },
    /// One that was being got is given up.
    GivenUpGetting { name: String, part: Option<PathBuf> },
}

impl CancelNotice {
    /// How much it matters.
    pub(super) const fn level(&self) -> Level {
        match self {
            Self::NotUnderWay { .. } | Self::WhichOne { .. } | Self::TooLate { .. } => Level::Warn,
            _ => Level::Info,
        }
    }

    /// Writes the text, safe for a terminal.
    pub(super) fn write(&self, language: Language, f: &mut impl fmt::Write) -> fmt::Result {
        match language {
            Language::English => self.write_english(f),
            Language::Russian => self.write_russian(f),
        }
    }

    fn write_english(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::NotUnderWay { which: None, .. } => f.write_str("no file is being sent or got"),
            Self::NotUnderWay { which: Some(which), names } => {
                write!(f, "no file {} is being sent or got{}", visible(which), listed("; ", names))
            }
            Self::WhichOne { names } => {
                write!(f, "which one? /cancel and one of{}", listed(" ", names))
            }
            Self::NotBegun { name } => {
                write!(f, "{} is given up; nothing of it had come or gone", visible(name))
            }
            Self::GivenUpSending { name, is_maybe_whole: true } => write!(
                f,
                "{} is given up; but all of it was on its way when the connection was lost, so \
                 it may have arrived",
                visible(name)
            ),
            Self::GivenUpSending { name, .. } => write!(
                f,
                "{} is given up, and nobody hears of it; what the server has of it goes after a \
                 day, and until then the same /send goes on from there",
                visible(name)
            ),
            Self::TooLate { name } => {
                write!(f, "all of {} is sent already: it cannot be taken back", visible(name))
            }
            Self::GivenUpGetting { name, part } => match part.as_deref().map(Path::display) {
                None => write!(f, "{} is given up; nothing of it was saved", visible(name)),
                Some(part) => write!(
                    f,
                    "{} is given up; what came stays in {}, and getting it again goes on from \
                     there",
                    visible(name),
                    visible(&part.to_string())
                ),
            },
        }
    }

    fn write_russian(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::NotUnderWay { which: None, .. } => f.write_str("файлы не идут"),
            Self::NotUnderWay { which: Some(which), names } => {
                write!(f, "файл {} не идёт{}", visible(which), listed("; ", names))
            }
            Self::WhichOne { names } => {
                write!(f, "который? /cancel и одно из{}", listed(" ", names))
            }
            Self::NotBegun { name } => {
                write!(f, "{} отменён; он ещё не начинался", visible(name))
            }
            Self::GivenUpSending { name, is_maybe_whole: true } => write!(
                f,
                "{} отменён; но он уже весь был в пути, когда прервалась связь, и мог дойти",
                visible(name)
            ),
            Self::GivenUpSending { name, .. } => write!(
                f,
                "{} отменён, и никто о нём не узнает; то, что уже есть на сервере, исчезнет через \
                 сутки, а до того тот же /send продолжит с этого места",
                visible(name)
            ),
            Self::TooLate { name } => {
                write!(f, "{} уже отправлен целиком: вернуть его нельзя", visible(name))
            }
            Self::GivenUpGetting { name, part } => match part.as_deref().map(Path::display) {
                None => write!(f, "{} отменён; ничего не сохранено", visible(name)),
                Some(part) => write!(
                    f,
                    "{} отменён; загруженное остаётся в {}, новый /get продолжит с этого места",
                    visible(name),
                    visible(&part.to_string())
                ),
            },
        }
    }
}

/// Names behind a lead, which only stands where there are some.
fn listed(lead: &str, names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| visible(name).to_string()).collect();
    if names.is_empty() { String::new() } else { format!("{lead}{}", names.join(", ")) }
}
