//! The operator's commands on accounts, beside a running server or without one.

use super::data_folder::DataFolder;
use super::password::{PasswordError, PasswordHasher};
use super::store::{Durability, Store, StoreError};
use super::{account_table, clock};
use crate::limits::Limits;
use crate::message::{AccountId, AccountRecord, Name, NameFault, Secret};
use rusqlite::Connection;
use thiserror::Error;

/// Why an operator's command was refused.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The text is no name.
    #[error("{name:?} is no good as an account's name")]
    BadName {
        /// What was given.
        name: String,
        /// Which rule it breaks.
        fault: NameFault,
    },
    /// The name is taken.
    #[error("there is an account {name} already")]
    Taken {
        /// The name.
        name: Name,
    },
    /// The name looks like one that is taken.
    #[error(
        "{name} looks like the account {other}: names that can be mistaken for one another are refused"
    )]
    LooksLike {
        /// What was given.
        name: Name,
        /// The account that has it.
        other: Name,
    },
    /// There is no such account.
    #[error("there is no account {name}")]
    NoSuchUser {
        /// What was given.
        name: Name,
    },
    /// The password cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The accounts of a data folder. Every change is on disk when the call returns; a running server
/// sees it within a second, and at the latest when that user logs in.
#[derive(Debug)]
pub struct Accounts {
    store: Store,
    hasher: PasswordHasher,
    limits: Limits,
}

impl Accounts {
    /// Opens the store without taking the folder from a running server.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub fn open(folder: &DataFolder, limits: &Limits) -> Result<Self, AccountError> {
        let store = Store::open(folder, Durability::Fsync)?;
        Ok(Self { store, hasher: PasswordHasher::new(), limits: limits.clone() })
    }

    /// Every account, in the order of their names.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub fn list(&self) -> Result<Vec<AccountRecord>, AccountError> {
        Ok(self.store.read(account_table::all)?)
    }

    /// Adds an account.
    ///
    /// # Errors
    /// A name that is bad, taken or looks like a taken one, and a bad password are refused.
    pub fn add(&mut self, name: &str, password: &Secret) -> Result<AccountId, AccountError> {
        let name = Name::account(name, self.limits.name_chars)
            .map_err(|fault| AccountError::BadName { name: name.to_owned(), fault })?;
        // Before the hash, which takes a while and memory; once more inside the transaction.
        let look_alike = |connection: &Connection| account_table::look_alike(connection, &name);
        refuse_taken(&name, self.store.read(look_alike)?)?;
        let phc = self.hash(password)?;
        self.store.change(|connection| {
            if let Err(error) = refuse_taken(&name, look_alike(connection)?) {
                return Ok(Err(error));
            }
            account_table::insert(connection, &name, &phc, clock::unix_micros()).map(Ok)
        })
    }

    /// Sets a new password.
    ///
    /// # Errors
    /// [`AccountError::NoSuchUser`], [`AccountError::Password`], [`AccountError::Store`].
    pub fn passwd(&mut self, name: &str, password: &Secret) -> Result<(), AccountError> {
        self.with_account(name, |_, _| Ok(()))?;
        let phc = self.hash(password)?;
        self.with_account(name, |connection, id| account_table::set_phc(connection, id, &phc))
    }

    /// Removes an account, its memberships, and hands its rooms on.
    ///
    /// # Errors
    /// [`AccountError::NoSuchUser`], [`AccountError::Store`].
    pub fn remove(&mut self, name: &str) -> Result<(), AccountError> {
        self.with_account(name, account_table::remove)
    }

    /// Blocks an account: its user gets 403.
    ///
    /// # Errors
    /// [`AccountError::NoSuchUser`], [`AccountError::Store`].
    pub fn block(&mut self, name: &str) -> Result<(), AccountError> {
        self.with_account(name, |connection, id| account_table::set_blocked(connection, id, true))
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// [`AccountError::NoSuchUser`], [`AccountError::Store`].
    pub fn unblock(&mut self, name: &str) -> Result<(), AccountError> {
        self.with_account(name, |connection, id| account_table::set_blocked(connection, id, false))
    }

    fn with_account(
        &mut self,
        name: &str,
        change: impl FnOnce(&Connection, AccountId) -> rusqlite::Result<()>,
    ) -> Result<(), AccountError> {
        let name = Name::shown(name);
        self.store.change(|connection| match account_table::find(connection, &name)? {
            Some(account) => change(connection, account.id).map(Ok),
            None => Ok(Err(AccountError::NoSuchUser { name })),
        })
    }

    fn hash(&mut self, password: &Secret) -> Result<String, PasswordError> {
        let (limit, got) = (self.limits.password_chars, password.expose().chars().count());
        if got > limit {
            return Err(PasswordError::TooLong { limit, got });
        }
        self.hasher.hash(password)
    }
}

fn refuse_taken(name: &Name, other: Option<Name>) -> Result<(), AccountError> {
    match other {
        None => Ok(()),
        Some(other) if other == *name => Err(AccountError::Taken { name: other }),
        Some(other) => Err(AccountError::LooksLike { name: name.clone(), other }),
    }
}
