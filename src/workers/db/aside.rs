//! An existing store is put aside under another name before another one takes its place.

use super::super::store::BUSY_TIMEOUT;
use super::super::store_error::{StoreError, fault};
use super::check::check_all;
use super::error::DbError;
use super::reading::{self, beside, free_name};
use super::whole_file::{COMPANIONS, sync_folder};
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Keeps a store under the name `jim.db.before-restore-DATE`, and gives that name. A sound one
/// keeps its own name too, until another takes it; a damaged one is moved just as it is.
///
/// # Errors
/// Another process has it open, or the system refuses.
pub(super) fn put_aside(store: &Path, date: &str) -> Result<PathBuf, DbError> {
    fold_log(store)?;
    let kept = free_name(&beside(store, &format!(".before-restore-{date}")));
    keep(store, &kept).map_err(|error| DbError::file("put aside", store, error))?;
    Ok(kept)
}

/// Takes the log of a sound store into its file, which works only if nobody else has it open: who
/// closed the old store later would take the new one's log away.
fn fold_log(store: &Path) -> Result<(), StoreError> {
    let sound = reading::open_store(store.parent().unwrap_or(store))
        .and_then(|(connection, path)| check_all(&connection, &path));
    match sound {
        Ok(_) => {}
        Err(StoreError::Busy { path }) => return Err(StoreError::Busy { path }),
        Err(_) => return Ok(()),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fold = || -> rusqlite::Result<String> {
        let connection = Connection::open_with_flags(store, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
    };
    match fold().map_err(|error| fault(store, error))?.as_str() {
        "delete" => Ok(()),
        _ => Err(StoreError::Busy { path: store.to_owned() }),
    }
}

fn keep(store: &Path, kept: &Path) -> io::Result<()> {
    // With its log if it still has one: the two belong together, and to no other file.
    for ending in COMPANIONS {
        let companion = beside(store, ending);
        if companion.exists() {
            fs::rename(companion, beside(kept, ending))?;
        }
    }
    if store.exists() {
        // Not every file system has a second name for a file.
        fs::hard_link(store, kept).or_else(|_| fs::rename(store, kept))?;
    }
    sync_folder(store)
}
