//! The TOML file: every value with its line, so that an error can point at it.

use super::fault::{ConfigError, Fault, Place};
use super::layers::{Layers, RoomBound};
use super::nearest::nearest;
use super::setting::{Given, quoted};
use super::table;
use crate::small_file;
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// A settings file is a few kilobytes; a device or a disk image named by mistake is not read.
const FILE_BYTES: u64 = 1 << 20;

/// Under it stands a table for each room with bounds of its own.
const ROOMS: &str = "history.room";

/// Reads the file and takes its settings in; what is wrong with them becomes complaints. `once`: it
/// will not be read again, and may be a pipe.
pub(super) fn read_into(layers: &mut Layers, path: &Path, once: bool) -> Result<(), ConfigError> {
    let read = if once { small_file::read_once } else { small_file::read };
    let bytes = read(path, FILE_BYTES)
        .map_err(|error| ConfigError::Unreadable { file: path.to_owned(), error })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse_into(layers, path, text),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = String::from_utf8_lossy(good);
            let source = Source { path, text: &before };
            let fault = Fault::Syntax("this is not UTF-8".to_owned());
            layers.complain(source.place(before.len(), ""), fault);
        }
    }
    Ok(())
}

/// Takes the settings of a file's text in.
pub(super) fn parse_into(layers: &mut Layers, path: &Path, text: &str) {
    let source = Source { path, text };
    let (table, errors) = DeTable::parse_recoverable(text);
    let at = |error: &Error| error.span().map_or(text.len(), |span| span.start);
    // What a broken file seems to say behind the first fault would only be noise beside it.
    match errors.iter().min_by_key(|error| at(error)) {
        Some(first) => {
            let place = source.place(at(first), &source.key_at(at(first)));
            layers.complain(place, Fault::Syntax(first.message().to_owned()));
        }
        None => source.walk(layers, table.get_ref()),
    }
}

/// The file's name and text, for pointing into it.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    /// In the order of the file, not of the keys.
    fn walk(&self, layers: &mut Layers, table: &DeTable<'_>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            self.entry(layers, key, value);
        }
    }

    fn entry(
        &self,
        layers: &mut Layers,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref();
        match value.get_ref() {
            DeValue::Table(inner) if table::tables().any(|table| table == *name) => {
                let mut entries: Vec<_> = inner.iter().collect();
                entries.sort_by_key(|(key, _)| key.span().start);
                for (inner_key, inner_value) in entries {
                    let full = format!("{name}.{}", inner_key.get_ref());
                    if full == ROOMS {
                        self.rooms(layers, inner_value);
                    } else {
                        self.setting(layers, &full, inner_key.span(), inner_value);
                    }
                }
            }
            _ if table::tables().any(|table| table == *name) => {
                let fault = Fault::WrongType {
                    got: given(value.get_ref()).described(),
                    expected: format!("a table, [{name}]"),
                };
                layers.complain(self.place(value.span().start, name), fault);
            }
            _ => self.setting(layers, name, key.span(), value),
        }
    }

    /// A table for each room that has bounds of its own.
    fn rooms(&self, layers: &mut Layers, value: &Spanned<DeValue<'_>>) {
        for (key, value) in self.table(layers, ROOMS, value) {
            let full = format!("{ROOMS}.{}", quoted(key.get_ref()));
            let place = self.place(key.span().start, &full);
            let Some(room) = layers.take_room(key.get_ref(), place) else { continue };
            for (key, value) in self.table(layers, &full, value) {
                let name = key.get_ref();
                let full = format!("{full}.{name}");
                match RoomBound::ALL.iter().find(|(known, _)| known == name) {
                    Some((_, bound)) => {
                        let place = self.place(value.span().start, &full);
                        layers.take_of_room(&room, *bound, given(value.get_ref()), place);
                    }
                    None => {
                        let nearest = nearest(name, RoomBound::ALL.map(|(known, _)| known));
                        let place = self.place(key.span().start, &full);
                        layers.complain(place, Fault::Unknown { nearest });
                    }
                }
            }
        }
    }

    /// The entries of what must be a table, in the order of the file.
    fn table<'t, 'i>(
        &self,
        layers: &mut Layers,
        full: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Vec<(&'t Spanned<Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
        let DeValue::Table(table) = value.get_ref() else {
            let (got, expected) =
                (given(value.get_ref()).described(), format!("a table, [{full}]"));
            let place = self.place(value.span().start, full);
            layers.complain(place, Fault::WrongType { got, expected });
            return Vec::new();
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    fn setting(
        &self,
        layers: &mut Layers,
        full: &str,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        match table::find(full) {
            Some(setting) => {
                let place = self.place(value.span().start, full);
                layers.take(setting, given(value.get_ref()), place);
            }
            None => {
                let fault = Fault::Unknown { nearest: nearest_key(full) };
                layers.complain(self.place(key.start, full), fault);
            }
        }
    }

    /// The setting that the line of a broken file seems to be about; empty if it is none.
    fn key_at(&self, at: usize) -> String {
        let start = self.before(at).rfind('\n').map_or(0, |end| end + 1);
        let (above, rest) = self.text.split_at_checked(start).unwrap_or_default();
        let word = first_word(rest);
        let headers = above.lines().rev().map(str::trim_start);
        let table = headers.filter(|line| line.starts_with('[')).map(first_word).next();
        let full = table.map(|table| format!("{table}.{word}"));
        let known = |key: &String| table::keys().chain(table::tables()).any(|known| known == key);
        full.into_iter().chain([word.to_owned()]).find(known).unwrap_or_default()
    }

    fn before(&self, at: usize) -> &str {
        self.text.get(..at).unwrap_or(self.text)
    }

    fn place(&self, at: usize, key: &str) -> Place {
        let before = self.before(at);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Place::File {
            file: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            key: key.to_owned(),
        }
    }
}

/// The key or the table's name at a line's beginning.
fn first_word(line: &str) -> &str {
    let line = line.trim_start_matches([' ', '\t', '[']);
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    line.split(|c| !is_of_key(c)).next().unwrap_or_default()
}

/// A mistyped key, or the right one under the wrong table.
fn nearest_key(full: &str) -> Option<&'static str> {
    let last = |key: &'static str| key.rsplit('.').next() == full.rsplit('.').next();
    let known = table::keys().chain(table::tables());
    table::keys().find(|key| last(key)).or_else(|| nearest(full, known))
}

fn given(value: &DeValue<'_>) -> Given {
    match value {
        DeValue::String(text) => Given::Text(text.clone().into_owned()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or(Given::Other("a number beyond all bounds"), Given::Integer),
        DeValue::Float(number) => Given::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => Given::Switch(*on),
        DeValue::Array(items) => {
            Given::List(items.iter().map(|item| given(item.get_ref())).collect())
        }
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Table(_) => Given::Other("a table"),
    }
}
