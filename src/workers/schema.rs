//! The store's tables and how an older file becomes a newer one: forward only, one transaction.

use super::StoreError;
use super::store_error::fault;
use crate::message::visible;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::collections::BTreeSet;
use std::path::Path;

/// `JIMd` in a file's header says that it is ours.
const APPLICATION_ID: i64 = 0x4a49_4d64;

/// The tables that are wholly read at start, and so checked then, as far as a version has them.
const READ_AT_START: [&str; 6] =
    ["accounts", "rooms", "memberships", "bans", "invited", "contacts"];

/// What makes version n + 1 out of version n. An entry never changes once it has been released.
///
/// A room's owner stands in `rooms` alone; `memberships.role` knows members and operators. While a
/// room has members, its owner is one of them. The memberships of a room are in the order of
/// joining by their `id`, since the clock may jump. `changes` counts what other processes do to the
/// accounts, so that a running server notices.
const MIGRATIONS: [&str; 4] = [FIRST, INVITATIONS, MESSAGES, ATTACHMENTS];

const FIRST: &str = "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        skeleton_raw TEXT NOT NULL UNIQUE,
        skeleton_lower TEXT NOT NULL UNIQUE,
        skeleton_upper TEXT NOT NULL UNIQUE,
        phc TEXT NOT NULL,
        blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
        created INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        owner INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
        topic TEXT NOT NULL DEFAULT '',
        hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
        created INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX rooms_by_owner ON rooms (owner);
    CREATE TABLE memberships (
        id INTEGER PRIMARY KEY,
        room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'op')),
        since INTEGER NOT NULL,
        UNIQUE (room, account)
    ) STRICT;
    CREATE INDEX memberships_by_account ON memberships (account);
    CREATE TABLE changes (
        what TEXT PRIMARY KEY,
        times INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO changes (what, times) VALUES ('accounts', 0);
    CREATE TRIGGER account_added AFTER INSERT ON accounts BEGIN
        UPDATE changes SET times = times + 1 WHERE what = 'accounts';
    END;
    CREATE TRIGGER account_changed AFTER UPDATE ON accounts BEGIN
        UPDATE changes SET times = times + 1 WHERE what = 'accounts';
    END;
    CREATE TRIGGER account_removed AFTER DELETE ON accounts BEGIN
        UPDATE changes SET times = times + 1 WHERE what = 'accounts';
    END;
";

/// An invitation's code is known to whom it was given; here is only its hash. `room` is a name, since
/// the room may be made by the first who comes.
const INVITATIONS: &str = "
    CREATE TABLE invitations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        code_hash BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),
        room TEXT,
        uses INTEGER NOT NULL CHECK (uses > 0),
        used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
        created INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT;
";

