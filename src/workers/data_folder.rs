//! The folder that a server keeps its data in, and the lock that makes it one server's.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

const LOCK_FILE: &str = "jimd.lock";
/// How often a lock is tried for that others only look at.
const LOOKERS: usize = 1000;
const STORE_FILE: &str = "jim.db";
/// What else is there.
const OTHER_FILES: [&str; 5] = [LOCK_FILE, "bans", "control.sock", "cert.pem", "key.pem"];

/// Only the owner reads the folder: it holds password hashes and what people wrote.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Why a data folder cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Something else bears the name.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What was to be the folder.
        path: PathBuf,
    },
    /// It is not there and cannot be made, or nothing can be written in it.
    #[error("cannot write in the data folder {}: {source}", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another server works on it.
    #[error("another jimd already runs on the data folder {}{}", path.display(), by(*pid))]
    AlreadyRunning {
        /// The folder.
        path: PathBuf,
        /// The other server's process number, if it could be read.
        pid: Option<u32>,
    },
}

fn by(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// A folder that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Takes a folder, which is made (for its owner alone) if there is none.
    ///
    /// # Errors
    /// [`FolderError::NotAFolder`], [`FolderError::Unwritable`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let path = path.into();
        if path.exists() && !path.is_dir() {
            return Err(FolderError::NotAFolder { path });
        }
        match DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&path) {
            Ok(()) => Ok(Self { path }),
            Err(source) if source.kind() == io::ErrorKind::NotADirectory => {
                Err(FolderError::NotAFolder { path })
            }
            Err(source) => Err(FolderError::Unwritable { path, source }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the folder for one server, until the lock is dropped or its process ends.
    ///
    /// # Errors
    /// [`FolderError::AlreadyRunning`], [`FolderError::Unwritable`].
    pub fn lock(&self) -> Result<FolderLock, FolderError> {
        let file = self.file(LOCK_FILE)?;
        match lock_beside_lookers(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.already_running(&file)),
            Err(TryLockError::Error(source)) => return Err(self.unwritable(source)),
        }
        // The number only helps the operator, so a full disk must not stop the server here.
        let _ = file.set_len(0).and_then(|()| writeln!(&file, "{}", std::process::id()));
        Ok(FolderLock { _file: file })
    }

    /// The store's file, which is there (perhaps empty) and its owner's alone.
    pub(super) fn store_file(&self) -> Result<PathBuf, FolderError> {
        let path = store_path(&self.path);
        // To close a file lets go the locks that SQLite holds on it in this process.
        if !path.exists() {
            self.file(STORE_FILE)?;
        }
        Ok(path)
    }

    fn file(&self, name: &str) -> Result<File, FolderError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        options.open(self.path.join(name)).map_err(|source| self.unwritable(source))
    }

    fn unwritable(&self, source: io::Error) -> FolderError {
        FolderError::Unwritable { path: self.path.clone(), source }
    }

    fn already_running(&self, file: &File) -> FolderError {
        FolderError::AlreadyRunning { path: self.path.clone(), pid: pid_in(file) }
    }
}

/// Takes a lock that is another's only if it is one to be worked under: a command that looks whether
/// somebody has it ([`FolderHolder::of`]) has a share in it for a moment.
fn lock_beside_lookers(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOOKERS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            other => return other,
        }
        file.try_lock_shared()?;
        file.unlock().map_err(TryLockError::Error)?;
        std::thread::yield_now();
    }
    file.try_lock()
}

/// Who works on a data folder now, as another process sees it.
#[derive(Debug)]
pub struct FolderHolder {
    file: File,
    pid: Option<u32>,
}

impl FolderHolder {
    /// Looks who it is, if anybody. Nothing is made or changed.
    ///
    /// # Errors
    /// The folder's lock cannot be looked at.
    pub fn of(folder: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(folder.join(LOCK_FILE)) {
            Ok(file) => file,
            Err(error) => return nothing_there(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(Self { pid: pid_in(&file), file })),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Its process number, if it could be read.
    #[must_use]
    pub const fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Waits until nobody works on the folder, however long that takes.
    ///
    /// # Errors
    /// The system does not wait.
    pub fn wait_for_end(self) -> io::Result<()> {
        self.file.lock_shared()
    }
}

/// Where there is no lock, nobody has it.
fn nothing_there<T>(error: io::Error) -> io::Result<Option<T>> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
        _ => Err(error),
    }
}

/// The process number that the holder of a lock left in its file.
fn pid_in(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Where a folder's store is, or would be.
pub(super) fn store_path(folder: &Path) -> PathBuf {
    folder.join(STORE_FILE)
}

/// Whether a file of a data folder is the store, a part of it, or another of the server's own.
pub(super) fn is_own_file(name: &OsStr) -> bool {
    OTHER_FILES.iter().any(|other| name == *other)
        || name
            .to_str()
            .and_then(|name| name.strip_prefix(STORE_FILE))
            .is_some_and(|ending| ["", "-wal", "-shm", "-journal"].contains(&ending))
}

/// A server's hold on its data folder; dropping it lets go.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_made_for_its_owner_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b");
        let folder = DataFolder::open(&path).unwrap();
        assert_eq!(folder.path(), path);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&folder.store_file().unwrap()), 0o600);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_second_server_is_refused_until_the_first_lets_go() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path()).unwrap();
        let lock = folder.lock().unwrap();
        let refused = folder.lock().unwrap_err();
        let own = std::process::id();
        assert!(
            matches!(refused, FolderError::AlreadyRunning { pid: Some(pid), .. } if pid == own)
        );
        assert!(refused.to_string().contains("already runs"), "{refused}");
        drop(lock);
        folder.lock().unwrap();
    }

    #[test]
    fn who_holds_a_folder_is_seen_and_to_look_is_in_nobodys_way() {
        let temp = tempfile::tempdir().unwrap();
        let look = || FolderHolder::of(temp.path()).unwrap().map(|holder| holder.pid());
        assert_eq!(look(), None);
        assert!(FolderHolder::of(&temp.path().join("none")).unwrap().is_none());
        let folder = DataFolder::open(temp.path()).unwrap();
        let lock = folder.lock().unwrap();
        assert_eq!(look(), Some(Some(std::process::id())));
        let holder = FolderHolder::of(temp.path()).unwrap().unwrap();
        let waiting = std::thread::spawn(|| holder.wait_for_end());
        drop(lock);
        waiting.join().unwrap().unwrap();
        assert_eq!(look(), None);
        let over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    look();
                }
            });
            let taken = (0..2000).all(|_| folder.lock().is_ok());
            over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(taken);
        });
    }

    #[test]
    fn a_file_is_no_folder() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for path in [file.clone(), file.join("below")] {
            let refused = DataFolder::open(&path).unwrap_err();
            assert!(matches!(refused, FolderError::NotAFolder { .. }), "{refused:?}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        // A folder in the lock file's place: refused for every user, root too.
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path()).unwrap();
        std::fs::create_dir(temp.path().join(LOCK_FILE)).unwrap();
        let refused = folder.lock().unwrap_err();
        assert!(matches!(refused, FolderError::Unwritable { .. }), "{refused:?}");
        let refused = DataFolder::open("/proc/none/such").unwrap_err();
        assert!(matches!(refused, FolderError::Unwritable { .. }), "{refused:?}");
    }
}
