//! A disk that is full, and has room again: who could not be stored for is told, nobody sees what is
//! not kept, the guests' chat goes on, and the server recovers by itself.

use super::crash_flood::Link;
use super::crash_history::Pages;
use super::process::run;
use super::support::{Client, DEADLINE, Folder, JIMD, Server, add_user, jimd};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Instant;

/// The room that is written to.
const ROOM: &str = "#room";

/// Messages that are under way together.
const PIPELINE: usize = 50;

/// More than any of the small disks takes.
const MESSAGES: usize = 6000;

/// What is said in the log when the store fails.
const ALARM: &str = "what was to be stored is answered 500";

/// How a disk is made small, and large again.
enum Disk {
    /// A file system of a few megabytes, which only the server sees, with a file that can be removed.
    FileSystem,
    /// The server's files may not grow.
    Limit,
}

impl Disk {
    /// A small file system, where the system lets us make one.
    fn file_system() -> Self {
        let folder = Folder::new();
        fs::create_dir(folder.path().join("small")).unwrap();
        let tried = own_file_system("true").current_dir(folder.path()).output();
        match tried {
            Ok(output) if output.status.success() => Self::FileSystem,
            refused => {
                eprintln!("no file system of our own ({refused:?}): files are limited instead");
                Self::Limit
            }
        }
    }

    fn start(&self, folder: Folder) -> Server {
        fs::create_dir(folder.path().join("small")).unwrap();
        let plain = jimd(&folder);
        let mut command = match self {
            Self::FileSystem => own_file_system(
                "cp -a jim-data/. small && head -c 1500000 /dev/zero > small/ballast && exec \"$@\"",
            ),
            Self::Limit => {
                let mut command = Command::new("sh");
                // A write that is too long is refused, and ends nobody.
                command.args(["-c", "cp -a jim-data/. small && trap '' XFSZ && exec \"$@\"", "sh"]);
                command
            }
        };
        command.arg(plain.get_program()).args(["-a", "127.0.0.1", "-p", "0", "--data", "small"]);
        command.current_dir(folder.path()).env("TZ", "UTC");
        let server = Server::spawn(folder, command);
        if let Self::Limit = self {
            limit_files(&server, Some(1 << 20));
        }
        server
    }

    fn make_room(&self, server: &Server) {
        match self {
            Self::FileSystem => {
                let folder = server.folder.path().canonicalize().unwrap();
                let seen = format!("/proc/{}/root{}", server.pid(), folder.display());
                fs::remove_file(format!("{seen}/small/ballast")).unwrap();
            }
            Self::Limit => limit_files(server, None),
        }
    }
}

/// A shell with a small file system of its own in the folder `small`; it ends with its last process.
fn own_file_system(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c"]);
    command.arg(format!("mount -t tmpfs -o size=4m none small && {script}")).arg("sh");
    command
}

fn limit_files(server: &Server, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

#[test]
fn a_full_file_system_is_told_to_those_who_write() {
    fill_and_recover(&Disk::file_system());
}

#[test]
fn files_that_cannot_grow_are_told_to_those_who_write() {
    fill_and_recover(&Disk::Limit);
}

#[test]
fn a_disk_that_cannot_be_written_is_refused_at_the_start() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    fs::create_dir(folder.path().join("small")).unwrap();
    // Who is root writes in any folder, but not on a file system that cannot be written.
    let mut command = match Disk::file_system() {
        Disk::FileSystem => {
            own_file_system("cp -a jim-data/. small && mount -o remount,ro small && exec \"$@\"")
        }
        Disk::Limit => {
            let mut command = Command::new("sh");
            let script = "cp -a jim-data/. small && chmod -R a-w small && exec setpriv \
                --reuid=65534 --clear-groups \"$@\"";
            command.args(["-c", script, "sh"]);
            command
        }
    };
    command.args([JIMD, "-a", "127.0.0.1", "-p", "0", "--data", "small"]);
    let ended = run(command.current_dir(folder.path()), b"");
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.stderr.starts_with("jimd: cannot "), "{ended:?}");
    assert!(ended.stderr.contains("small"), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "nothing half-started: {ended:?}");
}

