//! The operator's commands on accounts, beside a running server or without one.

use super::data_folder::DataFolder;
use super::password::{PasswordError, PasswordHasher};
use super::store::Store;
use super::store_error::StoreError;
use super::{account_table, clock};
use crate::limits::Limits;
use crate::message::{AccountId, AccountRecord, Durability, Name, NameFault, Secret, visible};
use rusqlite::Connection;
use thiserror::Error;

/// Why an operator's command was refused.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The text is no name.
    #[error("the name {name:?} {fault}")]
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
    #[error("there is no account {}", visible(name.as_str()))]
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

#[cfg(test)]
mod tests {
    use super::super::store::tests::{Scratch, join};
    use super::*;
    use crate::message::{Done, Job};

    fn accounts(scratch: &Scratch) -> Accounts {
        Accounts::open(&scratch.folder, &Limits::default()).unwrap()
    }

    fn secret() -> Secret {
        Secret::new("secret")
    }

    #[test]
    fn a_life_of_an_account() {
        let scratch = Scratch::new();
        let mut accounts = accounts(&scratch);
        let id = accounts.add("Иван Петров", &secret()).unwrap();
        accounts.block("Иван Петров").unwrap();
        let listed = accounts.list().unwrap();
        assert_eq!((listed[0].id, listed[0].blocked), (id, true));
        accounts.unblock("Иван Петров").unwrap();
        assert!(!accounts.list().unwrap()[0].blocked);

        let fits = |accounts: &mut Accounts, password: &str| {
            let phc = accounts.list().unwrap()[0].phc.clone();
            accounts.hasher.verify(Some(&phc), &Secret::new(password))
        };
        assert!(fits(&mut accounts, "secret"));
        accounts.passwd("Иван Петров", &Secret::new("другой")).unwrap();
        assert!(!fits(&mut accounts, "secret"));
        assert!(fits(&mut accounts, "другой"));

        accounts.remove("Иван Петров").unwrap();
        assert!(accounts.list().unwrap().is_empty());
        assert!(accounts.add("Иван Петров", &secret()).unwrap() > id, "a new identity");
    }

    #[test]
    fn a_taken_name_and_its_look_alikes_are_refused() {
        let scratch = Scratch::new();
        let mut accounts = accounts(&scratch);
        accounts.add("admin", &secret()).unwrap();
        accounts.add("Вася", &secret()).unwrap();
        let hashed = accounts.hasher.computed();
        let error = accounts.add("admin", &secret()).unwrap_err();
        assert!(matches!(error, AccountError::Taken { .. }), "{error:?}");
        for (name, existing) in
            [("ADMIN", "admin"), ("аdmin", "admin"), ("Bacя", "Вася"), ("вася", "Вася")]
        {
            let error = accounts.add(name, &secret()).unwrap_err();
            let AccountError::LooksLike { other, .. } = &error else { panic!("{error:?}") };
            assert_eq!(other.as_str(), existing);
            assert!(error.to_string().contains(existing), "{error}");
        }
        assert_eq!(accounts.hasher.computed(), hashed, "refused before the hash");
        assert_eq!(accounts.list().unwrap().len(), 2);
    }

    #[test]
    fn the_tables_themselves_hold_the_rule() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let add = |store: &mut Store, name: &str| {
            store.change(|connection| {
                account_table::insert(connection, &Name::shown(name), "$", 0)
                    .map(Ok::<_, StoreError>)
            })
        };
        add(&mut store, "АДМИН").unwrap();
        for name in ["АДМИН", "админ", "AДМИН"] {
            assert!(add(&mut store, name).is_err(), "{name}");
        }
    }

    #[test]
    fn bad_input_is_named() {
        let scratch = Scratch::new();
        let mut accounts = accounts(&scratch);
        let error = accounts.add("server", &secret()).unwrap_err();
        assert_eq!(error.to_string(), "the name \"server\" is reserved: take another name");
        let long = Secret::new("я".repeat(129));
        let error = accounts.add("ann", &long).unwrap_err();
        let expected = PasswordError::TooLong { limit: 128, got: 129 };
        assert!(matches!(error, AccountError::Password(fault) if fault == expected));
        let error = accounts.add("ann", &Secret::new("")).unwrap_err();
        assert!(matches!(error, AccountError::Password(PasswordError::Empty)), "{error:?}");
        accounts.add("ann", &Secret::new("я".repeat(128))).unwrap();

        let results = [
            accounts.passwd("bob", &secret()),
            accounts.remove("bob"),
            accounts.block("bob"),
            accounts.unblock("Ann"),
        ];
        for result in results {
            assert!(matches!(result, Err(AccountError::NoSuchUser { .. })), "{result:?}");
        }
    }

    #[test]
    fn the_rooms_of_a_removed_account_are_handed_on() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let mut accounts = accounts(&scratch);
        let ann = accounts.add("ann", &secret()).unwrap();
        let bob = accounts.add("bob", &secret()).unwrap();
        let jobs: Vec<Job> = vec![join(ann, "#a"), join(bob, "#a"), join(ann, "#b")];
        let (done, _) = store.perform(&jobs, 1);
        assert!(done.iter().all(|done| matches!(done, Done::Joined { .. })), "{done:?}");
        accounts.remove("ann").unwrap();
        let snapshot = store.snapshot().unwrap();
        let owners: Vec<_> = snapshot.rooms.iter().map(|room| room.owner).collect();
        assert_eq!(owners, [Some(bob), None]);
        assert_eq!(snapshot.memberships.len(), 1);
    }

    #[test]
    fn commands_work_beside_a_running_server() {
        let scratch = Scratch::new();
        let _lock = scratch.folder.lock().unwrap();
        let mut store = scratch.open();
        store.snapshot().unwrap();
        accounts(&scratch).add("ann", &secret()).unwrap();
        assert_eq!(store.changed_accounts().unwrap().unwrap().accounts.len(), 1);
    }
}
