//! A store of an older version is kept as a copy before it is brought up to date.

use super::super::store_error::StoreError;
use super::backup::copy_into;
use super::error::DbError;
use super::reading;
use super::whole_file::WholeFile;
use std::path::{Path, PathBuf};

/// Copies a store into a file beside it, `jim.db.vVERSION.DATE`, for its owner alone, and waits for
/// the disk. Nobody may write to the store meanwhile.
///
/// # Errors
/// A damaged store, a full disk: there is no copy then, and the store is as it was.
pub(in crate::workers) fn keep_older(
    store: &Path,
    version: u32,
    date: &str,
) -> Result<PathBuf, StoreError> {
    let name = reading::beside(store, &format!(".v{version}.{date}"));
    let kept = reading::free_name(&name);
    copy(store, &kept).map_err(|error| match error {
        DbError::Store(damaged @ StoreError::Damaged { .. }) => damaged,
        other => {
            let detail = other.to_string();
            StoreError::NotKept { path: store.to_owned(), version, detail }
        }
    })?;
    Ok(kept)
}

fn copy(store: &Path, kept: &Path) -> Result<(), DbError> {
    let source = reading::open_file(store)?;
    let file = WholeFile::new(kept, false)?;
    copy_into(&source, store, &file, kept)?;
    file.finish()
}
