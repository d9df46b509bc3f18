//! The appender kind `daily_file`: a log file for each local day, written by a thread of its own.

use super::clock::Clock;
use super::daily_writer::{DailyWriter, Entry};
use super::line::{write_one_line, write_record};
use super::queue::Queue;
use anyhow::ensure;
use jiff::Zoned;
use log::Record;
use log4rs::append::Append;
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::writer::simple::SimpleWriter;
use log4rs::encode::{Encode, EncoderConfig};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the thread looks at the clock and the file while nothing is logged.
const TICK: Duration = Duration::from_secs(1);

/// How long a flush may take.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

const KEEP: RangeInclusive<usize> = 1..=36_500;
const KEEP_DEFAULT: usize = 30;

/// At 4 KiB a line at most, the default bounds what waits to 32 MiB.
const QUEUE: RangeInclusive<usize> = 1..=65_536;
const QUEUE_DEFAULT: usize = 8192;

/// What `log4rs.yaml` says about a `daily_file`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DailyFileSettings {
    path: PathBuf,
    keep: Option<usize>,
    queue: Option<usize>,
    encoder: Option<EncoderConfig>,
}

/// Makes the appender of what `log4rs.yaml` says.
#[derive(Debug)]
pub(super) struct DailyFileDeserializer {
    /// The folder that relative paths start from.
    pub(super) logs: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
}

/// The file could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub(super) struct OpenError {
    pub(super) path: PathBuf,
    pub(super) source: io::Error,
}

impl Deserialize for DailyFileDeserializer {
    type Trait = dyn Append;
    type Config = DailyFileSettings;

    fn deserialize(
        &self,
        settings: DailyFileSettings,
        deserializers: &Deserializers,
    ) -> anyhow::Result<Box<dyn Append>> {
        let DailyFileSettings { path, keep, queue, encoder } = settings;
        let keep = in_range("keep", keep.unwrap_or(KEEP_DEFAULT), KEEP)?;
        let capacity = in_range("queue", queue.unwrap_or(QUEUE_DEFAULT), QUEUE)?;
        ensure!(is_file_name(&path), "path is {path:?}: it must name a file");
        let encoder = encoder
            .map(|encoder| deserializers.deserialize::<dyn Encode>(&encoder.kind, encoder.config));
        let encoder = encoder.transpose()?;
        let path = self.logs.join(path);
        let file = DailyFile::open(path.clone(), keep, capacity, encoder, Arc::clone(&self.clock));
        Ok(Box::new(file.map_err(|source| OpenError { path, source })?))
    }
}

fn in_range(name: &str, value: usize, range: RangeInclusive<usize>) -> anyhow::Result<usize> {
    let (least, most) = (range.start(), range.end());
    ensure!(range.contains(&value), "{name} is {value}: it must be {least} to {most}");
    Ok(value)
}

fn is_file_name(path: &Path) -> bool {
    path.file_name().is_some() && !path.as_os_str().to_string_lossy().ends_with('/')
}

/// The appender.
#[derive(Debug)]
pub(super) struct DailyFile {
    clock: Arc<dyn Clock>,
    /// Another form than ours, if the operator wants one.
    encoder: Option<Box<dyn Encode>>,
    queue: Queue<Entry>,
}

impl DailyFile {
    /// Opens the file and starts the thread.
    fn open(
        path: PathBuf,
        keep: usize,
        capacity: usize,
        encoder: Option<Box<dyn Encode>>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let refused = Arc::default();
        let writer = DailyWriter::open(path, keep, Arc::clone(&clock), Arc::clone(&refused))?;
        let queue = Queue::start("jim-log", capacity, TICK, refused, writer)?;
        Ok(Self { clock, encoder, queue })
    }

    fn line(&self, time: &Zoned, record: &Record<'_>) -> anyhow::Result<String> {
        let mut line = String::with_capacity(160);
        match &self.encoder {
            None => write_record(&mut line, time, record),
            Some(encoder) => {
                let mut bytes = SimpleWriter(Vec::new());
                encoder.encode(&mut bytes, record)?;
                let text = String::from_utf8_lossy(&bytes.0);
                write_one_line(&mut line, format_args!("{}", text.trim_end_matches('\n')));
            }
        }
        Ok(line)
    }
}

impl Append for DailyFile {
    /// Hands the line to the thread; one that finds the queue full is counted and let go.
    fn append(&self, record: &Record<'_>) -> anyhow::Result<()> {
        let time = self.clock.now();
        let line = self.line(&time, record)?;
        self.queue.offer(Entry { day: time.date(), line });
        Ok(())
    }

    fn flush(&self) {
        self.queue.flush(FLUSH_LIMIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::clock::FakeClock;
    use log::Level;
    use std::fs;

    fn log(file: &DailyFile, message: &str) {
        let pairs = [("function", "join")];
        let mut record = Record::builder();
        record.level(Level::Info).target("jim::chat").key_values(&pairs);
        file.append(&record.args(format_args!("{message}")).build()).unwrap();
    }

    #[test]
    fn lines_arrive_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        let clock = FakeClock::at("2026-11-21T12:00:00.5[UTC]");
        let file = DailyFile::open(path.clone(), 30, 8192, None, clock).unwrap();
        (0..5000).for_each(|number| log(&file, &format!("{number}\n")));
        file.flush();
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let expected = format!("2026-11-21T12:00:00.500+00:00 INFO jim::chat join {number}\\n");
            assert_eq!(line, expected);
        }
        assert_eq!(text.lines().count(), 5000);
    }

    #[test]
    fn every_line_is_written_or_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        let clock = FakeClock::at("2026-11-21T12:00:00[UTC]");
        let file = DailyFile::open(path.clone(), 30, 10, None, clock).unwrap();
        (0..5000).for_each(|number| log(&file, &number.to_string()));
        drop(file);
        let text = fs::read_to_string(&path).unwrap();
        let (told, lines): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.contains("log lines lost: "));
        let lost: usize =
            told.iter().map(|line| line.split(' ').nth(7).unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!(lines.len() + lost, 5000);
    }

    #[test]
    fn midnight_needs_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        let clock = FakeClock::at("2026-11-21T23:59:59[UTC]");
        let file = DailyFile::open(path.clone(), 30, 10, None, Arc::clone(&clock) as _).unwrap();
        log(&file, "one");
        file.flush();
        clock.set("2026-11-22T00:00:00[UTC]");
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let dated = folder.path().join("jimd.log.2026-11-21");
        let looked = (0..2000).any(|_| {
            never.recv_timeout(Duration::from_millis(10)).unwrap_err();
            dated.exists() && path.exists()
        });
        assert!(looked, "the file was not renamed in 20 seconds");
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn another_form_is_one_line_too() {
        #[derive(Debug)]
        struct Two;
        impl Encode for Two {
            fn encode(
                &self,
                to: &mut dyn log4rs::encode::Write,
                record: &Record<'_>,
            ) -> anyhow::Result<()> {
                Ok(write!(to, "first\n{}\n", record.args())?)
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jimd.log");
        let clock = FakeClock::at("2026-11-21T12:00:00[UTC]");
        let file = DailyFile::open(path.clone(), 30, 10, Some(Box::new(Two)), clock).unwrap();
        log(&file, "second");
        file.flush();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\\nsecond\n");
    }
}
