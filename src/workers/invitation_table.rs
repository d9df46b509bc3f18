//! The invitations' rows. A code is stored as its hash alone: whoever reads the file cannot use it.

use super::room_table::stored;
use crate::message::{Name, Secret};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// An invitation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its number, never used again.
    pub id: i64,
    /// The room that it leads to.
    pub room: Option<Name>,
    /// How often it can be used.
    pub uses: u32,
    /// How often it was.
    pub used: u32,
    /// When it was made, in microseconds since 1970.
    pub created_unix_micros: u64,
    /// From when on it is no good, in microseconds since 1970.
    pub expires_unix_micros: u64,
}

const COLUMNS: &str = "id, room, uses, used, created, expires";

fn invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    let room: Option<String> = row.get(1)?;
    let micros = |index| row.get::<_, i64>(index).map(|time| time.try_into().unwrap_or_default());
    Ok(Invitation {
        id: row.get(0)?,
        room: room.map(|name| Name::shown(&name)),
        uses: row.get(2)?,
        used: row.get(3)?,
        created_unix_micros: micros(4)?,
        expires_unix_micros: micros(5)?,
    })
}

/// A code has 100 random bits, so no salt and no slow hash is needed.
fn hash(code: &Secret) -> [u8; 32] {
    Blake2b::<U32>::digest(code.expose().as_bytes()).into()
}

/// A new invitation; its number.
pub(super) fn insert(
    connection: &Connection,
    code: &Secret,
    new: &Invitation,
) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO invitations (code_hash, room, uses, created, expires)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        hash(code),
        new.room.as_ref().map(Name::as_str),
        new.uses,
        stored(new.created_unix_micros),
        stored(new.expires_unix_micros),
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Uses an invitation once, if it is good.
pub(super) fn take(
    connection: &Connection,
    code: &Secret,
    now_unix_micros: u64,
) -> rusqlite::Result<Option<Invitation>> {
    let sql = format!(
        "UPDATE invitations SET used = used + 1
        WHERE code_hash = ?1 AND used < uses AND expires > ?2 RETURNING {COLUMNS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row(params![hash(code), stored(now_unix_micros)], invitation).optional()
}

/// Every invitation, the oldest first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Invitation>> {
    let sql = format!("SELECT {COLUMNS} FROM invitations ORDER BY id");
    connection.prepare_cached(&sql)?.query_map([], invitation)?.collect()
}

/// Removes an invitation by its number; says whether there was one.
pub(super) fn remove(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM invitations WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.execute([id])? == 1)
}

/// The same by its code.
pub(super) fn remove_code(connection: &Connection, code: &Secret) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM invitations WHERE code_hash = ?1";
    Ok(connection.prepare_cached(sql)?.execute([hash(code)])? == 1)
}
