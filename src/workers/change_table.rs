//! Changes of rooms, roles, bans, invitations, contacts. Who may ask for them was decided before;
//! where the rows that one is about are not there any more, it changes nothing.

use super::message_table;
use crate::message::{AccountId, Change, Role, RoomId};
use rusqlite::{Connection, Params, Row, params};

/// Carries a change out: several rows, so that is for a savepoint.
pub(super) fn apply(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Topic { room, topic } => {
            run(connection, "UPDATE rooms SET topic = ?2 WHERE id = ?1", params![room.0, topic])
        }
        Change::Hidden { room, hidden } => {
            run(connection, "UPDATE rooms SET hidden = ?2 WHERE id = ?1", params![room.0, hidden])
        }
        Change::Invite { room, target } => invite(connection, *room, *target),
        Change::Kick { room, target } => kick(connection, *room, *target),
        Change::Ban { room, target } => ban(connection, *room, *target),
        Change::Unban { room, target } => {
            let sql = "DELETE FROM bans WHERE room = ?1 AND account = ?2";
            run(connection, sql, params![room.0, target.0])
        }
        Change::Role { room, target, role } => {
            let sql = "UPDATE memberships SET role = ?3 WHERE room = ?1 AND account = ?2";
            run(connection, sql, params![room.0, target.0, role_name(*role)])
        }
        Change::Destroy { room } => {
            // The tables that refer to it say that their rows go with it.
            run(connection, "DELETE FROM rooms WHERE id = ?1", [room.0])
        }
        Change::Contact { account, contact, listed: true } => {
            let sql = "INSERT INTO contacts (account, contact)
                SELECT one.id, other.id FROM accounts AS one, accounts AS other
                WHERE one.id = ?1 AND other.id = ?2
                ON CONFLICT (account, contact) DO NOTHING";
            run(connection, sql, params![account.0, contact.0])
        }
        Change::Contact { account, contact, listed: false } => {
            let sql = "DELETE FROM contacts WHERE account = ?1 AND contact = ?2";
            run(connection, sql, params![account.0, contact.0])
        }
        Change::Await { account, id } => message_table::await_stored(connection, *account, *id),
    }
}

/// What the table calls a role.
pub(super) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Op => "op",
    }
}

fn run(connection: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

fn invite(connection: &Connection, room: RoomId, target: AccountId) -> rusqlite::Result<()> {
    let sql = "INSERT INTO invited (room, account)
        SELECT rooms.id, accounts.id FROM rooms, accounts
        WHERE rooms.id = ?1 AND accounts.id = ?2
        ON CONFLICT (room, account) DO NOTHING";
    run(connection, sql, params![room.0, target.0])
}

/// The owner stays: it may have inherited the room while this was on its way.
fn kick(connection: &Connection, room: RoomId, target: AccountId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM memberships WHERE room = ?1 AND account = ?2
        AND NOT EXISTS (SELECT 1 FROM rooms WHERE id = ?1 AND owner = ?2)";
    run(connection, sql, params![room.0, target.0])
}

fn ban(connection: &Connection, room: RoomId, target: AccountId) -> rusqlite::Result<()> {
    let values = params![room.0, target.0];
    let sql = "INSERT INTO bans (room, account)
        SELECT rooms.id, accounts.id FROM rooms, accounts
        WHERE rooms.id = ?1 AND accounts.id = ?2 AND rooms.owner IS NOT ?2
        ON CONFLICT (room, account) DO NOTHING";
    run(connection, sql, values)?;
    let sql = "DELETE FROM invited WHERE room = ?1 AND account = ?2
        AND EXISTS (SELECT 1 FROM bans WHERE room = ?1 AND account = ?2)";
    run(connection, sql, values)?;
    kick(connection, room, target)
}

/// Who cannot enter which room.
pub(super) fn bans(connection: &Connection) -> rusqlite::Result<Vec<(RoomId, AccountId)>> {
    pairs(connection, "SELECT room, account FROM bans ORDER BY room, account", in_room)
}

/// Who may enter which room though it is hidden.
pub(super) fn invited(connection: &Connection) -> rusqlite::Result<Vec<(RoomId, AccountId)>> {
    pairs(connection, "SELECT room, account FROM invited ORDER BY room, account", in_room)
}

/// Who has whom on its list.
pub(super) fn contacts(connection: &Connection) -> rusqlite::Result<Vec<(AccountId, AccountId)>> {
    let sql = "SELECT account, contact FROM contacts ORDER BY account, contact";
    pairs(connection, sql, |row| Ok((AccountId(row.get(0)?), AccountId(row.get(1)?))))
}

fn in_room(row: &Row<'_>) -> rusqlite::Result<(RoomId, AccountId)> {
    Ok((RoomId(row.get(0)?), AccountId(row.get(1)?)))
}

fn pairs<T>(
    connection: &Connection,
    sql: &str,
    pair: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map([], pair)?.collect()
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
