//! Where a file that is got goes: beside its place while it comes, under a name that is safe and
//! new. What is there already is never written over.

use super::stop::Stop;
use crate::client::attachment::safe_name;
use crate::client::bounds::NAMES_TRIED;
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{File, OpenOptions, hard_link, remove_file, rename};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What is added to a file's name while it comes.
const PART: &str = ".part";

/// Where a file is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) enum Place {
    /// In this folder, under the name that its sender gave it or one like it.
    Folder(PathBuf),
    /// Exactly here.
    Exactly(PathBuf),
}

impl Place {
    /// In the current folder.
    pub(in crate::client) const HERE: Self = Self::Folder(PathBuf::new());

    /// What `-o` names: a folder, or a file that is still to be made.
    ///
    /// # Errors
    /// It is there already.
    pub(in crate::client) fn of(typed: Option<&str>) -> Result<Self, Stop> {
        let Some(typed) = typed else { return Ok(Self::HERE) };
        let path = PathBuf::from(typed);
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        if is_there(&path) { Err(Stop::Exists { path }) } else { Ok(Self::Exactly(path)) }
    }
}

/// A file that comes.
#[derive(Debug)]
pub(super) struct Target {
    part: File,
    place: Place,
    name: String,
    /// Which of the names like it this is.
    number: u32,
    /// How much was there when it was opened.
    found: u64,
}

impl Target {
    /// Opens a place for a file of a name and length that begins so, and goes on with what of it is
    /// there already.
    pub(super) fn open(place: Place, given: &str, size: u64, head: &[u8]) -> Result<Self, Stop> {
        let name = safe_name(given);
        for number in 0..NAMES_TRIED {
            let path = path_of(&place, &name, number);
            let is_taken = is_there(&path);
            if is_taken && matches!(place, Place::Exactly(_)) {
                return Err(Stop::Exists { path });
            }
            if is_taken {
                continue;
            }
            if let Some((part, found)) = open_part(&path, size, head)? {
                return Ok(Self { part, place, name, number, found });
            }
            if matches!(place, Place::Exactly(_)) {
                return Err(Stop::Exists { path: part_of(&path) });
            }
        }
        Err(Stop::Exists { path: path_of(&place, &name, 0) })
    }

    /// How much was there when it was opened, in bytes.
    pub(super) const fn found(&self) -> u64 {
        self.found
    }

    /// Where it will be.
    pub(super) fn path(&self) -> PathBuf {
        path_of(&self.place, &self.name, self.number)
    }

    /// Where it is while it comes.
    pub(super) fn part_path(&self) -> PathBuf {
        part_of(&self.path())
    }

    /// Reads a piece of what is there.
    pub(super) fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, Stop> {
        let mut piece = vec![0; bytes];
        let read = self.part.read_exact_at(&mut piece, offset);
        read.map_err(|error| self.unsaved(&error))?;
        Ok(piece)
    }

    /// Writes a piece.
    pub(super) fn write(&self, offset: u64, piece: &[u8]) -> Result<(), Stop> {
        self.part.write_all_at(piece, offset).map_err(|error| self.unsaved(&error))
    }

    /// Forgets what was there.
    pub(super) fn clear(&mut self) -> Result<(), Stop> {
        self.found = 0;
        self.part.set_len(0).map_err(|error| self.unsaved(&error))
    }

    /// Removes what came, since it is of no use.
    pub(super) fn remove(self) {
        let _ = remove_file(self.part_path());
    }

    /// The file is whole: it gets its name. Gives where it is.
    pub(super) fn finish(mut self) -> Result<PathBuf, Stop> {
        let part = self.part_path();
        loop {
            let path = self.path();
            match rename_new(&part, &path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if matches!(self.place, Place::Exactly(_)) || self.number >= NAMES_TRIED {
                        return Err(Stop::Exists { path });
                    }
                    self.number += 1;
                }
                Err(error) => return Err(Stop::unsaved(&path, &error)),
            }
        }
    }

    fn unsaved(&self, error: &io::Error) -> Stop {
        Stop::unsaved(&self.part_path(), error)
    }
}

