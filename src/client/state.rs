//! The folder of what a client knows from before: `$XDG_STATE_HOME/jim`, else `~/.local/state/jim`.
//! Nobody else reads it, and several clients use it at once without waiting for each other.

use rustix::fs::OFlags;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How often a file is opened that another client puts a new one in the place of.
const TRIES: u32 = 3;

/// Where the folder is by these variables, if anywhere.
pub(super) fn folder(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || Some(Path::new(&variable("HOME")?).join(".local/state"));
    named.or_else(usual).map(|folder| folder.join("jim"))
}

/// Opens a file to be read and written at its end, for this client alone; `None` where another one
/// has it now. It is made where it is not there, and its folder too.
///
/// # Errors
/// The system's, and where it is no regular file.
pub(super) fn open_alone(path: &Path) -> io::Result<Option<File>> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Opening a pipe, say, could block.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600).custom_flags(flags);
    for _ in 0..TRIES {
        let file = options.open(path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had it may have put a new file in its place meanwhile.
        let is_it = |now: &fs::Metadata| (now.dev(), now.ino()) == (found.dev(), found.ino());
        if fs::metadata(path).as_ref().is_ok_and(is_it) {
            if found.permissions().mode() & 0o077 != 0 {
                file.set_permissions(Permissions::from_mode(0o600))?;
            }
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Puts a new file in the place of one, at once; false where another client is doing so.
///
/// # Errors
/// The system's; the file is as it was.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let Some(mut file) = open_alone(&new)? else { return Ok(false) };
    file.set_len(0)?;
    file.write_all(bytes)?;
    fs::rename(new, path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_lies_where_the_desktop_says() {
        let of = |set: &[(&str, &str)]| {
            let found = |name: &str| set.iter().find(|(key, _)| *key == name);
            folder(&|name| found(name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("HOME", "/h")]), Some("/h/.local/state/jim".into()));
        assert_eq!(of(&[("HOME", "/h"), ("XDG_STATE_HOME", "/x")]), Some("/x/jim".into()));
        assert_eq!(of(&[("HOME", "/h"), ("XDG_STATE_HOME", "x")]), of(&[("HOME", "/h")]));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_file_is_for_one_at_a_time_and_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jim/typed");
        let first = open_alone(&path).unwrap().unwrap();
        assert!(open_alone(&path).unwrap().is_none());
        drop(first);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let held = open_alone(&path).unwrap().unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(replace(&path, b"new").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // The one in its place is nobody's.
        assert!(open_alone(&path).unwrap().is_some());
        drop(held);
        let new = folder.path().join("jim/typed.new");
        let busy = open_alone(&new).unwrap().unwrap();
        assert!(!replace(&path, b"newer").unwrap());
        drop(busy);
        assert!(replace(&path, b"newer").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"newer");
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(open_alone(&fifo).is_err());
        assert!(open_alone(folder.path()).is_err());
    }
}
