//! The store: one SQLite file in the data folder.

use super::data_folder::DataFolder;
use super::orphans::Orphans;
use super::store_error::{StoreError, fault};
use super::{
    account_table, attachment_table, batch, change_table, clock, db, message_table, room_table,
    schema,
};
use crate::message::{AccountList, AttachmentBounds, Done, Durability, Job, MessageId, Snapshot};
use crate::small_file;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one process waits for the other (the server, an operator's command) to finish writing.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The write-ahead log is copied into the file once it has this many pages (4 KiB each).
const CHECKPOINT_PAGES: i64 = 1000;

/// What the write-ahead log is cut to after that.
const JOURNAL_BYTES: i64 = 16 << 20;

/// Prepared statements that are kept.
const STATEMENTS: usize = 64;

/// How far behind the clock, or what was reached before, a server's numbers may go at first: 60 s.
const CEILING_AHEAD_MICROS: u64 = 60_000_000;

/// SQLite's `synchronous` for what an answer waits for.
const fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Fsync => "FULL",
        Durability::Os => "NORMAL",
        Durability::None => "OFF",
    }
}

/// How far the changes of other processes have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// SQLite's mark for commits by others.
    data_version: i64,
    /// The count of changes to accounts.
    accounts: i64,
}

/// An open store. It is one thread's.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    seen: Option<Seen>,
    /// How much of files it takes.
    bounds: AttachmentBounds,
    /// Who hears of content whose row went.
    orphans: Option<Orphans>,
}

impl Store {
    /// Opens the store of a folder, which is made if there is none, and brings it up to date.
    ///
    /// # Errors
    /// A file that is damaged, not ours or newer is refused and left as it is.
    pub fn open(folder: &DataFolder, durability: Durability) -> Result<Self, StoreError> {
        let path = folder.store_file()?;
        refuse_other_than_files(&path)?;
        refuse_lost_head(&path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(&path, flags).map_err(|error| fault(&path, error))?;
        prepare(&connection).map_err(|error| fault(&path, error))?;
        schema::check(&connection, &path)?;
        refuse_cut_tail(&connection, &path)?;
        let mode = set_journal(&connection, durability).map_err(|error| fault(&path, error))?;
        if mode != "wal" {
            let detail = format!("no write-ahead log is possible here, only journal mode {mode}");
            return Err(StoreError::Failed { path, detail });
        }
        schema::migrate(&mut connection, &path, |version| keep_older(&path, version))?;
        let bounds = AttachmentBounds::default();
        Ok(Self { connection, path, seen: None, bounds, orphans: None })
    }

    /// All lasting state, for the one server that works on it. Numbers for messages go on behind
    /// all that may ever have been given, and the disk knows how far they may now go. What guests
    /// were sending to a former server is forgotten.
    ///
    /// # Errors
    /// What SQLite says: a full disk, say.
    pub fn start(&mut self) -> Result<Snapshot, StoreError> {
        self.start_at(clock::unix_micros())
    }

    pub(super) fn start_at(&mut self, now_unix_micros: u64) -> Result<Snapshot, StoreError> {
        let next = self.read(next_id)?;
        let reached = next.max(MessageId::at(now_unix_micros));
        let ceiling = MessageId(reached.0.saturating_add(MessageId::at(CEILING_AHEAD_MICROS).0));
        self.raise_ceiling(ceiling).map_err(|error| fault(&self.path, error))?;
        self.read(attachment_table::drop_open_of_guests)?;
        Ok(Snapshot { next_id: next, ..self.snapshot()? })
    }

    /// On the disk itself, whatever the durability is: what was numbered may have been delivered.
    fn raise_ceiling(&self, ceiling: MessageId) -> rusqlite::Result<()> {
        let usual: i64 =
            self.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let raised = message_table::raise_ceiling(&self.connection, ceiling);
        self.connection.pragma_update(None, "synchronous", usual)?;
        raised
    }

    /// Content whose row this store removes from now on, for the thread of files.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn orphans(&mut self) -> Result<Orphans, StoreError> {
        self.read(Orphans::collect)?;
        Ok(self.orphans.get_or_insert_default().clone())
    }

