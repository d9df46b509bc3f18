//! Programs of the kind that the course's students hand in, run as they are: each reads one object
//! with one `recv` and dies of two.

use super::process::wait_until;
use super::support::{DEADLINE, Server};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A running script. Killed when dropped.
struct Script {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    seen: Vec<String>,
}

impl Script {
    /// Starts a script against a server: `before`, the address, the port.
    fn start(server: &Server, path: &str, before: &[&str]) -> Self {
        let mut child = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
            .args(before)
            .args(["127.0.0.1", &server.address.port().to_string()])
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 is needed to run the course's clients");
        let (sender, output) = channel();
        let pipes: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for pipe in pipes {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let input = child.stdin.take();
        Self { child, input, output, seen: Vec::new() }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn ends_input(&mut self) {
        self.input = None;
    }

    /// The next line on its output or error output; `None` if it has ended.
    fn next_line(&mut self) -> Option<String> {
        let line = match self.output.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(error) => panic!("{error}: {:#?}", self.seen),
        };
        self.seen.push(line.clone());
        Some(line)
    }

    fn shows(&mut self, wanted: &str) {
        let line = self.next_line();
        assert!(line.is_some_and(|line| line.contains(wanted)), "{wanted}: {:#?}", self.seen);
    }

    fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {:#?}", self.seen);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn two_example_clients_talk() {
    let server = Server::start(&[]);
    let mut ann = Script::start(&server, "examples/client.py", &[]);
    let mut vasya = Script::start(&server, "examples/client.py", &[]);
    for (client, name) in [(&mut ann, "Ann"), (&mut vasya, "Вася")] {
        client.types(name);
        client.shows(&format!("User {name} is present"));
    }
    ann.types("hello");
    ann.shows("Message from Ann to #all is delivered");
    vasya.shows("Ann: hello");
    vasya.types("Всем привет в этом чатике! 😀");
    vasya.shows("'response': 200");
    ann.shows("Вася: Всем привет в этом чатике! 😀");
    ann.types(&"x".repeat(501));
    ann.shows("at most 500 are allowed");
    for client in [&mut ann, &mut vasya] {
        client.ends_input();
        client.shows("Disconnected");
        assert!(client.ends().success());
    }
}

#[test]
fn the_example_client_has_twenty_lines_and_the_standard_library() {
    let text = include_str!("../../examples/client.py");
    assert_eq!(text.lines().count(), 20);
    let imports: Vec<&str> = text.lines().filter(|line| line.contains("import")).collect();
    assert_eq!(imports, ["import json, socket, sys, threading, time"]);
}

#[test]
fn lesson_3_gets_its_answer_also_several_of_one_name() {
    let server = Server::start(&["--lang", "ru"]);
    let mut clients: Vec<Script> =
        (0..3).map(|_| Script::start(&server, "tests/clients/lesson_3.py", &[])).collect();
    for client in &mut clients {
        client.shows("200 Пользователь Guest на связи True");
        assert!(client.ends().success());
    }
}

#[test]
fn seed_002s_writer_and_reader_chat_under_one_name() {
    let server = Server::start(&[]);
    let mut reader = Script::start(&server, "tests/clients/select_chat.py", &["-r"]);
    reader.shows("User John Doe is present");
    let mut writer = Script::start(&server, "tests/clients/select_chat.py", &["-w"]);
    writer.shows("User John Doe is present");
    for text in ["hello", "Привет", "", "до свидания 😀"] {
        writer.types(text);
        writer.shows("Message from John Doe to #chat is delivered");
        reader.shows(&format!("John Doe: {text}"));
    }
    writer.ends_input();
    assert!(writer.ends().success());
}

/// Whether a reader lives through what is pasted at once.
fn survives_a_paste(server: &Server, lines: usize) -> bool {
    let mut reader = Script::start(server, "tests/clients/select_chat.py", &["-r"]);
    reader.shows("is present");
    let mut paster = server.connect();
    paster.presence("paster");
    let msg = |n| {
        let text = format!(r##""to":"#chat","from":"paster","message":"line {n}""##);
        format!(r#"{{"action":"msg","time":1,{text}}}"#)
    };
    let paste: String = (0..lines).map(msg).collect();
    paster.send(paste);
    (0..lines).all(|n| reader.next_line().is_some_and(|line| line == format!("paster: line {n}")))
}

#[test]
fn a_reader_survives_a_pasted_text() {
    const PASTED: usize = 5;
    let server = Server::start(&[]);
    // On a busy machine a reader may be too late for five milliseconds.
    wait_until("a reader lives through a paste", || survives_a_paste(&server, PASTED));
    // It is the pacing that saves it.
    let server = Server::with_settings("pacing = \"off\"\n");
    assert!(!survives_a_paste(&server, PASTED));
}

#[test]
fn lesson_7s_listener_hears_its_sender() {
    let server = Server::start(&[]);
    let mut listener = Script::start(&server, "tests/clients/lesson_7.py", &["listen"]);
    listener.shows("200 : OK");
    let mut sender = Script::start(&server, "tests/clients/lesson_7.py", &["send"]);
    sender.shows("200 : OK");
    for text in ["one", "два", "three"] {
        sender.types(text);
        listener.shows(&format!("Guest wrote: {text}"));
    }
    sender.ends_input();
    assert!(sender.ends().success());
}

#[test]
fn lesson_8s_threads_write_to_each_other_and_leave() {
    let server = Server::start(&[]);
    let path = "tests/clients/lesson_8.py";
    let (mut one, mut two) =
        (Script::start(&server, path, &["test1"]), Script::start(&server, path, &["Тест 2"]));
    one.shows("connected: 200");
    two.shows("connected: 200");
    two.types("test1 привет");
    two.shows("not a message: 200");
    one.shows("Тест 2 wrote: привет");
    one.types("nobody anyone?");
    one.shows("not a message: 404");
    one.types("exit now");
    one.shows("not a message: 200");
    assert!(one.ends().success());
    two.types("test1 gone?");
    two.shows("not a message: 404");
}
