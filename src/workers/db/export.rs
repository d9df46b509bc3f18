//! `jimd db export`: all that the store holds, for other programs and for `jimd db import`.

use super::super::message_table;
use super::super::store_error::{StoreError, fault};
use super::check::{count, damaged_message};
use super::error::DbError;
use super::form::{
    Account, Contact, Header, Id, InRoom, Invitation, Line, Membership, Role, Room, VERSION,
};
use super::reading;
use super::whole_file::{WholeFile, refuse_own};
use super::{export_files, export_messages};
use crate::message::MessageId;
use rusqlite::{Connection, Row};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Accounts, rooms and memberships in the order in which they came to be: an import keeps it.
const ACCOUNTS: &str = "SELECT name, phc, blocked, created FROM accounts ORDER BY id";
const ROOMS: &str = "SELECT rooms.name, accounts.name, topic, hidden, rooms.created
    FROM rooms LEFT JOIN accounts ON accounts.id = rooms.owner ORDER BY rooms.id";
const MEMBERSHIPS: &str = "SELECT rooms.name, accounts.name, role, since, position
    FROM memberships JOIN rooms ON rooms.id = memberships.room
    JOIN accounts ON accounts.id = memberships.account ORDER BY memberships.id";

const INVITATIONS: &str = "SELECT lower(hex(code_hash)), room, uses, used, created, expires
    FROM invitations ORDER BY id";
const BANS: &str = "SELECT rooms.name, accounts.name FROM bans JOIN rooms ON rooms.id = bans.room
    JOIN accounts ON accounts.id = bans.account ORDER BY bans.room, bans.account";
const INVITED: &str = "SELECT rooms.name, accounts.name
    FROM invited JOIN rooms ON rooms.id = invited.room
    JOIN accounts ON accounts.id = invited.account ORDER BY invited.room, invited.account";
const CONTACTS: &str = "SELECT one.name, other.name
    FROM contacts JOIN accounts AS one ON one.id = contacts.account
    JOIN accounts AS other ON other.id = contacts.contact
    ORDER BY contacts.account, contacts.contact";

/// Why writing stopped.
pub(super) enum Stop {
    Read(rusqlite::Error),
    Write(io::Error),
    Damaged(MessageId),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Writes the store of a data folder as of one moment, one JSON object a line, also beside a
/// running server. The hashes of the passwords are among it.
///
/// # Errors
/// No store, a damaged one, or what the writer says.
pub fn export(data: &Path, out: &mut dyn Write) -> Result<(), DbError> {
    export_named(data, out, Path::new("the output"))
}

/// The same into a file for its owner alone.
///
/// # Errors
/// Beside those of [`export`], a file that exists (without `force`) or cannot be written.
pub fn export_file(data: &Path, file: &Path, force: bool) -> Result<(), DbError> {
    refuse_own(data, file)?;
    let whole = WholeFile::new(file, force)?;
    // Before a file is made for it.
    reading::open_store(data)?;
    export_named(data, &mut whole.create()?, file)?;
    whole.finish()
}

fn export_named(data: &Path, out: &mut dyn Write, name: &Path) -> Result<(), DbError> {
    let (connection, path) = reading::open_store(data)?;
    write_all(&connection, &mut BufWriter::new(out)).map_err(|stop| match stop {
        Stop::Read(error) => fault(&path, error).into(),
        Stop::Write(error) => DbError::file("write", name, error),
        Stop::Damaged(id) => StoreError::Damaged { path, detail: damaged_message(id) }.into(),
    })
}

fn write_all(connection: &Connection, out: &mut impl Write) -> Result<(), Stop> {
    let tx = connection.unchecked_transaction()?;
    let header = Header {
        version: VERSION,
        accounts: Some(count(&tx, "accounts")?),
        rooms: Some(count(&tx, "rooms")?),
        memberships: Some(count(&tx, "memberships")?),
        invitations: Some(count(&tx, "invitations")?),
        bans: Some(count(&tx, "bans")?),
        invited: Some(count(&tx, "invited")?),
        contacts: Some(count(&tx, "contacts")?),
        messages: Some(export_messages::count(&tx)?),
        attachments: Some(export_files::count(&tx)?),
        ceiling: Id(message_table::ceiling(&tx)?),
    };
    write_line(out, &Line::JimExport(header))?;
    write_rows(&tx, out, ACCOUNTS, account)?;
    write_rows(&tx, out, ROOMS, room)?;
    write_rows(&tx, out, MEMBERSHIPS, membership)?;
    write_rows(&tx, out, INVITATIONS, invitation)?;
    write_rows(&tx, out, BANS, |row| Ok(Line::Ban(in_room(row)?)))?;
    write_rows(&tx, out, INVITED, |row| Ok(Line::Invited(in_room(row)?)))?;
    write_rows(&tx, out, CONTACTS, contact)?;
    export_messages::write(&tx, out)?;
    export_files::write(&tx, out)?;
    Ok(out.flush()?)
}

fn write_rows(
    connection: &Connection,
    out: &mut impl Write,
    sql: &str,
    line: fn(&Row<'_>) -> rusqlite::Result<Line>,
) -> Result<(), Stop> {
    let mut statement = connection.prepare(sql)?;
    for line in statement.query_map([], line)? {
        write_line(out, &line?)?;
    }
    Ok(())
}

pub(super) fn write_line(out: &mut impl Write, line: &Line) -> Result<(), Stop> {
    let mut text = serde_json::to_vec(line).map_err(io::Error::from)?;
    text.push(b'\n');
    Ok(out.write_all(&text)?)
}

fn account(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Account(Account {
        name: row.get(0)?,
        phc: row.get(1)?,
        blocked: row.get(2)?,
        created: micros(row, 3)?,
    }))
}

fn room(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Room(Room {
        name: row.get(0)?,
        owner: row.get(1)?,
        topic: row.get(2)?,
        hidden: row.get(3)?,
        created: micros(row, 4)?,
    }))
}

fn membership(row: &Row<'_>) -> rusqlite::Result<Line> {
    let role: String = row.get(2)?;
    Ok(Line::Membership(Membership {
        room: row.get(0)?,
        account: row.get(1)?,
        role: Role::stored(&role),
        since: micros(row, 3)?,
        position: Id(MessageId(row.get(4)?)),
    }))
}

fn invitation(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Invitation(Invitation {
        code_hash: row.get(0)?,
        room: row.get(1)?,
        uses: row.get(2)?,
        used: row.get(3)?,
        created: micros(row, 4)?,
        expires: micros(row, 5)?,
    }))
}

fn in_room(row: &Row<'_>) -> rusqlite::Result<InRoom> {
    Ok(InRoom { room: row.get(0)?, account: row.get(1)? })
}

fn contact(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Contact(Contact { account: row.get(0)?, contact: row.get(1)? }))
}

fn micros(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}
