//! The store as a reader sees it: accounts, parts of conversations, and what waits for an account.
//!
//! A reader never waits for the writer nor holds it up: the write-ahead log shows each what was
//! there when it began to read. A damaged message is left out, and named when asked for.

use super::data_folder::{DataFolder, store_path};
use super::message_table::{self, COLUMNS};
use super::search::SEARCH_TIME;
use super::store::{prepare, refuse_lost_head};
use super::store_error::{StoreError, fault};
use super::{account_table, attachment_table};
use crate::message::{
    AccountId, AccountRecord, AttachmentRecord, HistoryQuery, MessageId, Name, Page, PageMessage,
    Sha256,
};
use rusqlite::{Connection, OpenFlags, Params, Row};
use std::path::PathBuf;
use std::time::Duration;

/// An open store that is only read. It is one thread's.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    path: PathBuf,
    /// A message that was left out since it was last asked for.
    pub(super) damaged: Option<MessageId>,
    /// How long one search may take.
    pub(super) search_time: Duration,
}

impl Reader {
    /// Opens the store of a folder, beside a [`super::Store`] that was opened before: this one
    /// neither makes nor checks nor changes anything.
    ///
    /// # Errors
    /// There is none, or SQLite cannot read it.
    pub fn open(folder: &DataFolder) -> Result<Self, StoreError> {
        let path = store_path(folder.path());
        refuse_lost_head(&path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(&path, flags)?;
            prepare(&connection)?;
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            Ok(connection)
        };
        let connection = open().map_err(|error| fault(&path, error))?;
        Ok(Self { connection, path, damaged: None, search_time: SEARCH_TIME })
    }

    /// The account of this name, as the last commit before this call left it.
    pub(super) fn account(&mut self, name: &Name) -> Result<Option<AccountRecord>, StoreError> {
        account_table::find(&self.connection, name).map_err(|error| self.fault(error))
    }

    /// What is known of a file.
    pub(super) fn attachment(&self, id: MessageId) -> Result<Option<AttachmentRecord>, StoreError> {
        attachment_table::find(&self.connection, id).map_err(|error| self.fault(error))
    }

    /// Whether an upload waits for its pieces, or to be announced.
    pub(super) fn is_open_upload(&self, id: MessageId) -> Result<bool, StoreError> {
        attachment_table::is_open(&self.connection, id).map_err(|error| self.fault(error))
    }

    /// Whether some file has this content.
    pub(super) fn has_content(&self, sum: Sha256) -> Result<bool, StoreError> {
        attachment_table::has_content(&self.connection, sum).map_err(|error| self.fault(error))
    }

    /// Since when the folder of files is this store's, in microseconds since 1970.
    pub(super) fn files_since(&self) -> Result<u64, StoreError> {
        attachment_table::files_since(&self.connection).map_err(|error| self.fault(error))
    }

    /// A part of a conversation, oldest first. Without `after` what does not fit is left out at its
    /// beginning, else at its end.
    pub(super) fn history(&mut self, query: &HistoryQuery) -> Result<Page, StoreError> {
        let (place, peer) = message_table::place_of(query.conversation);
        let after = query.after.unwrap_or_default().max(query.floor);
        let before = query.before.unwrap_or(MessageId::MAX);
        let sql = history_sql(query.after.is_some());
        let filling = Filling::new(query.limit, query.bytes);
        let mut page = self.page(&sql, (place, peer, after.0, before.0), filling)?;
        if query.after.is_none() {
            page.messages.reverse();
        }
        Ok(page)
    }

    /// What waits for an account after a message, oldest first.
    pub(super) fn waiting(
        &mut self,
        account: AccountId,
        after: MessageId,
        limit: usize,
    ) -> Result<Page, StoreError> {
        // A cross join keeps the order of the tables.
        let sql = format!(
            "SELECT {COLUMNS} FROM waiting CROSS JOIN messages ON messages.id = waiting.message
            WHERE waiting.account = ?1 AND waiting.message > ?2 ORDER BY waiting.message"
        );
        self.page(&sql, (account.0, after.0), Filling::new(limit, usize::MAX))
    }

    /// The message that was left out last, if any was since the last call.
    pub(super) fn take_damaged(&mut self) -> Option<MessageId> {
        self.damaged.take()
    }

    /// What SQLite's error means here.
    pub(super) fn fault(&self, error: rusqlite::Error) -> StoreError {
        fault(&self.path, error)
    }

    fn page(
        &mut self,
        sql: &str,
        values: impl Params,
        filling: Filling,
    ) -> Result<Page, StoreError> {
        let Self { connection, damaged, .. } = self;
        fill(connection, sql, values, filling, damaged).map_err(|error| self.fault(error))
    }
}

/// The messages of a conversation between two numbers. Without the index's name the range of
/// numbers alone might look good enough to go through.
fn history_sql(is_forward: bool) -> String {
    let order = if is_forward { "ASC" } else { "DESC" };
    format!(
        "SELECT {COLUMNS} FROM messages INDEXED BY messages_by_conversation
        WHERE place = ?1 AND peer = ?2 AND id > ?3 AND id < ?4 AND in_history = 1
        ORDER BY id {order}"
    )
}

fn fill(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    mut filling: Filling,
    damaged: &mut Option<MessageId>,
) -> rusqlite::Result<Page> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        if !filling.take_row(row, damaged)? {
            break;
        }
    }
    Ok(filling.page)
}

/// What an answer adds to each message: its mark, and a comma.
pub(super) const MARK_BYTES: usize = 64;

/// A page that takes messages up to a number and a size, but one at least.
pub(super) struct Filling {
    pub(super) page: Page,
    limit: usize,
    bytes_left: usize,
}

impl Filling {
    pub(super) fn new(limit: usize, bytes: usize) -> Self {
        Self { page: Page::default(), limit, bytes_left: bytes }
    }

    /// Takes a row with [`COLUMNS`]; false where it did not fit, and so no further one is needed.
    pub(super) fn take_row(
        &mut self,
        row: &Row<'_>,
        damaged: &mut Option<MessageId>,
    ) -> rusqlite::Result<bool> {
        match message_table::read_row(row)? {
            Ok(message) => Ok(self.take(message)),
            Err(id) => {
                *damaged = Some(id);
                Ok(true)
            }
        }
    }

    fn take(&mut self, message: PageMessage) -> bool {
        let bytes = message.object.len() + MARK_BYTES;
        let fits = self.page.messages.len() < self.limit && bytes <= self.bytes_left;
        if !fits && !self.page.messages.is_empty() {
            self.page.more = true;
            return false;
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.page.messages.push(message);
        true
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
pub(super) mod tests;
