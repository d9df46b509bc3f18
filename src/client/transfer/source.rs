//! A file that is sent: read in pieces and hashed on the way.

use super::hash::RunningHash;
use super::stop::Stop;
use crate::client::bounds::PIECE_BYTES;
use crate::message::visible;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// By what a file is known to be the same as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Its length in bytes.
    pub(super) size: u64,
    /// When it was changed last: seconds since 1970, and nanoseconds.
    modified: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self { size: found.len(), modified: (found.mtime(), found.mtime_nsec()) }
    }
}

/// A file that is sent.
#[derive(Debug)]
pub(in crate::client) struct Source {
    file: File,
    /// Its absolute name, by which an interrupted upload is found again.
    path: PathBuf,
    name: String,
    stamp: Stamp,
    hash: RunningHash,
}

impl Source {
    /// Opens a file whose name was typed.
    ///
    /// # Errors
    /// There is none, it is no file, or it cannot be read.
    pub(in crate::client) fn open(typed: &Path) -> Result<Self, Stop> {
        let unreadable = |error: io::Error| Stop::unreadable(typed, &error);
        // Opening a pipe, say, could block.
        if !typed.metadata().map_err(unreadable)?.is_file() {
            return Err(Stop::unreadable(typed, &"it is no file"));
        }
        let file = File::open(typed).map_err(unreadable)?;
        let stamp = Stamp::of(&file.metadata().map_err(unreadable)?);
        let path = typed.canonicalize().map_err(unreadable)?;
        let name = sent_name(typed);
        Ok(Self { file, path, name, stamp, hash: RunningHash::default() })
    }

    /// Its absolute name.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name without the folders that it lies in.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its length in bytes.
    pub(super) const fn size(&self) -> u64 {
        self.stamp.size
    }

    /// By what it is known again.
    pub(super) const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The piece that begins here, which is empty at the end. Before the last one is given away, the
    /// file must be what it was in the beginning.
    pub(super) fn read(&mut self, offset: u64) -> Result<Vec<u8>, Stop> {
        let bytes = self.size().saturating_sub(offset).min(PIECE_BYTES);
        if offset + bytes >= self.size() {
            self.check()?;
        }
        let mut piece = vec![0; usize::try_from(bytes).unwrap_or_default()];
        self.file.read_exact_at(&mut piece, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Stop::Changed,
            _ => Stop::unreadable(&self.path, &error),
        })?;
        self.hash.take(offset, &piece);
        Ok(piece)
    }

    /// Hashes what comes before an offset, so many pieces at most; true when that is done.
    pub(super) fn catch_up(&mut self, offset: u64, pieces: usize) -> Result<bool, Stop> {
        for _ in 0..pieces {
            if self.hash.at() >= offset {
                break;
            }
            self.read(self.hash.at())?;
        }
        Ok(self.hash.at() >= offset)
    }

    /// Its SHA-256 in hexadecimal, once all of it was read.
    pub(super) fn sha256(&self) -> Option<String> {
        (self.hash.at() == self.size()).then(|| self.hash.hex())
    }

    fn check(&self) -> Result<(), Stop> {
        match self.file.metadata() {
            Ok(found) if Stamp::of(&found) == self.stamp => Ok(()),
            Ok(_) => Err(Stop::Changed),
            Err(error) => Err(Stop::unreadable(&self.path, &error)),
        }
    }
}

/// The base name, with what a server refuses in it replaced.
fn sent_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let safe = |character: char| {
        let mut bytes = [0; 4];
        let text = character.encode_utf8(&mut bytes);
        if visible(text).to_string() == *text && character != '\\' { character } else { '_' }
    };
    name.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_read_in_pieces_and_hashed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a\n\\b.txt");
        let bytes: Vec<u8> = (0..PIECE_BYTES * 2 + 1).map(|number| number as u8).collect();
        fs::write(&path, &bytes).unwrap();
        let mut source = Source::open(&path).unwrap();
        assert_eq!((source.name(), source.size()), ("a__b.txt", PIECE_BYTES * 2 + 1));
        assert!(!source.catch_up(PIECE_BYTES * 2, 1).unwrap());
        assert!(source.catch_up(PIECE_BYTES * 2, 1).unwrap());
        assert_eq!(source.sha256(), None);
        assert_eq!(source.read(PIECE_BYTES).unwrap().len() as u64, PIECE_BYTES);
        assert_eq!(source.read(PIECE_BYTES * 2).unwrap(), [0]);
        assert!(source.read(PIECE_BYTES * 2 + 1).unwrap().is_empty());
        assert_eq!(source.sha256(), Some(super::super::hash::hex_of(&bytes)));
    }

    #[test]
    fn a_file_that_changes_is_not_sent_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for changed in [PIECE_BYTES - 1, PIECE_BYTES + 1] {
            fs::write(&path, vec![1; PIECE_BYTES as usize]).unwrap();
            let mut source = Source::open(&path).unwrap();
            fs::write(&path, vec![1; changed as usize]).unwrap();
            assert_eq!(source.read(0), Err(Stop::Changed));
        }
    }

    #[test]
    fn only_files_are_sent() {
        let folder = tempfile::tempdir().unwrap();
        let why =
            |path: &Path| Source::open(path).unwrap_err().text(crate::message::Language::English);
        assert!(why(folder.path()).ends_with(" cannot be read: it is no file"));
        assert!(why(&folder.path().join("none")).contains("No such file"));
    }
}
