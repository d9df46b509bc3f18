//! The folder of files that were sent: `attachments` in the data folder.
//!
//! While an upload is open, what there is of it is in `open/NUMBER`. Once it is whole, its content is
//! on the disk as `AA/SHA256`, `AA` being that sum's first two digits, so that equal files are there
//! once. Such a file never changes. The upload's own name stays beside it until it was announced: who
//! did not hear of the end may ask for it again.

use super::data_folder::{DataFolder, FolderError};
use crate::limits::{PIECE_BYTES, RAW_PIECE_BYTES};
use crate::message::{Durability, MessageId, PutData, PutFault, Sha256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256 as Hasher};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

const FOLDER: &str = "attachments";
const OPEN: &str = "open";
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Of so many open uploads it is remembered how far they are; of others it is read again.
const REMEMBERED: usize = 4096;

/// The folder of files. It is one thread's.
#[derive(Debug)]
pub struct FileStore {
    root: PathBuf,
    /// Whether a file that is said to be there is on the disk itself.
    is_synced: bool,
    parts: HashMap<MessageId, Part>,
    /// Counts the pieces, to find the upload that got none for the longest time.
    pieces: u64,
}

/// How far an upload is.
#[derive(Debug, Clone, Default)]
struct Part {
    length: u64,
    /// Over all that came.
    hasher: Hasher,
    /// What it became.
    whole: Option<Sha256>,
    /// Which piece was its last.
    last_piece: u64,
}

/// Where a piece belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) upload: MessageId,
    /// How long the upload is to be.
    pub(super) size: u64,
    pub(super) offset: u64,
}

/// What became of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Put {
    Taken { next: u64 },
    Elsewhere { next: u64 },
    Refused(PutFault),
    Whole(Sha256),
}

