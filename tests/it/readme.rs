//! The README's commands are run as they stand, one after another in a fresh folder, and show what
//! the README shows. Only times, dates and the port are different.
//!
//! A command that goes on (`jimd`, `jim-client -r`) runs beside the following ones, a second `jimd`
//! takes the first one's place; what they show is compared at their end. `...` stands for any
//! lines. In a session of `nc`, the lines with `"time":0` are typed.

use super::support::{DEADLINE, Folder, JIM_CLIENT, JIMD};
use jim::client::settings::Settings;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

/// A fenced block.
struct Block {
    language: String,
    lines: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push(Block { language: language.to_owned(), lines: Vec::new() });
            }
        } else if inside {
            blocks.last_mut().unwrap().lines.push(line.to_owned());
        }
    }
    assert!(!inside, "a block does not end");
    blocks
}

/// What differs from run to run, shown the same way: times, dates, and whether there is IPv6.
fn masked(line: &str) -> String {
    let line = line.replace("all IPv4 addresses", "all addresses, IPv6 and IPv4");
    let time = line.find("\"time\":").map_or(line.len(), |at| at + "\"time\":".len());
    let (before, after) = line.split_at(time);
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    format!("{before}{rest}").replace(|c: char| c.is_ascii_digit(), "9")
}

fn masked_lines(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| masked(line)).collect()
}

/// Compares, `...` being any lines.
fn assert_shows(shown: &[String], expected: &[String], what: &str) {
    let parts: Vec<Vec<String>> = expected.split(|line| line == "...").map(masked_lines).collect();
    let lines = masked_lines(shown);
    let mut at = 0;
    for (place, part) in parts.iter().enumerate() {
        let last = place + 1 == parts.len();
        if part.is_empty() && last {
            return;
        }
        let found = match place {
            0 => lines.starts_with(part).then_some(0),
            _ => lines[at..].windows(part.len()).position(|window| window == part.as_slice()),
        };
        let start =
            found.unwrap_or_else(|| panic!("{what}\nshows: {shown:#?}\nnot: {expected:#?}"));
        at += start + part.len();
        assert!(!last || at == lines.len(), "{what}\nshows more: {shown:#?}\nthan {expected:#?}");
    }
}

/// A program that goes on, and what it shows.
struct Beside {
    what: String,
    expected: Vec<String>,
    child: Child,
    lines: Receiver<String>,
    shown: Vec<String>,
}

