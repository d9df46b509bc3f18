//! The full screen of `jim-client`, in a terminal of its own.

use super::pty::Terminal;
use super::scripted_peer::{DEADLINE, Peer, Talk};
use super::support::{Folder, Server, add_user, own_place};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;
use std::fs;
use std::path::Path;

/// A client of a user's, of the server, that is in.
pub fn user(server: &Server, name: &str, more: &[&str], columns: u16, rows: u16) -> Terminal {
    with_variables(server, name, more, &[], columns, rows)
}

pub fn with_variables(
    server: &Server,
    name: &str,
    more: &[&str],
    variables: &[(&str, &str)],
    columns: u16,
    rows: u16,
) -> Terminal {
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let arguments = [&["-a", &host, "-p", &port, "-u", name], more].concat();
    let program = super::support::JIM_CLIENT;
    let mut terminal = Terminal::start(program, &arguments, variables, columns, rows);
    terminal.wait_for("online");
    terminal
}

/// A client in a room that it has just joined.
pub fn in_room(server: &Server, name: &str, columns: u16, rows: u16) -> Terminal {
    let mut terminal = user(server, name, &["--to", "#tea"], columns, rows);
    terminal.wait_for("joined");
    terminal
}

pub fn quit(mut terminal: Terminal) {
    terminal.line("/quit");
    let (code, text) = terminal.end();
    assert_eq!(code, 0, "{text}");
}

// Typing.

#[test]
fn keys_edit_the_line_and_find_lines_again() {
    let server = Server::with_users(&["anna"], &[]);
    let mut anna = user(&server, "anna", &[], 60, 10);
    // A letter that is cut between its two bytes, and one of four bytes.
    let letter = "п".as_bytes();
    anna.keys(&letter[..1]);
    anna.keys(&letter[1..]);
    anna.keys("ривет мир 👋".as_bytes());
    anna.wait_for("#all> привет мир 👋");
    // Ctrl-W, Left and Ctrl-A, Home, Delete, End.
    anna.keys("\u{17}\u{1b}[D\u{1b}[D!\u{1}\u{1b}[C\u{1b}[H\u{1b}[3~П\u{1b}[F?");
    anna.wait_for("#all> Привет ми!р ?");
    anna.keys("\r");
    anna.wait_for("anna │ Привет ми!р ?");
    anna.line("second");
    anna.wait_for("anna │ second");
    anna.keys("draft\u{1b}[A\u{1b}[A");
    anna.wait_for("#all> Привет ми!р ?");
    anna.keys("\u{1b}[B\u{1b}[B");
    anna.wait_for("#all> draft");
    anna.keys("\u{3}/hist\t");
    anna.wait_for("#all> /history");
    anna.keys("\u{3}:wave\t");
    anna.wait_for("#all> 👋");
    anna.keys("\u{3}/dnace\r");
    anna.wait_for("no command /dnace");
    anna.keys("\u{3}\\q\r");
    assert_eq!(anna.end().0, 0);
}

#[test]
fn what_is_pasted_is_sent_after_a_yes() {
    let server = Server::with_users(&["anna"], &[]);
    let mut anna = user(&server, "anna", &[], 80, 20);
    let lines: Vec<String> = (1..=6).map(|number| format!("verse {number}")).collect();
    anna.paste(&lines.join("\n"));
    anna.wait_for("verse 6");
    anna.keys("\r");
    anna.wait_for("Send 6 lines?");
    anna.keys("\u{1b}");
    anna.wait_without("Send 6 lines");
    assert!(!anna.text().contains("anna │ verse"));
    anna.keys("\r");
    anna.wait_for("Send 6 lines?");
    anna.keys("y");
    anna.wait("all", |terminal| {
        lines.iter().all(|line| terminal.text().contains(&format!("anna │ {line}\n")))
    });
    quit(anna);
}

