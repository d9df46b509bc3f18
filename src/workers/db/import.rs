//! `jimd db import`: an export into an empty store, all of it or nothing.

use super::super::data_folder::{self, DataFolder};
use super::super::store::Store;
use super::super::{account_table, attachment_table, clock, message_table, password};
use super::check::count;
use super::error::{DbError, LineFault};
use super::form::{Account, Contact, Header, InRoom, Invitation, Line, Membership, Room, VERSION};
use super::{export_files, import_messages};
use crate::limits::Limits;
use crate::message::{AccountId, Durability, Name, RoomId};
use rusqlite::{Connection, OptionalExtension, Params, params};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// 32 bytes.
const HASH_DIGITS: usize = 64;

/// The longest line: the largest object that is held, each byte of it escaped, fits many times.
const LINE_BYTES: usize = 64 * 1024;

/// What was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// How many accounts.
    pub accounts: u64,
    /// How many rooms.
    pub rooms: u64,
    /// How many memberships.
    pub memberships: u64,
    /// How many messages.
    pub messages: u64,
    /// How many files, whose content is elsewhere.
    pub attachments: u64,
}

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
pub(super) enum Stop {
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

pub(super) struct Import<'a> {
    pub(super) connection: &'a Connection,
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
        if !(1..=VERSION).contains(&header.version) {
            return Err(LineFault::Newer(header.version).into());
        }
        self.line += 1;
        while let Some(line) = self.next(&mut input)? {
            self.take(&line)?;
            self.line += 1;
        }
        self.refuse_owner_outside()?;
        message_table::raise_ceiling(self.connection, header.ceiling.0)?;
        attachment_table::set_files_since(self.connection, clock::unix_micros())?;
        self.compare(&header)
    }

    fn refuse_content(&self, store: &Path) -> Result<(), Stop> {
        let count = |table| count(self.connection, table);
        let (accounts, rooms, messages) = (count("accounts")?, count("rooms")?, count("messages")?);
        let (invitations, files) = (count("invitations")?, count("attachments")?);
        if accounts + rooms + messages + invitations + files == 0 {
            return Ok(());
        }
        let path = store.to_owned();
        let full = DbError::NotEmpty { path, accounts, rooms, messages, invitations, files };
        Err(Stop::Refused(full))
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
            Line::Invitation(invitation) => self.take_invitation(invitation),
            Line::Ban(ban) => {
                let sql = "INSERT INTO bans (room, account) VALUES (?1, ?2)";
                self.take_in_room(ban, sql)
            }
            Line::Invited(invited) => {
                let sql = "INSERT INTO invited (room, account) VALUES (?1, ?2)";
                self.take_in_room(invited, sql)
            }
            Line::Contact(contact) => self.take_contact(contact),
            Line::Message(message) => import_messages::take(self, message),
            Line::Attachment(file) => export_files::take(self, file),
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
        let room_id = self.room(&room)?;
        let sql = "INSERT INTO memberships (room, account, role, since, position)
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (room, account) DO NOTHING";
        let (since, position) = (moment(membership.since)?, membership.position.0.0);
        let role = membership.role.as_str();
        let values = params![room_id.0, account_id.0, role, since, position];
        if self.connection.prepare_cached(sql)?.execute(values)? == 0 {
            return Err(LineFault::MembershipTwice(account, room).into());
        }
        Ok(())
    }

    fn take_invitation(&self, invitation: &Invitation) -> Result<(), Stop> {
        let room = invitation.room.as_ref().map(|room| self.room_name(room)).transpose()?;
        if invitation.uses == 0 || invitation.used > invitation.uses {
            return Err(LineFault::Uses.into());
        }
        let digits = &invitation.code_hash;
        if digits.len() != HASH_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(LineFault::CodeHash.into());
        }
        let sql = "INSERT INTO invitations (code_hash, room, uses, used, created, expires)
            VALUES (unhex(?1), ?2, ?3, ?4, ?5, ?6)";
        let values = params![
            digits,
            room.as_ref().map(Name::as_str),
            invitation.uses,
            invitation.used,
            moment(invitation.created)?,
            moment(invitation.expires)?,
        ];
        self.insert(sql, values)
    }

    fn take_in_room(&self, entry: &InRoom, sql: &str) -> Result<(), Stop> {
        let account = self.account(&Name::shown(&entry.account))?;
        let room = self.room(&self.room_name(&entry.room)?)?;
        self.insert(sql, params![room.0, account.0])
    }

    fn take_contact(&self, entry: &Contact) -> Result<(), Stop> {
        let account = self.account(&Name::shown(&entry.account))?;
        let contact = self.account(&Name::shown(&entry.contact))?;
        let sql = "INSERT INTO contacts (account, contact) VALUES (?1, ?2)";
        self.insert(sql, params![account.0, contact.0])
    }

    /// Inserts a row that no line before may have brought.
    fn insert(&self, sql: &str, values: impl Params) -> Result<(), Stop> {
        let sql = format!("{sql} ON CONFLICT DO NOTHING");
        match self.connection.prepare_cached(&sql)?.execute(values)? {
            0 => Err(LineFault::Twice.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn room(&self, name: &Name) -> Result<RoomId, Stop> {
        let sql = "SELECT id FROM rooms WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([name.as_str()], |row| row.get(0)).optional()?;
        Ok(found.map(RoomId).ok_or_else(|| LineFault::NoRoom(name.clone()))?)
    }

    pub(super) fn room_name(&self, text: &str) -> Result<Name, LineFault> {
        Name::room(text, self.limits.name_chars)
            .map_err(|fault| LineFault::BadName(text.to_owned(), fault))
    }

    pub(super) fn account(&self, name: &Name) -> Result<AccountId, Stop> {
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
        compared("invitations", header.invitations)?;
        compared("bans", header.bans)?;
        compared("invited", header.invited)?;
        compared("contacts", header.contacts)?;
        Ok(Imported {
            accounts: compared("accounts", header.accounts)?,
            rooms: compared("rooms", header.rooms)?,
            memberships: compared("memberships", header.memberships)?,
            messages: compared("messages", header.messages)?,
            attachments: compared("attachments", header.attachments)?,
        })
    }
}

pub(super) fn moment(micros: u64) -> Result<i64, LineFault> {
    i64::try_from(micros).map_err(|_| LineFault::Time)
}

/// What serde says, without its own count of lines, which is always 1 here.
fn form_fault(error: &serde_json::Error) -> LineFault {
    let text = error.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    LineFault::Form(format!("{said} (column {})", error.column()))
}
