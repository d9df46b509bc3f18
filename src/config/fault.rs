//! What can be wrong with a setting, where it was given, and how that is told.

use super::Exit;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the file.
    File {
        /// The file, as it was named.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// The setting's full key; empty where the text is no TOML at all.
        key: String,
    },
    /// In an environment variable.
    Variable {
        /// Its name.
        name: String,
    },
    /// On the command line.
    Flag {
        /// The option.
        flag: &'static str,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column, key } => {
                write!(f, "{}:{line}:{column}", file.display())?;
                if key.is_empty() { Ok(()) } else { write!(f, ": {key}") }
            }
            Self::Variable { name } => f.write_str(name),
            Self::Flag { flag } => f.write_str(flag),
        }
    }
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// No such setting.
    #[error("there is no such setting{}", hint(*nearest))]
    Unknown {
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A value of another kind.
    #[error("{got} stands here, but it must be {expected}")]
    WrongType {
        /// What it is.
        got: String,
        /// What would be right.
        expected: String,
    },
    /// The right kind, but too small, too large, or none of the words.
    #[error("{got} is out of range: it must be {expected}")]
    OutOfRange {
        /// What it is.
        got: String,
        /// What would be right.
        expected: String,
    },
    /// More than another setting that bounds it.
    #[error("{lower} ({lower_value}) must be at most {upper} ({upper_value})")]
    Above {
        /// The setting that must be the smaller.
        lower: &'static str,
        /// What it is.
        lower_value: String,
        /// The setting that must be the larger.
        upper: &'static str,
        /// What it is.
        upper_value: String,
    },
}

fn hint(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(
        || "; 'jimd config default' lists all".to_owned(),
        |word| format!("; did you mean {word}?"),
    )
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file cannot be read.
    #[error("{}: the settings file cannot be read: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The settings came through a pipe, which has nothing more.
    #[error("{}: the settings came through a pipe, which cannot be read again: start jimd with --config FILE and a file that stays, for reload to read", file.display())]
    Spent {
        /// The pipe.
        file: PathBuf,
    },
    /// Settings are wrong: all that are, a line each.
    #[error("{}", lines(.0))]
    Refused(Vec<Complaint>),
    /// An address to listen on is none, or has none.
    #[error("cannot listen on {host}: {reason}")]
    Address {
        /// As it was given.
        host: String,
        /// Why not.
        reason: String,
    },
}

fn lines(complaints: &[Complaint]) -> String {
    complaints.iter().map(Complaint::to_string).collect::<Vec<_>>().join("\n")
}

impl ConfigError {
    /// The program's exit code: what was typed wrong is a matter of usage.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused(complaints) if complaints.iter().all(Complaint::is_typed) => Exit::Usage,
            Self::Refused(_) | Self::Unreadable { .. } | Self::Spent { .. } => Exit::Settings,
            Self::Address { .. } => Exit::BadAddress,
        }
    }
}

impl Complaint {
    const fn is_typed(&self) -> bool {
        matches!(self.place, Place::Flag { .. })
    }
}

/// Something odd that does not stop the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A `JIMD_*` variable that is no setting.
    #[error("{name}: there is no such setting{}", .nearest.as_ref().map(|word| format!("; did you mean {word}?")).unwrap_or_default())]
    UnknownVariable {
        /// The variable.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
}
