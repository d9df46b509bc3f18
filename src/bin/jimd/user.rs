//! `jimd user …`: accounts, also beside a running server.

use crate::{Failure, control};
use jim::config::{Config, Exit, UserRow, UserVerb, new_password, print, user_done, user_table};
use jim::control::Parting;
use jim::message::Secret;
use jim::workers::{AccountError, Accounts, DataFolder, FolderError, StoreError};

pub(crate) fn run(verb: &UserVerb, config: &Config) -> Result<Exit, Failure> {
    let folder = DataFolder::open(&config.data).map_err(|error| folder_failure(&error))?;
    let accounts = Accounts::open(&folder, &config.server.limits);
    let mut accounts = accounts.map_err(|error| account_failure(&error))?;
    let changed = match verb {
        UserVerb::List(_) => return list(&accounts),
        UserVerb::Add(add) => {
            let password = ask(&add.name, config)?;
            accounts.add(&add.name, &password).map(drop)
        }
        UserVerb::Passwd(passwd) => {
            let password = ask(&passwd.name, config)?;
            accounts.passwd(&passwd.name, &password)
        }
        UserVerb::Remove(remove) => accounts.remove(&remove.name),
        UserVerb::Block(block) => accounts.block(&block.name),
        UserVerb::Unblock(unblock) => accounts.unblock(&unblock.name),
    };
    changed.map_err(|error| account_failure(&error))?;
    print(&user_done(verb))?;
    let gone = match verb {
        UserVerb::Passwd(passwd) => Some((&passwd.name, Parting::Password)),
        UserVerb::Remove(remove) => Some((&remove.name, Parting::Removed)),
        UserVerb::Block(block) => Some((&block.name, Parting::Blocked)),
        UserVerb::List(_) | UserVerb::Add(_) | UserVerb::Unblock(_) => None,
    };
    if let Some((user, why)) = gone {
        control::part(config, user, why)?;
    }
    Ok(Exit::Done)
}

fn list(accounts: &Accounts) -> Result<Exit, Failure> {
    let records = accounts.list().map_err(|error| account_failure(&error))?;
    let rows: Vec<UserRow> = records
        .iter()
        .map(|record| UserRow {
            name: record.name.to_string(),
            blocked: record.blocked,
            created_unix_micros: record.created_unix_micros,
        })
        .collect();
    print(&user_table(&rows, &jiff::tz::TimeZone::system()))?;
    Ok(Exit::Done)
}

fn ask(name: &str, config: &Config) -> Result<Secret, Failure> {
    let limit = config.server.limits.password_chars;
    let password = new_password(name, limit, config.language());
    match password {
        Ok(password) => Ok(Secret::new(password.as_str())),
        Err(error) => {
            let exit = error.exit();
            Err(Failure::new(error, exit))
        }
    }
}

pub(crate) fn folder_failure(error: &FolderError) -> Failure {
    let exit = match error {
        FolderError::NotAFolder { .. } | FolderError::Unwritable { .. } => Exit::Folder,
        FolderError::AlreadyRunning { .. } => Exit::FolderTaken,
    };
    Failure::new(error, exit)
}

pub(crate) fn store_failure(error: &StoreError) -> Failure {
    let exit = match error {
        StoreError::Folder(error) => return folder_failure(error),
        StoreError::Damaged { .. } | StoreError::NotOurs { .. } | StoreError::Newer { .. } => {
            Exit::StoreRefused
        }
        StoreError::Missing { .. }
        | StoreError::Full { .. }
        | StoreError::Unwritable { .. }
        | StoreError::NotKept { .. } => Exit::Folder,
        StoreError::Busy { .. } | StoreError::Failed { .. } => Exit::Failed,
    };
    Failure::new(error, exit)
}

fn account_failure(error: &AccountError) -> Failure {
    let exit = match error {
        AccountError::Store(error) => return store_failure(error),
        AccountError::NoSuchUser { .. } => Exit::NoSuchUser,
        AccountError::BadName { .. }
        | AccountError::Taken { .. }
        | AccountError::LooksLike { .. } => Exit::NameRefused,
        AccountError::Password(_) => Exit::PasswordRefused,
    };
    Failure::new(error, exit)
}
