//! Whether accounts and rooms are called as they may be. What no version of this program has let in
//! is damage; what only today's rules refuse is a remark.

use super::super::schema::excerpt;
use crate::limits::MOST_NAME_CHARS;
use crate::message::{Name, NameFault, Skeletons};
use rusqlite::{Connection, Row};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use unicode_normalization::char::is_combining_mark;

/// What a name can have more of characters once it is composed, since some are taken apart.
const GROWTH: usize = 3;

const ACCOUNTS: &str = "SELECT name FROM accounts ORDER BY id";

/// What is to be said of the names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) faults: Vec<String>,
    pub(super) remarks: Vec<String>,
}

/// Looks at all of them. Of each kind so many sentences are kept.
pub(super) fn look(connection: &Connection, most: usize) -> rusqlite::Result<Names> {
    let mut names = Names::default();
    let mut seen = Seen::default();
    each(connection, ACCOUNTS, |text| {
        names.judge("account", text, Name::account(text, MOST_NAME_CHARS * GROWTH));
        names.faults.extend(seen.add(text));
        names.cut(most);
    })?;
    if names.faults.is_empty() {
        each(connection, ACCOUNTS, |text| {
            if let Some(other) = seen.look_alike(text) {
                names.remark_pair(text, other);
            }
            names.cut(most);
        })?;
    }
    each(connection, "SELECT name FROM rooms ORDER BY id", |text| {
        names.judge("room", text, Name::room(text, MOST_NAME_CHARS * GROWTH));
        names.cut(most);
    })?;
    Ok(names)
}

/// One at a time, since a hostile file's may be long.
fn each(connection: &Connection, sql: &str, mut take: impl FnMut(&str)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(text_of(row)?);
    }
    Ok(())
}

fn text_of<'a>(row: &'a Row<'_>) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(0)?.as_str()?)
}

impl Names {
    fn judge(&mut self, kind: &str, text: &str, name: Result<Name, NameFault>) {
        let say = |what: &dyn std::fmt::Display| format!("the {kind} {} {what}", excerpt(text));
        match too_long(text).map_or(name, Err) {
            Err(fault) if is_impossible(fault) => self.faults.push(say(&fault)),
            Ok(_) | Err(_) if *Name::shown(text).as_str() != *text => {
                self.faults.push(say(&"is not spelled in composed characters (NFC)"));
            }
            Err(fault) => self.remarks.push(say(&fault)),
            Ok(_) => {}
        }
    }

    /// Each pair once, which is met from both sides.
    fn remark_pair(&mut self, text: &str, other: &str) {
        if !self.remarks.contains(&alike(other, text)) {
            self.remarks.push(alike(text, other));
        }
    }

    fn cut(&mut self, most: usize) {
        self.faults.truncate(most);
        self.remarks.truncate(most);
    }
}

/// Marks do not count: a letter that was given as one may be kept as a letter with marks.
fn too_long(text: &str) -> Option<NameFault> {
    let bare = text.strip_prefix('#').unwrap_or(text);
    let got = bare.chars().filter(|c| !is_combining_mark(*c)).count();
    (got > MOST_NAME_CHARS).then_some(NameFault::TooLong { limit: MOST_NAME_CHARS, got })
}

/// Whether no version has ever let it in.
fn is_impossible(fault: NameFault) -> bool {
    match fault {
        NameFault::Hidden(c) => c.is_control(),
        NameFault::Empty | NameFault::TooLong { .. } | NameFault::Hash | NameFault::NoHash => true,
        _ => false,
    }
}

/// The accounts, by what those that look alike have in common: as they are, in lower and in upper
/// case.
#[derive(Default)]
struct Seen([HashMap<String, String>; 3]);

impl Seen {
    /// Says what an account looks like that was there before, by the oldest rules.
    fn add(&mut self, text: &str) -> Option<String> {
        let skeletons = skeletons(text)?;
        let keys = [&skeletons.raw, &skeletons.lower, &skeletons.upper];
        let mut other = None;
        for (seen, key) in self.0.iter_mut().zip(keys) {
            match seen.entry(key.clone()) {
                Entry::Occupied(before) => other = Some(before.get().clone()),
                Entry::Vacant(free) => drop(free.insert(text.to_owned())),
            }
        }
        other.map(|other| alike(text, &other))
    }