fn fill_and_recover(disk: &Disk) {
    let folder = Folder::new();
    ["ann", "bob"].iter().for_each(|name| add_user(&folder, name, "secret"));
    let server = disk.start(folder);
    let mut ann = Link::log_in(server.address, "ann");
    let mut bob = Link::log_in(server.address, "bob");
    for link in [&mut ann, &mut bob] {
        let answer = link.ask(&json!({"action": "join", "time": 1, "room": ROOM}));
        assert_eq!(answer["response"], 200, "{answer}");
    }
    let mut stored = fill(&mut ann);
    chat_as_guests(&server);
    server.wait_for_log(|line| line.contains(ALARM));
    disk.make_room(&server);
    stored.push(write_until_stored(&mut ann));
    server.wait_for_log(|line| line.contains("the store works again"));

    for expected in &stored {
        let shown: Value = serde_json::from_str(&bob.line().expect("a message")).unwrap();
        assert_eq!(shown["msg_id"].as_str(), Some(expected.as_str()), "{shown}");
    }
    let answer = bob.ask(&json!({"action": "presence", "time": 1, "id": 1}));
    assert_eq!(answer["id"], 1, "nothing else was shown: {answer}");
    let kept: Vec<String> = Pages::new(&mut bob, ROOM, "").map(|object| msg_id(&object)).collect();
    assert_eq!(kept, stored, "what is kept is what was answered for");
    let log = fs::read_to_string(server.folder.path().join("logs/jimd.log")).unwrap();
    assert_eq!(log.matches(ALARM).count(), 1, "told once a minute: {log}");
}

/// Writes until the disk is full; gives the numbers of what was stored.
fn fill(ann: &mut Link) -> Vec<String> {
    let (mut stored, mut refused) = (Vec::new(), 0);
    for _ in (0..MESSAGES).step_by(PIPELINE) {
        (0..PIPELINE).for_each(|_| ann.send(&letter()));
        for _ in 0..PIPELINE {
            let answer: Value = serde_json::from_str(&ann.line().expect("an answer")).unwrap();
            match answer["response"].as_u64() {
                Some(200) => stored.push(answer["msg_id"].as_str().unwrap().to_owned()),
                Some(500) => refused += 1,
                _ => panic!("{answer}"),
            }
        }
        if refused > 0 {
            assert!(!stored.is_empty(), "there was room at first");
            return stored;
        }
    }
    panic!("{MESSAGES} messages are not enough to fill the disk")
}

/// The number of the first message that is stored again.
fn write_until_stored(ann: &mut Link) -> String {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = ann.ask(&letter());
        if answer["response"] == 200 {
            return answer["msg_id"].as_str().unwrap().to_owned();
        }
        assert_eq!(answer["response"], 500, "{answer}");
        assert!(Instant::now() < deadline, "the server does not recover");
    }
}

/// Two kilobytes in as many characters as a message may have.
fn letter() -> Value {
    let text = "🙂".repeat(500);
    json!({"action": "msg", "time": 1, "from": "ann", "to": ROOM, "message": text})
}

fn msg_id(object: &str) -> String {
    let object: Value = serde_json::from_str(object).unwrap();
    object["msg_id"].as_str().unwrap().to_owned()
}

/// Guests write to all, and are heard.
fn chat_as_guests(server: &Server) {
    let [mut one, mut other] = ["one", "other"].map(|name| {
        let mut client: Client = server.connect();
        client.presence(name);
        client
    });
    let message = r##"{"action":"msg","time":1,"from":"one","to":"#all","message":"hello"}"##;
    assert_eq!(one.ask(message)["response"], 200);
    assert_eq!(other.line(), message);
}