/// Opens what a file is while it comes, and tells how much is there; `None` where it is something
/// else, or another program is at it.
fn open_part(path: &Path, size: u64, head: &[u8]) -> Result<Option<(File, u64)>, Stop> {
    let path = part_of(path);
    let unsaved = |error: io::Error| Stop::unsaved(&path, &error);
    // Never through a link, and never waiting for the other end of a pipe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(flags.bits().cast_signed())
        .open(&path);
    let part = match opened {
        Ok(part) => part,
        // A link, a folder, a pipe without a reader.
        Err(error)
            if matches!(
                Errno::from_io_error(&error),
                Some(Errno::LOOP | Errno::ISDIR | Errno::NXIO)
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(unsaved(error)),
    };
    let found = part.metadata().map_err(unsaved)?;
    if !found.is_file() || found.len() > size || part.try_lock().is_err() {
        return Ok(None);
    }
    let known = usize::try_from(found.len()).unwrap_or(usize::MAX).min(head.len());
    let mut begin = vec![0; known];
    part.read_exact_at(&mut begin, 0).map_err(unsaved)?;
    Ok(head.starts_with(&begin).then_some((part, found.len())))
}

fn path_of(place: &Place, name: &str, number: u32) -> PathBuf {
    match place {
        Place::Exactly(path) => path.clone(),
        Place::Folder(folder) => folder.join(numbered(name, number)),
    }
}

fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(PART);
    part.into()
}

/// `NAME (1).ext`; 0 is the name itself.
fn numbered(name: &str, number: u32) -> String {
    if number == 0 {
        return name.to_owned();
    }
    match name.rfind('.').and_then(|at| name.split_at_checked(at)) {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem} ({number}){extension}"),
        _ => format!("{name} ({number})"),
    }
}

/// Whether anything has this name, be it a link to nothing.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Renames only where nothing has that name, which not every file system can do at once.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        other => return Ok(other?),
    }
    match hard_link(from, to) {
        Ok(()) => return remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {}
    }
    // What is written over is this empty file, and no other.
    File::create_new(to)?;
    rename(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, read, read_dir};
    use std::os::unix::fs::symlink;

    fn open(folder: &Path, given: &str, size: u64, head: &[u8]) -> Result<Target, Stop> {
        Target::open(Place::Folder(folder.to_owned()), given, size, head)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for text in ["one", "two", "three"] {
            let target = open(folder, "../a.tar.gz", 5, b"").unwrap();
            target.write(0, text.as_bytes()).unwrap();
            target.finish().unwrap();
        }
        assert_eq!(names(folder), ["a.tar (1).gz", "a.tar (2).gz", "a.tar.gz"]);
        assert_eq!(read(folder.join("a.tar (1).gz")).unwrap(), b"two");
        let target = open(folder, ".bashrc", 0, b"").unwrap();
        assert_eq!(target.finish().unwrap(), folder.join("_bashrc"));
    }

    #[test]
    fn a_name_that_is_taken_meanwhile_is_not_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let target = open(folder.path(), "a", 5, b"").unwrap();
        fs::write(folder.path().join("a"), "mine").unwrap();
        assert_eq!(target.finish().unwrap(), folder.path().join("a (1)"));
        assert_eq!(read(folder.path().join("a")).unwrap(), b"mine");
        let path = folder.path().join("b");
        let target = Target::open(Place::Exactly(path.clone()), "x", 5, b"").unwrap();
        fs::write(&path, "mine").unwrap();
        assert_eq!(target.finish(), Err(Stop::Exists { path: path.clone() }));
        let typed = path.to_str().unwrap().to_owned();
        assert_eq!(Place::of(Some(&typed)), Err(Stop::Exists { path }));
        let typed = folder.path().to_str().unwrap().to_owned();
        assert_eq!(Place::of(Some(&typed)), Ok(Place::Folder(folder.path().to_owned())));
    }

    #[test]
    fn a_part_is_gone_on_with_only_if_it_is_of_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::write(folder.join("a.part"), "begun").unwrap();
        let target = open(folder, "a", 20, b"beg").unwrap();
        assert_eq!((target.found(), target.path()), (5, folder.join("a")));
        // Another program is at it now.
        assert_eq!(open(folder, "a", 20, b"beg").unwrap().path(), folder.join("a (1)"));
        drop(target);
        assert_eq!(open(folder, "a", 20, b"another").unwrap().path(), folder.join("a (1)"));
        assert_eq!(open(folder, "a", 4, b"beg").unwrap().path(), folder.join("a (1)"));
        assert_eq!(read(folder.join("a.part")).unwrap(), b"begun");
        let exactly = Place::Exactly(folder.join("a"));
        let refused = Target::open(exactly, "x", 20, b"another").unwrap_err();
        assert_eq!(refused, Stop::Exists { path: folder.join("a.part") });
    }

    #[test]
    fn no_link_folder_or_pipe_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        symlink("elsewhere", folder.join("a.part")).unwrap();
        fs::create_dir(folder.join("a (1).part")).unwrap();
        rustix::fs::mkfifoat(CWD, folder.join("a (2).part"), 0o600.into()).unwrap();
        symlink("elsewhere", folder.join("a (3)")).unwrap();
        let target = open(folder, "a", 5, b"").unwrap();
        assert_eq!(target.path(), folder.join("a (4)"));
        assert!(!folder.join("elsewhere").exists());
    }
}
