//! `client.toml`: what somebody would otherwise type each time, and how they like the screen. All
//! that is wrong with it is told, with line and key.

mod fault;
mod page;
mod rows;

pub use fault::{Mistake, Place, SettingsFault};
pub use page::{example_file, manual_of_client_settings};
pub use rows::{ROWS, Row, Values};

use super::bounds::HISTORY_MESSAGES;
use super::screen::theme::{MOST_NAMES, PARTS};
use super::screen::{KEY_ROWS, Key, Keymap, Preferences, Theme};
use crate::config::nearest;
use rows::{number, text, unfit};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// What the file and `--set` say.
#[derive(Debug, Default)]
pub struct Settings {
    /// What `--set` says.
    pub typed: Values,
    /// What stands outside of profiles.
    pub common: Values,
    /// The profiles by their names.
    pub profiles: BTreeMap<String, Values>,
    /// Looks and keys.
    pub preferences: Preferences,
    keys: BTreeMap<&'static str, Vec<Key>>,
    bound: Vec<Bound>,
    mistakes: Vec<Mistake>,
}

/// A key that something is bound to, and where that is said.
#[derive(Debug)]
struct Bound {
    key: Key,
    action: &'static str,
    place: Place,
}

/// A key of the file with its value.
type Entry<'t, 'i> = (&'t Spanned<Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

/// The file's text, for pointing into it.
#[derive(Debug, Clone, Copy)]
struct Source<'a>(&'a str);

