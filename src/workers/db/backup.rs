//! `jimd db backup`: the store as of one moment, in one file.
//!
//! `VACUUM INTO` reads one snapshot, so that a running server goes on writing and is never waited
//! for; the page-wise online backup would begin again with every commit, or stop the writer. Its
//! result needs no log beside it, and free pages with rests of removed password hashes stay behind.

use super::super::store_error::{StoreError, fault};
use super::check::{Summary, check_all};
use super::error::DbError;
use super::reading;
use super::whole_file::{WholeFile, refuse_own};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Copies the store of a data folder into a file for its owner alone, also beside a running server.
/// The copy is checked before it gets its name.
///
/// # Errors
/// A store that is missing or damaged, a file that exists (without `force`) or cannot be written.
pub fn backup(data: &Path, file: &Path, force: bool) -> Result<Summary, DbError> {
    refuse_own(data, file)?;
    let (source, path) = reading::open_store(data)?;
    let copy = WholeFile::new(file, force)?;
    let summary = copy_into(&source, &path, &copy, file)?;
    copy.finish()?;
    Ok(summary)
}

/// Copies and checks. Of the two paths, that one is named whose fault it is.
pub(super) fn copy_into(
    source: &Connection,
    from: &Path,
    copy: &WholeFile,
    to: &Path,
) -> Result<Summary, DbError> {
    copy.create()?;
    let name = copy.partial().as_os_str().as_bytes();
    let name = ToSqlOutput::Borrowed(ValueRef::Text(name));
    source.execute("VACUUM INTO ?1", [name]).map_err(|error| match fault(from, error) {
        StoreError::Full { .. } => StoreError::Full { path: to.to_owned() },
        StoreError::Unwritable { detail, .. } => {
            StoreError::Unwritable { path: to.to_owned(), detail }
        }
        other => other,
    })?;
    let copied = reading::open_copy(copy.partial())?;
    let summary = check_all(&copied, from)?;
    Ok(Summary { path: to.to_owned(), ..summary })
}
