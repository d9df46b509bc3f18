//! `jimd db check`: everything that can be known about a store by reading it.

use super::super::message_table::{self, COLUMNS};
use super::super::store_error::{StoreError, fault};
use super::super::{file_store, schema};
use super::error::DbError;
use super::files::{self, Look};
use super::{names, reading, texts};
use crate::message::MessageId;
use rusqlite::{Connection, Row};
use std::path::{Path, PathBuf};

/// How many faults are named; a broken file may have thousands.
const FAULTS: usize = 5;

/// The version from which on a store holds messages.
const WITH_MESSAGES: i64 = 3;

/// The version from which on a store knows of files.
pub(super) const WITH_FILES: i64 = 4;

/// What a sound store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// The version of its tables.
    pub version: i64,
    /// How many accounts.
    pub accounts: u64,
    /// How many rooms.
    pub rooms: u64,
    /// How many memberships.
    pub memberships: u64,
    /// How many bans.
    pub bans: u64,
    /// How many entries all lists of contacts have.
    pub contacts: u64,
    /// How many messages, all of which are sound.
    pub messages: u64,
    /// How often one of them waits for an account.
    pub waiting: u64,
    /// How many files were sent.
    pub attachments: u64,
    /// How many are being sent.
    pub uploads: u64,
    /// What is no damage and yet worth knowing, a sentence each.
    pub remarks: Vec<String>,
}

/// Reads the whole store of a data folder, also beside a running server. Changes nothing in it.
///
/// # Errors
/// No store, or what is wrong with it or with the content of its files.
pub fn check(data: &Path) -> Result<Summary, DbError> {
    let (connection, path) = reading::open_store(data)?;
    let summary = check_all(&connection, &path)?;
    if summary.version >= WITH_FILES {
        let faults = files::compare(&connection, &path, data, Look::Whole)?;
        if faults.wrong > 0 {
            return Err(DbError::Files { path: file_store::folder_path(data), faults });
        }
    }
    Ok(summary)
}

/// Checks every page, index, reference and message as of one moment.
pub(super) fn check_all(connection: &Connection, path: &Path) -> Result<Summary, StoreError> {
    let version = schema::version(connection, path)?;
    let tx = connection.unchecked_transaction().map_err(|error| fault(path, error))?;
    let mut faults = faults(&tx, version).map_err(|error| fault(path, error))?;
    let mut remarks = Vec::new();
    if faults.is_empty() {
        let names = names::look(&tx, FAULTS).map_err(|error| fault(path, error))?;
        (faults, remarks) = (names.faults, names.remarks);
    }
    if !faults.is_empty() {
        return Err(StoreError::Damaged { path: path.to_owned(), detail: faults.join("; ") });
    }
    let summary = summary(&tx, path, version).map_err(|error| fault(path, error))?;
    Ok(Summary { remarks, ..summary })
}

fn faults(connection: &Connection, version: i64) -> rusqlite::Result<Vec<String>> {
    let sql = format!("PRAGMA integrity_check({FAULTS})");
    let mut found = lines(connection, &sql, |row| row.get(0))?;
    found.retain(|line| line != "ok");
    if found.is_empty() {
        found = lines(connection, "PRAGMA foreign_key_check", broken_reference)?;
    }
    if found.is_empty() {
        found = texts::no_utf_8(connection, version, FAULTS)?;
    }
    if found.is_empty() && version >= WITH_MESSAGES {
        found = damaged_messages(connection)?;
        found.extend(wrong_numbers(connection)?);
    }
    if found.is_empty() && version >= WITH_FILES {
        found = lines(connection, WRONG_USE, wrong_use)?;
    }
    Ok(found)
}

fn lines(
    connection: &Connection,
    sql: &str,
    line: fn(&Row<'_>) -> rusqlite::Result<String>,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], line)?.take(FAULTS);
    rows.map(|line| line.map(|line| line.replace('\n', " "))).collect()
}

fn broken_reference(row: &Row<'_>) -> rusqlite::Result<String> {
    let (table, id, parent): (String, Option<i64>, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let id = id.unwrap_or_default();
    Ok(format!("row {id} of {table} refers to a row of {parent} that is not there"))
}

fn damaged_messages(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = format!("SELECT {COLUMNS} FROM messages ORDER BY id");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], message_table::read_row)?;
    let damaged = rows.filter_map(|row| row.map(Result::err).transpose());
    damaged.take(FAULTS).map(|id| id.map(damaged_message)).collect()
}

/// How a damaged message is named.
pub(super) fn damaged_message(id: MessageId) -> String {
    format!("the message {id} is not as it was stored")
}

/// Without these a message's number might be used again, or the search would miss some.
fn wrong_numbers(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT expected.column1 FROM (VALUES ('ceiling'), ('indexed')) AS expected
        LEFT JOIN numbers ON numbers.what = expected.column1
        WHERE numbers.value IS NULL OR numbers.value < 0";
    lines(connection, sql, |row| {
        let what: String = row.get(0)?;
        Ok(format!("the number {what} is missing or wrong"))
    })
}

/// Whose files count for something else than is remembered.
const WRONG_USE: &str = "SELECT owner FROM (
        SELECT owner, bytes FROM attachment_use
        UNION ALL
        SELECT ifnull(sender, 0), -max(size, 4096) FROM attachments
    ) GROUP BY owner HAVING sum(bytes) <> 0";

fn wrong_use(row: &Row<'_>) -> rusqlite::Result<String> {
    let owner: i64 = row.get(0)?;
    Ok(format!("the sum of the files of account {owner} is wrong"))
}

fn summary(connection: &Connection, path: &Path, version: i64) -> rusqlite::Result<Summary> {
    let since = |first, table| if version < first { Ok(0) } else { count(connection, table) };
    Ok(Summary {
        path: path.to_owned(),
        version,
        accounts: count(connection, "accounts")?,
        rooms: count(connection, "rooms")?,
        memberships: count(connection, "memberships")?,
        bans: since(WITH_MESSAGES, "bans")?,
        contacts: since(WITH_MESSAGES, "contacts")?,
        messages: since(WITH_MESSAGES, "messages")?,
        waiting: since(WITH_MESSAGES, "waiting")?,
        attachments: since(WITH_FILES, "attachments WHERE sha256 IS NOT NULL")?,
        uploads: since(WITH_FILES, "attachments WHERE sha256 IS NULL")?,
        remarks: Vec::new(),
    })
}

/// How many rows a table has.
pub(super) fn count(connection: &Connection, table: &'static str) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM {table}");
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(u64::try_from(rows).unwrap_or_default())
}
