//! The table of the settings of a server and of all servers: their names, what they may be, and
//! what they do. Reading them, the manual page and the example are made of it.

use crate::certificate::Fingerprint;
use toml::de::DeValue;

/// What the file says, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// The server.
    pub address: Option<String>,
    /// Its port.
    pub port: Option<u64>,
    /// Whether it is spoken to in TLS.
    pub tls: Option<bool>,
    /// Whom it is trusted by, from the folder of the settings.
    pub ca: Option<String>,
    /// Which certificate it has.
    pub pin: Option<String>,
    /// An account.
    pub user: Option<String>,
    /// A guest's name.
    pub name: Option<String>,
    /// From the folder of the settings.
    pub password_file: Option<String>,
    /// Whom lines go to.
    pub to: Option<String>,
    /// The language.
    pub lang: Option<String>,
    /// Whether a bell rings.
    pub bell: Option<bool>,
    /// How notices are shown.
    pub notify: Option<String>,
    /// Whether the full screen notes nothing for its next start.
    pub no_memory: Option<bool>,
    /// Whether there is no full screen.
    pub plain: Option<bool>,
    /// Whether long lines are cut.
    pub split: Option<bool>,
    /// How many messages of the past a reader shows first.
    pub history: Option<u64>,
    /// Whether a reader connects again.
    pub follow: Option<bool>,
}

impl Values {
    /// These, and others where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            address: self.address.or(other.address),
            port: self.port.or(other.port),
            tls: self.tls.or(other.tls),
            ca: self.ca.or(other.ca),
            pin: self.pin.or(other.pin),
            user: self.user.or(other.user),
            name: self.name.or(other.name),
            password_file: self.password_file.or(other.password_file),
            to: self.to.or(other.to),
            lang: self.lang.or(other.lang),
            bell: self.bell.or(other.bell),
            notify: self.notify.or(other.notify),
            no_memory: self.no_memory.or(other.no_memory),
            plain: self.plain.or(other.plain),
            split: self.split.or(other.split),
            history: self.history.or(other.history),
            follow: self.follow.or(other.follow),
        }
    }
}

/// What a setting may be, and where it is put.
enum Slot {
    Text(fn(&mut Values) -> &mut Option<String>),
    Word(&'static [&'static str], fn(&mut Values) -> &mut Option<String>),
    Pin(fn(&mut Values) -> &mut Option<String>),
    Switch(fn(&mut Values) -> &mut Option<bool>),
    Number(u64, u64, fn(&mut Values) -> &mut Option<u64>),
}

/// A setting.
pub struct Row {
    /// Its name: that of the option.
    pub name: &'static str,
    /// Whether it may stand outside of a profile, for all servers.
    pub is_common: bool,
    /// A value, as it is written in TOML.
    pub example: &'static str,
    /// What it does.
    pub help: &'static str,
    slot: Slot,
}

const fn own(name: &'static str, example: &'static str, help: &'static str, slot: Slot) -> Row {
    Row { name, is_common: false, example, help, slot }
}

const fn common(name: &'static str, example: &'static str, help: &'static str, slot: Slot) -> Row {
    Row { name, is_common: true, example, help, slot }
}

