//! Lines that were typed, for the arrow keys of the next start: a file of lines, to which each is
//! added as it is typed, whatever other clients add.

use crate::client::bounds::{INPUT_HISTORY_LINES, TYPED_FILE_BYTES, TYPED_LINE_BYTES};
use crate::client::commands;
use crate::client::state::{open_alone, replace};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The file, if there is to be one.
#[derive(Debug, Default)]
pub(super) struct TypedLines {
    path: Option<PathBuf>,
    /// What could not be added yet, since another client had the file.
    waiting: Vec<String>,
}

impl TypedLines {
    /// Lines in this file.
    pub(super) const fn at(path: PathBuf) -> Self {
        Self { path: Some(path), waiting: Vec::new() }
    }

    /// The lines of before, oldest first. A file with too many is made shorter.
    pub(super) fn read(&self) -> Vec<String> {
        let Some(path) = &self.path else { return Vec::new() };
        // Who has never typed anything has none, and without it all else works as well.
        let Ok(Some(mut file)) = open_alone(path) else { return Vec::new() };
        let lines = read(&mut file).unwrap_or_default();
        if lines.len() > 2 * INPUT_HISTORY_LINES {
            self.shorten(&lines);
        }
        newest(lines)
    }

    /// Adds a line, unless it may hold a secret, was typed behind a blank, or is very long.
    ///
    /// # Errors
    /// The system's: the lines are not kept.
    pub(super) fn add(&mut self, line: &str) -> io::Result<()> {
        if self.path.is_some() && may_be_kept(line) {
            self.waiting.push(line.to_owned());
        }
        self.flush()
    }

    /// Adds what still waits, if the file is free.
    ///
    /// # Errors
    /// The system's; what waited is not kept.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| !self.waiting.is_empty()) else {
            return Ok(());
        };
        let opened = match open_alone(path) {
            Ok(None) if self.waiting.len() < INPUT_HISTORY_LINES => return Ok(()),
            opened => opened,
        };
        let text: String = std::mem::take(&mut self.waiting).join("\n") + "\n";
        let Some(mut file) = opened? else { return Ok(()) };
        let length = file.metadata()?.len();
        let begin = if is_torn(&mut file, length)? { "\n" } else { "" };
        file.write_all(format!("{begin}{text}").as_bytes())?;
        if length > 2 * TYPED_FILE_BYTES {
            let lines = read(&mut file)?;
            self.shorten(&lines);
        }
        Ok(())
    }

    /// Puts a shorter file in the place of this one, which we have alone. It may stay long: then the
    /// next client tries.
    fn shorten(&self, lines: &[String]) {
        let Some(path) = &self.path else { return };
        let first = lines.len().saturating_sub(INPUT_HISTORY_LINES);
        let text: String = lines.iter().skip(first).map(|line| format!("{line}\n")).collect();
        let _ = replace(path, text.as_bytes());
    }
}

/// Whether the last line was not written to its end.
fn is_torn(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// The lines of the file's end that are lines as they are typed; whatever else is there is passed
/// over.
fn read(file: &mut File) -> io::Result<Vec<String>> {
    let from = file.metadata()?.len().saturating_sub(TYPED_FILE_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TYPED_FILE_BYTES).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n').skip(usize::from(from > 0));
    let texts = lines.filter_map(|line| str::from_utf8(line).ok()).filter(|line| may_be_kept(line));
    Ok(texts.map(str::to_owned).collect())
}

fn newest(mut lines: Vec<String>) -> Vec<String> {
    lines.drain(..lines.len().saturating_sub(INPUT_HISTORY_LINES));
    lines
}

fn may_be_kept(line: &str) -> bool {
    let begins = !line.is_empty() && !line.starts_with(char::is_whitespace);
    let is_text = line.len() <= TYPED_LINE_BYTES && !line.chars().any(char::is_control);
    begins && is_text && !commands::may_be_secret(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn at(path: &Path) -> TypedLines {
        TypedLines::at(path.to_owned())
    }

    #[test]
    fn lines_come_back_but_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("typed");
        assert!(at(&path).read().is_empty());
        let mut typed = at(&path);
        for line in [
            "привет",
            "/msg boris /login is easy",
            "/login anna",
            "/register anna CODE",
            "/passwd",
            "/logni anna geheim",
            "/Login anna geheim",
            " geheim",
            "a\u{1b}b",
            "//login is a word",
            "/history #tea 5",
            "",
        ] {
            typed.add(line).unwrap();
        }
        let kept = ["привет", "/msg boris /login is easy", "//login is a word", "/history #tea 5"];
        assert_eq!(at(&path).read(), kept);
        assert_eq!(fs::read_to_string(&path).unwrap(), kept.join("\n") + "\n");
        typed.add(&"x".repeat(TYPED_LINE_BYTES + 1)).unwrap();
        assert_eq!(at(&path).read(), kept);
        let mut nowhere = TypedLines::default();
        nowhere.add("one").unwrap();
        assert!(nowhere.read().is_empty() && nowhere.waiting.is_empty());
    }

    #[test]
    fn clients_do_not_destroy_each_others_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("typed");
        let (mut one, mut other) = (at(&path), at(&path));
        one.add("one").unwrap();
        other.add("two").unwrap();
        let held = open_alone(&path).unwrap().unwrap();
        one.add("three").unwrap();
        assert_eq!(one.waiting, ["three"]);
        drop(held);
        other.add("four").unwrap();
        // A third one makes a new file of it.
        at(&path).shorten(&["new".to_owned()]);
        one.add("five").unwrap();
        assert_eq!(at(&path).read(), ["new", "three", "five"]);
    }

    #[test]
    fn the_file_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("typed");
        let lines = |numbers: std::ops::Range<usize>| -> String {
            numbers.map(|number| format!("line {number}\n")).collect()
        };
        let many = 2 * INPUT_HISTORY_LINES + 1;
        fs::write(&path, lines(0..many)).unwrap();
        let read = at(&path).read();
        assert_eq!(read.len(), INPUT_HISTORY_LINES);
        assert_eq!(fs::read_to_string(&path).unwrap(), lines(many - INPUT_HISTORY_LINES..many));
        let long = "x".repeat(1000) + "\n";
        let times = usize::try_from(2 * TYPED_FILE_BYTES).unwrap() / long.len() + 1;
        fs::write(&path, long.repeat(times)).unwrap();
        at(&path).add("the last").unwrap();
        assert!(fs::metadata(&path).unwrap().len() <= TYPED_FILE_BYTES);
        assert_eq!(at(&path).read().last().unwrap(), "the last");
    }

    #[test]
    fn a_damaged_file_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("typed");
        fs::write(&path, b"good\n\xff\xfe\n\0\0\x1b[2J\nalso good\ntorn").unwrap();
        assert_eq!(at(&path).read(), ["good", "also good", "torn"]);
        at(&path).add("new").unwrap();
        assert_eq!(at(&path).read(), ["good", "also good", "torn", "new"]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(at(&path).read().is_empty());
        let mut typed = at(&path);
        assert!(typed.add("new").is_err());
        assert!(typed.waiting.is_empty());
    }
}
