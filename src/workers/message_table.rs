//! The messages' rows, and for whom they wait.

use super::room_table::stored;
use crate::message::{
    AccountId, Conversation, Mark, MessageId, PageMessage, RoomId, StoredMessage,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::ops::Range;

/// What [`read`] and [`read_row`] expect of a row, in this order.
pub(super) const COLUMNS: &str = "messages.id, messages.place, messages.peer, messages.sender, \
    messages.time, messages.in_history, messages.text_start, messages.text_end, \
    messages.checksum, messages.object";

/// A message's columns but for the object and its checksum.
struct Head {
    id: i64,
    place: i64,
    peer: i64,
    sender: Option<i64>,
    time: i64,
    in_history: bool,
    text_start: i64,
    text_end: i64,
}

impl Head {
    /// CRC-32 (IEEE) over the columns in the order of the table, each number as 8 bytes, the least
    /// first: a sender as the byte 1 and its number, no sender as the byte 0, `in_history` as one
    /// byte 0 or 1. Behind them comes the object.
    fn checksum(&self, object: &[u8]) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for number in [self.id, self.place, self.peer] {
            sum.update(&number.to_le_bytes());
        }
        sum.update(&[u8::from(self.sender.is_some())]);
        if let Some(sender) = self.sender {
            sum.update(&sender.to_le_bytes());
        }
        sum.update(&self.time.to_le_bytes());
        sum.update(&[u8::from(self.in_history)]);
        for number in [self.text_start, self.text_end] {
            sum.update(&number.to_le_bytes());
        }
        sum.update(object);
        sum.finalize()
    }

    fn of(message: &StoredMessage) -> Self {
        let (place, peer) = place_of(message.conversation);
        Self {
            id: message.mark.id.0,
            place,
            peer,
            sender: message.sender.map(|sender| sender.0),
            time: stored(message.mark.unix_micros),
            in_history: message.in_history,
            text_start: message.text.start.into(),
            text_end: message.text.end.into(),
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            place: row.get(1)?,
            peer: row.get(2)?,
            sender: row.get(3)?,
            time: row.get(4)?,
            in_history: row.get(5)?,
            text_start: row.get(6)?,
            text_end: row.get(7)?,
        })
    }

    fn text(&self) -> Option<Range<u32>> {
        Some(self.text_start.try_into().ok()?..self.text_end.try_into().ok()?)
    }
}

/// The columns `place` and `peer`.
pub(super) fn place_of(conversation: Conversation) -> (i64, i64) {
    match conversation {
        Conversation::Common => (0, 0),
        Conversation::Room(room) => (room.0, 0),
        Conversation::Direct(one, other) => (one.0.saturating_neg(), other.0),
    }
}

/// What [`place_of`] was made of.
pub(super) const fn conversation_at(place: i64, peer: i64) -> Option<Conversation> {
    match (place, peer) {
        (0, 0) => Some(Conversation::Common),
        (1.., 0) => Some(Conversation::Room(RoomId(place))),
        (..=-1, 1..) => {
            Some(Conversation::Direct(AccountId(place.saturating_neg()), AccountId(peer)))
        }
        _ => None,
    }
}

/// A message in the order of [`COLUMNS`], or its number where it is damaged. For whom it waits
/// stands elsewhere.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Result<StoredMessage, MessageId>> {
    let head = Head::from_row(row)?;
    let (checksum, object): (i64, Box<[u8]>) = (row.get(8)?, row.get_ref(9)?.as_blob()?.into());
    let id = MessageId(head.id);
    if i64::from(head.checksum(&object)) != checksum {
        return Ok(Err(id));
    }
    let whole = || {
        let unix_micros = u64::try_from(head.time).ok()?;
        Some(StoredMessage {
            mark: Mark { id, unix_micros },
            conversation: conversation_at(head.place, head.peer)?,
            sender: head.sender.map(AccountId),
            text: head.text()?,
            object,
            in_history: head.in_history,
            waits_for: None,
            attachment: None,
        })
    };
    Ok(whole().ok_or(id))
}