    /// Which account it looks like by today's rules, once all are there.
    fn look_alike(&self, text: &str) -> Option<&str> {
        let skeletons = skeletons(text)?;
        let [raw, lower, upper] = &self.0;
        let raws = skeletons.raws().map(|key| raw.get(key));
        let lowers = skeletons.lowers().map(|key| lower.get(key));
        let uppers = skeletons.uppers().map(|key| upper.get(key));
        let mut found = raws.into_iter().chain(lowers).chain(uppers).flatten();
        found.find(|other| *other != text).map(String::as_str)
    }
}

/// None of a text that is far too long for a name.
fn skeletons(text: &str) -> Option<Skeletons> {
    let most = (MOST_NAME_CHARS * GROWTH).saturating_mul(char::MAX_LEN_UTF8);
    (text.len() <= most).then(|| Name::shown(text).skeletons())
}

fn alike(text: &str, other: &str) -> String {
    format!("the account {} looks like the account {}", excerpt(text), excerpt(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workers::schema;

    fn names(accounts: &[&str], rooms: &[&str]) -> Names {
        let connection = Connection::open_in_memory().unwrap();
        schema::migrate_to(&connection, 0, 4).unwrap();
        for (number, name) in accounts.iter().enumerate() {
            let sql = "INSERT INTO accounts
                (name, skeleton_raw, skeleton_lower, skeleton_upper, phc, created)
                VALUES (?1, ?2, ?2, ?2, '', 1)";
            connection.execute(sql, rusqlite::params![name, number.to_string()]).unwrap();
        }
        for name in rooms {
            let sql = "INSERT INTO rooms (name, created) VALUES (?1, 1)";
            connection.execute(sql, [name]).unwrap();
        }
        look(&connection, 5).unwrap()
    }

    #[test]
    fn what_could_be_made_is_sound() {
        let taken_apart = "\u{915}\u{93c}".repeat(32);
        let longest = "я".repeat(32);
        let names =
            names(&["ann", "Вася", &taken_apart, &longest], &["#a", &format!("#{longest}")]);
        assert_eq!((names.faults.len(), names.remarks.len()), (0, 0), "{names:?}");
    }

    #[test]
    fn what_could_never_be_made_is_damage() {
        let long = "я".repeat(33);
        for (name, what) in [
            ("\x1b[31mX", "the account \\u{1b}[31mX has the control or invisible character U+001B"),
            (&long, "has 33 characters, at most 32 are allowed"),
            (&"\u{301}".repeat(1000), "has 1000 characters, at most 96 are allowed"),
            ("", "is an empty name"),
            ("#ann", "begins with #"),
            ("и\u{306}од", "is not spelled in composed characters"),
            ("аnn", "the account аnn looks like the account ann"),
            ("ANN", "the account ANN looks like the account ann"),
        ] {
            let names = names(&["ann", name], &[]);
            assert_eq!((names.faults.len(), names.remarks.len()), (1, 0), "{name:?} {names:?}");
            assert!(names.faults[0].contains(what), "{names:?}");
        }
        for (room, what) in [
            ("tea", "the room tea must begin with #"),
            ("#a\n", "the room #a\\n has the control"),
            (&format!("#{long}"), "has 33 characters"),
        ] {
            let names = names(&[], &[room]);
            assert_eq!((names.faults.len(), names.remarks.len()), (1, 0), "{room:?} {names:?}");
            assert!(names.faults[0].contains(what), "{names:?}");
        }
    }

    #[test]
    fn what_only_newer_rules_refuse_is_a_remark() {
        let names = names(&["ivan", "lvan", "aא1"], &["#אa"]);
        assert_eq!(names.faults, Vec::<String>::new());
        let [first, alike @ .., last] = &*names.remarks else { panic!("{names:?}") };
        assert!(first.starts_with("the account aא1 mixes letters"), "{names:?}");
        assert_eq!(alike, ["the account ivan looks like the account lvan"]);
        assert!(last.starts_with("the room #אa mixes letters"), "{names:?}");
    }

    #[test]
    fn of_many_a_few_are_named() {
        let many: Vec<String> = (1..20).map(|number| "\x07".repeat(number)).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(names(&many, &[]).faults.len(), 5);
        let huge = "x".repeat(1 << 20);
        let names = names(&[&huge], &[]);
        assert!(names.faults[0].len() < 200, "{}", names.faults[0].len());
    }
}