#[test]
fn half_a_key_stops_nothing() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let mut anna = user(&server, "anna", &[], 80, 10);
    let mut boris = user(&server, "boris", &[], 80, 10);
    // Half of a letter, of an arrow and of a paste; the rest comes when something was shown.
    let halves: [(&[u8], &[u8]); 3] =
        [(b"\xd0", b"\xbf"), (b"\x1b[", b"D"), (b"\x1b[200~past", b"ed\x1b[201~")];
    for (number, (half, rest)) in halves.into_iter().enumerate() {
        anna.keys(half);
        boris.line(&format!("text {number}"));
        anna.wait_for(&format!("boris │ text {number}"));
        anna.keys(rest);
    }
    anna.wait_for("#all> pastedп");
    anna.keys("\u{3}");
    quit(anna);
    quit(boris);
}

#[test]
fn a_terminal_that_is_gone_ends_the_client() {
    let server = Server::with_users(&[], &[]);
    let (host, port) = (server.address.ip(), server.address.port());
    let note = server.folder.path().join("pid");
    let client = super::support::JIM_CLIENT;
    // `script` has the terminal of the client, which goes with it.
    let command = format!("echo $$ > {}; exec {client} -a {host} -p {port}", note.display());
    let arguments = ["-q", "-e", "-c", &command, "/dev/null"];
    let mut script = Terminal::start("script", &arguments, &[("SHELL", "/bin/sh")], 80, 10);
    script.wait_for("online");
    let pid = fs::read_to_string(note).unwrap().trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let client = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
    script.signal(Signal::KILL);
    let mut ended = [PollFd::new(&client, PollFlags::IN)];
    let wait = Timespec::try_from(DEADLINE).unwrap();
    assert_eq!(rustix::event::poll(&mut ended, Some(&wait)), Ok(1), "it ends");
}

// Sizes and colours.

#[test]
fn every_size_shows_the_talk() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let mut anna = in_room(&server, "anna", 110, 12);
    let mut boris = in_room(&server, "boris", 40, 12);
    boris.line("see https://example.org/a/b?c=d, anna");
    anna.wait_for("│ boris");
    anna.wait_for("see https://example.org/a/b?c=d, anna");
    let mut half = String::from("> half a line");
    anna.keys("half a line");
    for (columns, rows) in [(40, 10), (200, 50), (30, 5), (80, 24)] {
        anna.resize(columns, rows);
        // With what is typed now all is drawn anew.
        anna.keys("x");
        half.push('x');
        let text = anna.wait("the new size", |terminal| {
            let rows = terminal.rows();
            let is_last = rows.last().is_some_and(|row| row.ends_with(&half));
            is_last && rows.iter().any(|row| row.starts_with(" online"))
        });
        assert!(rows < 10 || text.contains("https://example.org/a/b?c=d"), "{text}");
        assert_eq!(text.contains("│@anna"), columns >= 100, "{text}");
    }
    anna.keys("\u{3}");
    quit(anna);
    quit(boris);
}

#[test]
fn colours_are_the_terminals_own_or_none() {
    let server = Server::with_users(&["anna"], &[]);
    for (variables, is_coloured) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let mut anna = with_variables(&server, "anna", &[], variables, 80, 10);
        anna.line("hello");
        anna.wait_for("anna │ hello");
        let screen = anna.screen();
        let mut colours = Vec::new();
        for row in 0..10 {
            for column in 0..80 {
                let cell = screen.cell(row, column).unwrap();
                colours.extend([cell.fgcolor(), cell.bgcolor()]);
            }
        }
        let is_own = |colour: &vt100::Color| {
            matches!(colour, vt100::Color::Idx(0..16) | vt100::Color::Default)
        };
        assert!(colours.iter().all(is_own));
        assert_eq!(colours.iter().any(|colour| *colour != vt100::Color::Default), is_coloured);
        assert!(
            (0..80).all(|column| screen.cell(8, column).unwrap().inverse()),
            "the status is seen"
        );
        quit(anna);
    }
}

// What others send.