/// The same, of which only what is handed out is kept.
pub(super) fn read_row(row: &Row<'_>) -> rusqlite::Result<Result<PageMessage, MessageId>> {
    let message = read(row)?;
    Ok(message.map(|message| PageMessage { mark: message.mark, object: message.object }))
}

/// Stores a message whose number is new, and for whom it waits, an account that is there.
pub(super) fn insert(connection: &Connection, message: &StoredMessage) -> rusqlite::Result<()> {
    let head = Head::of(message);
    let sql = "INSERT INTO messages (id, place, peer, sender, time, in_history, text_start,
        text_end, checksum, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        head.id,
        head.place,
        head.peer,
        head.sender,
        head.time,
        head.in_history,
        head.text_start,
        head.text_end,
        head.checksum(&message.object),
        message.object,
    ])?;
    match message.waits_for {
        Some(account) => add_waiting(connection, account, message.mark.id),
        None => Ok(()),
    }
}

/// Whether a message has this number.
pub(super) fn exists(connection: &Connection, id: MessageId) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM messages WHERE id = ?1")?.exists([id.0])
}

/// A message waits for an account. Both must be there.
pub(super) fn add_waiting(
    connection: &Connection,
    account: AccountId,
    id: MessageId,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO waiting (account, message) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![account.0, id.0]).map(drop)
}

/// The same for a message that is stored already; nothing where the message or the account is gone.
pub(super) fn await_stored(
    connection: &Connection,
    account: AccountId,
    id: MessageId,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO waiting (account, message)
        SELECT accounts.id, messages.id FROM accounts, messages
        WHERE accounts.id = ?1 AND messages.id = ?2
        ON CONFLICT (account, message) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![account.0, id.0]).map(drop)
}

/// Forgets what waits for an account up to a message, and the messages that were kept for that
/// alone. Gives how many still wait.
pub(super) fn acknowledge(
    connection: &Connection,
    account: AccountId,
    up_to: MessageId,
) -> rusqlite::Result<usize> {
    let values = params![account.0, up_to.0];
    // This takes their rows of `waiting` with them.
    let sql = "DELETE FROM messages WHERE in_history = 0
        AND id IN (SELECT message FROM waiting WHERE account = ?1 AND message <= ?2)
        AND NOT EXISTS (SELECT 1 FROM waiting WHERE message = messages.id AND account <> ?1)";
    connection.prepare_cached(sql)?.execute(values)?;
    let sql = "DELETE FROM waiting WHERE account = ?1 AND message <= ?2";
    connection.prepare_cached(sql)?.execute(values)?;
    let sql = "SELECT count(*) FROM waiting WHERE account = ?1";
    let left: i64 = connection.prepare_cached(sql)?.query_row([account.0], |row| row.get(0))?;
    Ok(usize::try_from(left).unwrap_or_default())
}

/// For whom how many messages wait.
pub(super) fn waiting_counts(connection: &Connection) -> rusqlite::Result<Vec<(AccountId, usize)>> {
    let sql = "SELECT account, count(*) FROM waiting GROUP BY account ORDER BY account";
    let count = |row: &Row<'_>| {
        let waiting: i64 = row.get(1)?;
        Ok((AccountId(row.get(0)?), usize::try_from(waiting).unwrap_or_default()))
    };
    connection.prepare_cached(sql)?.query_map([], count)?.collect()
}

/// The greatest number that a message has, 0 where there is none.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<MessageId> {
    let sql = "SELECT max(id) FROM messages";
    let newest: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(MessageId(newest.unwrap_or_default()))
}

/// No number from this one on was given to a message.
pub(super) fn ceiling(connection: &Connection) -> rusqlite::Result<MessageId> {
    let sql = "SELECT value FROM numbers WHERE what = 'ceiling'";
    let value = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(MessageId(value.unwrap_or_default()))
}

/// Raises the ceiling; it never goes down.
pub(super) fn raise_ceiling(connection: &Connection, ceiling: MessageId) -> rusqlite::Result<()> {
    let sql = "INSERT INTO numbers (what, value) VALUES ('ceiling', ?1)
        ON CONFLICT (what) DO UPDATE SET value = max(value, excluded.value)";
    connection.prepare_cached(sql)?.execute([ceiling.0]).map(drop)
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
