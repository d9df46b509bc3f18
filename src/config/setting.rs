//! One setting: its name, what it may be, and where its value lives.

use super::fault::Fault;
use super::unit::{parse_size, parse_time, show_size, show_time};
use super::{Draft, word::Choice};
use crate::message::Network;
use crate::server::Hold;
use std::path::PathBuf;
use std::time::Duration;

/// A value as it was given, before it is known to be any good.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    Integer(i128),
    Float(f64),
    Switch(bool),
    Text(String),
    List(Vec<Self>),
    /// What no setting takes; the text names it.
    Other(&'static str),
}

impl Given {
    /// The value with its kind, for an error text.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Switch(on) => on.to_string(),
            Self::Text(text) => format!("the text {}", quoted(text)),
            Self::List(_) => "a list".to_owned(),
            Self::Other(name) => (*name).to_owned(),
        }
    }

    /// All texts of a list, or the one text.
    fn texts(self) -> Result<Vec<String>, Self> {
        match self {
            Self::Text(text) => Ok(vec![text]),
            Self::List(items) => items
                .into_iter()
                .map(|item| match item {
                    Self::Text(text) => Ok(text),
                    other => Err(other),
                })
                .collect(),
            other => Err(other),
        }
    }
}

/// A text in quotes as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A number of any width, so that one row of the table serves all.
pub(super) trait Number {
    fn value(&self) -> u64;
    /// False if it does not fit.
    fn set(&mut self, value: u64) -> bool;
}

macro_rules! number {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            fn value(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }
            fn set(&mut self, value: u64) -> bool {
                Self::try_from(value).map(|fits| *self = fits).is_ok()
            }
        }
    )*};
}
number!(u16, u32, u64, usize);

/// Every new connection is held against all of them.
const MOST_NETWORKS: usize = 256;

/// Longer than this, holding back would be noticed by people.
const MOST_HOLD_MICROS: u32 = 20_000;

type Slot<T> = fn(&mut Draft) -> &mut T;

