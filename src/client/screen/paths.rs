//! Files of this machine whose names begin as what is typed. Looking never takes long: so many
//! entries of a folder are read at most, on a thread that is waited for a short time only.

use crate::client::bounds::{PATHS_FOUND, PATHS_READ, PATHS_WAIT};
use crate::client::talker_files::home;
use crate::message::visible;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};

/// Looks for files, one folder at a time.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Still reads a folder that it took too long to read.
    busy: Option<JoinHandle<()>>,
}

impl Paths {
    /// The paths that a typed one may be the beginning of, in their order; those of folders end in
    /// `/`. Nothing is found while a folder looked at before still does not answer.
    pub(super) fn find(&mut self, typed: &str) -> Vec<String> {
        if typed == "~" {
            return vec!["~/".to_owned()];
        }
        if self.busy.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Vec::new();
        }
        let (folder, begin) = typed.split_at(typed.rfind('/').map_or(0, |at| at + 1));
        let path = if folder.is_empty() { PathBuf::from(".") } else { home(folder) };
        let mut names = self.look(path, begin.to_owned());
        names.sort();
        names.truncate(PATHS_FOUND);
        names.into_iter().map(|name| format!("{folder}{name}")).collect()
    }

    fn look(&mut self, folder: PathBuf, begin: String) -> Vec<String> {
        let (found, names) = channel();
        let (done, is_done) = channel::<()>();
        let look = move || {
            read(&folder, &begin, &found);
            drop(done);
        };
        // Without a thread nothing is found, as in a folder that cannot be read.
        let thread = thread::Builder::new().name("paths".to_owned()).spawn(look).ok();
        let is_late = matches!(is_done.recv_timeout(PATHS_WAIT), Err(RecvTimeoutError::Timeout));
        self.busy = thread.filter(|_| is_late);
        names.try_iter().collect()
    }
}

fn read(folder: &Path, begin: &str, found: &Sender<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let lower = begin.to_lowercase();
    let names = entries.flatten().take(PATHS_READ).filter_map(|entry| name_of(&entry, &lower));
    for name in names {
        if found.send(name).is_err() {
            return;
        }
    }
}

/// An entry's name where it begins so, in any case, and can be typed.
fn name_of(entry: &DirEntry, begin: &str) -> Option<String> {
    let name = entry.file_name().into_string().ok()?;
    let is_meant = name.to_lowercase().starts_with(begin);
    let is_hidden = name.starts_with('.') && !begin.starts_with('.');
    // A name in quotes ends at the next one.
    let can_be_typed = visible(&name).to_string() == name && !name.contains('"');
    if !is_meant || is_hidden || !can_be_typed {
        return None;
    }
    let kind = entry.file_type().ok()?;
    let is_folder = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
    Some(if is_folder { name + "/" } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_how_they_begin() {
        let folder = tempfile::tempdir().unwrap();
        let root = format!("{}/", folder.path().display());
        for name in ["Foto.jpg", "foto 2.jpg", ".foto", "a\"b", "a\u{1b}[2J", "füße"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("fotos")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("for me")).unwrap();
        let found = |begin: &str| {
            let found = Paths::default().find(&format!("{root}{begin}"));
            found.iter().map(|path| path.strip_prefix(&root).unwrap().to_owned()).collect()
        };
        let fo: Vec<String> = found("fo");
        assert_eq!(fo, ["Foto.jpg", "for me/", "foto 2.jpg", "fotos/"]);
        let fue: Vec<String> = found("fü");
        assert_eq!(fue, ["füße"]);
        let hidden: Vec<String> = found(".");
        assert_eq!(hidden, [".foto"]);
        let all: Vec<String> = found("");
        assert_eq!(all, ["Foto.jpg", "for me/", "foto 2.jpg", "fotos/", "füße"]);
        assert!(Paths::default().find(&format!("{root}none/")).is_empty());
        assert_eq!(Paths::default().find("~"), ["~/"]);
    }

    #[test]
    fn a_huge_folder_is_read_in_part() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..PATHS_FOUND * 2 {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let found = Paths::default().find(&format!("{}/", folder.path().display()));
        assert!((1..=PATHS_FOUND).contains(&found.len()), "{}", found.len());
    }

    #[test]
    fn a_folder_that_does_not_answer_is_not_looked_at_again() {
        let (hang_up, waits) = channel::<()>();
        let busy = Some(thread::spawn(move || assert!(waits.recv().is_err())));
        let mut paths = Paths { busy };
        assert!(paths.find("/").is_empty());
        drop(hang_up);
        paths.busy.take().unwrap().join().unwrap();
        assert!(paths.find("/").contains(&"/tmp/".to_owned()));
    }
}
