//! A store that is only read, beside whoever writes it.

use super::super::store::{prepare, refuse_cut_tail, refuse_lost_head};
use super::super::store_error::{StoreError, fault};
use super::super::{data_folder, schema};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Opens a folder's store.
pub(super) fn open_store(data: &Path) -> Result<(Connection, PathBuf), StoreError> {
    let path = data_folder::store_path(data);
    let connection = open(&path, flags(), &path)?;
    Ok((connection, path))
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

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn open(name: &Path, flags: OpenFlags, path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
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
