//! A file that is there wholly or not at all: written under another name, synced, then renamed.

use super::super::data_folder;
use super::error::DbError;
use super::reading::beside;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a database, and would read with the next one of that name.
pub(super) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Password hashes are for the owner alone.
const MODE: u32 = 0o600;

/// A file under way. What has been written goes with it when it is dropped before its time.
pub(super) struct WholeFile {
    target: PathBuf,
    partial: PathBuf,
    force: bool,
}

impl WholeFile {
    /// Refuses a target that is there (without `force`), or is no file.
    pub(super) fn new(target: &Path, force: bool) -> Result<Self, DbError> {
        refuse_existing(target, force)?;
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".partial-{}", std::process::id()));
        let partial = folder_of(target).join(name);
        Ok(Self { target: target.to_owned(), partial, force })
    }

    /// The name that it has until it is whole.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Makes it, empty, in place of what a killed process left under this name.
    pub(super) fn create(&self) -> Result<File, DbError> {
        self.clear();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(MODE);
        options.open(&self.partial).map_err(|error| DbError::file("write", &self.target, error))
    }

    /// Waits for the disk and gives it its name.
    pub(super) fn finish(self) -> Result<(), DbError> {
        // In between somebody may have been faster.
        refuse_existing(&self.target, self.force)?;
        for ending in COMPANIONS {
            remove(&beside(&self.target, ending))
                .map_err(|error| DbError::file("overwrite", &self.target, error))?;
        }
        self.rename().map_err(|error| DbError::file("write", &self.target, error))
    }

    fn rename(&self) -> io::Result<()> {
        File::open(&self.partial)?.sync_all()?;
        fs::rename(&self.partial, &self.target)?;
        sync_folder(&self.target)
    }

    fn clear(&self) {
        // What is not removed is found by the next one who uses the name.
        let _ = remove(&self.partial);
        for ending in COMPANIONS {
            let _ = remove(&beside(&self.partial, ending));
        }
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Waits until the names in a file's folder are on the disk.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

/// Refuses what a server keeps in its folder, under whatever path.
pub(super) fn refuse_own(data: &Path, target: &Path) -> Result<(), DbError> {
    let same = match (fs::canonicalize(data), fs::canonicalize(folder_of(target))) {
        (Ok(data), Ok(folder)) => data == folder,
        _ => false,
    };
    let own = target.file_name().is_some_and(data_folder::is_own_file);
    if same && own {
        return Err(DbError::OwnFile { path: target.to_owned() });
    }
    Ok(())
}

fn refuse_existing(target: &Path, force: bool) -> Result<(), DbError> {
    // The link itself counts: to rename over `/dev/stdout` would replace it.
    match fs::symlink_metadata(target) {
        Ok(_) if !force => Err(DbError::Exists { path: target.to_owned() }),
        Ok(metadata) if !metadata.is_file() => Err(DbError::NotAFile { path: target.to_owned() }),
        Ok(_) => Ok(()),
        Err(_) if force => Ok(()),
        Err(_) => COMPANIONS.iter().map(|ending| beside(target, ending)).try_for_each(|path| {
            if path.exists() { Err(DbError::Exists { path }) } else { Ok(()) }
        }),
    }
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) => Path::new("."),
        None => file,
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
