//! `jimd db import`: an export into an empty store, all of it or nothing.

use super::super::data_folder::{self, DataFolder};
use super::super::store::Store;
use super::super::{account_table, password};
use super::check::count;
use super::error::{DbError, LineFault};
use super::form::{Account, Header, Line, Membership, Room, VERSION};
use crate::limits::Limits;
use crate::message::{AccountId, Durability, Name};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line: a topic of the greatest length that may be set, and all else, fit many times.
const LINE_BYTES: usize = 64 * 1024;

/// How many accounts, rooms and memberships were imported.
pub type Imported = (u64, u64, u64);

/// Reads an export into the empty store of a data folder, in one transaction.
///
/// # Errors
/// A running server, a store that is not empty, and the first line that is wrong: nothing is
/// changed.
pub fn import(data: &Path, file: &Path, limits: &Limits) -> Result<Imported, DbError> {
    let opened = File::open(file).map_err(|error| DbError::file("read", file, error))?;
    let folder = DataFolder::open(data)?;
    let _lock = folder.lock()?;
    let path = data_folder::store_path(folder.path());
    let mut store = Store::open(&folder, Durability::Fsync)?;
    store.change(|connection| {
        let mut import = Import { connection, file, limits, line: 0, rooms: HashMap::new() };
        match import.run(&path, BufReader::new(opened)) {
            Ok(imported) => Ok(Ok(imported)),
            Err(Stop::Sql(error)) => Err(error),
            Err(Stop::Refused(error)) => Ok(Err(error)),
            Err(Stop::Line(fault)) => {
                Ok(Err(DbError::Line { path: file.to_owned(), line: import.line, fault }))
            }
        }
    })
}

/// Why an import stopped.
enum Stop {
    Sql(rusqlite::Error),
    Line(LineFault),
    Refused(DbError),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<LineFault> for Stop {
    fn from(fault: LineFault) -> Self {
        Self::Line(fault)
    }
}

struct Import<'a> {
    connection: &'a Connection,
    file: &'a Path,
    limits: &'a Limits,
    /// The line under way, from 1.
    line: u64,
    /// The line of each room.
    rooms: HashMap<i64, u64>,
}

