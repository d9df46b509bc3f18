//! The log and the console, as an operator finds them.

use super::crowd::{guest, name_of};
use super::process::{log_of, wait_until};
use super::support::{Client, Folder, JIMD, Server, add_user, jimd};
use rustix::process::{Resource, Rlimit, prlimit};
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// What someone would like the operator to believe.
const FORGED: &str = "x\\n[21:33:43] Сервер 202";

/// Whether a line is `<date-time> <LEVEL> <module::path> <function> <message>`.
fn is_line(line: &str) -> bool {
    let parts: Vec<&str> = line.splitn(5, ' ').collect();
    let [time, level, module, function, message] = parts[..] else { return false };
    let word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || more.contains(c))
    };
    is_date_time(time)
        && ["ERROR", "WARN", "INFO", "DEBUG"].contains(&level)
        && word(module, ":_0123456789")
        && (function == "-" || word(function, "_0123456789"))
        && !message.is_empty()
        && !message.starts_with(' ')
        && !line.contains(char::is_control)
}

/// ISO 8601 with milliseconds and offset: `2026-11-21T09:05:03.007+00:00`.
fn is_date_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000+00:00"
}

/// Everything that a client can do to a log, with these passwords.
fn busy_session(server: &Server, good: &str, wrong: &str) {
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", wrong)["response"], 402);
    assert_eq!(ann.log_in("ann", good)["response"], 202);
    assert_eq!(ann.log_in("ann", good)["response"], 200);
    for (room, code) in [("#room", 200), (FORGED, 400), ("#\\u001b[2J", 400)] {
        let answer = ann.ask(format!(r#"{{"action":"join","time":1,"room":"{room}"}}"#));
        assert_eq!(answer["response"], code, "{answer}");
    }
    for (to, code) in [("#all", 200), (FORGED, 404), ("\\u001b]0;title\\u0007", 404)] {
        let text = r#""message":"\u001b[2J\n[00:00:00] forged""#;
        let request = format!(r#"{{"action":"msg","time":1,"to":"{to}","from":"ann",{text}}}"#);
        let answer = ann.ask(request);
        assert_eq!(answer["response"], code, "{answer}");
    }
    let mut guest = server.connect();
    for request in [
        format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{FORGED}"}}}}"#),
        r#"{"action":"x\n\u001b[2J","time":1}"#.to_owned(),
        format!(
            r#"{{"action":"authenticate","time":1,"user":{{"account_name":"ann","password":["{good}"]}}}}"#
        ),
        format!(
            r#"{{"action":"authenticate","user":{{"account_name":"ann","password":"{good}"}}}}"#
        ),
        format!(r#"{{"action":"authenticate","time":1,"user":{{"password":"{good}"}}}}"#),
        format!(
            r#"{{"action":"authenticate","time":1,"password":"{good}","user":{{"account_name":"ann"}}}}"#
        ),
        format!(
            r#"{{"action":"authenticate","time":1,"user":{{"password":"{good}","password":"{good}"}}}}"#
        ),
        format!(
            r#"{{"action":"presence","time":1,"user":{{"account_name":"bob","password":"{wrong}"}},}}"#
        ),
    ] {
        let answer = guest.ask(&request);
        assert!(answer["response"].as_u64() >= Some(400), "{request}: {answer}");
    }
    // Half an object with a password in it, and then the end.
    guest.send(format!(r#"{{"action":"authenticate","user":{{"password":"{good}""#));
    guest.stream.shutdown(std::net::Shutdown::Write).unwrap();
    while guest.read_line().is_some() {}
    assert_eq!(ann.ask(r#"{"action":"quit"}"#)["response"], 200);
    ann.assert_closed();
}

#[test]
fn one_event_is_one_line_and_a_password_is_in_none() {
    const GOOD: &str = "correct-horse-battery";
    const WRONG: &str = "incorrect-horse-battery!";
    let folder = Folder::new();
    add_user(&folder, "ann", GOOD);
    let mut server = Server::start_in(folder, &["--verbose", "--lang", "ru"]);
    busy_session(&server, GOOD, WRONG);
    let console = server.stop();
    let log = log_of(&server);
    assert!(log.lines().count() > 30, "{log}");
    for line in log.lines() {
        assert!(is_line(line), "{line}");
    }
    let answers: Vec<&String> = console.iter().skip(8).collect();
    for line in &answers {
        assert!(
            line.get(9..).is_some_and(|rest| rest.starts_with("] Сервер отвечает: ")),
            "{line}"
        );
        assert!(!line.contains(char::is_control), "{line}");
    }
    let all = format!("{log}\n{}", console.join("\n"));
    for secret in ["horse", "$argon2"] {
        let line = all.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret got out");
    }
    assert!(!all.lines().any(|line| line.starts_with("[21:33:43]")));
    for part in [" dispatch dispatch(", " open open(", " ask_hasher ask_hasher("] {
        assert!(log.contains(part), "no {part}");
    }
}

#[test]
fn the_console_shows_what_seed_000_shows() {
    let mut server = Server::with_users(&["user"], &["--lang", "ru"]);
    let mut user = server.connect();
    user.log_in("user", "wrong");
    user.log_in("user", "secret");
    user.presence("user");
    user.ask(r##"{"action":"join","time":1,"room":"#geekbrains"}"##);
    user.ask(r#"{"action":"msg","time":1,"to":"nobody","from":"user","message":"x"}"#);
    user.ask(r#"{"action":"quit"}"#);
    let console = server.stop();
    let shown: Vec<&str> = console.iter().skip(8).map(|line| line.split_at(11).1).collect();
    assert_eq!(
        shown[..3],
        [
            "Сервер отвечает: 402 Ошибка! Пользователь user не существует или введен неправильный пароль",
            "Сервер отвечает: 202 Пользователь user аутентифицирован",
            "Сервер отвечает: 200 Пользователь user присоединился к чату #geekbrains",
        ]
    );
    // None for the accepted presence and quit.
    assert!(shown[3].starts_with("Сервер отвечает: 404 Ошибка! "), "{shown:#?}");
    assert_eq!(shown.len(), 4, "{shown:#?}");
}

#[test]
fn the_log_says_who_came_which_limit_was_hit_and_why_it_ended() {
    let server = Server::start(&["--lang", "ru"]);
    let mut ann = guest(server.connect(), "ann");
    let long = "я".repeat(501);
    let request =
        format!(r##"{{"action":"msg","time":1,"to":"#all","from":"ann","message":"{long}"}}"##);
    assert_eq!(ann.ask(request)["response"], 400);
    let name = name_of(&ann);
    drop(ann);
    let connected = format!(" {name} connected");
    server.wait_for_log(|line| line.contains(" INFO ") && line.ends_with(&connected));
    server.wait_for_log(|line| {
        line.contains(&format!(" {name}: 400 ")) && line.contains("500") && line.contains("501")
    });
    let ended =
        format!(" {name} ended after 2 requests: the client closed the connection (user ann)");
    server.wait_for_log(|line| line.ends_with(&ended));
    assert!(!log_of(&server).contains(" DEBUG "));
}

#[test]
fn a_burst_is_cut_on_the_console_and_counted() {
    const ANSWERS: usize = 1000;
    let mut server = Server::start(&["--lang", "en"]);
    let mut ann = guest(server.connect(), "ann");
    let burst = r##"{"action":"msg","time":1,"to":"#all","from":"ann","message":""}"##;
    ann.send(burst.repeat(ANSWERS));
    for _ in 0..ANSWERS {
        assert_eq!(ann.object()["response"], 200);
    }
    let left_out = |line: &str| -> Option<usize> {
        let count = line.split_once("Lines left out: ")?.1;
        count.strip_suffix(" (over 100 a second)")?.parse().ok()
    };
    server.wait_for_line(|line| left_out(line).is_some());
    let console = server.stop();
    let shown = console.iter().filter(|line| line.contains("Server answers: 200")).count();
    let lost: usize = console.iter().filter_map(|line| left_out(line)).sum();
    assert_eq!(shown + lost, ANSWERS);
    // The line of the start was one of the hundred.
    assert!(shown >= 99 && lost > 0, "{shown} shown");
}

#[test]
fn a_deleted_log_is_opened_anew() {
    let server = Server::start(&[]);
    let path = server.folder.path().join("logs/jimd.log");
    fs::remove_file(&path).unwrap();
    wait_until("the log is there again", || {
        drop(server.connect());
        fs::read_to_string(&path).is_ok_and(|log| log.contains(" connected"))
    });
    for line in log_of(&server).lines() {
        assert!(is_line(line), "{line}");
    }
}

#[test]
fn an_old_log_is_put_aside_at_the_start_and_few_are_kept() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("logs")).unwrap();
    let log = folder.file("logs/jimd.log", "old\n");
    let two_days = Duration::from_secs(48 * 3600);
    let old = SystemTime::now() - two_days;
    fs::File::options().append(true).open(&log).unwrap().set_modified(old).unwrap();
    for day in ["2020-01-01", "2020-01-02", "2020-01-03"] {
        folder.file(&format!("logs/jimd.log.{day}"), "older\n");
    }
    folder.file("logs/jimd.log.notes", "not ours\n");
    folder.file(
        "log4rs.yaml",
        "appenders: { file: { kind: daily_file, path: jimd.log, keep: 2 } }\n\
         root: { level: info, appenders: [file] }\n",
    );
    let server = Server::start_in(folder, &[]);
    let logs = server.folder.path().join("logs");
    let names = || {
        let names = fs::read_dir(&logs).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    wait_until("the oldest are gone", || names().len() <= 4);
    let names = names();
    assert_eq!(names[..2], ["jimd.log", "jimd.log.2020-01-03"], "{names:?}");
    assert_eq!(names[3], "jimd.log.notes", "{names:?}");
    assert_eq!(fs::read_to_string(logs.join(&names[2])).unwrap(), "old\n");
    let date = jiff::Timestamp::try_from(old).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(names[2], format!("jimd.log.{date}"));
    assert!(!log_of(&server).contains("old\n"));
}

/// A server whose console is the test's; killed when dropped.
struct Bare(Child);

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_console_that_is_gone_stops_nothing() {
    let folder = Folder::new();
    let mut command = jimd(&folder);
    command.args(["-a", "127.0.0.1", "-p", "0"]).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut server = Bare(command.spawn().unwrap());
    drop(server.0.stderr.take());
    let log = folder.path().join("logs/jimd.log");
    let mut address: Option<SocketAddr> = None;
    wait_until("it serves", || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        let serves = log.split_once(" serves [").and_then(|(_, rest)| rest.split_once(']'));
        address = serves.map(|(address, _)| address.parse().unwrap());
        address.is_some()
    });
    let mut ann = guest(Client::connect(address.unwrap()), "ann");
    assert_eq!(ann.log_in("nobody", "x")["response"], 402);
    ann.assert_nothing_came();
    let pid = rustix::process::Pid::from_child(&server.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_log_that_cannot_grow_stops_nobody_and_what_was_lost_is_told() {
    let folder = Folder::new();
    let mut command = Command::new("sh");
    // A write that is too long is refused, and ends nobody.
    let script = "trap '' XFSZ; exec \"$0\" -a 127.0.0.1 -p 0 --lang en";
    command.env_clear().env("TZ", "UTC").current_dir(folder.path()).args(["-c", script, JIMD]);
    let server = Server::spawn(folder, command);
    let (mut ann, mut bob) = (guest(server.connect(), "ann"), guest(server.connect(), "bob"));
    server.wait_for_log(|line| line.contains(" is bob"));
    let pid = rustix::process::Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let limit = |bytes| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(pid, Resource::Fsize, limit).unwrap();
    };
    let full = log_of(&server).len() as u64;
    limit(Some(full));
    let message = r##"{"action":"msg","time":1,"to":"#all","from":"ann","message":"hi"}"##;
    for _ in 0..50 {
        drop(server.connect());
        assert_eq!(ann.ask(message)["response"], 200);
        assert_eq!(bob.line(), message);
    }
    assert_eq!(log_of(&server).len() as u64, full, "there was no room");
    limit(None);
    wait_until("what was lost is told", || {
        drop(server.connect());
        log_of(&server).lines().any(|line| line.contains("log lines lost: "))
    });
    for line in log_of(&server).lines() {
        assert!(is_line(line), "{line}");
    }
}