    /// All lasting state as it is.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot, StoreError> {
        let (seen, snapshot) = self.read_all().map_err(|error| fault(&self.path, error))?;
        self.seen = Some(seen);
        Ok(snapshot)
    }

    fn read_all(&mut self) -> rusqlite::Result<(Seen, Snapshot)> {
        // Before the transaction: a commit in between is looked at once more, never missed.
        let data_version = data_version(&self.connection)?;
        let tx = self.connection.transaction()?;
        let seen = Seen { data_version, accounts: account_table::version(&tx)? };
        let snapshot = Snapshot {
            accounts: account_table::all(&tx)?,
            accounts_version: seen.accounts,
            rooms: room_table::all_rooms(&tx)?,
            memberships: room_table::all_memberships(&tx)?,
            bans: change_table::bans(&tx)?,
            invited: change_table::invited(&tx)?,
            contacts: change_table::contacts(&tx)?,
            waiting: message_table::waiting_counts(&tx)?,
            next_id: next_id(&tx)?,
            ceiling: message_table::ceiling(&tx)?,
        };
        Ok((seen, snapshot))
    }

    /// Every account and the rooms' owners, if another process changed any since the last call or the snapshot.
    pub(super) fn changed_accounts(&mut self) -> Result<Option<AccountList>, StoreError> {
        self.read_changed().map_err(|error| fault(&self.path, error))
    }

    /// Has the next [`Self::changed_accounts`] read them whatever happened: a list that was read
    /// before lacks what this process stored since.
    pub(super) fn forget_seen(&mut self) {
        self.seen = None;
    }

    fn read_changed(&mut self) -> rusqlite::Result<Option<AccountList>> {
        let data_version = data_version(&self.connection)?;
        if self.seen.is_some_and(|seen| seen.data_version == data_version) {
            return Ok(None);
        }
        let tx = self.connection.transaction()?;
        let version = account_table::version(&tx)?;
        let changed = self.seen.is_none_or(|seen| seen.accounts != version);
        let list = if changed {
            let (accounts, owners) = (account_table::all(&tx)?, room_table::owners(&tx)?);
            Some(AccountList { version, accounts, owners })
        } else {
            None
        };
        self.seen = Some(Seen { data_version, accounts: version });
        Ok(list)
    }

    /// Does a batch of jobs. What became of each stands at its place; the last error, if any, is for
    /// the log.
    pub(super) fn perform(
        &mut self,
        jobs: &[Job],
        now_unix_micros: u64,
    ) -> (Vec<Done>, Option<StoreError>) {
        let moment = batch::Moment { now_unix_micros, bounds: self.bounds };
        let (done, error) = batch::perform(&mut self.connection, jobs, &moment);
        if jobs.iter().any(|job| matches!(job, Job::OpenUpload(_))) {
            self.fetch_orphans();
        }
        (done, error.map(|error| fault(&self.path, error)))
    }

    /// Nothing may be under way that could still be rolled back.
    fn fetch_orphans(&self) {
        if let Some(orphans) = &self.orphans {
            orphans.fetch(&self.connection);
        }
    }

    /// How much of files it takes from now on.
    pub(super) const fn set_bounds(&mut self, bounds: AttachmentBounds) {
        self.bounds = bounds;
    }

    /// Copies the write-ahead log into the file as far as nobody waits for it.
    pub(super) fn checkpoint(&self) -> Result<(), StoreError> {
        self.run_checkpoint("PASSIVE")
    }

    /// Copies all of the write-ahead log into the file.
    pub(super) fn checkpoint_all(&self) -> Result<(), StoreError> {
        self.run_checkpoint("TRUNCATE")
    }

    fn run_checkpoint(&self, mode: &str) -> Result<(), StoreError> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        self.connection.query_row(&sql, [], |_| Ok(())).map_err(|error| fault(&self.path, error))
    }

    /// Runs one of the operator's changes in a transaction.
    pub(super) fn change<T, E: From<StoreError>>(
        &mut self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, E>>,
    ) -> Result<T, E> {
        let path = &self.path;
        let fault = |error| fault(path, error);
        let behavior = TransactionBehavior::Immediate;
        let tx = self.connection.transaction_with_behavior(behavior).map_err(fault)?;
        let value = change(&tx).map_err(fault)??;
        tx.commit().map_err(fault)?;
        Ok(value)
    }

    /// Does work that nobody waits for: where another process is writing, it fails at once, since
    /// jobs would wait behind it.
    pub(super) fn at_leisure<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let patiently = |time| self.connection.busy_timeout(time);
        let done = patiently(Duration::ZERO).and_then(|()| work(&self.connection));
        let restored = patiently(BUSY_TIMEOUT);
        self.fetch_orphans();
        done.and_then(|done| restored.map(|()| done)).map_err(|error| fault(&self.path, error))
    }

    /// Reads for the operator.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read(&self.connection).map_err(|error| fault(&self.path, error))
    }
}

