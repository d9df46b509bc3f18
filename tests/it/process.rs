//! Programs that run to their end, and what the system says of those that go on.

use super::support::{DEADLINE, Folder, Server, jimd};
use jim::limits::LINGER;
use std::fs;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// It ended with this code, said nothing on standard output, and one line on standard error.
    #[track_caller]
    pub fn assert_refused(&self, code: i32, sentence: &str) {
        assert_eq!(self.stderr, format!("jimd: {sentence}\n"));
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
    }

    /// It did what it should.
    #[track_caller]
    pub fn assert_done(&self, stdout: &str) {
        assert_eq!((self.stderr.as_str(), self.code), ("", Some(0)));
        assert_eq!(self.stdout, stdout);
    }
}

/// `jimd` in a folder, with these arguments, to its end.
pub fn run_jimd(folder: &Folder, args: &[&str]) -> Ended {
    run(jimd(folder).args(args), b"")
}

/// Runs a program to its end, with this as its standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let code = wait(&mut child);
    Ended { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}

fn wait(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the program does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Tries what has to be done while the server still reads from a connection that it closes. A try
/// that took longer on a busy machine shows nothing, and is made again.
#[track_caller]
pub fn while_it_lingers<T>(mut attempt: impl FnMut() -> io::Result<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let start = Instant::now();
        match attempt() {
            Ok(value) => return value,
            Err(error) => assert!(start.elapsed() >= LINGER, "{error}"),
        }
        assert!(Instant::now() < deadline, "never in time");
    }
}

/// The server's log so far.
pub fn log_of(server: &Server) -> String {
    // What is being written may end within a character.
    let log = fs::read(server.folder.path().join("logs/jimd.log")).unwrap();
    String::from_utf8_lossy(&log).into_owned()
}

/// The memory that a process holds, in KiB.
pub fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The processor time that a process has used, in ticks of 10 ms.
pub fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The program's name may have blanks; the fields behind it have none.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
