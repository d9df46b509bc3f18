//! The files of days that ended: `jimd.log.2026-11-21` and so on, one a day.

use super::log_file::{Identity, open_to_append};
use jiff::civil::Date;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The name that a log has once its day has ended.
pub(super) fn dated(path: &Path, day: Date) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{day}"));
    PathBuf::from(name)
}

/// Gives the log the name of its day. Where a file has that name already (the clock was set back
/// over midnight), the log is appended to it: nothing is ever overwritten. No log at all is fine, and
/// what is no regular file, such as `/dev/null`, keeps its name.
pub(super) fn set_aside(path: &Path, day: Date) -> io::Result<()> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Ok(());
    }
    let dated = dated(path, day);
    let result = match dated.symlink_metadata() {
        Ok(_) => append_to(&dated, path),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(path, &dated),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound && !path.exists() => Ok(()),
        result => result,
    }
}

/// Moves the log's lines to the end of a file that is there already.
fn append_to(dated: &Path, path: &Path) -> io::Result<()> {
    let mut source = File::open(path)?;
    let mut target = open_to_append(dated, false)?;
    let (from, to) = (source.metadata()?, target.metadata()?);
    if Identity::of(&from) != Identity::of(&to) {
        let copied = io::copy(&mut Read::by_ref(&mut source).take(from.len()), &mut target);
        if let Err(error) = copied {
            // Half of it would be there twice after the next try.
            target.set_len(to.len())?;
            return Err(error);
        }
    }
    fs::remove_file(path)
}

/// Deletes the oldest dated files of a log until `keep` are left. Files whose names are not
/// exactly the log's with a date are left alone.
///
/// Files are counted, not days: a clock that is a year ahead for a moment must not delete all.
pub(super) fn prune(path: &Path, keep: usize) -> io::Result<()> {
    let (Some(folder), Some(name)) =
        (folder(path), path.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(());
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let day = entry.file_name().to_str().and_then(|entry| day_of(entry, name));
        if let Some(day) = day
            && entry.file_type()?.is_file()
        {
            files.push((day, entry.path()));
        }
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    files.iter().skip(keep).try_for_each(|(_, path)| fs::remove_file(path))
}

/// The folder that a path is in; a bare name is in the current one.
fn folder(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

/// The day of a dated file of the log `name`.
fn day_of(entry: &str, name: &str) -> Option<Date> {
    let text = entry.strip_prefix(name)?.strip_prefix('.')?;
    let day: Date = text.parse().ok()?;
    // jiff reads other spellings of dates too.
    (day.to_string() == text).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 21);

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_log_gets_its_days_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        set_aside(&path, DAY).unwrap();
        assert!(names(folder.path()).is_empty());
        fs::write(&path, "one\n").unwrap();
        set_aside(&path, DAY).unwrap();
        assert_eq!(names(folder.path()), ["jimd.log.2026-11-21"]);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        fs::write(dated(&path, DAY), "one\n").unwrap();
        set_aside(&path, DAY).unwrap();
        fs::write(&path, "two\n").unwrap();
        set_aside(&path, DAY).unwrap();
        assert_eq!(fs::read_to_string(dated(&path, DAY)).unwrap(), "one\ntwo\n");
        fs::hard_link(dated(&path, DAY), &path).unwrap();
        set_aside(&path, DAY).unwrap();
        assert_eq!(fs::read_to_string(dated(&path, DAY)).unwrap(), "one\ntwo\n");
        assert_eq!(names(folder.path()), ["jimd.log.2026-11-21"]);
    }

    #[test]
    fn a_folder_in_the_way_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        fs::write(&path, "one\n").unwrap();
        fs::create_dir(dated(&path, DAY)).unwrap();
        set_aside(&path, DAY).unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
    }

    #[test]
    fn what_is_no_file_keeps_its_name() {
        use rustix::fs::{CWD, mkfifoat};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        mkfifoat(CWD, &path, 0o600.into()).unwrap();
        set_aside(&path, DAY).unwrap();
        assert_eq!(names(folder.path()), ["jimd.log"]);
        fs::remove_file(&path).unwrap();
        mkfifoat(CWD, dated(&path, DAY), 0o600.into()).unwrap();
        fs::write(&path, "one\n").unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let log = path.clone();
        std::thread::spawn(move || sender.send(set_aside(&log, DAY)));
        let error = receiver.recv_timeout(std::time::Duration::from_secs(20)).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "it is a pipe, and no regular file");
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
    }

    #[test]
    fn the_newest_are_kept_and_others_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let others = [
            "jimd.log",
            "jimd.log.2026-1-01",
            "jimd.log.2026-11-20.gz",
            "jimd.log.2026-13-01",
            "jimd.log.20261101",
            "jimd.logs.2026-11-01",
            "xjimd.log.2026-11-01",
        ];
        let days = ["jimd.log.2025-12-31", "jimd.log.2026-01-01", "jimd.log.2026-11-20"];
        for name in others.iter().chain(&days) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("jimd.log.2020-01-01")).unwrap();
        prune(&folder.path().join("jimd.log"), 2).unwrap();
        let mut expected: Vec<&str> = others.to_vec();
        expected.extend(["jimd.log.2020-01-01", "jimd.log.2026-01-01", "jimd.log.2026-11-20"]);
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }
}
