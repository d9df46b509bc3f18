//! The messages of an export: with names in place of numbers, which an import gives anew.

use super::super::message_table::{self, COLUMNS};
use super::export::{Stop, write_line};
use super::form::{Id, Line, Message};
use crate::message::{Conversation, MessageId};
use rusqlite::{Connection, Row, Statement};
use std::io::Write;

/// The columns behind a message's own: the names of its room, or of its two accounts, and of its
/// sender.
const NAMES: &str = "rooms.name, one.name, other.name, sender.name";
const ROOM_NAME: usize = 10;
const DIRECT_NAMES: (usize, usize) = (11, 12);
const SENDER_NAME: usize = 13;

const FROM: &str = "FROM messages
    LEFT JOIN rooms ON messages.place > 0 AND rooms.id = messages.place
    LEFT JOIN accounts AS one ON messages.place < 0 AND one.id = -messages.place
    LEFT JOIN accounts AS other ON messages.place < 0 AND other.id = messages.peer
    LEFT JOIN accounts AS sender ON sender.id = messages.sender";

/// What is left of a room or an account that is gone is soon swept, and no part of an export.
const STANDING: &str = "messages.place = 0 OR rooms.id IS NOT NULL
    OR one.id IS NOT NULL AND other.id IS NOT NULL";

/// How many messages an export has.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) {FROM} WHERE {STANDING}");
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(u64::try_from(rows).unwrap_or_default())
}

/// Writes them, the oldest first. Each is checked.
pub(super) fn write(connection: &Connection, out: &mut impl Write) -> Result<(), Stop> {
    let sql = format!("SELECT {COLUMNS}, {NAMES} {FROM} ORDER BY messages.id");
    let mut statement = connection.prepare(&sql)?;
    let sql = "SELECT accounts.name FROM waiting JOIN accounts ON accounts.id = waiting.account
        WHERE message = ?1 ORDER BY account";
    let mut waiting = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(message) = message(row, &mut waiting)? {
            write_line(out, &Line::Message(message))?;
        }
    }
    Ok(())
}

/// A message; none where its room, or one of its two accounts, is gone.
fn message(row: &Row<'_>, waiting: &mut Statement<'_>) -> Result<Option<Message>, Stop> {
    let stored = message_table::read(row)?.map_err(Stop::Damaged)?;
    let id = stored.mark.id;
    let (room, direct) = match stored.conversation {
        Conversation::Common => (None, None),
        Conversation::Room(_) => match row.get(ROOM_NAME)? {
            Some(room) => (Some(room), None),
            None => return Ok(None),
        },
        Conversation::Direct(..) => match (row.get(DIRECT_NAMES.0)?, row.get(DIRECT_NAMES.1)?) {
            (Some(one), Some(other)) => (None, Some((one, other))),
            _ => return Ok(None),
        },
    };
    let object = String::from_utf8(stored.object.into_vec()).map_err(|_| Stop::Damaged(id))?;
    Ok(Some(Message {
        id: Id(id),
        room,
        direct,
        sender: row.get(SENDER_NAME)?,
        time: stored.mark.unix_micros,
        in_history: stored.in_history,
        text: (stored.text.start, stored.text.end),
        waits_for: names(waiting, id)?,
        object,
    }))
}

fn names(waiting: &mut Statement<'_>, id: MessageId) -> rusqlite::Result<Vec<String>> {
    waiting.query_map([id.0], |row| row.get(0))?.collect()
}
