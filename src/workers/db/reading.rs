//! A store that is only read, beside whoever writes it.

use super::super::store::{prepare, refuse_cut_tail, refuse_lost_head, refuse_other_than_files};
use super::super::store_error::{StoreError, fault};
use super::super::{data_folder, schema};
use super::whole_file::COMPANIONS;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Opens a folder's store.
pub(super) fn open_store(data: &Path) -> Result<(Connection, PathBuf), StoreError> {
    let path = data_folder::store_path(data);
    Ok((open_file(&path)?, path))
}

/// Opens a store that others may have open.
pub(super) fn open_file(path: &Path) -> Result<Connection, StoreError> {
    open(path, flags(), path)
}

/// Opens a file that was put somewhere to be kept. Without a log beside it nobody has it open, and
/// SQLite is kept from putting one there.
pub(super) fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    if ["-wal", "-journal"].iter().any(|ending| beside(path, ending).exists()) {
        return open(path, flags(), path);
    }
    let uri = PathBuf::from(immutable(path));
    open(&uri, flags() | OpenFlags::SQLITE_OPEN_URI, path)
}

/// The name of a file that SQLite keeps beside a database.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Whether there is a store, or something that SQLite would take for a part of one.
pub(super) fn is_there(store: &Path) -> bool {
    store.exists() || COMPANIONS.iter().any(|ending| beside(store, ending).exists())
}

/// A name that nothing has: this one, or with a number behind it.
pub(super) fn free_name(first: &Path) -> PathBuf {
    let more = (2_u32..).map(|number| beside(first, &format!(".{number}")));
    let mut names = std::iter::once(first.to_owned()).chain(more);
    names.find(|name| !is_there(name)).unwrap_or_else(|| first.to_owned())
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn open(name: &Path, flags: OpenFlags, path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    refuse_other_than_files(path)?;
    refuse_lost_head(path)?;
    let connection =
        Connection::open_with_flags(name, flags).map_err(|error| fault(path, error))?;
    prepare(&connection).map_err(|error| fault(path, error))?;
    schema::check(&connection, path)?;
    if schema::version(&connection, path)? == 0 {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    refuse_cut_tail(&connection, path)?;
    Ok(connection)
}

fn immutable(path: &Path) -> String {
    let mut uri = String::from("file:");
    // An absolute path, since two slashes at its start would name a host.
    if path.is_absolute() {
        uri.push_str("//");
    }
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            // Writing into a text cannot fail.
            _ => drop(write!(uri, "%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_a_uri() {
        assert_eq!(immutable(Path::new("/a/b.db")), "file:///a/b.db?immutable=1");
        assert_eq!(immutable(Path::new("a ?#%.db")), "file:a%20%3f%23%25.db?immutable=1");
    }
}