/// All of them: first those of one server.
pub const ROWS: [Row; 17] = [
    own(
        "address",
        "\"chat.example.org\"",
        "The server's name or address.",
        Slot::Text(|values| &mut values.address),
    ),
    own("port", "7777", "Its TCP port.", Slot::Number(1, 65535, |values| &mut values.port)),
    own("tls", "true", "Encrypt, and check who it is.", Slot::Switch(|values| &mut values.tls)),
    own(
        "ca",
        "\"club.pem\"",
        "With tls: trust this file's certificates, and not the system's; from the folder of this file.",
        Slot::Text(|values| &mut values.ca),
    ),
    own(
        "pin",
        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
        "With tls: trust only the certificate with this SHA-256 fingerprint.",
        Slot::Pin(|values| &mut values.pin),
    ),
    own("user", "\"ivan\"", "Log in as this user.", Slot::Text(|values| &mut values.user)),
    own(
        "password-file",
        "\"club.password\"",
        "A file whose first line is the password; from the folder of this file.",
        Slot::Text(|values| &mut values.password_file),
    ),
    own("name", "\"Иван\"", "A guest's name.", Slot::Text(|values| &mut values.name)),
    own("to", "\"#team\"", "Whom lines go to at first.", Slot::Text(|values| &mut values.to)),
    common(
        "lang",
        "\"en\"",
        "The language of what the client says; otherwise by the locale.",
        Slot::Word(&["ru", "en"], |values| &mut values.lang),
    ),
    common(
        "bell",
        "true",
        "In the full screen: ring when someone writes to you or names you.",
        Slot::Switch(|values| &mut values.bell),
    ),
    common(
        "notify",
        "\"777\"",
        "In the full screen: show such messages as notices of the desktop, by OSC 9 or OSC 777.",
        Slot::Word(&["9", "777", "off"], |values| &mut values.notify),
    ),
    common(
        "no-memory",
        "true",
        "In the full screen: note nothing on this machine for the next start.",
        Slot::Switch(|values| &mut values.no_memory),
    ),
    common(
        "plain",
        "false",
        "At a terminal: no full screen, only lines.",
        Slot::Switch(|values| &mut values.plain),
    ),
    common(
        "split",
        "true",
        "Cut lines over 500 characters into several messages.",
        Slot::Switch(|values| &mut values.split),
    ),
    common(
        "history",
        "20",
        "With -r and an account: first show the newest so many messages.",
        Slot::Number(1, super::HISTORY_MESSAGES, |values| &mut values.history),
    ),
    common(
        "follow",
        "true",
        "With -r and an account: connect again when the connection is lost.",
        Slot::Switch(|values| &mut values.follow),
    ),
];

impl Row {
    /// What it has to be, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        match &self.slot {
            Slot::Text(_) => "a text".to_owned(),
            Slot::Word(words, _) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                quoted.join(" or ")
            }
            Slot::Pin(_) => "a SHA-256 fingerprint of 64 hexadecimal digits".to_owned(),
            Slot::Switch(_) => "true or false".to_owned(),
            Slot::Number(least, most, _) => format!("a whole number from {least} to {most}"),
        }
    }

    /// Takes a value in.
    ///
    /// # Errors
    /// What is wrong with it, without showing it.
    pub(super) fn take(&self, values: &mut Values, value: &DeValue<'_>) -> Result<(), String> {
        let is_taken = match &self.slot {
            Slot::Text(place) => put(place(values), text(value).filter(|text| !text.is_empty())),
            Slot::Word(words, place) => {
                let word = text(value).or_else(|| number(value).map(|number| number.to_string()));
                put(place(values), word.filter(|word| words.contains(&word.as_str())))
            }
            Slot::Pin(place) => {
                let is_pin = |text: &String| text.parse::<Fingerprint>().is_ok();
                put(place(values), text(value).filter(is_pin))
            }
            Slot::Switch(place) => put(place(values), value.as_bool()),
            Slot::Number(least, most, place) => {
                let number = number(value).filter(|number| (*least..=*most).contains(number));
                put(place(values), number)
            }
        };
        match is_taken {
            true => Ok(()),
            false if self.is_of_kind(value) => Err(format!("it must be {}", self.expected())),
            false => Err(unfit(value, &self.expected())),
        }
    }

    /// Whether a value is of the right kind, though perhaps not right.
    fn is_of_kind(&self, value: &DeValue<'_>) -> bool {
        match &self.slot {
            Slot::Text(_) | Slot::Pin(_) => text(value).is_some_and(|text| !text.is_empty()),
            Slot::Word(..) => value.is_str() || value.is_integer(),
            Slot::Switch(_) => value.is_bool(),
            Slot::Number(..) => value.is_integer(),
        }
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let is_there = value.is_some();
    *place = value.or_else(|| place.take());
    is_there
}

/// That a value is of another kind than the right ones.
pub(super) fn unfit(value: &DeValue<'_>, expected: &str) -> String {
    let kind = match value {
        DeValue::String(text) if text.is_empty() => "an empty text",
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("{kind} stands here, but it must be {expected}")
}

pub(super) fn text(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A number that is not negative.
pub(super) fn number(value: &DeValue<'_>) -> Option<u64> {
    let DeValue::Integer(number) = value else { return None };
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
