//! What can be wrong with `client.toml`, where, and how that is told.

use crate::message::visible;
use std::fmt;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// The most mistakes that are told: behind these nobody reads on.
const MISTAKES: usize = 20;

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the file.
    File {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// Behind `--set`.
    Typed,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// The full key; empty where the text is no TOML at all.
    pub key: String,
    /// What. Values are shown of colours and keys alone: another may be somebody's password.
    pub what: String,
}

/// Why the settings are not taken.
#[derive(Debug, Error)]
pub enum SettingsFault {
    /// The file cannot be read.
    #[error("{}: the settings file cannot be read: {error}", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// All that is wrong, a line each.
    #[error("{}", lines(path, mistakes))]
    Wrong {
        /// Where the file is; empty where there is none.
        path: PathBuf,
        /// In the order in which they stand.
        mistakes: Vec<Mistake>,
    },
    /// There is no profile of that name.
    #[error("{} has no [profile.{name}]{}", path.display(), hint(*is_empty, nearest.as_deref()))]
    Unknown {
        /// Where the file is.
        path: PathBuf,
        /// The name that was typed.
        name: String,
        /// Whether it has none at all.
        is_empty: bool,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// There is no place for such a file: neither variable is set.
    #[error("--profile needs $XDG_CONFIG_HOME or $HOME, where jim/client.toml is looked for")]
    Nowhere,
}

fn hint(is_empty: bool, nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name}?"),
        None if is_empty => "; it has no profile at all".to_owned(),
        None => String::new(),
    }
}

fn lines(path: &std::path::Path, mistakes: &[Mistake]) -> String {
    let mut lines: Vec<String> = mistakes
        .iter()
        .take(MISTAKES)
        .map(|mistake| match mistake.place {
            Place::File { line, column } => {
                format!("{}:{line}:{column}: {mistake}", path.display())
            }
            Place::Typed => format!("--set {mistake}"),
        })
        .collect();
    if let Some(more) = mistakes.len().checked_sub(MISTAKES).filter(|more| *more > 0) {
        lines.push(format!("{}: and {more} mistakes more", path.display()));
    }
    lines.join("\n")
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", visible(&self.key))?;
        }
        write!(f, "{}", visible(&self.what))
    }
}