#[test]
fn a_hostile_message_drives_nothing() {
    let peer = Peer::new(|peer| {
        peer.accept("presence");
        peer.message(
            "eve\\u001b]0;x\\u0007",
            "#all",
            "\\u001b[2J\\u001b[?1049l\\r\\nforged\\u202egnp.exe",
        );
        for _ in 0..2 {
            peer.accept_any();
        }
        peer.accept("quit");
        peer.expect_end();
    });
    let mut anna = Terminal::client(&["-p", &peer.port, "--bell", "--notify", "777"], 160, 10);
    anna.keys("typed");
    let text = anna.wait_for("\\u{1b}[2J\\u{1b}[?1049l\\r\\nforged\\u{202e}gnp.exe");
    assert!(text.contains("eve\\u{1b}"), "{text}");
    anna.wait_for("#all> typed");
    assert!(anna.screen().alternate_screen());
    let bytes = String::from_utf8_lossy(&anna.bytes).into_owned();
    assert!(!bytes.contains("\u{1b}]0;") && !bytes.contains("\u{1b}]777"), "{bytes:?}");
    anna.signal(Signal::TERM);
    assert_eq!(anna.end().0, 143);
    peer.join();
}

#[test]
fn who_is_called_is_told() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let mut anna = user(&server, "anna", &["--bell", "--notify", "9"], 80, 10);
    let mut boris = user(&server, "boris", &[], 80, 10);
    boris.line("/msg anna psst; you");
    anna.wait_for(" boris          1!");
    anna.wait("the notice", |terminal| {
        let bytes = String::from_utf8_lossy(&terminal.bytes);
        bytes.contains("\u{1b}]9;boris: psst, you\u{7}\u{7}")
    });
    anna.keys("\u{1b}a");
    anna.wait_for("boris │ psst; you");
    anna.wait_for("\nboris>");
    quit(anna);
    quit(boris);
}

#[test]
fn files_are_sent_and_got() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let mut anna = in_room(&server, "anna", 100, 12);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let arguments = ["-a", &host, "-p", &port, "-u", "boris", "--to", "#tea"];
    let (folder, program) = (Folder::new(), super::support::JIM_CLIENT);
    let mut boris = Terminal::start_in(folder.path(), program, &arguments, &[], (160, 12));
    boris.wait_for("joined");
    let file = server.folder.file("tea.txt", "green");
    anna.line(&format!("/send {} a list", file.display()));
    let text = boris.wait_for("a list [file tea.txt, 5 B: /get ");
    let (_, behind) = text.split_once(": /get ").unwrap();
    let id = behind.split(']').next().unwrap();
    boris.line(&format!("/get {id}"));
    boris.wait_for("saved as");
    assert_eq!(fs::read_to_string(folder.path().join("tea.txt")).unwrap(), "green");
    quit(anna);
    quit(boris);
}

// The connection.