/// Messages and what came with them.
///
/// A message's `place` and `peer` are its conversation: 0 and 0 for the common chat, a room's number
/// and 0, or for two accounts the smaller number with a minus sign and the greater one. What refers
/// to a room or an account that is gone is swept later, so nothing here points to those tables.
/// `checksum` is over all that was sent. `text_start` and `text_end` say where in the object the text
/// is, a JSON string. `message_words` is the index for searching, also by the place; it merges its parts
/// more rarely than is usual, for a tenth less work. `numbers` knows how far it is (`indexed`), and which
/// message numbers may have been given (`ceiling`).
const MESSAGES: &str = "
    ALTER TABLE memberships ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE bans (
        room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        PRIMARY KEY (room, account)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX bans_by_account ON bans (account);
    CREATE TABLE invited (
        room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        PRIMARY KEY (room, account)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX invited_by_account ON invited (account);
    CREATE TABLE contacts (
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        contact INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        PRIMARY KEY (account, contact)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX contacts_by_contact ON contacts (contact);
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        place INTEGER NOT NULL,
        peer INTEGER NOT NULL,
        sender INTEGER,
        time INTEGER NOT NULL,
        in_history INTEGER NOT NULL CHECK (in_history IN (0, 1)),
        text_start INTEGER NOT NULL,
        text_end INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        object BLOB NOT NULL
    ) STRICT;
    CREATE INDEX messages_by_conversation ON messages (place, peer, id);
    CREATE TABLE waiting (
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        PRIMARY KEY (account, message)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX waiting_by_message ON waiting (message);
    CREATE TABLE numbers (
        what TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO numbers (what, value) VALUES ('ceiling', 0), ('indexed', 0);
    CREATE VIRTUAL TABLE message_words USING fts5 (
        text, place, content = '', contentless_delete = 1,
        tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO message_words (message_words, rank) VALUES ('automerge', 8);
";

/// Files that were sent; their content is in a folder beside the store.
///
/// `sha256` is null until a file is whole and announced; `message` is its announcement, where that is
/// kept. `addressee` is who was offline. `attachment_use` has what the files of an account count for,
/// those of guests under 0, so that a quota costs no sum; a file counts for a block of a disk at
/// least. `files_since` says from when on the folder is this store's.
const ATTACHMENTS: &str = "
    CREATE TABLE attachments (
        id INTEGER PRIMARY KEY,
        created INTEGER NOT NULL,
        sender INTEGER,
        place INTEGER NOT NULL,
        peer INTEGER NOT NULL,
        addressee INTEGER,
        name TEXT NOT NULL,
        size INTEGER NOT NULL CHECK (size >= 0),
        text TEXT NOT NULL,
        sha256 BLOB CHECK (length(sha256) = 32),
        message INTEGER
    ) STRICT;
    CREATE INDEX attachments_by_content ON attachments (sha256) WHERE sha256 IS NOT NULL;
    CREATE TABLE attachment_use (
        owner INTEGER PRIMARY KEY,
        bytes INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER attachment_added AFTER INSERT ON attachments BEGIN
        INSERT INTO attachment_use (owner, bytes)
            VALUES (ifnull(new.sender, 0), max(new.size, 4096))
            ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER attachment_removed AFTER DELETE ON attachments BEGIN
        UPDATE attachment_use SET bytes = bytes - max(old.size, 4096)
            WHERE owner = ifnull(old.sender, 0);
        DELETE FROM attachment_use WHERE owner = ifnull(old.sender, 0) AND bytes = 0;
    END;
    INSERT INTO numbers (what, value) VALUES ('files_since', unixepoch() * 1000000);
";

/// Refuses a file that is damaged, not ours or newer. Only reads.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    // As of one moment: another process may bring it up to date meanwhile.
    let tx = connection.unchecked_transaction().map_err(|error| fault(path, error))?;
    check_as_it_is(&tx, path)
}

fn check_as_it_is(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema";
    let objects: i64 =
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| fault(path, error))?;
    match number(connection, path, "application_id")? {
        0 if objects == 0 => Ok(()),
        APPLICATION_ID => check_version(connection, path),
        _ => Err(StoreError::NotOurs { path: path.to_owned() }),
    }
}

/// The version of a file; 0 where nothing was ever stored.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    number(connection, path, "user_version")
}

fn check_version(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection, path)?;
    match usize::try_from(found) {
        Ok(version) if version > MIGRATIONS.len() => {
            Err(StoreError::Newer { path: path.to_owned(), found, known: MIGRATIONS.len() })
        }
        Ok(version) => check_content(connection, path, version),
        Err(_) => Err(damaged(path, format!("its version is {found}"))),
    }
}

fn check_content(connection: &Connection, path: &Path, version: usize) -> Result<(), StoreError> {
    let expected = expected_objects(version).map_err(|error| fault(path, error))?;
    let found = objects(connection).map_err(|error| fault(path, error))?;
    if let Some((kind, name, _)) = expected.difference(&found).next() {
        return Err(damaged(path, format!("the {kind} {name} is missing or changed")));
    }
    if let Some((kind, name, _)) = found.difference(&expected).find(|object| !is_harmless(object)) {
        let (kind, name) = (excerpt(kind), excerpt(name));
        return Err(damaged(path, format!("the {kind} {name} is none that jimd makes")));
    }
    let is_there = |table: &&str| expected.iter().any(|(_, name, _)| name == table);
    for table in READ_AT_START.into_iter().filter(is_there) {
        let verdict: Option<String> = connection
            .query_row(&format!("PRAGMA quick_check({table})"), [], |row| row.get(0))
            .optional()
            .map_err(|error| fault(path, error))?;
        match verdict.as_deref() {
            Some("ok") | None => {}
            Some(verdict) => return Err(damaged(path, verdict.replace('\n', " "))),
        }
    }
    Ok(())
}

/// Brings an empty or older file to the newest version. An older one is given to `keep` before,
/// with its version, and nothing is changed where that fails.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    keep: impl FnOnce(u32) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let fault = |error| fault(path, error);
    let behavior = TransactionBehavior::Immediate;
    let tx = connection.transaction_with_behavior(behavior).map_err(fault)?;
    // Read inside: another process may have been faster.
    let found: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fault)?;
    if found > 0 && (found as usize) < MIGRATIONS.len() {
        keep(found)?;
    }
    migrate_to(&tx, found, MIGRATIONS.len()).map_err(fault)?;
    tx.commit().map_err(fault)
}

/// Brings a file from one version to another.
pub(super) fn migrate_to(
    connection: &Connection,
    found: u32,
    version: usize,
) -> rusqlite::Result<()> {
    for (next, sql) in (1_u32..).zip(MIGRATIONS).take(version).skip(found as usize) {
        connection.execute_batch(sql)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", next)?;
    }
    Ok(())
}

/// What a file of this version holds: kind, name and the text that made it.
type Objects = BTreeSet<(String, String, String)>;

/// Whether an operator may have made it: an index that refuses nothing, and what `ANALYZE` found out.
/// Anything else, a trigger above all, might change what is stored.
fn is_harmless((kind, name, sql): &(String, String, String)) -> bool {
    match kind.as_str() {
        "index" => sql.starts_with("CREATE INDEX "),
        "table" => ["sqlite_stat1", "sqlite_stat4"].contains(&name.as_str()),
        _ => false,
    }
}

fn expected_objects(version: usize) -> rusqlite::Result<Objects> {
    let connection = Connection::open_in_memory()?;
    for sql in MIGRATIONS.iter().take(version) {
        connection.execute_batch(sql)?;
    }
    objects(&connection)
}

fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let sql = "SELECT ifnull(type, ''), ifnull(name, ''), sql FROM sqlite_schema
        WHERE sql IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn number(connection: &Connection, path: &Path, pragma: &str) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, pragma, |row| row.get(0))
        .map_err(|error| fault(path, error))
}

/// A text that is in the file, as far as it is shown.
pub(super) fn excerpt(text: &str) -> String {
    const CHARS: usize = 64;
    let end = text.char_indices().nth(CHARS).map_or(text.len(), |(at, _)| at);
    let (shown, rest) = text.split_at(end);
    let cut = if rest.is_empty() { "" } else { "…" };
    format!("{}{cut}", visible(shown))
}

fn damaged(path: &Path, detail: String) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), detail }
}

#[cfg(test)]
#[path = "migration_tests.rs"]
mod tests;
