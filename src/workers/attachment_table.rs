//! The rows of files: uploads that are open, and those that are whole. The content is in the folder
//! that `file_store` keeps.

use super::message_table::{conversation_at, place_of};
use super::room_table::stored;
use crate::limits::ATTACHMENT_COUNTED_BYTES;
use crate::message::{
    AccountId, Announced, AttachmentBounds, AttachmentRecord, Done, MessageId, Sha256, Upload,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What [`record`] expects of a row, in this order.
pub(super) const COLUMNS: &str = "attachments.id, attachments.created, attachments.sender, \
    attachments.place, attachments.peer, attachments.addressee, attachments.name, \
    attachments.size, attachments.text, attachments.sha256";

/// So many of the guests' files may go to make room for one: more would hold up other jobs.
const ROWS_FOR_ROOM: u32 = 8192;

/// Opens an upload where the quotas have room for it.
pub(super) fn open(
    connection: &Connection,
    upload: &Upload,
    bounds: &AttachmentBounds,
) -> rusqlite::Result<Done> {
    let counted = upload.size.max(ATTACHMENT_COUNTED_BYTES);
    let own = used(connection, upload.sender)?;
    let all = used_in_all(connection)?;
    let excess = own.saturating_add(counted).saturating_sub(bounds.quota_user_bytes);
    let room = if excess > 0 && upload.sender.is_none() {
        find_room(connection, excess)?
    } else {
        Room::default()
    };
    let quotas = [(own, bounds.quota_user_bytes, true), (all, bounds.quota_bytes, false)];
    for (used_bytes, limit_bytes, is_own) in quotas {
        let left = used_bytes.saturating_sub(room.bytes);
        if left.saturating_add(counted) > limit_bytes {
            return Ok(Done::QuotaExceeded { limit_bytes, used_bytes, is_own });
        }
    }
    room.make(connection)?;
    insert(connection, upload)?;
    Ok(Done::UploadOpened { upload: upload.id })
}

/// Files that may go, to make room for another.
#[derive(Debug, Default)]
struct Room {
    files: Vec<i64>,
    /// What they count for.
    bytes: u64,
}

impl Room {
    fn make(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut delete = connection.prepare_cached("DELETE FROM attachments WHERE id = ?1")?;
        self.files.iter().try_for_each(|id| delete.execute([id]).map(drop))
    }
}

/// Guests' files that no history has are there for those who were told of them, and nobody can remove
/// them: where the next one needs their room the oldest go, if they are enough.
fn find_room(connection: &Connection, excess: u64) -> rusqlite::Result<Room> {
    let sql = "SELECT id, size FROM attachments
        WHERE sender IS NULL AND sha256 IS NOT NULL AND message IS NULL ORDER BY id LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([ROWS_FOR_ROOM])?;
    let mut room = Room::default();
    while room.bytes < excess {
        let Some(row) = rows.next()? else { return Ok(Room::default()) };
        room.files.push(row.get(0)?);
        let counted = unsigned(row.get(1)?).max(ATTACHMENT_COUNTED_BYTES);
        room.bytes = room.bytes.saturating_add(counted);
    }
    Ok(room)
}

/// A new row, of an upload without a piece.
pub(super) fn insert(connection: &Connection, upload: &Upload) -> rusqlite::Result<()> {
    let (place, peer) = place_of(upload.conversation);
    let sql = "INSERT INTO attachments
        (id, created, sender, place, peer, addressee, name, size, text)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        upload.id.0,
        stored(upload.created_unix_micros),
        upload.sender.map(|sender| sender.0),
        place,
        peer,
        upload.waits_for.map(|account| account.0),
        upload.name,
        stored(upload.size),
        upload.text,
    ])?;
    Ok(())
}

/// What the files of an account count for, or those of all guests, in bytes.
fn used(connection: &Connection, owner: Option<AccountId>) -> rusqlite::Result<u64> {
    let sql = "SELECT bytes FROM attachment_use WHERE owner = ?1";
    let owner = owner.map_or(0, |owner| owner.0);
    let bytes = connection.prepare_cached(sql)?.query_row([owner], |row| row.get(0)).optional()?;
    Ok(unsigned(bytes.unwrap_or_default()))
}

fn used_in_all(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT ifnull(sum(bytes), 0) FROM attachment_use";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).map(unsigned)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The open upload is whole, and announced by the message of this number, if that is kept.
pub(super) fn announce(
    connection: &Connection,
    announced: &Announced,
    message: Option<MessageId>,
) -> rusqlite::Result<()> {
    let sql = "UPDATE attachments SET sha256 = ?2, message = ?3 WHERE id = ?1";
    let values = params![announced.upload.0, announced.sha256.0, message.map(|id| id.0)];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Forgets an upload that was not announced.
pub(super) fn drop_open(connection: &Connection, upload: MessageId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM attachments WHERE id = ?1 AND sha256 IS NULL";
    connection.prepare_cached(sql)?.execute([upload.0]).map(drop)
}

/// Forgets the uploads of guests that a former server left open: nobody can go on with them.
pub(super) fn drop_open_of_guests(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM attachments WHERE sender IS NULL AND sha256 IS NULL";
    connection.execute(sql, []).map(drop)
}

/// What is known of a file.
pub(super) fn find(
    connection: &Connection,
    id: MessageId,
) -> rusqlite::Result<Option<AttachmentRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM attachments WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id.0], record).optional()?.flatten())
}

/// A row in the order of [`COLUMNS`]; none where it is damaged.
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<Option<AttachmentRecord>> {
    let Some(conversation) = conversation_at(row.get(3)?, row.get(4)?) else { return Ok(None) };
    let upload = Upload {
        id: MessageId(row.get(0)?),
        created_unix_micros: unsigned(row.get(1)?),
        sender: row.get::<_, Option<i64>>(2)?.map(AccountId),
        conversation,
        waits_for: row.get::<_, Option<i64>>(5)?.map(AccountId),
        name: row.get(6)?,
        size: unsigned(row.get(7)?),
        text: row.get(8)?,
    };
    let sha256 = row.get::<_, Option<[u8; 32]>>(9)?.map(Sha256);
    Ok(Some(AttachmentRecord { upload, sha256 }))
}

/// Whether an upload waits for its pieces, or to be announced.
pub(super) fn is_open(connection: &Connection, upload: MessageId) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM attachments WHERE id = ?1 AND sha256 IS NULL";
    connection.prepare_cached(sql)?.exists([upload.0])
}

/// Whether some file has this content.
pub(super) fn has_content(connection: &Connection, sha256: Sha256) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM attachments WHERE sha256 = ?1";
    connection.prepare_cached(sql)?.exists([sha256.0])
}

/// Since when this store works with its folder, in microseconds since 1970: what was put there
/// before may be another store's.
pub(super) fn files_since(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM numbers WHERE what = 'files_since'";
    let since = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(unsigned(since.unwrap_or_default()))
}

/// It does so from now on.
pub(super) fn set_files_since(connection: &Connection, unix_micros: u64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO numbers (what, value) VALUES ('files_since', ?1)
        ON CONFLICT (what) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute([stored(unix_micros)]).map(drop)
}

#[cfg(test)]
#[path = "attachment_tests.rs"]
pub(super) mod tests;
