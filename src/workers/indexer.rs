//! The index of words, which follows the messages: after the gate, in transactions of its own.
//!
//! Messages are committed in the order of their numbers, so one number says how far the index is.
//! It moves in the same transaction as the words, so that a crash between two of them loses none.

use super::message_table::conversation_at;
use super::words;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};
use std::ops::Range;

/// The most messages that one step puts into the index: some milliseconds.
pub(super) const STEP: u32 = 1024;

/// What the index needs of a message.
pub(super) struct Indexed {
    id: i64,
    text: Option<String>,
    place: Option<String>,
}

impl Indexed {
    /// Columns `id, place, peer, text_start, text_end, object`.
    pub(super) const COLUMNS: &str = "id, place, peer, text_start, text_end, object";

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let at: Range<i64> = row.get(3)?..row.get(4)?;
        let text = words::of_object(row.get_ref(5)?.as_blob()?, at);
        let place = conversation_at(row.get(1)?, row.get(2)?).map(words::of_place);
        Ok(Self { id: row.get(0)?, text, place })
    }

    /// Puts it into a table like `message_words`, unless it has no text.
    pub(super) fn insert(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        let (Some(text), Some(place)) = (&self.text, &self.place) else { return Ok(()) };
        let sql = format!("INSERT INTO {table} (rowid, text, place) VALUES (?1, ?2, ?3)");
        connection.prepare_cached(&sql)?.execute(params![self.id, text, place]).map(drop)
    }
}

/// Puts the next messages into the index, [`STEP`] at most; says how many.
pub(super) fn step(connection: &Connection) -> rusqlite::Result<usize> {
    without_sync(connection, || {
        let behavior = TransactionBehavior::Immediate;
        let tx = Transaction::new_unchecked(connection, behavior)?;
        let (count, last) = index(&tx)?;
        if let Some(last) = last {
            let sql = "UPDATE numbers SET value = ?1 WHERE what = 'indexed'";
            tx.prepare_cached(sql)?.execute([last])?;
        }
        tx.commit()?;
        Ok(count)
    })
}

fn index(connection: &Connection) -> rusqlite::Result<(usize, Option<i64>)> {
    let columns = Indexed::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM messages WHERE id > ?1 AND in_history = 1 ORDER BY id LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![mark(connection)?, STEP])?;
    let (mut count, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        let message = Indexed::from_row(row)?;
        message.insert(connection, "message_words")?;
        count += 1;
        last = Some(message.id);
    }
    Ok((count, last))
}

/// The last message that was put into the index.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT value FROM numbers WHERE what = 'indexed'";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Works without waiting for the disk: what is lost in a power cut is found again. The next commit
/// that does wait takes this one with it.
pub(super) fn without_sync<T>(
    connection: &Connection,
    work: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    /// SQLite's number for `NORMAL`; a greater one syncs at each commit.
    const NORMAL: i64 = 1;
    let usual: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if usual <= NORMAL {
        return work();
    }
    connection.pragma_update(None, "synchronous", NORMAL)?;
    let done = work();
    connection.pragma_update(None, "synchronous", usual)?;
    done
}

#[cfg(test)]
#[path = "indexer_tests.rs"]
mod tests;
