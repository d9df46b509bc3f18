//! A disk that fails when it is told to, and that remembers what was written, for tests of the store.
//!
//! [`Watch`] looks at one folder: SQLite's writes, syncs, truncations and deletions there are counted,
//! can be made to fail, and can be recorded. A [`Recording`] says what a disk holds after the power was
//! cut: all that was synced, and of the rest whatever reached it.
//!
//! The whole process's SQLite goes through here from the first [`Watch`] on; folders that nobody
//! watches are left alone.

mod recording;
mod shim;
mod state;

pub use recording::{Lost, Recording};
pub use state::{Error, Fault, Operation, Watch};
