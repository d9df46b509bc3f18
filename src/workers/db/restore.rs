//! `jimd db restore`: a backup becomes the store.

use super::super::data_folder::{self, DataFolder};
use super::super::store_error::{StoreError, fault};
use super::super::{attachment_table, clock};
use super::aside::put_aside;
use super::backup::copy_into;
use super::check::{Summary, WITH_FILES, check_all};
use super::error::DbError;
use super::files::{self, FileFaults, Look};
use super::reading::{self, is_there};
use super::whole_file::WholeFile;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The new store.
    pub summary: Summary,
    /// Where the old one is kept, if there was one.
    pub kept: Option<PathBuf>,
    /// What is missing of the content of its files, which is no part of a backup.
    pub files: FileFaults,
}

/// Puts a copy of a backup in the place of a data folder's store. An old store is kept beside, its
/// name ending in `date`.
///
/// # Errors
/// A file that is no sound backup of this or an older version, a running server, and (without
/// `force`) a store that exists: nothing is changed.
pub fn restore(data: &Path, file: &Path, force: bool, date: &str) -> Result<Restored, DbError> {
    let source = reading::open_copy(file)?;
    check_all(&source, file)?;
    let folder = DataFolder::open(data)?;
    let _lock = folder.lock()?;
    let store = data_folder::store_path(folder.path());
    let exists = is_there(&store);
    if exists && !force {
        return Err(DbError::StoreExists { path: store });
    }
    let copy = WholeFile::new(&store, true)?;
    let summary = copy_into(&source, file, &copy, &store)?;
    let files = match summary.version {
        WITH_FILES.. => {
            keep_strange_files(copy.partial())?;
            files::compare(&source, file, data, Look::There)?
        }
        _ => FileFaults::default(),
    };
    drop(source);
    let kept = if exists { Some(put_aside(&store, date)?) } else { None };
    copy.finish()?;
    Ok(Restored { summary, kept, files })
}

/// The folder of files may hold content that only another store knows of, such as the one that is put
/// aside: it is not removed at once.
fn keep_strange_files(store: &Path) -> Result<(), StoreError> {
    let set = || -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        attachment_table::set_files_since(&connection, clock::unix_micros())
    };
    set().map_err(|error| fault(store, error))
}
