//! Files of the exchange: one that is sent, piece by piece, and one that is saved as it comes,
//! under a name that is safe and new.

use super::bounds::{ATTACHMENT_BYTES, FILE_NAME_BYTES, FILE_NAME_MOST_BYTES, FILE_PIECE_BYTES};
use crate::message::visible;
use std::fs::{File, remove_file};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a file is not sent.
#[derive(Debug, Error)]
pub(super) enum NotSent {
    /// There is none.
    #[error("File not found")]
    Missing,
    /// There is nothing in it.
    #[error("Empty file")]
    Empty,
    /// A folder or a device.
    #[error("Not a file")]
    NoFile,
    /// It is too long.
    #[error("The file has {bytes} bytes, at most {ATTACHMENT_BYTES} are sent")]
    TooLong {
        /// Its length.
        bytes: u64,
    },
    /// The system refuses it.
    #[error("The file cannot be read: {0}")]
    Unreadable(io::Error),
}

/// A file on its way to the server.
#[derive(Debug)]
pub(super) struct Sending {
    file: File,
    name: String,
    left: u32,
}

impl Sending {
    /// Opens a file whose name was typed.
    pub(super) fn open(path: &Path) -> Result<Self, NotSent> {
        let found = path.metadata().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NotSent::Missing,
            _ => NotSent::Unreadable(error),
        })?;
        // Opening a pipe, say, could block.
        if !found.is_file() {
            return Err(NotSent::NoFile);
        }
        let left = match u32::try_from(found.len()) {
            Ok(0) => return Err(NotSent::Empty),
            Ok(bytes) if bytes <= ATTACHMENT_BYTES => bytes,
            _ => return Err(NotSent::TooLong { bytes: found.len() }),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = File::open(path).map_err(NotSent::Unreadable)?;
        Ok(Self { file, name, left })
    }

    /// Its name without the folders that it lies in.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes are still to be read.
    pub(super) const fn left(&self) -> u32 {
        self.left
    }

    /// The next piece.
    ///
    /// # Errors
    /// The system's, also where the file has become shorter than was said.
    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        let bytes = (self.left as usize).min(FILE_PIECE_BYTES);
        let mut piece = vec![0; bytes];
        self.file.read_exact(&mut piece)?;
        // No more than `left` was read.
        self.left = self.left.saturating_sub(u32::try_from(bytes).unwrap_or(u32::MAX));
        Ok(piece)
    }
}

/// A file that is being saved. What is not finished is removed.
#[derive(Debug)]
pub(super) struct Saving {
    file: File,
    path: PathBuf,
    name: String,
    is_finished: bool,
}