impl FileStore {
    /// Takes the folder of files in a data folder, which is made if there is none.
    ///
    /// # Errors
    /// [`FolderError::Unwritable`].
    pub fn open(folder: &DataFolder, durability: Durability) -> Result<Self, FolderError> {
        let root = folder.path().join(FOLDER);
        let made = make_folder(&root).and_then(|()| make_folder(&root.join(OPEN)));
        made.map_err(|source| FolderError::Unwritable { path: root.clone(), source })?;
        let is_synced = durability == Durability::Fsync;
        Ok(Self { root, is_synced, parts: HashMap::new(), pieces: 0 })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Takes a piece. After an error what was taken before is there still, unless the disk may have
    /// lost some: then the upload begins anew.
    pub(super) fn put(&mut self, place: Place, data: &PutData) -> io::Result<Put> {
        let mut part = match self.parts.remove(&place.upload) {
            Some(part) => part,
            None => self.read_part(place.upload)?,
        };
        self.pieces += 1;
        part.last_piece = self.pieces;
        let put = self.put_behind(&mut part, place, data);
        if !matches!(&put, Err(PutError::Lost(_))) {
            self.remember(place.upload, part);
        }
        put.or_else(|error| match error {
            PutError::Io(error) => Err(error),
            PutError::Lost(error) => self.drop_pieces(place.upload).and(Err(error)),
            PutError::Short => {
                self.drop_pieces(place.upload)?;
                Ok(Put::Elsewhere { next: 0 })
            }
        })
    }

    fn put_behind(&self, part: &mut Part, place: Place, data: &PutData) -> Result<Put, PutError> {
        if part.length > place.size {
            return Err(PutError::Short);
        }
        if place.offset != part.length {
            return Ok(Put::Elsewhere { next: part.length });
        }
        let bytes = match decoded(data) {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(Put::Refused(fault)),
        };
        if bytes.len() as u64 > place.size - part.length {
            return Ok(Put::Refused(PutFault::Size));
        }
        if !bytes.is_empty() {
            self.append(part, place.upload, &bytes)?;
        }
        if part.length < place.size {
            return Ok(Put::Taken { next: part.length });
        }
        Ok(Put::Whole(self.finish(part, place)?))
    }

    fn append(&self, part: &mut Part, upload: MessageId, bytes: &[u8]) -> Result<(), PutError> {
        let file = self.open_part(upload)?;
        let found = file.metadata()?.len();
        if found < part.length {
            return Err(PutError::Short);
        }
        if found > part.length {
            file.set_len(part.length)?;
        }
        if let Err(error) = file.write_all_at(bytes, part.length) {
            // Where this fails too, the next piece does it.
            let _ = file.set_len(part.length);
            return Err(error.into());
        }
        part.hasher.update(bytes);
        part.length += bytes.len() as u64;
        Ok(())
    }

    /// The upload is as long as it was to be.
    fn finish(&self, part: &mut Part, place: Place) -> Result<Sha256, PutError> {
        if let Some(sum) = part.whole
            && length_of(&self.content_path(sum))? == Some(part.length)
        {
            return Ok(sum);
        }
        let file = self.open_part(place.upload)?;
        if file.metadata()?.len() != part.length {
            return Err(PutError::Short);
        }
        // What a failed sync leaves is not known, and a second one would not say.
        self.sync(&file).map_err(PutError::Lost)?;
        let sum = Sha256(part.hasher.clone().finalize().into());
        self.link(&self.part_path(place.upload), sum, part.length)?;
        part.whole = Some(sum);
        Ok(sum)
    }

    /// Gives what is on the disk its lasting name.
    fn link(&self, from: &Path, sum: Sha256, length: u64) -> io::Result<()> {
        let (folder, path) = (self.content_folder(first_byte(sum)), self.content_path(sum));
        if !folder.exists() {
            make_folder(&folder)?;
            self.sync_folder(&self.root)?;
        }
        let is_there = match sum_of(&path) {
            Ok(found) => found == (length, sum),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if !is_there {
            // What has the name was damaged since.
            remove(&path)?;
            // Not every file system has a second name for a file.
            fs::hard_link(from, &path).or_else(|_| fs::rename(from, &path))?;
        }
        self.sync_folder(&folder)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.is_synced { file.sync_data() } else { Ok(()) }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.is_synced { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    /// How far an upload is, by what there is of it.
    fn read_part(&self, upload: MessageId) -> io::Result<Part> {
        match File::open(self.part_path(upload)) {
            // Anything else has no end to read to.
            Ok(file) if !file.metadata()?.is_file() => Ok(Part::default()),
            Ok(file) => {
                let (length, hasher) = hash(file)?;
                Ok(Part { length, hasher, ..Part::default() })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Part::default()),
            Err(error) => Err(error),
        }
    }

    fn remember(&mut self, upload: MessageId, part: Part) {
        if self.parts.len() >= REMEMBERED {
            // What is whole is remembered longer: it may be about to be announced.
            let oldest = self.parts.iter().min_by_key(|(_, p)| (p.whole.is_some(), p.last_piece));
            if let Some(oldest) = oldest.map(|(upload, _)| *upload) {
                self.parts.remove(&oldest);
            }
        }
        self.parts.insert(upload, part);
    }

    /// What an upload is known to have become.
    pub(super) fn whole(&self, upload: MessageId) -> Option<Sha256> {
        self.parts.get(&upload)?.whole
    }

    /// Forgets what there is of an upload. What it became stays.
    pub(super) fn drop_pieces(&mut self, upload: MessageId) -> io::Result<()> {
        self.parts.remove(&upload);
        remove(&self.part_path(upload))
    }

    /// A part of a whole file, at most [`RAW_PIECE_BYTES`]; none where it is not there.
    pub(super) fn read(
        &self,
        sum: Sha256,
        offset: u64,
        bytes: usize,
    ) -> io::Result<Option<Box<[u8]>>> {
        let file = match File::open(self.content_path(sum)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let left = file.metadata()?.len().saturating_sub(offset);
        let length = left.min(bytes.min(RAW_PIECE_BYTES) as u64);
        let mut piece = vec![0; usize::try_from(length).unwrap_or(RAW_PIECE_BYTES)];
        file.read_exact_at(&mut piece, offset)?;
        Ok(Some(piece.into_boxed_slice()))
    }

    /// The uploads of which there is something.
    pub(super) fn uploads(&self) -> io::Result<Vec<MessageId>> {
        names(&self.root.join(OPEN), MessageId::parse)
    }

    /// The files whose sum begins with a byte.
    pub(super) fn contents(&self, first: u8) -> io::Result<Vec<Sha256>> {
        names(&self.content_folder(first), Sha256::parse)
    }

    /// Whether an upload has become this file and may be about to be announced.
    pub(super) fn is_promised(&self, sum: Sha256) -> bool {
        self.parts.values().any(|part| part.whole == Some(sum))
    }

    /// When a file was written last, in microseconds since 1970; 0 if it is not there.
    pub(super) fn written_unix_micros(&self, sum: Sha256) -> u64 {
        let modified = fs::metadata(self.content_path(sum)).and_then(|found| found.modified());
        let since = modified.ok().and_then(|moment| moment.duration_since(UNIX_EPOCH).ok());
        since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// Removes a file that nobody has any more.
    pub(super) fn remove_content(&self, sum: Sha256) -> io::Result<()> {
        remove(&self.content_path(sum))
    }

    fn open_part(&self, upload: MessageId) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(FILE_MODE);
        options.open(self.part_path(upload))
    }

    fn part_path(&self, upload: MessageId) -> PathBuf {
        self.root.join(OPEN).join(upload.to_string())
    }

    fn content_folder(&self, first: u8) -> PathBuf {
        self.root.join(format!("{first:02x}"))
    }

    fn content_path(&self, sum: Sha256) -> PathBuf {
        self.content_folder(first_byte(sum)).join(sum.to_string())
    }
}

/// Why a piece was not taken.
enum PutError {
    /// What was there before is there still.
    Io(io::Error),
    /// Some of it may be lost.
    Lost(io::Error),
    /// What is there is not what was taken.
    Short,
}

impl From<io::Error> for PutError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn decoded(data: &PutData) -> Result<Cow<'_, [u8]>, PutFault> {
    let (bytes, limit) = match data {
        PutData::Base64(text) => {
            // Three bytes of four letters; the decoder says the same of the rest.
            if text.len() / 4 * 3 > PIECE_BYTES + 2 {
                return Err(PutFault::Piece);
            }
            (Cow::from(STANDARD.decode(text).map_err(|_| PutFault::Base64)?), PIECE_BYTES)
        }
        PutData::Bytes(bytes) => (Cow::from(&**bytes), RAW_PIECE_BYTES),
    };
    if bytes.len() > limit { Err(PutFault::Piece) } else { Ok(bytes) }
}

/// Where the content of a data folder's file is, or would be.
pub(super) fn content_path(data: &Path, sum: Sha256) -> PathBuf {
    data.join(FOLDER).join(format!("{:02x}", first_byte(sum))).join(sum.to_string())
}

/// Where a data folder's files are, or would be.
pub(super) fn folder_path(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// The sum of a whole file, and how long it is.
pub(super) fn sum_of(path: &Path) -> io::Result<(u64, Sha256)> {
    let (length, hasher) = hash(File::open(path)?)?;
    Ok((length, Sha256(hasher.finalize().into())))
}

fn hash(mut file: File) -> io::Result<(u64, Hasher)> {
    let (mut length, mut hasher) = (0, Hasher::new());
    let mut block = vec![0; RAW_PIECE_BYTES];
    loop {
        let read = match file.read(&mut block) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok((length, hasher));
        }
        length += read as u64;
        hasher.update(block.get(..read).unwrap_or_default());
    }
}

const fn first_byte(sum: Sha256) -> u8 {
    let [first, ..] = sum.0;
    first
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// How long a file is; none if there is none.
fn length_of(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a folder holds, of names that are ours; nothing if there is none.
fn names<T>(folder: &Path, parse: fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(entry?.file_name().to_str().and_then(parse));
    }
    Ok(found)
}

#[cfg(test)]
#[path = "file_store_tests.rs"]
pub(super) mod tests;
