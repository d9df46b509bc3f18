//! The days of a log, told by a clock that the tests set.

use super::*;
use crate::logging::clock::FakeClock;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

struct Fixture {
    folder: TempDir,
    clock: Arc<FakeClock>,
    refused: Arc<AtomicU64>,
}

impl Fixture {
    fn at(time: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, clock: FakeClock::at(time), refused: Arc::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("logs/jimd.log")
    }

    fn open(&self) -> DailyWriter {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        DailyWriter::open(self.path(), 30, clock, Arc::clone(&self.refused)).unwrap()
    }

    /// Logs a line at the time that the clock shows, and writes it.
    fn log(&self, writer: &mut DailyWriter, text: &str) {
        writer.take(self.entry(text));
        writer.end_turn(Then::Idle);
    }

    fn entry(&self, text: &str) -> Entry {
        Entry { day: self.clock.now().date(), line: format!("{text}\n") }
    }

    /// Name and content of every file, oldest day first, the current one last.
    fn files(&self) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> = fs::read_dir(self.path().parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (name(&path), fs::read_to_string(&path).unwrap().replace('\n', "|")))
            .collect();
        files.sort_by_key(|(name, _)| (name == "jimd.log", name.clone()));
        files
    }

    fn check(&self, expected: &[(&str, &str)]) {
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(name, text)| (format!("jimd.log{name}"), (*text).into()))
            .collect();
        assert_eq!(self.files(), expected);
    }

    fn set_modified(&self, time: &str) {
        let time: Zoned = time.parse().unwrap();
        let file = fs::File::options().append(true).open(self.path()).unwrap();
        file.set_modified(time.timestamp().into()).unwrap();
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn the_file_gets_the_name_of_the_day_that_ended() {
    let fixture = Fixture::at("2026-11-21T23:59:59.9[Europe/Moscow]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fixture.clock.set("2026-11-22T00:00:00[Europe/Moscow]");
    fixture.log(&mut writer, "two");
    fixture.check(&[(".2026-11-21", "one|"), ("", "two|")]);
}

#[test]
fn midnight_comes_without_a_line() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    writer.end_turn(Then::Idle);
    fixture.check(&[("", "")]);
    fixture.clock.set("2026-11-22T00:00:00[UTC]");
    writer.end_turn(Then::Idle);
    fixture.check(&[(".2026-11-21", ""), ("", "")]);
    fixture.clock.set("2026-11-25T07:00:00[UTC]");
    writer.end_turn(Then::Idle);
    fixture.check(&[(".2026-11-21", ""), (".2026-11-22", ""), ("", "")]);
}

#[test]
fn lines_that_waited_over_midnight_are_in_their_days_file() {
    let fixture = Fixture::at("2026-11-21T23:59:59[UTC]");
    let mut writer = fixture.open();
    let before = fixture.entry("before");
    fixture.clock.set("2026-11-22T00:00:01[UTC]");
    let after = fixture.entry("after");
    writer.end_turn(Then::More);
    writer.take(before);
    writer.end_turn(Then::More);
    writer.take(after);
    writer.end_turn(Then::Idle);
    fixture.check(&[(".2026-11-21", "before|"), ("", "after|")]);
}

#[test]
fn a_midnight_that_does_not_exist_ends_the_day() {
    // On this day Cairo's clocks go from 23:59:59 to 01:00.
    let fixture = Fixture::at("2026-04-23T23:59:59[Africa/Cairo]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fixture.clock.set("2026-04-24T01:00:00[Africa/Cairo]");
    fixture.log(&mut writer, "two");
    fixture.check(&[(".2026-04-23", "one|"), ("", "two|")]);
}

#[test]
fn an_hour_before_midnight_that_comes_twice_ends_no_day_twice() {
    // On this day Cairo's clocks go from 23:59:59 back to 23:00.
    let fixture = Fixture::at("2026-10-29T23:30:00+03:00[Africa/Cairo]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fixture.clock.set("2026-10-29T23:30:00+02:00[Africa/Cairo]");
    fixture.log(&mut writer, "two");
    fixture.check(&[("", "one|two|")]);
    fixture.clock.set("2026-10-30T00:00:00[Africa/Cairo]");
    fixture.log(&mut writer, "three");
    fixture.check(&[(".2026-10-29", "one|two|"), ("", "three|")]);
}

#[test]
fn a_clock_set_back_over_midnight_overwrites_nothing() {
    let fixture = Fixture::at("2026-11-21T23:59:00[UTC]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fixture.clock.set("2026-11-22T00:01:00[UTC]");
    fixture.log(&mut writer, "two");
    fixture.clock.set("2026-11-21T23:58:00[UTC]");
    fixture.log(&mut writer, "three");
    fixture.check(&[(".2026-11-21", "one|"), ("", "two|three|")]);
    fixture.clock.set("2026-11-22T00:00:00[UTC]");
    fixture.log(&mut writer, "four");
    fixture.check(&[(".2026-11-21", "one|two|three|"), ("", "four|")]);
}

#[test]
fn a_clock_a_year_ahead_for_a_while_deletes_nothing() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fixture.clock.set("2027-11-21T12:00:00[UTC]");
    fixture.log(&mut writer, "two");
    fixture.clock.set("2026-11-21T12:00:05[UTC]");
    fixture.log(&mut writer, "three");
    fixture.clock.set("2026-11-22T12:00:00[UTC]");
    fixture.log(&mut writer, "four");
    fixture.check(&[(".2026-11-21", "one|two|three|"), ("", "four|")]);
}

#[test]
fn a_start_sets_an_earlier_days_file_aside() {
    let fixture = Fixture::at("2026-11-20T12:00:00[Europe/Moscow]");
    fixture.log(&mut fixture.open(), "one");
    fixture.set_modified("2026-11-20T23:30:00[Europe/Moscow]");
    fixture.clock.set("2026-11-20T23:50:00[Europe/Moscow]");
    fixture.log(&mut fixture.open(), "two");
    fixture.check(&[("", "one|two|")]);
    fixture.set_modified("2026-11-20T23:50:00[Europe/Moscow]");
    fixture.clock.set("2026-11-22T08:00:00[Europe/Moscow]");
    fixture.log(&mut fixture.open(), "three");
    fixture.check(&[(".2026-11-20", "one|two|"), ("", "three|")]);
}

#[test]
fn only_so_many_days_are_kept() {
    let fixture = Fixture::at("2026-11-01T12:00:00[UTC]");
    let mut writer = fixture.open();
    writer.keep = 2;
    for day in 1..=5 {
        fixture.clock.set(&format!("2026-11-{day:02}T12:00:00[UTC]"));
        fixture.log(&mut writer, &day.to_string());
    }
    fixture.check(&[(".2026-11-03", "3|"), (".2026-11-04", "4|"), ("", "5|")]);
}

#[test]
fn a_deleted_file_and_a_deleted_folder_come_back() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fs::remove_file(fixture.path()).unwrap();
    fixture.log(&mut writer, "two");
    fixture.check(&[("", "two|")]);
    fs::remove_dir_all(fixture.path().parent().unwrap()).unwrap();
    writer.end_turn(Then::Idle);
    fixture.check(&[("", "")]);
}

#[test]
fn a_file_that_someone_else_moved_is_not_renamed_again() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    fs::rename(fixture.path(), fixture.path().with_extension("log.2026-11-21")).unwrap();
    fs::write(fixture.path(), "of another\n").unwrap();
    fixture.clock.set("2026-11-22T00:00:00[UTC]");
    fixture.log(&mut writer, "two");
    fixture.check(&[(".2026-11-21", "one|"), ("", "of another|two|")]);
}

#[test]
fn a_full_disk_is_outlasted_and_the_loss_told() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    fs::remove_file(fixture.path()).unwrap();
    symlink("/dev/full", fixture.path()).unwrap();
    fixture.log(&mut writer, "one");
    fixture.log(&mut writer, "two");
    fs::remove_file(fixture.path()).unwrap();
    fixture.log(&mut writer, "three");
    fixture.log(&mut writer, "four");
    let told = "2026-11-21T12:00:00.000+00:00 WARN jim::logging - \
                log lines lost: 2 (No space left on device (os error 28))";
    fixture.check(&[("", &format!("three|{told}|four|"))]);
}

