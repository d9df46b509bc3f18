//! The operator's commands on the whole store: check, backup, restore, export, import.
//!
//! Checking, backing up and exporting only read, and may be done beside a running server. Restoring
//! and importing take the folder's lock, since a server holds all of the store in memory.

mod aside;
mod backup;
mod check;
mod error;
mod export;
mod export_files;
mod export_messages;
mod files;
mod form;
mod import;
mod import_messages;
mod names;
mod older;
mod reading;
mod restore;
mod texts;
mod whole_file;

pub use backup::backup;
pub use check::{Summary, check};
pub use error::{DbError, LineFault};
pub use export::{export, export_file};
pub use files::FileFaults;
pub use import::{Imported, import};
pub(super) use older::keep_older;
pub use restore::{Restored, restore};

#[cfg(test)]
#[path = "db_tests.rs"]
mod tests;