/// Keeps a copy of a store that is about to be brought up to date.
fn keep_older(path: &Path, version: u32) -> Result<(), StoreError> {
    let kept = db::keep_older(path, version, &clock::stamp())?;
    log::info!(
        "the store {} had version {version}; it is kept as {}",
        path.display(),
        kept.display()
    );
    Ok(())
}

/// Refuses what SQLite would wait for without end, such as a pipe, in the place of the file or of one
/// that it keeps beside.
pub(super) fn refuse_other_than_files(path: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = OsString::from(path);
        name.push(ending);
        let path = PathBuf::from(name);
        match path.metadata().map(|found| found.file_type()) {
            Ok(kind) if !kind.is_file() => {
                let detail = small_file::not_regular(kind).to_string();
                return Err(StoreError::Unwritable { path, detail });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses what SQLite lets pass: a file cut to nothing, which it takes for a new one, deleting the
/// log beside it.
pub(super) fn refuse_lost_head(path: &Path) -> Result<(), StoreError> {
    let (file, log) = lengths(path);
    if file == 0 && log > 0 {
        let detail = "it is empty, but its write-ahead log is not".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), detail });
    }
    Ok(())
}

/// And a file cut inside its last page, unless that page may still be in the log.
pub(super) fn refuse_cut_tail(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let page: u32 = connection
        .pragma_query_value(None, "page_size", |row| row.get(0))
        .map_err(|error| fault(path, error))?;
    let (file, log) = lengths(path);
    if log == 0 && file.checked_rem(u64::from(page)).is_some_and(|rest| rest > 0) {
        let detail = "its last page is cut short".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), detail });
    }
    Ok(())
}

/// The bytes of the file and of its log. Neither is opened: to close a file would let go the locks
/// that SQLite holds on it in this process.
fn lengths(path: &Path) -> (u64, u64) {
    let mut log = OsString::from(path);
    log.push("-wal");
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    (length(path), length(Path::new(&log)))
}

/// Settings that write nothing.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A refused file is not touched on the way out either.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Settings that make the file a store in WAL mode. Returns the mode: without a log (on a network
/// file system, say) SQLite goes on in another one.
fn set_journal(connection: &Connection, durability: Durability) -> rusqlite::Result<String> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", synchronous(durability))?;
    let applied = |_: &rusqlite::Row<'_>| Ok(());
    connection.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES, applied)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, applied)?;
    Ok(mode)
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// The first number that no message can have been given.
fn next_id(connection: &Connection) -> rusqlite::Result<MessageId> {
    let behind = message_table::newest(connection)?.next();
    Ok(behind.max(message_table::ceiling(connection)?))
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(super) mod tests;
