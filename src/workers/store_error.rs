//! Why a store cannot be opened or used.

use super::data_folder::FolderError;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the store cannot be opened or used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is none, or only an empty file.
    #[error("there is no store {}", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// The file is damaged. It is left as it is.
    #[error("the store {} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file belongs to some other program.
    #[error("{} is a database of another program", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer server.
    #[error("the store {} has version {found}, this jimd knows up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: usize,
    },
    /// The file is of an older version, and no copy of it could be kept. It is left as it is.
    #[error(
        "the store {} has version {version} and is left as it is, since no copy of it can be \
         kept: {detail}", path.display()
    )]
    NotKept {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// Why there is no copy.
        detail: String,
    },
    /// The disk is full.
    #[error("no space left for the store {}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file may not be opened or written.
    #[error("cannot open or write the store {}: {detail}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        detail: String,
    },
    /// Another process has been writing for too long.
    #[error("the store {} is held by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the store {} failed: {detail}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        detail: String,
    },
}

/// What SQLite's error means for an operator.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn fault(path: &Path, error: rusqlite::Error) -> StoreError {
    let (path, detail) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Damaged { path, detail }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::Unwritable { path, detail }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        _ => StoreError::Failed { path, detail },
    }
}