#[test]
fn a_killed_server_costs_no_line() {
    let place = own_place();
    let folder = Folder::new();
    for name in ["anna", "boris"] {
        add_user(&folder, name, "secret");
    }
    let mut server = Server::start_at(place, folder, &[]);
    let mut anna = in_room(&server, "anna", 90, 16);
    let mut boris = in_room(&server, "boris", 90, 16);
    boris.line("before");
    anna.wait_for("boris │ before");
    server.signal(Signal::KILL);
    for terminal in [&mut anna, &mut boris] {
        terminal.wait_for("NOT CONNECTED, again in");
    }
    boris.line("one meanwhile");
    boris.wait_for("one meanwhile (waits)");
    boris.line("two meanwhile");
    boris.keys("half");
    server.wait();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    drop(server);
    let server = Server::start_at(place, folder, &[]);
    let text = anna.wait_for("boris │ two meanwhile");
    let lines: Vec<&str> = ["before", "one meanwhile", "two meanwhile"].into();
    let places: Vec<usize> = lines.iter().map(|line| text.find(line).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(lines.iter().all(|line| text.matches(line).count() == 1), "{text}");
    let text = boris.wait_without("(waits)");
    assert!(text.contains(" online") && text.ends_with("#tea> half"), "{text}");
    boris.keys("\u{3}");
    quit(anna);
    quit(boris);
    drop(server);
}

#[test]
fn scrolling_past_the_top_brings_the_past() {
    let server = Server::with_users(&["anna"], &[]);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let lines: String = (1..=260).map(|number| format!("line {number}.\n")).collect();
    let arguments = ["-a", &host, "-p", &port, "-w", "-u", "anna", "--to", "#tea"];
    let client = super::client_process::Client::with_input(&arguments, lines.as_bytes());
    assert_eq!(client.end().0, 0);
    let mut anna = user(&server, "anna", &["--to", "#tea"], 80, 24);
    anna.wait_for("anna │ line 260.");
    for _ in 0..40 {
        // What is typed behind it is seen when the key has done its work.
        anna.keys("\u{1b}[5~x");
        anna.wait_for("#tea> x");
        anna.keys("\u{7f}");
        anna.wait("the page", |terminal| {
            let text = terminal.text();
            !text.contains("loading") && text.ends_with("#tea>")
        });
        if anna.text().contains("the beginning") {
            break;
        }
    }
    assert!(anna.text().contains("│ line 1.\n"), "{}", anna.text());
    anna.keys("\u{1b}");
    anna.wait_for("anna │ line 260.");
    quit(anna);
}

#[test]
fn who_cannot_enter_is_told_on_the_usual_screen() {
    let server = Server::with_users(&["anna"], &[]);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let nobody = Terminal::client(&["-a", &host, "-p", &port, "-u", "nobody"], 80, 10);
    let (code, text) = nobody.end();
    assert_eq!(code, 4);
    assert!(text.contains("jim-client: the server did not let us in: 402"), "{text}");
    drop(server);
    let (code, text) = Terminal::client(&["-a", &host, "-p", &port], 80, 10).end();
    assert_eq!(code, 3);
    assert!(text.contains("jim-client: cannot connect to"), "{text}");
}

#[test]
fn a_server_that_asks_again_later_is_waited_for() {
    let first: Talk = Box::new(|peer| {
        peer.accept("presence");
        peer.accept_any();
    });
    let second: Talk = Box::new(|peer| {
        peer.refuse("presence", 429, ",\"reason\":\"busy\",\"limit\":1");
        peer.accept("presence");
        peer.accept_any();
        peer.accept_any();
        assert!(peer.accept_any().contains("\"message\":\"kept\""));
        peer.accept("quit");
    });
    let peer = Peer::in_turn(vec![first, second]);
    let mut anna = Terminal::client(&["-p", &peer.port], 80, 10);
    anna.wait_for("NOT CONNECTED");
    anna.line("kept");
    anna.wait_for("tester │ kept\n");
    quit(anna);
    peer.join();
}

// The terminal.

#[test]
fn a_stopped_client_gives_the_terminal_back_and_takes_it_again() {
    let server = Server::with_users(&["anna"], &[]);
    let mut anna = user(&server, "anna", &[], 80, 10);
    for by_key in [true, false] {
        anna.keys("half");
        anna.wait_for("> half");
        if by_key {
            anna.keys("\u{1a}");
        } else {
            anna.signal(Signal::TSTP);
        }
        anna.wait("the usual screen", |terminal| !terminal.screen().alternate_screen());
        anna.wait_until_stopped();
        anna.signal(Signal::CONT);
        anna.wait("the full screen", |terminal| terminal.screen().alternate_screen());
        anna.wait_for("#all> half");
        anna.keys("\u{3}");
        anna.wait_without("half");
    }
    quit(anna);
}

/// Tells the test below that it is the one in a terminal of its own.
const PANICS: (&str, &str) = ("JIM_TEST_PANICS", "1");

#[test]
fn a_panic_leaves_the_terminal_as_it_was() {
    if std::env::var_os(PANICS.0).is_some() {
        let _terminal = jim::client::screen::terminal::Terminal::enter().unwrap();
        panic!("it went wrong on purpose");
    }
    let this = std::env::current_exe().unwrap();
    let test = "screen::a_panic_leaves_the_terminal_as_it_was";
    let arguments = ["--exact", test, "--nocapture"];
    let mut terminal = Terminal::start(this.to_str().unwrap(), &arguments, &[PANICS], 80, 10);
    terminal.wait_for("it went wrong on purpose");
    assert!(!terminal.screen().alternate_screen(), "the words of a panic are seen");
    let (code, _) = terminal.end();
    assert_eq!(code, 101);
}

#[test]
fn without_a_screen_there_are_lines() {
    let server = Server::with_users(&["anna"], &[]);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let plain = ["-a", &host, "-p", &port, "--plain"];
    let program = super::support::JIM_CLIENT;
    for (arguments, variables) in [(&plain[..], &[][..]), (&plain[..4], &[("TERM", "dumb")])] {
        let mut terminal = Terminal::start(program, arguments, variables, 80, 10);
        terminal.wait_for("jim-client: connected to");
        assert!(!terminal.screen().alternate_screen());
        terminal.keys("/quit\n");
        assert_eq!(terminal.end().0, 0);
    }
}

// The README.

/// What differs from run to run, shown the same way.
fn masked(text: &str, server: &Server) -> String {
    let text = text.replace(&server.address.to_string(), "chat.example.org:7777");
    let mut masked = String::new();
    for line in text.lines() {
        let clock = line.find(':').and_then(|at| at.checked_sub(2));
        let is_clock = |at: usize| {
            let time = line.get(at..at + 6).unwrap_or_default();
            let digits: Vec<bool> = time.chars().map(|c| c.is_ascii_digit()).collect();
            digits == [true, true, false, true, true, false]
        };
        match clock.filter(|at| is_clock(*at)) {
            Some(at) => masked += &(line[..at].to_owned() + "21:33" + &line[at + 5..]),
            None => masked += line,
        }
        masked.push('\n');
    }
    masked
}

/// Compares a screen with `tests/golden/screen-NAME.txt`, and that with the README.
fn check_screen(name: &str, text: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(format!("tests/golden/screen-{name}.txt"));
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{name}");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(&format!("```screen\n{text}```\n")), "the README shows it:\n{text}");
}

#[test]
fn the_readme_shows_the_screen() {
    let server = Server::with_users(&["anna", "boris", "Вера"], &[]);
    let mut anna = in_room(&server, "anna", 104, 14);
    let mut boris = in_room(&server, "boris", 40, 12);
    anna.wait_for("boris joined #tea");
    let mut vera = in_room(&server, "Вера", 80, 12);
    for terminal in [&mut anna, &mut boris] {
        terminal.wait_for("Вера joined #tea");
    }
    anna.line("/topic #tea Green, black and red");
    for terminal in [&mut anna, &mut boris] {
        terminal.wait_for("the topic of");
    }
    anna.wait_for("- #tea: Green");
    for terminal in [&mut anna, &mut boris] {
        terminal.line("/clear");
        terminal.wait_without("the topic of");
    }
    vera.line("привет всем 👋");
    boris.wait_for("привет всем");
    boris.line("anna, is it https://example.org/green-tea ?");
    vera.wait_for("green-tea ?");
    vera.line("/me puts the kettle on");
    vera.line("/msg anna do you have milk?");
    anna.wait_for("Вера           1!");
    anna.keys("yes, that one");
    anna.wait_for("#tea> yes, that one");
    for (name, terminal) in [("wide", &mut anna), ("narrow", &mut boris)] {
        terminal.wait_for("puts the kettle on");
        terminal.wait("no answer is waited for", |terminal| !terminal.text().contains('…'));
        check_screen(name, &masked(&terminal.text(), &server));
    }
    anna.keys("\u{3}");
    for terminal in [anna, boris, vera] {
        quit(terminal);
    }
}