impl Saving {
    /// Makes a new file in a folder, as near to the name that the sender gave as may be.
    ///
    /// # Errors
    /// The system's, and where every name that was tried is taken.
    pub(super) fn create(folder: &Path, given: &str) -> io::Result<Self> {
        let name = safe_name(given);
        let (stem, extension) = match name.rfind('.').and_then(|at| name.split_at_checked(at)) {
            Some((stem, extension)) if !stem.is_empty() => (stem, extension),
            _ => (name.as_str(), ""),
        };
        let mut stem = stem.to_owned();
        while stem.len() + extension.len() <= FILE_NAME_MOST_BYTES {
            let name = format!("{stem}{extension}");
            let path = folder.join(&name);
            // It never opens what is there, be it a link.
            match File::create_new(&path) {
                Ok(file) => return Ok(Self { file, path, name, is_finished: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => stem += "_new",
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Adds a piece.
    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)
    }

    /// Keeps the file; gives the name that it has.
    pub(super) fn finish(mut self) -> String {
        self.is_finished = true;
        std::mem::take(&mut self.name)
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = remove_file(&self.path);
        }
    }
}

/// A name that is safe in any folder, of what a sender gave: no folders, nothing hidden, nothing
/// that a terminal or a shell obeys, and no device of Windows.
pub(super) fn safe_name(given: &str) -> String {
    let base = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::new();
    for character in base.trim().chars().map(safe_character) {
        if name.len() + character.len_utf8() > FILE_NAME_BYTES {
            break;
        }
        name.push(character);
    }
    let end = name.trim_end_matches(['.', ' ']).len();
    name.truncate(end);
    match name.chars().next() {
        None => name.push_str("file"),
        Some('.' | '-' | '~') => name.replace_range(..1, "_"),
        Some(_) if is_device(&name) => name.insert(0, '_'),
        Some(_) => {}
    }
    name
}

fn safe_character(character: char) -> char {
    let is_visible = visible(character.encode_utf8(&mut [0; 4])).to_string().starts_with(character);
    match character {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' | '$' | '`' | '&' | ';' | '\'' => '_',
        other if is_visible => other,
        _ => '_',
    }
}

/// Whether Windows takes a name for a device, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let is_numbered = |port: &str| {
        let number = stem.strip_prefix(port);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL") || is_numbered("COM") || is_numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    #[test]
    fn names_are_made_safe() {
        let rows = [
            ("1.jpg", "1.jpg"),
            ("фото 1.jpeg", "фото 1.jpeg"),
            ("../x", "x"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            (r"C:\dir\x.txt", "x.txt"),
            (".bashrc", "_bashrc"),
            ("..", "file"),
            ("a/", "file"),
            ("", "file"),
            ("  ", "file"),
            ("-rf", "_rf"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("lpt1", "_lpt1"),
            ("console.txt", "console.txt"),
            ("a\u{1b}[2J\n\0b\u{202e}.txt", "a_[2J__b_.txt"),
            ("x.txt. . ", "x.txt"),
            ("a:b|c?.txt", "a_b_c_.txt"),
            ("$(x)`y`", "_(x)_y_"),
        ];
        for (given, name) in rows {
            assert_eq!(safe_name(given), name, "{given:?}");
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["one", "two", "three"].map(|text| {
            let mut saving = Saving::create(folder.path(), "../a.tar.gz").unwrap();
            saving.write(text.as_bytes()).unwrap();
            saving.finish()
        });
        assert_eq!(names, ["a.tar.gz", "a.tar_new.gz", "a.tar_new_new.gz"]);
        let texts = names.map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
        assert_eq!(texts, ["one", "two", "three"]);
    }

    #[test]
    fn a_link_is_not_followed_and_names_end_somewhere() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("elsewhere", folder.path().join("x")).unwrap();
        let saving = Saving::create(folder.path(), "x").unwrap();
        assert_eq!(saving.finish(), "x_new");
        assert!(!folder.path().join("elsewhere").exists());
        let long = "п".repeat(200);
        let error = loop {
            match Saving::create(folder.path(), &long) {
                Ok(saving) => assert!(saving.finish().len() <= FILE_NAME_MOST_BYTES),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn half_a_file_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut saving = Saving::create(folder.path(), "x").unwrap();
        saving.write(b"half").unwrap();
        assert!(folder.path().join("x").exists());
        drop(saving);
        assert!(!folder.path().join("x").exists());
    }

    #[test]
    fn only_files_with_something_in_them_are_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("empty"), "").unwrap();
        fs::write(file("some"), vec![7; FILE_PIECE_BYTES + 1]).unwrap();
        let long = File::create_new(file("long")).unwrap();
        long.set_len(u64::from(ATTACHMENT_BYTES) + 1).unwrap();
        let why = |name| Sending::open(&file(name)).unwrap_err().to_string();
        assert_eq!(why("none"), "File not found");
        assert_eq!(why("some/none"), "File not found");
        assert_eq!(why("empty"), "Empty file");
        assert_eq!(why("."), "Not a file");
        assert_eq!(why("long"), "The file has 16777217 bytes, at most 16777216 are sent");
        let mut sending = Sending::open(&file("some")).unwrap();
        assert_eq!(sending.name(), "some");
        assert_eq!(sending.read().unwrap(), vec![7; FILE_PIECE_BYTES]);
        assert_eq!(sending.left(), 1);
        fs::write(file("some"), "shorter").unwrap();
        assert!(sending.read().is_err());
    }

    proptest! {
        #[test]
        fn any_name_is_one_visible_part_of_a_path(given in any::<String>()) {
            let name = safe_name(&given);
            prop_assert!(!name.is_empty() && name.len() <= FILE_NAME_BYTES + 1);
            prop_assert!(!name.starts_with(['.', '-']) && !name.contains(['/', '\\', '\0']));
            prop_assert_eq!(visible(&name).to_string(), name);
        }
    }
}