#[test]
fn a_folder_in_which_nothing_can_be_made_is_outlasted() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    let folder = fixture.folder.path().join("logs");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "a file stands here").unwrap();
    fixture.log(&mut writer, "one");
    fs::remove_file(&folder).unwrap();
    writer.end_turn(Then::Idle);
    let files = fixture.files();
    assert!(files[0].1.contains(" log lines lost: 1 ("), "{files:?}");
}

#[test]
fn a_renaming_that_fails_is_tried_again() {
    let fixture = Fixture::at("2026-11-21T23:59:59[UTC]");
    let mut writer = fixture.open();
    fixture.log(&mut writer, "one");
    let obstacle = fixture.path().with_extension("log.2026-11-21");
    fs::create_dir(&obstacle).unwrap();
    fixture.clock.set("2026-11-22T00:00:00[UTC]");
    fixture.log(&mut writer, "two");
    fs::remove_dir(&obstacle).unwrap();
    fixture.log(&mut writer, "in the same second");
    fixture.check(&[("", "one|two|in the same second|")]);
    fixture.clock.set("2026-11-22T00:00:01[UTC]");
    writer.end_turn(Then::Idle);
    fixture.check(&[(".2026-11-21", "one|two|in the same second|"), ("", "")]);
}

#[test]
fn lines_that_found_the_queue_full_are_told() {
    let fixture = Fixture::at("2026-11-21T12:00:00[UTC]");
    let mut writer = fixture.open();
    fixture.refused.store(7, Ordering::Release);
    fixture.log(&mut writer, "one");
    writer.end_turn(Then::Idle);
    let told = "2026-11-21T12:00:00.000+00:00 WARN jim::logging - \
                log lines lost: 7 (too many at once)";
    fixture.check(&[("", &format!("one|{told}|"))]);
    assert_eq!(fixture.refused.load(Ordering::Acquire), 0);
}
