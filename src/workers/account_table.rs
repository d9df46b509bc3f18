//! The accounts' rows.

use super::{message_table, room_table};
use crate::message::{AccountId, AccountRecord, MessageId, Name};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

/// With the count of changes of the moment at which a record is read.
const COLUMNS: &str = "id, name, phc, blocked, created, \
    (SELECT times FROM changes WHERE what = 'accounts')";

fn record(row: &Row<'_>) -> rusqlite::Result<AccountRecord> {
    let name: String = row.get(1)?;
    let phc: Arc<str> = row.get(2)?;
    Ok(AccountRecord {
        id: AccountId(row.get(0)?),
        name: Name::shown(&name),
        phc,
        blocked: row.get(3)?,
        created_unix_micros: row.get::<_, i64>(4)?.try_into().unwrap_or_default(),
        version: row.get(5)?,
    })
}

/// How often accounts were changed, by whomever.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT times FROM changes WHERE what = 'accounts'";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Every account, in the order of their names.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<AccountRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM accounts ORDER BY name");
    connection.prepare_cached(&sql)?.query_map([], record)?.collect()
}

/// The account of exactly this name.
pub(super) fn find(
    connection: &Connection,
    name: &Name,
) -> rusqlite::Result<Option<AccountRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE name = ?1");
    connection.prepare_cached(&sql)?.query_row([name.as_str()], record).optional()
}

pub(super) fn exists(connection: &Connection, account: AccountId) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?.exists([account.0])
}

/// An account whose name is, or looks like, this one.
pub(super) fn look_alike(connection: &Connection, name: &Name) -> rusqlite::Result<Option<Name>> {
    let skeletons = name.skeletons();
    let sql = "SELECT name FROM accounts
        WHERE name = ?1 OR skeleton_raw IN (?2, ?3, ?4) OR skeleton_lower IN (?5, ?6)
            OR skeleton_upper IN (?7, ?8)
        ORDER BY name <> ?1, id LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let ([r1, r2, r3], [l1, l2], [u1, u2]) =
        (skeletons.raws(), skeletons.lowers(), skeletons.uppers());
    let values = params![name.as_str(), r1, r2, r3, l1, l2, u1, u2];
    let found: Option<String> = statement.query_row(values, |row| row.get(0)).optional()?;
    Ok(found.map(|text| Name::shown(&text)))
}

/// A new account.
pub(super) fn insert(
    connection: &Connection,
    name: &Name,
    phc: &str,
    now_unix_micros: u64,
) -> rusqlite::Result<AccountId> {
    let skeletons = name.skeletons();
    let sql = "INSERT INTO accounts
        (name, skeleton_raw, skeleton_lower, skeleton_upper, phc, created)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let created = room_table::stored(now_unix_micros);
    connection.prepare_cached(sql)?.execute(params![
        name.as_str(),
        skeletons.raw,
        skeletons.lower,
        skeletons.upper,
        phc,
        created
    ])?;
    Ok(AccountId(connection.last_insert_rowid()))
}

pub(super) fn set_phc(
    connection: &Connection,
    account: AccountId,
    phc: &str,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("UPDATE accounts SET phc = ?2 WHERE id = ?1")?;
    statement.execute(params![account.0, phc]).map(drop)
}

/// Sets another password where the stored one is still `old_phc`; says whether it was.
pub(super) fn replace_phc(
    connection: &Connection,
    account: AccountId,
    old_phc: &str,
    phc: &str,
) -> rusqlite::Result<bool> {
    let sql = "UPDATE accounts SET phc = ?3 WHERE id = ?1 AND phc = ?2";
    let changed = connection.prepare_cached(sql)?.execute(params![account.0, old_phc, phc])?;
    Ok(changed == 1)
}

pub(super) fn set_blocked(
    connection: &Connection,
    account: AccountId,
    blocked: bool,
) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("UPDATE accounts SET blocked = ?2 WHERE id = ?1")?;
    statement.execute(params![account.0, blocked]).map(drop)
}

/// Removes an account, its memberships and what waited for it, and hands its rooms on.
pub(super) fn remove(connection: &Connection, account: AccountId) -> rusqlite::Result<()> {
    for room in room_table::rooms_of(connection, account)? {
        room_table::leave(connection, account, room)?;
    }
    message_table::acknowledge(connection, account, MessageId::MAX)?;
    connection.prepare_cached("DELETE FROM accounts WHERE id = ?1")?.execute([account.0]).map(drop)
}
