//! `jim-client` as a process.

use super::scripted_peer::{Conversation, DEADLINE, Peer};
use super::support::jim_client;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc;
use std::thread;

/// The client as a process.
pub struct Client {
    pub child: Child,
    pub errors: BufReader<std::process::ChildStderr>,
}

impl Client {
    pub fn start(arguments: &[&str], input: Stdio) -> Self {
        Self::with_output(arguments, input, Stdio::piped())
    }

    pub fn with_output(arguments: &[&str], input: Stdio, output: Stdio) -> Self {
        let mut child = jim_client()
            .args(arguments)
            .envs([("USER", "tester"), ("JIM_PASSWORD", "secret"), ("LC_ALL", "C")])
            .stdin(input)
            .stdout(output)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { child, errors }
    }

    /// Starts it with an input that ends.
    pub fn with_input(arguments: &[&str], input: &[u8]) -> Self {
        let mut client = Self::start(arguments, Stdio::piped());
        let mut stdin = client.stdin();
        let input = input.to_vec();
        // The client may end before it has read all.
        thread::spawn(move || stdin.write_all(&input).is_ok());
        client
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub fn stdout(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child.stdout.take().unwrap())
    }

    pub fn wait_until_entered(&mut self) {
        let mut line = String::new();
        self.errors.read_line(&mut line).unwrap();
        assert!(line.contains(" as guest tester"), "{line:?}");
    }

    /// Waits for its end; gives its exit code, the rest of its output and its errors.
    pub fn end(self) -> (i32, String, String) {
        let Self { mut child, errors } = self;
        let pid = rustix::process::Pid::from_child(&child);
        let (ended, is_ended) = mpsc::channel();
        let output = child.stdout.take().map(|output| thread::spawn(move || text(output)));
        let errors = thread::spawn(move || text(errors));
        let waiting = thread::spawn(move || {
            let code = child.wait().unwrap().code().unwrap_or(-1);
            ended.send(()).unwrap();
            code
        });
        if is_ended.recv_timeout(DEADLINE).is_err() {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        let code = waiting.join().unwrap();
        let output = output.map(|output| output.join().unwrap()).unwrap_or_default();
        (code, output, errors.join().unwrap())
    }
}

fn text(mut source: impl std::io::Read) -> String {
    let mut text = String::new();
    source.read_to_string(&mut text).unwrap();
    text
}

/// Runs the client to its end without any peer.
pub fn run_alone(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    Client::with_input(arguments, input).end()
}

/// Runs the client to its end against a peer; gives its exit code, output and errors.
pub fn run(
    arguments: &[&str],
    input: &[u8],
    talk: impl FnOnce(&mut Conversation) + Send + 'static,
) -> (i32, String, String) {
    let peer = Peer::new(talk);
    let result = run_alone(&[&["-p", &peer.port], arguments].concat(), input);
    peer.join();
    result
}

/// Puts `HH:MM:SS` for every time of day.
pub fn masked(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let (clock, rest) = line.split_at(10);
        let digits: String =
            clock.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(digits, "[00:00:00]", "{line}");
        lines += &format!("[HH:MM:SS]{rest}\n");
    }
    lines
}

pub fn accept_guest(peer: &mut Conversation) {
    assert!(peer.accept("presence").contains("\"account_name\":\"tester\""));
}
