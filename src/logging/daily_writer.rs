//! The thread behind a `daily_file`: it writes the lines, renames the file when its day ends, and
//! outlasts full disks and folders that come and go.
//!
//! A file's day ends when a line of a later day comes, or when nothing waits and the clock shows a
//! later day; so a line is in its own day's file however long it waited. Days are local calendar
//! dates and only ever compared, so that a midnight which daylight saving skips or repeats does
//! no harm. A clock that was set back takes the file along, without renaming anything.

use super::clock::Clock;
use super::line::write_line;
use super::log_file::{AppendError, LogFile};
use super::queue::{Then, Worker};
use super::rotate::{prune, set_aside};
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use log::Level;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lines are written together up to this many bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// Where the writer's own lines come from.
const TARGET: &str = "jim::logging";

/// A line on its way to the file.
#[derive(Debug)]
pub(super) struct Entry {
    /// The local date of its time stamp.
    pub(super) day: Date,
    /// The line, with its end.
    pub(super) line: String,
}

/// What writes the lines.
#[derive(Debug)]
pub(super) struct DailyWriter {
    path: PathBuf,
    keep: usize,
    clock: Arc<dyn Clock>,
    /// The day that the file is of.
    day: Date,
    file: Option<LogFile>,
    batch: Vec<u8>,
    losses: Losses,
    /// The second of the last renaming that failed: one try a second is enough.
    renaming_failed_at: Option<i64>,
    /// Standard error was told that something is wrong and not yet that it is over.
    alarmed: bool,
}

/// Lines that are in no file, until the log itself says so.
#[derive(Debug)]
struct Losses {
    /// Those that found the queue full; others count them up.
    refused: Arc<AtomicU64>,
    /// Those that could not be written, and why.
    unwritten: u64,
    fault: String,
}

impl DailyWriter {
    /// Opens the log. A file that was last written to on an earlier day is set aside first.
    pub(super) fn open(
        path: PathBuf,
        keep: usize,
        clock: Arc<dyn Clock>,
        refused: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let losses = Losses { refused, unwritten: 0, fault: String::new() };
        let today = clock.now().date();
        let mut writer = Self {
            day: today,
            path,
            keep,
            clock,
            file: None,
            batch: Vec::new(),
            losses,
            renaming_failed_at: None,
            alarmed: false,
        };
        writer.day = writer.last_written()?.map_or(today, |day| day.min(today));
        writer.file = Some(LogFile::open(&writer.path)?);
        writer.follow_clock();
        Ok(writer)
    }

    /// The day that an existing file was last written to.
    fn last_written(&self) -> io::Result<Option<Date>> {
        let metadata = match self.path.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        let moment = Timestamp::try_from(metadata.modified()?).ok();
        Ok(moment.map(|moment| self.clock.local(moment).date()))
    }

    /// Where the clock shows another day than the file's, goes on to it.
    fn follow_clock(&mut self) {
        let today = self.clock.now().date();
        if today > self.day {
            self.end_day(today);
        } else {
            self.day = today;
        }
    }

    /// Sets the file aside and begins that of a new day. When that fails, the file goes on and
    /// still counts as the old day's.
    fn end_day(&mut self, today: Date) {
        self.write_batch();
        let second = self.clock.now().timestamp().as_second();
        if self.renaming_failed_at == Some(second) {
            return;
        }
        self.renaming_failed_at = None;
        match self.set_file_aside() {
            Ok(()) => self.day = today,
            Err(error) => {
                self.renaming_failed_at = Some(second);
                self.alarm("cannot be renamed", &error);
            }
        }
    }

    fn set_file_aside(&mut self) -> io::Result<()> {
        // A file that somebody else has moved is not ours to rename.
        let ours = self.file.as_ref().is_none_or(|file| !file.is_gone_from(&self.path));
        if ours {
            set_aside(&self.path, self.day)?;
        }
        self.file = None;
        if let Err(error) = self.file().map(|_| ()).and_then(|()| prune(&self.path, self.keep)) {
            self.alarm("or its folder cannot be changed", &error);
        }
        Ok(())
    }

    /// The open file; opened anew where it was deleted or moved.
    fn file(&mut self) -> io::Result<&mut LogFile> {
        let open = self.file.take().filter(|file| !file.is_gone_from(&self.path));
        let file = match open {
            Some(file) => file,
            None => LogFile::open(&self.path)?,
        };
        Ok(self.file.insert(file))
    }

    fn append(&mut self, lines: &[u8]) -> Result<(), AppendError> {
        let file = self.file().map_err(|source| AppendError { kept_bytes: 0, source })?;
        file.append(lines)
    }

    /// Writes what was taken; what cannot be written is counted and let go.
    fn write_batch(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.batch);
        match self.append(&batch) {
            Ok(()) => self.alarmed = false,
            Err(error) => {
                let lost = batch.get(error.kept_bytes..).unwrap_or_default();
                self.losses.unwritten += memchr::memchr_iter(b'\n', lost).count() as u64;
                self.losses.fault = error.source.to_string();
                self.alarm("cannot be written", &error.source);
            }
        }
        batch.clear();
        self.batch = batch;
    }

    /// Says in the log how many lines are missing from it; tried again until it is there.
    fn report_losses(&mut self) {
        let refused = self.losses.refused.load(Ordering::Acquire);
        let text = self.losses.report(refused, &self.clock.now());
        if text.is_empty() || self.append(text.as_bytes()).is_err() {
            return;
        }
        self.losses.refused.fetch_sub(refused, Ordering::AcqRel);
        self.losses.unwritten = 0;
        self.alarmed = false;
    }

    /// Tells standard error, once, what the log itself cannot say.
    fn alarm(&mut self, what: &str, error: &io::Error) {
        if !self.alarmed {
            let path = self.path.display();
            // There is nobody left to tell if this fails.
            let _ = writeln!(io::stderr(), "The log {path} {what}: {error}");
        }
        self.alarmed = true;
    }
}

impl Losses {
    fn report(&self, refused: u64, now: &Zoned) -> String {
        let mut text = String::new();
        let mut add = |message: std::fmt::Arguments<'_>| {
            write_line(&mut text, now, Level::Warn, TARGET, None, &message);
        };
        if refused > 0 {
            add(format_args!("log lines lost: {refused} (too many at once)"));
        }
        if self.unwritten > 0 {
            let Self { unwritten, fault, .. } = self;
            add(format_args!("log lines lost: {unwritten} ({fault})"));
        }
        text
    }
}

impl Worker<Entry> for DailyWriter {
    fn take(&mut self, entry: Entry) {
        if entry.day > self.day {
            self.end_day(entry.day);
        }
        self.batch.extend_from_slice(entry.line.as_bytes());
        if self.batch.len() >= BATCH_BYTES {
            self.write_batch();
        }
    }

    fn end_turn(&mut self, then: Then) {
        self.write_batch();
        if then != Then::More {
            self.follow_clock();
            self.report_losses();
            if let Err(error) = self.file().map(|_| ()) {
                self.alarm("cannot be opened", &error);
            }
        }
    }
}

#[cfg(test)]
#[path = "daily_writer_tests.rs"]
mod tests;