impl Source<'_> {
    fn place(self, at: usize) -> Place {
        let before = self.0.get(..at).unwrap_or(self.0);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Place::File {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl Settings {
    /// What a file's bytes and the words of `--set` say.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn read(path: &Path, file: &[u8], typed: &[String]) -> Result<Self, SettingsFault> {
        let mut settings = Self::default();
        settings.take_file(file);
        typed.iter().for_each(|word| settings.take_typed(word));
        settings.check_send();
        settings.preferences.keys = Keymap::with(&settings.keys);
        match std::mem::take(&mut settings.mistakes) {
            mistakes if mistakes.is_empty() => Ok(settings),
            mistakes => Err(SettingsFault::Wrong { path: path.to_owned(), mistakes }),
        }
    }

    fn complain(&mut self, place: Place, key: impl Into<String>, what: impl Into<String>) {
        self.mistakes.push(Mistake { place, key: key.into(), what: what.into() });
    }

    fn take_file(&mut self, file: &[u8]) {
        let text = match std::str::from_utf8(file) {
            Ok(text) => text,
            Err(error) => {
                let good = file.get(..error.valid_up_to()).unwrap_or_default();
                let good = String::from_utf8_lossy(good);
                let place = Source(&good).place(good.len());
                return self.complain(place, "", "this is not UTF-8");
            }
        };
        let source = Source(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        let at = |error: &Error| error.span().map_or(text.len(), |span| span.start);
        // What a broken file seems to say behind the first fault would only be noise beside it.
        if let Some(first) = errors.iter().min_by_key(|error| at(error)) {
            return self.complain(source.place(at(first)), "", first.message());
        }
        for (key, value) in in_order(table.get_ref()) {
            self.take_entry(source, key, value);
        }
    }

    fn take_entry(
        &mut self,
        source: Source<'_>,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref().as_ref();
        let (at, place) = (source.place(key.span().start), source.place(value.span().start));
        match (name, value.get_ref()) {
            ("profile", DeValue::Table(profiles)) => {
                for (key, value) in in_order(profiles) {
                    self.take_profile(source, key, value);
                }
            }
            ("colors", DeValue::Table(looks)) => {
                for (key, value) in in_order(looks) {
                    let (at, place) =
                        (source.place(key.span().start), source.place(value.span().start));
                    self.take_look(key.get_ref(), value.get_ref(), at, place);
                }
            }
            ("keys", DeValue::Table(actions)) => {
                for (key, value) in in_order(actions) {
                    let (at, place) =
                        (source.place(key.span().start), source.place(value.span().start));
                    self.take_keys(key.get_ref(), value.get_ref(), at, place);
                }
            }
            ("profile" | "colors" | "keys", other) => {
                self.complain(place, name, unfit(other, &format!("a table, [{name}]")));
            }
            (name, value) => self.take_common(name, value, at, place),
        }
    }

    /// A setting that stands outside of profiles.
    fn take_common(&mut self, name: &str, value: &DeValue<'_>, at: Place, place: Place) {
        let known = ROWS.iter().find(|row| row.name == name);
        match known {
            Some(row) if row.is_common => {
                let values = if place == Place::Typed { &mut self.typed } else { &mut self.common };
                if let Err(what) = row.take(values, value) {
                    self.complain(place, name, what);
                }
            }
            Some(_) if at == Place::Typed => {
                let what = format!("it has an option of its own, --{name}");
                self.complain(at, name, what);
            }
            Some(_) => self.complain(at, name, "it stands in a profile, [profile.NAME]"),
            None => {
                let tables = ["profile", "colors", "keys"].into_iter();
                let common = ROWS.iter().filter(|row| row.is_common).map(|row| row.name);
                self.complain(at, name, no_such("setting", nearest(name, common.chain(tables))));
            }
        }
    }

    fn take_profile(
        &mut self,
        source: Source<'_>,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref();
        let full = format!("profile.{name}");
        let DeValue::Table(table) = value.get_ref() else {
            let what = unfit(value.get_ref(), &format!("a table, [{full}]"));
            return self.complain(source.place(value.span().start), full, what);
        };
        let mut values = Values::default();
        for (key, value) in in_order(table) {
            let inner = key.get_ref();
            let full = format!("{full}.{inner}");
            match ROWS.iter().find(|row| row.name == inner) {
                Some(row) => {
                    if let Err(what) = row.take(&mut values, value.get_ref()) {
                        self.complain(source.place(value.span().start), full, what);
                    }
                }
                None => {
                    let meant = nearest(inner, ROWS.iter().map(|row| row.name));
                    let at = source.place(key.span().start);
                    self.complain(at, full, no_such("setting", meant));
                }
            }
        }
        let at = source.place(key.span().start);
        for (is_wrong, what) in [
            (values.user.is_some() && values.name.is_some(), "user and name do not go together"),
            (values.ca.is_some() && values.pin.is_some(), "ca and pin do not go together"),
            (values.password_file.is_some() && values.user.is_none(), "password-file needs user"),
        ] {
            if is_wrong {
                self.complain(at, full.clone(), what);
            }
        }
        self.profiles.insert(name.clone().into_owned(), values);
    }

    // Looks.

    fn take_look(&mut self, name: &str, value: &DeValue<'_>, at: Place, place: Place) {
        let full = format!("colors.{name}");
        if name == "names" {
            return self.take_names(&full, value, place);
        }
        let part = PARTS.iter().find(|part| part.name == name);
        if part.is_none() && name != "own" {
            let known = PARTS.iter().map(|part| part.name).chain(["names", "own"]);
            return self.complain(at, full, no_such("thing on the screen", nearest(name, known)));
        }
        let Some(look) = look_text(value) else {
            return self.complain(place, full, unfit(value, LOOK));
        };
        let theme = &mut self.preferences.theme;
        let taken = match part {
            Some(part) => theme.set(part, &look),
            None => theme.set_own(&look),
        };
        if let Err(fault) = taken {
            self.complain(place, full, fault.to_string());
        }
    }

    /// The palette of names: a look, or a list of looks.
    fn take_names(&mut self, full: &str, value: &DeValue<'_>, place: Place) {
        let items: Vec<&DeValue<'_>> = match value {
            DeValue::Array(items) => items.iter().map(Spanned::get_ref).collect(),
            one => vec![one],
        };
        if items.is_empty() || items.len() > MOST_NAMES {
            return self.complain(place, full, format!("it must be 1 to {MOST_NAMES} looks"));
        }
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            match look_text(item).as_deref().map(Theme::look) {
                Some(Ok(look)) => names.push(look),
                Some(Err(fault)) => self.complain(place, full, fault.to_string()),
                None => self.complain(place, full, unfit(item, LOOK)),
            }
        }
        self.preferences.theme.set_names(names);
    }

    // Keys.

    fn take_keys(&mut self, name: &str, value: &DeValue<'_>, at: Place, place: Place) {
        let full = format!("keys.{name}");
        let Some(row) = KEY_ROWS.iter().find(|row| row.name == name) else {
            let meant = nearest(name, KEY_ROWS.iter().map(|row| row.name));
            return self.complain(at, full, no_such("action", meant));
        };
        let items: Vec<&DeValue<'_>> = match value {
            DeValue::Array(items) => items.iter().map(Spanned::get_ref).collect(),
            one => vec![one],
        };
        if row.name == "send" && items.is_empty() {
            return self.complain(place, full, "it needs a key");
        }
        self.bound.retain(|bound| bound.action != row.name);
        let mut keys = Vec::with_capacity(items.len());
        for item in items {
            match text(item).map(|name| name.parse::<Key>()) {
                Some(Ok(key)) => {
                    if self.bind(&full, row.name, key, place) {
                        keys.push(key);
                    }
                }
                Some(Err(fault)) => self.complain(place, full.clone(), fault.to_string()),
                None => {
                    let what = unfit(item, "a key such as \"ctrl-n\", or a list of keys");
                    self.complain(place, full.clone(), what);
                }
            }
        }
        self.keys.insert(row.name, keys);
    }

    /// Whether a key may do this: it does only one thing.
    fn bind(&mut self, full: &str, action: &'static str, key: Key, place: Place) -> bool {
        if let Some(other) = self.bound.iter().find(|bound| bound.key == key) {
            let line = match other.place {
                Place::File { line, .. } => format!(" in line {line}"),
                Place::Typed => String::new(),
            };
            let what = format!("{key} is bound to {} already{line}", other.action);
            self.complain(place, full, what);
            return false;
        }
        self.bound.push(Bound { key, action, place });
        true
    }

    /// Without a key that sends, nothing could be said.
    fn check_send(&mut self) {
        if Keymap::with(&self.keys).sends() {
            return;
        }
        let is_enter = |bound: &&Bound| bound.key.to_string() == "enter";
        let taken = self.bound.iter().find(is_enter).map(|bound| (bound.action, bound.place));
        if let Some((action, place)) = taken {
            let what = "enter is taken from send, which then has no key";
            self.complain(place, format!("keys.{action}"), what);
        }
    }

    // What is typed.

    /// A word of `--set`: KEY=VALUE. A value that is none in TOML is a text.
    fn take_typed(&mut self, word: &str) {
        let Some((key, value)) = word.split_once('=') else {
            return self.complain(Place::Typed, word, "it has to be KEY=VALUE");
        };
        let (key, value) = (key.trim(), value.trim());
        let toml = format!("value = {value}");
        let table = DeTable::parse(&toml).ok();
        let read = table.as_ref().map(Spanned::get_ref).filter(|table| table.len() == 1);
        let read = read.and_then(|table| table.iter().next()).map(|(_, value)| value.get_ref());
        let as_text = DeValue::String(Cow::Borrowed(value));
        let value = read.unwrap_or(&as_text);
        let typed = Place::Typed;
        match key.split_once('.') {
            Some(("colors", name)) => self.take_look(name, value, typed, typed),
            Some(("keys", name)) => self.take_keys(name, value, typed, typed),
            _ => self.take_common(key, value, typed, typed),
        }
    }
}

/// What a look has to be.
const LOOK: &str = "a look such as \"bold yellow\" or \"#ffaf00 on 17\"";

/// A look as it stands in the file: in words, or as a colour's number.
fn look_text(value: &DeValue<'_>) -> Option<String> {
    text(value).or_else(|| number(value).map(|number| number.to_string()))
}

fn no_such(what: &str, nearest: Option<&str>) -> String {
    let hint = nearest.map(|word| format!("; did you mean {word}?")).unwrap_or_default();
    format!("there is no such {what}{hint}")
}

/// The entries in the order of the file, not of the keys.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests;
