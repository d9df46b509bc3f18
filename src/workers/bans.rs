//! The addresses that nobody gets in from: a text file in the data folder, a range on each line.

use super::DataFolder;
use crate::message::Network;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The most ranges that may be banned: each new connection is held against all of them.
pub const MOST_BANS: usize = 4096;

const FILE: &str = "bans";
const NEW_FILE: &str = "bans.new";
const HEAD: &str = "# Addresses that jimd lets nobody in from: see 'jimd ban --help'.\n";

/// The longest file that is read, in bytes.
const FILE_BYTES: u64 = 1 << 20;

/// Why the list of bans cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BanError {
    /// The file or the folder.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A line is no address or range.
    #[error("{}:{line}: {text:?} is neither an address nor a range such as 10.0.0.0/8", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// There is no room for another.
    #[error("{MOST_BANS} ranges are banned, more are not allowed: ban a wider range")]
    Full,
    /// It was not banned.
    #[error("{0} is not banned: 'jimd bans' lists what is")]
    NotBanned(Network),
}

/// The list of bans of a data folder.
#[derive(Debug)]
pub struct Bans<'f> {
    folder: &'f DataFolder,
}

impl<'f> Bans<'f> {
    /// Of a folder, whether or not a server runs on it.
    #[must_use]
    pub const fn of(folder: &'f DataFolder) -> Self {
        Self { folder }
    }

    /// All of them, in order.
    ///
    /// # Errors
    /// [`BanError::File`], [`BanError::Line`].
    pub fn list(&self) -> Result<Vec<Network>, BanError> {
        let path = self.folder.path().join(FILE);
        let mut text = String::new();
        match File::open(&path).and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text)) {
            Ok(_) => parse(&path, &text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(BanError::File { path, source }),
        }
    }

    /// Adds a range; says whether it is new.
    ///
    /// # Errors
    /// [`BanError`].
    pub fn add(&self, network: Network) -> Result<bool, BanError> {
        self.change(|bans| match bans.binary_search(&network) {
            Ok(_) => Ok(false),
            Err(_) if bans.len() >= MOST_BANS => Err(BanError::Full),
            Err(at) => {
                bans.insert(at, network);
                Ok(true)
            }
        })
    }

    /// Takes a range off the list.
    ///
    /// # Errors
    /// [`BanError`], [`BanError::NotBanned`] where it is not there as it stands.
    pub fn remove(&self, network: Network) -> Result<(), BanError> {
        let removed = self.change(|bans| match bans.binary_search(&network) {
            Ok(at) => {
                bans.remove(at);
                Ok(true)
            }
            Err(_) => Err(BanError::NotBanned(network)),
        });
        removed.map(drop)
    }

    /// Changes the list while no other command does.
    fn change(
        &self,
        change: impl FnOnce(&mut Vec<Network>) -> Result<bool, BanError>,
    ) -> Result<bool, BanError> {
        let path = self.folder.path();
        let failed = |source| BanError::File { path: path.join(FILE), source };
        let folder = File::open(path).map_err(failed)?;
        // The folder itself: a lock on the file would go with the file that is replaced.
        folder.lock().map_err(failed)?;
        let mut bans = self.list()?;
        let changed = change(&mut bans)?;
        if changed {
            write(path, &bans).and_then(|()| folder.sync_all()).map_err(failed)?;
        }
        Ok(changed)
    }
}

/// Replaces the file: whoever reads it sees the old list or the new one.
fn write(folder: &Path, bans: &[Network]) -> io::Result<()> {
    let mut text = HEAD.to_owned();
    text.extend(bans.iter().map(|network| format!("{network}\n")));
    let new = folder.join(NEW_FILE);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, folder.join(FILE))
}

fn parse(path: &Path, text: &str) -> Result<Vec<Network>, BanError> {
    let mut bans = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if entry.is_empty() {
            continue;
        }
        let bad =
            |_| BanError::Line { path: path.to_owned(), line: number, text: entry.to_owned() };
        bans.push(entry.parse().map_err(bad)?);
    }
    if bans.len() > MOST_BANS {
        return Err(BanError::Full);
    }
    bans.sort_unstable();
    bans.dedup();
    Ok(bans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_are_kept_in_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path()).unwrap();
        let bans = Bans::of(&folder);
        let network = |text: &str| text.parse::<Network>().unwrap();
        assert_eq!(bans.list().unwrap(), []);
        assert!(bans.add(network("10.0.0.0/8")).unwrap());
        assert!(bans.add(network("2001:db8::/64")).unwrap());
        assert!(!bans.add(network("10.0.0.0/8")).unwrap());
        let again = DataFolder::open(temp.path()).unwrap();
        let listed = Bans::of(&again).list().unwrap();
        assert_eq!(listed, [network("10.0.0.0/8"), network("2001:db8::/64")]);
        let refused = bans.remove(network("10.0.0.1")).unwrap_err();
        assert!(matches!(refused, BanError::NotBanned(_)), "{refused}");
        bans.remove(network("10.0.0.0/8")).unwrap();
        assert_eq!(bans.list().unwrap(), [network("2001:db8::/64")]);
    }

    #[test]
    fn a_line_that_is_no_range_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path()).unwrap();
        fs::write(temp.path().join(FILE), "# mine\n192.0.2.1 # a flooder\n\nann\n").unwrap();
        let error = Bans::of(&folder).list().unwrap_err().to_string();
        assert!(error.contains(":4: \"ann\" is neither"), "{error}");
        let error = Bans::of(&folder).add("::1".parse().unwrap()).unwrap_err();
        assert!(matches!(error, BanError::Line { line: 4, .. }), "{error}");
    }
}