impl Beside {
    /// Waits until it shows a line.
    fn wait_for(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{} does not show it: {:#?}", self.what, self.shown);
            };
            self.shown.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Waits for its last expected line, ends it, and compares.
    fn end(mut self, port: u16) {
        let port = port.to_string();
        let last = self.expected.iter().rfind(|line| *line != "...").unwrap();
        let last = masked(last);
        let shows = |line: &String| masked(&with_7777(line, &port)) == last;
        while !self.shown.iter().any(shows) {
            self.wait_for(|_| true);
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            self.shown.push(line);
        }
        let shown: Vec<String> = self.shown.iter().map(|line| with_7777(line, &port)).collect();
        assert_shows(&shown, &self.expected, &self.what);
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Output as it would be on the usual port.
fn with_7777(line: &str, port: &str) -> String {
    line.replace(&format!(":{port}"), ":7777").replace(&format!(" -p {port}"), "")
}

/// A reader's terminal.
struct Terminal {
    folder: Folder,
    port: u16,
    server: Option<Beside>,
    beside: Vec<Beside>,
}

impl Terminal {
    fn new() -> Self {
        let folder = Folder::new();
        let release = folder.path().join("target/release");
        fs::create_dir_all(&release).unwrap();
        // Where `cargo run` has put the one program that it builds.
        symlink(JIMD, release.join("jimd")).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        symlink(root.join("examples"), folder.path().join("examples")).unwrap();
        Self { folder, port: 0, server: None, beside: Vec::new() }
    }

    /// A shell command with the programs under test on its path, both outputs in one.
    fn shell(&self, command: &str) -> Command {
        let programs = Path::new(JIM_CLIENT).parent().unwrap().display();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("exec 2>&1; {command}")])
            .env_clear()
            .env("PATH", format!("{programs}:{path}"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("JIMD_PORT", "0")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        shell
    }

    fn console(&mut self, block: &Block) {
        let mut rest = block.lines.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let command = first.strip_prefix("$ ").expect("a block begins with a command");
            let end = after.iter().position(|line| line.starts_with("$ ")).unwrap_or(after.len());
            self.run(command, &after[..end]);
            rest = &after[end..];
        }
    }

    fn run(&mut self, command: &str, expected: &[String]) {
        let words: Vec<&str> = command.split(' ').collect();
        match words.as_slice() {
            ["cargo", "run", "--release"] => {
                assert_eq!(default_program(), "jimd");
                self.serve("CARGO_MANIFEST_DIR=. exec target/release/jimd", expected);
            }
            // That is how this runs, and what it is that runs.
            ["cargo", "test" | "build", ..] | ["export", ..] => assert!(expected.is_empty()),
            ["jimd"] | ["jimd", "--lang", _] => self.serve(&format!("exec {command}"), expected),
            ["jim-client", "-r", ..] => {
                let beside = self.start(&format!("exec {}", self.with_port(command)), expected);
                self.beside.push(beside);
                let reader = self.beside.last_mut().unwrap();
                reader.wait_for(|line| line.contains("connected to"));
            }
            ["nc", "localhost", "7777"] => self.nc(expected),
            _ => self.finish(&self.with_port(command), expected),
        }
    }

    fn with_port(&self, command: &str) -> String {
        let command = command.replace(" -p 7777", "");
        command.replace("jim-client ", &format!("jim-client -p {} ", self.port))
    }

    fn start(&self, command: &str, expected: &[String]) -> Beside {
        let mut child = self.shell(command).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let (what, expected) = (command.to_owned(), expected.to_vec());
        Beside { what, expected, child, lines, shown: Vec::new() }
    }

    fn serve(&mut self, command: &str, expected: &[String]) {
        self.end_all();
        let mut server = self.start(command, expected);
        let line = server.wait_for(|line| {
            line.contains("The server runs at") || line.contains("Сервер запущен по адресу")
        });
        self.port = line.rsplit(':').next().unwrap().parse().unwrap();
        self.server = Some(server);
    }

    /// A command that ends by itself, and well.
    fn finish(&self, command: &str, expected: &[String]) {
        let output = self.shell(command).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}: {:?}: {text}", output.status);
        let port = self.port.to_string();
        let shown: Vec<String> = text.lines().map(|line| with_7777(line, &port)).collect();
        assert_shows(&shown, expected, command);
    }

    /// A session of `nc`; where there is none, of a socket, which carries the same bytes.
    fn nc(&self, expected: &[String]) {
        let command = format!("exec nc localhost {}", self.port);
        let is_there = self.shell("command -v nc").output().unwrap().status.success();
        if !is_there {
            let socket = TcpStream::connect(("localhost", self.port)).unwrap();
            socket.set_read_timeout(Some(DEADLINE)).unwrap();
            return converse(&mut socket.try_clone().unwrap(), BufReader::new(socket), expected);
        }
        let mut child = self.shell(&command).stdin(Stdio::piped()).spawn().unwrap();
        let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        converse(&mut input, BufReader::new(output), expected);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn python(&self, block: &Block) {
        let text = block.lines.join("\n").replace("7777", &self.port.to_string());
        let file = self.folder.file("readme.py", &text);
        let output = self.shell(&format!("exec python3 {}", file.display())).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let delivered = "User bot is present\nMessage from bot to #all is delivered\n";
        assert_eq!(text, delivered);
    }

    fn end_all(&mut self) {
        for beside in self.beside.drain(..).chain(self.server.take()) {
            beside.end(self.port);
        }
    }
}

/// Types what has `"time":0`, and compares what comes.
fn converse(to: &mut impl Write, mut from: impl BufRead, expected: &[String]) {
    for line in expected {
        if line.contains("\"time\":0,") {
            to.write_all(format!("{line}\n").as_bytes()).unwrap();
        } else {
            let mut shown = String::new();
            from.read_line(&mut shown).unwrap();
            assert_eq!(masked(shown.trim_end()), masked(line), "nc");
        }
    }
}

/// What `cargo run` runs.
fn default_program() -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("default-run = "));
    line.unwrap().trim_matches('"').to_owned()
}

#[test]
fn the_readme_shows_what_happens() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = fs::read_to_string(page).unwrap();
    let mut terminal = Terminal::new();
    let (mut consoles, mut pythons, mut tomls) = (0, 0, 0);
    for block in blocks(&page) {
        match block.language.as_str() {
            "console" => {
                terminal.console(&block);
                consoles += 1;
            }
            "python" => {
                terminal.python(&block);
                pythons += 1;
            }
            "toml" => {
                let text = block.lines.join("\n");
                let settings = Settings::read(Path::new("client.toml"), text.as_bytes(), &[]);
                assert!(settings.unwrap().profiles.contains_key("club"));
                tomls += 1;
            }
            // The tests of the full screen compare these.
            "screen" => {}
            other => panic!("a block in {other}: nothing checks it"),
        }
    }
    terminal.end_all();
    assert!(consoles >= 6 && pythons >= 1 && tomls == 1, "the README shows the chat");
}

#[test]
fn times_do_not_count_and_all_else_does() {
    let line = r#"[21:33:43] {"response":200,"time":1795296823.913741,"alert":"x"}"#;
    let other = r#"[00:00:00] {"response":200,"time":1.5,"alert":"x"}"#;
    assert_eq!(masked(line), masked(other));
    assert_ne!(masked(line), masked(&line.replace("alert", "error")));
    assert_ne!(masked("12 lines"), masked("123 lines"));
}

#[test]
fn dots_stand_for_any_lines() {
    let lines = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    assert_shows(&lines("a b c d"), &lines("a ... d"), "in the middle");
    assert_shows(&lines("a b c d"), &lines("... d"), "at the start");
    assert_shows(&lines("a b c d"), &lines("a b ..."), "at the end");
    let differs = |shown: &str, expected: &str| {
        let (shown, expected) = (lines(shown), lines(expected));
        std::panic::catch_unwind(|| assert_shows(&shown, &expected, "differs")).is_err()
    };
    assert!(differs("a b", "a") && differs("a", "a b") && differs("a b c", "... b"));
}
