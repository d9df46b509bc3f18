//! The files of an export and an import: what is known of those that are whole. Their content is no
//! part of it.

use super::super::attachment_table;
use super::error::LineFault;
use super::export::{Stop, write_line};
use super::form::{Attachment, Id, Line};
use super::import::{self, Import, moment};
use super::import_messages;
use crate::message::{Announced, MessageId, Sha256, Upload};
use rusqlite::{Connection, Row};
use std::io::Write;

const FROM: &str = "FROM attachments
    LEFT JOIN rooms ON attachments.place > 0 AND rooms.id = attachments.place
    LEFT JOIN accounts AS one ON attachments.place < 0 AND one.id = -attachments.place
    LEFT JOIN accounts AS other ON attachments.place < 0 AND other.id = attachments.peer
    LEFT JOIN accounts AS sender ON sender.id = attachments.sender
    WHERE attachments.sha256 IS NOT NULL AND (attachments.place = 0 OR rooms.id IS NOT NULL
        OR one.id IS NOT NULL AND other.id IS NOT NULL)";

/// How many files an export has.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let rows: i64 =
        connection.query_row(&format!("SELECT count(*) {FROM}"), [], |row| row.get(0))?;
    Ok(u64::try_from(rows).unwrap_or_default())
}

/// Writes them, the oldest first.
pub(super) fn write(connection: &Connection, out: &mut impl Write) -> Result<(), Stop> {
    let sql = format!(
        "SELECT attachments.id, rooms.name, one.name, other.name, sender.name, attachments.created,
            attachments.name, size, text, lower(hex(sha256)), message {FROM} ORDER BY attachments.id"
    );
    let mut statement = connection.prepare(&sql)?;
    for file in statement.query_map([], attachment)? {
        write_line(out, &Line::Attachment(file?))?;
    }
    Ok(())
}

fn attachment(row: &Row<'_>) -> rusqlite::Result<Attachment> {
    let direct: (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
    let number = |column| row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or_default());
    Ok(Attachment {
        id: Id(MessageId(row.get(0)?)),
        room: row.get(1)?,
        direct: direct.0.zip(direct.1),
        sender: row.get(4)?,
        created: number(5)?,
        name: row.get(6)?,
        size: number(7)?,
        text: row.get(8)?,
        sha256: row.get(9)?,
        message: row.get::<_, Option<i64>>(10)?.map(|id| Id(MessageId(id))),
    })
}

/// Takes a line of an import.
pub(super) fn take(import: &Import<'_>, file: &Attachment) -> Result<(), import::Stop> {
    let sha256 = Sha256::parse(&file.sha256).ok_or(LineFault::Sum)?;
    moment(file.created)?;
    moment(file.size)?;
    if attachment_table::find(import.connection, file.id.0)?.is_some() {
        return Err(LineFault::Twice.into());
    }
    let sender = file.sender.as_ref().map(|sender| import_messages::account(import, sender));
    let upload = Upload {
        id: file.id.0,
        created_unix_micros: file.created,
        sender: sender.transpose()?,
        conversation: import_messages::conversation(import, &file.room, &file.direct)?,
        waits_for: None,
        name: file.name.as_str().into(),
        size: file.size,
        text: file.text.as_str().into(),
    };
    attachment_table::insert(import.connection, &upload)?;
    let announced = Announced { upload: upload.id, sha256 };
    let message = file.message.map(|message| message.0);
    attachment_table::announce(import.connection, &announced, message)?;
    Ok(())
}