impl Import<'_> {
    fn run(&mut self, store: &Path, mut input: impl BufRead) -> Result<Imported, Stop> {
        self.refuse_content(store)?;
        self.line = 1;
        let header = match self.next(&mut input)? {
            Some(Line::JimExport(header)) => header,
            _ => return Err(LineFault::NoHeader.into()),
        };
        if header.version != VERSION {
            return Err(LineFault::Newer(header.version).into());
        }
        self.line += 1;
        while let Some(line) = self.next(&mut input)? {
            self.take(&line)?;
            self.line += 1;
        }
        self.refuse_owner_outside()?;
        self.compare(&header)
    }

    fn refuse_content(&self, store: &Path) -> Result<(), Stop> {
        let (accounts, rooms) =
            (count(self.connection, "accounts")?, count(self.connection, "rooms")?);
        if accounts == 0 && rooms == 0 {
            return Ok(());
        }
        Err(Stop::Refused(DbError::NotEmpty { path: store.to_owned(), accounts, rooms }))
    }

    /// The next line, or none at the end.
    fn next(&self, input: &mut impl BufRead) -> Result<Option<Line>, Stop> {
        let mut text = Vec::new();
        let bound = u64::try_from(LINE_BYTES + 1).unwrap_or(u64::MAX);
        let read = input.by_ref().take(bound).read_until(b'\n', &mut text);
        read.map_err(|error| Stop::Refused(DbError::file("read", self.file, error)))?;
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > LINE_BYTES {
            return Err(LineFault::TooLong(LINE_BYTES).into());
        }
        let line = serde_json::from_slice(&text).map_err(|error| form_fault(&error))?;
        Ok(Some(line))
    }

    fn take(&mut self, line: &Line) -> Result<(), Stop> {
        match line {
            Line::JimExport(_) => Err(LineFault::SecondHeader.into()),
            Line::Account(account) => self.take_account(account),
            Line::Room(room) => self.take_room(room),
            Line::Membership(membership) => self.take_membership(membership),
        }
    }

    fn take_account(&self, account: &Account) -> Result<(), Stop> {
        let name = Name::account(&account.name, self.limits.name_chars)
            .map_err(|fault| LineFault::BadName(account.name.clone(), fault))?;
        if !password::is_hash(&account.phc) {
            return Err(LineFault::Hash.into());
        }
        match account_table::look_alike(self.connection, &name)? {
            Some(other) if other == name => return Err(LineFault::AccountTwice(name).into()),
            Some(other) => return Err(LineFault::LooksLike(name, other).into()),
            None => {}
        }
        moment(account.created)?;
        let id = account_table::insert(self.connection, &name, &account.phc, account.created)?;
        if account.blocked {
            account_table::set_blocked(self.connection, id, true)?;
        }
        Ok(())
    }

    fn take_room(&mut self, room: &Room) -> Result<(), Stop> {
        let name = self.room_name(&room.name)?;
        let (limit, got) = (self.limits.status_chars, room.topic.chars().count());
        if got > limit {
            return Err(LineFault::Topic { limit, got }.into());
        }
        let owner = match &room.owner {
            Some(owner) => Some(self.account(&Name::shown(owner))?.0),
            None => None,
        };
        let sql = "INSERT INTO rooms (name, owner, topic, hidden, created)
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO NOTHING";
        let values = params![name.as_str(), owner, room.topic, room.hidden, moment(room.created)?];
        if self.connection.prepare_cached(sql)?.execute(values)? == 0 {
            return Err(LineFault::RoomTwice(name).into());
        }
        self.rooms.insert(self.connection.last_insert_rowid(), self.line);
        Ok(())
    }

    fn take_membership(&self, membership: &Membership) -> Result<(), Stop> {
        let account = Name::shown(&membership.account);
        let account_id = self.account(&account)?;
        let room = self.room_name(&membership.room)?;
        let sql = "SELECT id FROM rooms WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([room.as_str()], |row| row.get::<_, i64>(0)).optional()?;
        let room_id = found.ok_or_else(|| LineFault::NoRoom(room.clone()))?;
        let sql = "INSERT INTO memberships (room, account, role, since) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (room, account) DO NOTHING";
        let since = moment(membership.since)?;
        let values = params![room_id, account_id.0, membership.role.as_str(), since];
        if self.connection.prepare_cached(sql)?.execute(values)? == 0 {
            return Err(LineFault::MembershipTwice(account, room).into());
        }
        Ok(())
    }

    fn room_name(&self, text: &str) -> Result<Name, LineFault> {
        Name::room(text, self.limits.name_chars)
            .map_err(|fault| LineFault::BadName(text.to_owned(), fault))
    }

    fn account(&self, name: &Name) -> Result<AccountId, Stop> {
        let found = account_table::find(self.connection, name)?;
        Ok(found.ok_or_else(|| LineFault::NoAccount(name.clone()))?.id)
    }

    /// While a room has members, its owner is one of them.
    fn refuse_owner_outside(&mut self) -> Result<(), Stop> {
        let sql = "SELECT id FROM rooms WHERE id IN (SELECT room FROM memberships) AND NOT EXISTS
            (SELECT 1 FROM memberships WHERE room = rooms.id AND account = rooms.owner)
            ORDER BY id LIMIT 1";
        let room: Option<i64> = self.connection.query_row(sql, [], |row| row.get(0)).optional()?;
        let Some(room) = room else { return Ok(()) };
        self.line = self.rooms.get(&room).copied().unwrap_or_default();
        Err(LineFault::OwnerOutside.into())
    }

    fn compare(&self, header: &Header) -> Result<Imported, Stop> {
        let compared = |what, said: Option<u64>| {
            let found = count(self.connection, what)?;
            match said {
                Some(said) if said != found => {
                    let path = self.file.to_owned();
                    Err(Stop::Refused(DbError::Cut { path, what, said, found }))
                }
                _ => Ok(found),
            }
        };
        Ok((
            compared("accounts", header.accounts)?,
            compared("rooms", header.rooms)?,
            compared("memberships", header.memberships)?,
        ))
    }
}

fn moment(micros: u64) -> Result<i64, LineFault> {
    i64::try_from(micros).map_err(|_| LineFault::Time)
}

/// What serde says, without its own count of lines, which is always 1 here.
fn form_fault(error: &serde_json::Error) -> LineFault {
    let text = error.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    LineFault::Form(format!("{said} (column {})", error.column()))
}