/// What a setting may be, and where its value lives.
pub(super) enum Kind {
    /// A whole number, both bounds included.
    Count { min: u64, max: u64, at: fn(&mut Draft) -> &mut dyn Number },
    /// A size in bytes.
    Size { min: u64, max: u64, at: fn(&mut Draft) -> &mut dyn Number },
    /// A time, to the millisecond.
    Time { min: Duration, max: Duration, at: Slot<Duration> },
    /// True or false.
    Switch(Slot<bool>),
    /// One of a few words.
    Word(fn(&mut Draft) -> &mut dyn Choice),
    /// A word, or a number of microseconds.
    Hold(Slot<Hold>),
    /// A folder.
    Folder(Slot<PathBuf>),
    /// A file, or none.
    File { example: &'static str, at: Slot<Option<PathBuf>> },
    /// A list of addresses and ranges, which may be empty.
    Networks(Slot<Vec<Network>>),
    /// A list of texts, in words, and whether one is such a list.
    Texts { what: &'static str, fits: fn(&[String]) -> bool, at: Slot<Vec<String>> },
}

/// One row of the table of settings.
pub(super) struct Setting {
    /// The key in the file, with its table: `limits.message_chars`.
    pub(super) key: &'static str,
    /// What it is for, as the default file says it.
    pub(super) help: &'static str,
    /// What it may be.
    pub(super) kind: Kind,
    /// Where the default depends on the system: in words, what it is.
    pub(super) default_in_words: Option<&'static str>,
    /// Whether a running server takes a new value over at a reload.
    pub(super) live: bool,
}

impl Setting {
    /// The environment variable: `JIMD_LIMITS_MESSAGE_CHARS`.
    pub(super) fn variable(&self) -> String {
        format!("JIMD_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Takes a value in, if it is good.
    pub(super) fn apply(&self, draft: &mut Draft, given: Given) -> Result<(), Fault> {
        match &self.kind {
            Kind::Count { min, max, at } => {
                let number = self.whole(&given, *min, *max)?;
                if at(draft).set(number) { Ok(()) } else { Err(self.out_of_range(&given)) }
            }
            Kind::Size { min, max, at } => {
                let bytes = self.size(&given, *min, *max)?;
                if at(draft).set(bytes) { Ok(()) } else { Err(self.out_of_range(&given)) }
            }
            Kind::Time { min, max, at } => self.time(&given, *min, *max).map(|v| *at(draft) = v),
            Kind::Switch(at) => match given {
                Given::Switch(on) => {
                    *at(draft) = on;
                    Ok(())
                }
                other => Err(self.wrong_type(&other)),
            },
            Kind::Word(at) => match &given {
                Given::Text(word) if at(draft).choose(word) => Ok(()),
                Given::Text(_) => Err(self.out_of_range(&given)),
                _ => Err(self.wrong_type(&given)),
            },
            Kind::Hold(at) => self.hold(&given).map(|hold| *at(draft) = hold),
            Kind::Folder(at) => self.path(given).map(|path| *at(draft) = path),
            Kind::File { at, .. } => self.path(given).map(|path| *at(draft) = Some(path)),
            Kind::Networks(at) => self.networks(given).map(|networks| *at(draft) = networks),
            Kind::Texts { fits, at, .. } => {
                let texts = given.texts().map_err(|wrong| self.wrong_type(&wrong))?;
                if !fits(&texts) {
                    let got = toml::Value::from(texts).to_string();
                    return Err(Fault::OutOfRange { got, expected: self.expected() });
                }
                *at(draft) = texts;
                Ok(())
            }
        }
    }

    /// A value that came as text, from a variable or the command line.
    pub(super) fn given_as_text(&self, text: &str) -> Given {
        let number = || text.trim().parse().ok().map(Given::Integer);
        let given = match self.kind {
            Kind::Count { .. } | Kind::Size { .. } | Kind::Hold(_) => number(),
            Kind::Time { .. } => number().or_else(|| text.trim().parse().ok().map(Given::Float)),
            Kind::Switch(_) => switch(text).map(Given::Switch),
            Kind::Networks(_) if text.trim().is_empty() => Some(Given::List(Vec::new())),
            Kind::Texts { .. } | Kind::Networks(_) => Some(Given::List(
                text.split(',').map(|item| Given::Text(item.trim().to_owned())).collect(),
            )),
            Kind::Word(_) | Kind::Folder(_) | Kind::File { .. } => None,
        };
        given.unwrap_or_else(|| Given::Text(text.to_owned()))
    }

    /// What would be right, in words.
    pub(super) fn expected(&self) -> String {
        match &self.kind {
            Kind::Count { min, max, .. } => format!("a whole number from {min} to {max}"),
            Kind::Size { min, max, .. } => format!(
                "a size such as \"8MiB\" or a number of bytes, from {} to {}",
                show_size(*min),
                show_size(*max)
            ),
            Kind::Time { min, max, .. } => format!(
                "a time such as \"5m\", \"10s\", \"250ms\" or a number of seconds, from {} to {}",
                show_time(*min),
                show_time(*max)
            ),
            Kind::Switch(_) => "true or false".to_owned(),
            Kind::Word(at) => one_of(&at(&mut Draft::default()).words()),
            Kind::Hold(_) => {
                format!(
                    "\"auto\", \"off\", or a number of microseconds from 1 to {MOST_HOLD_MICROS}"
                )
            }
            Kind::Folder(_) => "the path of a folder".to_owned(),
            Kind::File { .. } => "the path of a file".to_owned(),
            Kind::Networks(_) => {
                format!(
                    "a list of at most {MOST_NETWORKS} addresses and ranges such as \"10.0.0.0/8\""
                )
            }
            Kind::Texts { what, .. } => (*what).to_owned(),
        }
    }

    /// The value as TOML, or an example of one where there is none.
    pub(super) fn show(&self, draft: &mut Draft) -> String {
        match &self.kind {
            Kind::Count { at, .. } => at(draft).value().to_string(),
            Kind::Size { at, .. } => quoted(&show_size(at(draft).value())),
            Kind::Time { at, .. } => quoted(&show_time(*at(draft))),
            Kind::Switch(at) => at(draft).to_string(),
            Kind::Word(at) => quoted(at(draft).word()),
            Kind::Hold(at) => match *at(draft) {
                Hold::Auto => quoted("auto"),
                Hold::Off => quoted("off"),
                Hold::Micros(micros) => micros.to_string(),
            },
            Kind::Folder(at) => quoted(&at(draft).to_string_lossy()),
            Kind::File { example, at } => quoted(
                &at(draft).as_deref().map_or_else(|| (*example).into(), |p| p.to_string_lossy()),
            ),
            Kind::Networks(at) => {
                let shown: Vec<String> = at(draft).iter().map(ToString::to_string).collect();
                toml::Value::from(shown).to_string()
            }
            Kind::Texts { at, .. } => toml::Value::from(at(draft).clone()).to_string(),
        }
    }

    /// Gives one draft the value of another.
    pub(super) fn copy(&self, from: &mut Draft, to: &mut Draft) {
        match &self.kind {
            Kind::Count { at, .. } | Kind::Size { at, .. } => {
                // The same field: what it held fits it.
                at(to).set(at(from).value());
            }
            Kind::Time { at, .. } => *at(to) = *at(from),
            Kind::Switch(at) => *at(to) = *at(from),
            Kind::Word(at) => {
                at(to).choose(at(from).word());
            }
            Kind::Hold(at) => *at(to) = *at(from),
            Kind::Folder(at) => at(to).clone_from(at(from)),
            Kind::File { at, .. } => at(to).clone_from(at(from)),
            Kind::Networks(at) => at(to).clone_from(at(from)),
            Kind::Texts { at, .. } => at(to).clone_from(at(from)),
        }
    }

    /// Whether two drafts have the same value.
    pub(super) fn is_same(&self, one: &mut Draft, other: &mut Draft) -> bool {
        match &self.kind {
            Kind::File { at, .. } => at(one) == at(other),
            Kind::Time { at, .. } => at(one) == at(other),
            _ => self.show(one) == self.show(other),
        }
    }

    /// The value as a number that can be compared with another of the same kind.
    pub(super) fn measure(&self, draft: &mut Draft) -> Option<u128> {
        match &self.kind {
            Kind::Count { at, .. } => Some(u128::from(at(draft).value())),
            Kind::Size { at, .. } => Some(u128::from(at(draft).value())),
            Kind::Time { at, .. } => Some(at(draft).as_nanos()),
            _ => None,
        }
    }

    fn whole(&self, given: &Given, min: u64, max: u64) -> Result<u64, Fault> {
        let Given::Integer(number) = *given else { return Err(self.wrong_type(given)) };
        self.within(given, u64::try_from(number).ok(), min, max)
    }

    fn size(&self, given: &Given, min: u64, max: u64) -> Result<u64, Fault> {
        let bytes = match given {
            Given::Integer(number) => u64::try_from(*number).ok(),
            Given::Text(text) => Some(parse_size(text).ok_or_else(|| self.wrong_type(given))?),
            _ => return Err(self.wrong_type(given)),
        };
        self.within(given, bytes, min, max)
    }

    fn time(&self, given: &Given, min: Duration, max: Duration) -> Result<Duration, Fault> {
        let time = match given {
            Given::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            Given::Float(seconds) => Duration::try_from_secs_f64(*seconds).ok().map(to_millis),
            Given::Text(text) => Some(parse_time(text).ok_or_else(|| self.wrong_type(given))?),
            _ => return Err(self.wrong_type(given)),
        };
        self.within(given, time, min, max)
    }

    fn hold(&self, given: &Given) -> Result<Hold, Fault> {
        match given {
            Given::Text(word) if word == "auto" => Ok(Hold::Auto),
            Given::Text(word) if word == "off" => Ok(Hold::Off),
            Given::Text(_) => Err(self.out_of_range(given)),
            Given::Integer(micros) => self
                .within(given, u32::try_from(*micros).ok(), 1, MOST_HOLD_MICROS)
                .map(Hold::Micros),
            _ => Err(self.wrong_type(given)),
        }
    }

    fn networks(&self, given: Given) -> Result<Vec<Network>, Fault> {
        let texts = given.texts().map_err(|wrong| self.wrong_type(&wrong))?;
        let parse = |text: &String| text.parse().map_err(|_| text.clone());
        let networks: Result<Vec<Network>, String> = texts.iter().map(parse).collect();
        match networks {
            Ok(networks) if networks.len() <= MOST_NETWORKS => Ok(networks),
            Ok(_) => Err(self.out_of_range(&Given::Other("a longer list"))),
            Err(text) => Err(self.out_of_range(&Given::Text(text))),
        }
    }

    fn within<T: PartialOrd>(
        &self,
        given: &Given,
        value: Option<T>,
        min: T,
        max: T,
    ) -> Result<T, Fault> {
        value.filter(|v| (min..=max).contains(v)).ok_or_else(|| self.out_of_range(given))
    }

    fn path(&self, given: Given) -> Result<PathBuf, Fault> {
        match given {
            Given::Text(path) if !path.is_empty() && !path.contains('\0') => Ok(path.into()),
            Given::Text(_) => Err(self.out_of_range(&given)),
            other => Err(self.wrong_type(&other)),
        }
    }

    fn wrong_type(&self, given: &Given) -> Fault {
        Fault::WrongType { got: given.described(), expected: self.expected() }
    }

    fn out_of_range(&self, given: &Given) -> Fault {
        Fault::OutOfRange { got: given.described(), expected: self.expected() }
    }
}

fn to_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn one_of(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
}
