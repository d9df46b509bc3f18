//! The rows of rooms and memberships: entering, leaving and who owns a room.

use crate::message::{AccountId, Membership, MessageId, Name, Role, RoomId, RoomRecord};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A number of microseconds as SQLite's signed integer, which lasts for 290,000 years.
pub(super) fn stored(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

const ROOM: &str = "id, name, owner, topic, hidden";
const MEMBERSHIP: &str = "room, account, since, role = 'op', position";

fn room(row: &Row<'_>) -> rusqlite::Result<RoomRecord> {
    let name: String = row.get(1)?;
    let owner: Option<i64> = row.get(2)?;
    Ok(RoomRecord {
        id: RoomId(row.get(0)?),
        name: Name::shown(&name),
        owner: owner.map(AccountId),
        topic: row.get::<_, String>(3)?.into(),
        hidden: row.get(4)?,
    })
}

fn membership(row: &Row<'_>) -> rusqlite::Result<Membership> {
    let since: i64 = row.get(2)?;
    let is_op: bool = row.get(3)?;
    Ok(Membership {
        room: RoomId(row.get(0)?),
        account: AccountId(row.get(1)?),
        since_unix_micros: u64::try_from(since).unwrap_or(0),
        role: if is_op { Role::Op } else { Role::Member },
        position: MessageId(row.get(4)?),
    })
}

/// Every room.
pub(super) fn all_rooms(connection: &Connection) -> rusqlite::Result<Vec<RoomRecord>> {
    let sql = format!("SELECT {ROOM} FROM rooms ORDER BY id");
    connection.prepare_cached(&sql)?.query_map([], room)?.collect()
}

/// Every room's owner.
pub(super) fn owners(
    connection: &Connection,
) -> rusqlite::Result<Vec<(RoomId, Option<AccountId>)>> {
    let sql = "SELECT id, owner FROM rooms ORDER BY id";
    let owner = |row: &Row<'_>| {
        let owner: Option<i64> = row.get(1)?;
        Ok((RoomId(row.get(0)?), owner.map(AccountId)))
    };
    connection.prepare_cached(sql)?.query_map([], owner)?.collect()
}

/// A room's name.
pub(super) fn name_of(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Name>> {
    let sql = "SELECT name FROM rooms WHERE id = ?1";
    let name: Option<String> =
        connection.prepare_cached(sql)?.query_row([room.0], |row| row.get(0)).optional()?;
    Ok(name.map(|name| Name::shown(&name)))
}

/// Whether an account is in a room.
pub(super) fn is_member(
    connection: &Connection,
    account: AccountId,
    room: RoomId,
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM memberships WHERE room = ?1 AND account = ?2";
    connection.prepare_cached(sql)?.exists([room.0, account.0])
}

/// Every membership, in the order of joining.
pub(super) fn all_memberships(connection: &Connection) -> rusqlite::Result<Vec<Membership>> {
    let sql = format!("SELECT {MEMBERSHIP} FROM memberships ORDER BY id");
    connection.prepare_cached(&sql)?.query_map([], membership)?.collect()
}

/// The rooms that an account is in.
pub(super) fn rooms_of(
    connection: &Connection,
    account: AccountId,
) -> rusqlite::Result<Vec<RoomId>> {
    let sql = "SELECT room FROM memberships WHERE account = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([account.0], |row| row.get(0).map(RoomId))?.collect()
}

/// The moment at which somebody enters a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The newest message's number.
    pub(super) position: MessageId,
    pub(super) now_unix_micros: u64,
}

/// Whether an account may enter a room: not where it is banned, and a hidden one only if it is
/// invited. Who is in may enter again.
pub(super) fn may_join(
    connection: &Connection,
    account: AccountId,
    name: &Name,
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM rooms WHERE name = ?1
        AND NOT EXISTS (SELECT 1 FROM memberships WHERE room = rooms.id AND account = ?2)
        AND (EXISTS (SELECT 1 FROM bans WHERE room = rooms.id AND account = ?2)
            OR hidden AND owner IS NOT ?2 AND NOT EXISTS
                (SELECT 1 FROM invited WHERE room = rooms.id AND account = ?2))";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(!statement.exists(params![name.as_str(), account.0])?)
}

/// Enters a room, which is made if it is new. Who enters a new room, or one that nobody is in,
/// owns it. Entering twice is entering once. An invitation is used up.
pub(super) fn join(
    connection: &Connection,
    account: AccountId,
    name: &Name,
    entry: Entry,
) -> rusqlite::Result<(RoomRecord, Membership)> {
    let now = stored(entry.now_unix_micros);
    let sql = "INSERT INTO rooms (name, created) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![name.as_str(), now])?;
    let id = find(connection, name)?.id;
    let sql = "INSERT INTO memberships (room, account, since, position) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (room, account) DO NOTHING";
    let values = params![id.0, account.0, now, entry.position.0];
    connection.prepare_cached(sql)?.execute(values)?;
    let sql = "DELETE FROM invited WHERE room = ?1 AND account = ?2";
    connection.prepare_cached(sql)?.execute(params![id.0, account.0])?;
    let sql = "UPDATE rooms SET owner = ?2 WHERE id = ?1 AND (owner IS NULL OR NOT EXISTS
        (SELECT 1 FROM memberships WHERE room = rooms.id AND account = rooms.owner))";
    connection.prepare_cached(sql)?.execute(params![id.0, account.0])?;
    Ok((find(connection, name)?, membership_of(connection, id, account)?))
}

/// Leaves a room. If its owner left, the operator who has been in it longest inherits it, else the
/// member; whoever that is, is returned. An empty room keeps its owner until somebody enters.
pub(super) fn leave(
    connection: &Connection,
    account: AccountId,
    room: RoomId,
) -> rusqlite::Result<Option<AccountId>> {
    let sql = "DELETE FROM memberships WHERE room = ?1 AND account = ?2";
    connection.prepare_cached(sql)?.execute(params![room.0, account.0])?;
    let sql = "SELECT account FROM memberships WHERE room = ?1
        AND (SELECT owner FROM rooms WHERE id = ?1) = ?2
        ORDER BY role = 'op' DESC, id LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let heir: Option<i64> =
        statement.query_row(params![room.0, account.0], |row| row.get(0)).optional()?;
    if let Some(heir) = heir {
        let sql = "UPDATE rooms SET owner = ?2 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![room.0, heir])?;
    }
    Ok(heir.map(AccountId))
}

fn find(connection: &Connection, name: &Name) -> rusqlite::Result<RoomRecord> {
    let sql = format!("SELECT {ROOM} FROM rooms WHERE name = ?1");
    connection.prepare_cached(&sql)?.query_row([name.as_str()], room)
}

fn membership_of(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
) -> rusqlite::Result<Membership> {
    let sql = format!("SELECT {MEMBERSHIP} FROM memberships WHERE room = ?1 AND account = ?2");
    connection.prepare_cached(&sql)?.query_row(params![room.0, account.0], membership)
}
