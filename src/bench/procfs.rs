//! What a process has used, as Linux tells it under `/proc`.

use super::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reads what one process has used.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    folder: PathBuf,
}

impl Meter {
    /// For the process with this id.
    pub(crate) fn new(pid: u32) -> Self {
        Self { folder: Path::new("/proc").join(pid.to_string()) }
    }

    /// CPU time of all its threads, user and system: to the nanosecond from the scheduler, where
    /// the kernel keeps that, else in clock ticks.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        match self.scheduled() {
            Some(cpu) => Ok(cpu),
            None => self.ticked(),
        }
    }

    /// How long its threads were ready to run and had no core; zero where the kernel does not say.
    pub(crate) fn waited(&self) -> Duration {
        let waits = self.threads().into_iter().flatten();
        waits.filter_map(|text| nanoseconds(&text, 1)).sum()
    }

    /// CPU time of its first thread, which in `jimd` is the event loop; `None` where the kernel does
    /// not keep that.
    pub(crate) fn main_thread_cpu(&self) -> Option<Duration> {
        let pid = self.folder.file_name()?;
        let file = self.folder.join("task").join(pid).join("schedstat");
        nanoseconds(&fs::read_to_string(file).ok()?, 0)
    }

    /// Its resident memory in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = self.read("status")?;
        resident(&status).ok_or_else(|| self.unreadable())
    }

    fn scheduled(&self) -> Option<Duration> {
        let times = self.threads()?.into_iter().map(|text| nanoseconds(&text, 0));
        let total: Duration = times.sum::<Option<_>>()?;
        (!total.is_zero()).then_some(total)
    }

    /// What the scheduler says of each thread.
    fn threads(&self) -> Option<Vec<String>> {
        let threads = fs::read_dir(self.folder.join("task")).ok()?;
        threads
            .map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
            .collect()
    }

    fn ticked(&self) -> Result<Duration, Failure> {
        let text = self.read("stat")?;
        let ticks = stat_ticks(&text).ok_or_else(|| self.unreadable())?;
        let a_second = rustix::param::clock_ticks_per_second().max(1);
        Ok(Duration::from_secs_f64(ticks as f64 / a_second as f64))
    }

    fn read(&self, file: &str) -> Result<String, Failure> {
        fs::read_to_string(self.folder.join(file))
            .map_err(Failure::while_doing("reading what the server has used"))
    }

    fn unreadable(&self) -> Failure {
        Failure::Usage(format!("{} is not in the form that Linux writes", self.folder.display()))
    }
}

/// A field of `schedstat`, counted from 0: nanoseconds on a CPU, then nanoseconds of waiting for one.
fn nanoseconds(text: &str, field: usize) -> Option<Duration> {
    let found = text.split_ascii_whitespace().nth(field)?;
    Some(Duration::from_nanos(found.parse().ok()?))
}

/// The sum of `utime` and `stime`, fields 14 and 15 of `stat`. The second is the program's name in
/// brackets, which may itself hold blanks and brackets.
fn stat_ticks(text: &str) -> Option<u64> {
    let (_, behind_name) = text.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// `VmRSS` of `status`, which is in KiB, in bytes.
fn resident(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_is_nanoseconds_twice() {
        let text = "20201846 7826904 72\n";
        let both = [0, 1].map(|field| nanoseconds(text, field));
        assert_eq!(both, [20_201_846, 7_826_904].map(|nanos| Some(Duration::from_nanos(nanos))));
        assert_eq!(nanoseconds("", 0), None);
        assert_eq!(nanoseconds("-1 2 3", 0), None);
    }

    #[test]
    fn stat_survives_a_name_with_brackets_and_blanks() {
        let text = "7 (a) b (c)) S 1 7 7 0 -1 4194304 90 0 0 0 12 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(stat_ticks(text), Some(42));
        assert_eq!(stat_ticks("7 (a) S 1"), None);
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        assert_eq!(resident("Name:\tjimd\nVmRSS:\t    4056 kB\nThreads:\t1\n"), Some(4056 * 1024));
        assert_eq!(resident("Name:\tjimd\n"), None);
    }

    #[test]
    fn a_process_that_works_uses_something() {
        // One of its own: the threads of a test process come and go.
        let mut busy =
            std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let meter = Meter::new(busy.id());
        while meter.cpu().unwrap().is_zero() || meter.ticked().unwrap().is_zero() {
            assert_eq!(busy.try_wait().unwrap(), None, "it works until it is ended");
        }
        assert!(meter.main_thread_cpu().is_none_or(|cpu| !cpu.is_zero()));
        let resident = meter.resident_bytes();
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(resident.unwrap() > 64 * 1024);
    }
}
