//! The threads that may block: storage and reading (SQLite), files, and password hashing (argon2id).
//!
//! A worker is owned by the event loop: jobs go in through a bounded queue, what became of them
//! comes out by polling, and a callback says when polling is worth while. Nothing is shared but the
//! channels. A worker that dies is an answer too: what it owed is reported as failed.
//!
//! [`Accounts`], [`Invitations`] and [`db`] are the operator's hands on the same store, from a
//! program of its own.

mod account_table;
mod accounts;
mod attachment_sweeper;
mod attachment_table;
mod bans;
mod batch;
mod batch_sizes;
mod change_table;
mod clock;
mod data_folder;
pub mod db;
mod errand;
mod fair_queue;
mod file_store;
mod file_sweeper;
mod file_worker;
mod indexer;
mod invitation_table;
mod invitations;
mod message_table;
mod orphans;
mod password;
mod password_worker;
mod query;
mod read_worker;
mod reader;
mod retention;
mod room_table;
mod schema;
mod search;
mod seldom;
mod storage_worker;
mod store;
mod store_error;
mod upkeep;
mod words;

pub use accounts::{AccountError, Accounts};
pub use bans::{BanError, Bans, MOST_BANS};
pub use data_folder::{DataFolder, FolderError, FolderHolder, FolderLock};
pub use errand::{BrokeOff, Errand};
pub use fair_queue::Busy;
pub use file_store::FileStore;
pub use file_worker::FileWorker;
pub use invitations::{Invitation, InvitationError, InvitationTerms, Invitations};
pub use orphans::Orphans;
pub use password::{PasswordError, PasswordHasher};
pub use password_worker::{PasswordTask, PasswordWorker};
pub use read_worker::{Kinds, ReadWorker};
pub use reader::Reader;
pub use storage_worker::{Report, StorageWorker};
pub use store::Store;
pub use store_error::StoreError;

use std::sync::Arc;

/// Tells the event loop that polling is worth while.
type Wake = Arc<dyn Fn() + Send + Sync>;

/// Wakes when dropped, so that the loop hears of a thread's end, whatever ended it.
struct WakeAtEnd(Wake);

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        (self.0)();
    }
}
