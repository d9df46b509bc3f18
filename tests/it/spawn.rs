//! `jim-client spawn N`: many clients, started by one.

use super::pty::Terminal;
use super::support::{DEADLINE, JIM_CLIENT, Server, deaf, jim_client};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The starter, and the lines that it and all clients print.
struct Spawned {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Spawned {
    fn start(server: &Server, arguments: &[&str]) -> Self {
        let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
        let mut child = jim_client()
            .args(arguments)
            .args([&host, &port])
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let other = sender.clone();
        thread::spawn(move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .all(|line| sender.send(line).is_ok())
        });
        thread::spawn(move || {
            BufReader::new(errors)
                .lines()
                .map_while(Result::ok)
                .all(|line| other.send(line).is_ok())
        });
        let input = child.stdin.take();
        Self { child, input, lines }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits for lines that end so, in any order; gives all that came meanwhile.
    fn wait_for(&self, wanted: &[&str]) -> Vec<String> {
        let mut wanted: Vec<_> = wanted.to_vec();
        let mut came = Vec::new();
        while !wanted.is_empty() {
            let line = self.lines.recv_timeout(DEADLINE);
            let line = line.unwrap_or_else(|_| panic!("{wanted:?} did not come, but {came:#?}"));
            wanted.retain(|end| !line.ends_with(end));
            came.push(line);
        }
        came
    }

    fn wait_until_entered(&self, names: &[&str]) {
        let ends: Vec<_> = names.iter().map(|name| format!("as guest {name}")).collect();
        self.wait_for(&ends.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn end(mut self) -> (Option<i32>, Vec<String>) {
        drop(self.input.take());
        let status = self.child.wait().unwrap();
        (status.code(), self.lines.iter().collect())
    }
}

/// The clients that a process has started, as the system lists them.
fn children(of: u32) -> Vec<u32> {
    let folders = fs::read_dir("/proc").unwrap().flatten();
    let pids = folders.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name in brackets: the state and the parent.
        let parent =
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        parent == Some(of)
    })
    .collect()
}

fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn a_line_goes_to_all_or_to_the_one_that_it_names() {
    let server = Server::start(&[]);
    let mut spawned = Spawned::start(&server, &["spawn", "3"]);
    spawned.wait_until_entered(&["test1", "test2", "test3"]);
    spawned.say("hello");
    let names = ["test1", "test2", "test3"];
    let all: Vec<String> = names
        .iter()
        .flat_map(|to| names.iter().map(move |from| (to, from)))
        .filter(|(to, from)| to != from)
        .map(|(_, from)| format!("{from}: hello"))
        .collect();
    let mut came = spawned.wait_for(&all.iter().map(String::as_str).collect::<Vec<_>>());
    spawned.say("test2: only me");
    came.extend(spawned.wait_for(&["test2: only me"]));
    spawned.say("test9: to all");
    came.extend(spawned.wait_for(&["test1: test9: to all", "test2: test9: to all"]));
    let (code, rest) = spawned.end();
    came.extend(rest);
    let count = |to: &str, said: &str| {
        let is_wanted = |line: &&String| line.starts_with(to) && line.ends_with(said);
        came.iter().filter(is_wanted).count()
    };
    for to in names {
        for from in names {
            let said = format!("] {from}: hello");
            assert_eq!(count(to, &said), usize::from(to != from), "{to} of {from}: {came:#?}");
        }
        assert_eq!(count(to, "only me"), usize::from(to != "test2"), "{came:#?}");
    }
    assert_eq!(code, Some(0));
}

#[test]
fn lines_that_come_all_at_once_go_one_by_one_to_whom_they_name() {
    const LINES: usize = 1000;
    let server = Server::start(&[]);
    let mut bob = server.connect();
    bob.presence("bob");
    let mut spawned = Spawned::start(&server, &["spawn", "2"]);
    spawned.wait_until_entered(&["test1", "test2"]);
    let all: String = (0..LINES).map(|number| format!("test2: {number}\n")).collect();
    spawned.input.as_mut().unwrap().write_all(all.as_bytes()).unwrap();
    drop(spawned.input.take());
    for number in 0..LINES {
        let said = bob.object();
        let expected = (Some("test2"), Some(number.to_string()));
        assert_eq!((said["from"].as_str(), said["message"].as_str().map(str::to_owned)), expected);
    }
    assert_eq!(spawned.end().0, Some(0));
}

#[test]
fn readers_end_with_the_program_that_started_them_even_if_it_is_killed() {
    let server = Server::start(&[]);
    let mut spawned = Spawned::start(&server, &["spawn", "2", "-r", "--name", "ear"]);
    spawned.wait_until_entered(&["ear1", "ear2"]);
    let mut bob = server.connect();
    bob.presence("bob");
    bob.send(r##"{"action":"msg","time":1,"to":"#all","from":"bob","message":"psst"}"##);
    let came = spawned.wait_for(&["bob: psst"]);
    assert!(came.last().is_some_and(|line| line.starts_with("ear")), "{came:?}");
    let readers = children(spawned.child.id());
    assert_eq!(readers.len(), 2);
    spawned.child.kill().unwrap();
    spawned.child.wait().unwrap();
    let until = Instant::now() + DEADLINE;
    while readers.iter().any(|pid| is_running(*pid)) {
        assert!(Instant::now() < until, "a reader lives on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_signal_ends_all_and_is_the_exit_code() {
    let server = Server::start(&[]);
    let mut spawned = Spawned::start(&server, &["spawn", "2", "-r"]);
    spawned.wait_until_entered(&["test1", "test2"]);
    let pid = rustix::process::Pid::from_child(&spawned.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(spawned.child.wait().unwrap().code(), Some(143));
}

#[test]
fn what_a_client_fails_with_is_the_exit_code() {
    let (_held, address) = deaf();
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let output =
        Command::new(JIM_CLIENT).args(["spawn", "2", "-w", &host, &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("test1: jim-client: ") && errors.contains("test2: "), "{errors}");
}

#[test]
fn a_pair_without_tmux_is_one_client_that_reads_and_writes() {
    let server = Server::start(&[]);
    let mut bob = server.connect();
    bob.presence("bob");
    let mut pair = Spawned::start(&server, &["pair", "--name", "ann"]);
    pair.wait_until_entered(&["ann"]);
    pair.say("hi");
    assert_eq!(bob.object()["message"], "hi");
    bob.send(r##"{"action":"msg","time":1,"to":"#all","from":"bob","message":"ho"}"##);
    pair.wait_for(&["bob: ho"]);
    assert_eq!(pair.end().0, Some(0));
}

#[test]
fn the_writer_of_a_pair_ends_as_other_clients_do_and_sends_what_is_piped_as_it_stands() {
    let server = Server::start(&[]);
    let mut bob = server.connect();
    bob.presence("bob");
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let writer = ["-a", &host, "-p", &port, "-w", "--name", "ann"];
    let variables = [("JIM_PAIR_WRITER", "1")];
    let mut typed = Terminal::start(JIM_CLIENT, &writer, &variables, 80, 6);
    typed.line("hi");
    assert_eq!(bob.object()["message"], "hi");
    typed.line("\\q");
    assert_eq!(typed.end().0, 0);
    let mut piped = Command::new(JIM_CLIENT)
        .args(writer)
        .envs(variables)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    piped.stdin.take().unwrap().write_all(b"\\q\n").unwrap();
    assert!(piped.wait().unwrap().success());
    assert_eq!(bob.object()["message"], "\\q");
}
