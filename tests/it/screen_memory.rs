//! What the full screen of `jim-client` knows from its last start.

use super::pty::Terminal;
use super::screen::{quit, with_variables};
use super::support::{Folder, Server};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;

struct Home {
    server: Server,
    folder: Folder,
}

impl Home {
    fn new() -> Self {
        let server = Server::with_users(&["anna", "boris"], &[]);
        Self { server, folder: Folder::new() }
    }

    fn start(&self, name: &str, more: &[&str]) -> Terminal {
        let state = self.folder.path().to_str().unwrap();
        with_variables(&self.server, name, more, &[("XDG_STATE_HOME", state)], 80, 12)
    }
}

#[test]
fn lines_typed_are_found_after_a_kill_but_no_secrets() {
    let home = Home::new();
    let mut anna = home.start("anna", &[]);
    let mut other = home.start("boris", &[]);
    anna.line("первая строка");
    anna.wait_for("anna │ первая строка");
    anna.line("/register carl SECRET-CODE");
    anna.wait_for("New password of carl");
    anna.keys("SECRET-WORD\rSECRET-WORD\r");
    anna.wait_for("403 This connection is anna already");
    anna.line("/lgoin anna SECRET");
    anna.wait_for("no command /lgoin");
    anna.keys("\u{3}");
    other.line("of another client");
    other.wait_for("boris │ of another client");
    for terminal in [&anna, &other] {
        terminal.signal(Signal::KILL);
    }
    let path = home.folder.path().join("jim/typed");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "первая строка\nof another client\n");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.clone()), mode(home.folder.path().join("jim"))), (0o600, 0o700));
    let mut anna = home.start("anna", &[]);
    anna.keys("\u{1b}[A");
    anna.wait_for("#all> of another client");
    anna.keys("\u{1b}[A");
    anna.wait_for("#all> первая строка");
    anna.keys("\u{3}");
    quit(anna);
}

#[test]
fn without_a_memory_nothing_is_noted() {
    let home = Home::new();
    let mut anna = home.start("anna", &["--no-memory"]);
    anna.line("hello");
    anna.wait_for("anna │ hello");
    quit(anna);
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 0);
}

#[test]
fn what_was_written_meanwhile_is_new_at_the_next_start() {
    let home = Home::new();
    let mut boris = home.start("boris", &["--to", "#tea"]);
    boris.wait_for("joined");
    let mut anna = home.start("anna", &["--to", "#tea"]);
    anna.wait_for("anna has joined");
    boris.line("read");
    anna.wait_for("boris │ read");
    quit(anna);
    for text in ["one", "two for anna"] {
        boris.line(text);
        boris.wait(text, |terminal| terminal.text().contains(&format!("boris │ {text}\n")));
    }
    let mut anna = home.start("anna", &[]);
    anna.wait_for("\n #tea           2!│");
    anna.keys("\u{1b}2");
    let text = anna.wait_for("two for anna");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(place("│ read") < place("─ new ─") && place("─ new ─") < place("│ one"), "{text}");
    quit(anna);
    let anna = home.start("anna", &[]);
    assert!(!anna.text().contains("2!"));
    quit(anna);
    quit(boris);
}

#[test]
fn the_past_is_shown_by_its_number_of_messages() {
    let home = Home::new();
    let mut boris = home.start("boris", &["--to", "#tea"]);
    boris.wait_for("joined");
    let lines: Vec<String> = (1..=5).map(|number| format!("verse {number}")).collect();
    for _ in 0..4 {
        boris.paste(&lines.join("\n"));
        boris.keys("\r");
    }
    boris.wait("all", |terminal| {
        let text = terminal.text();
        !text.contains('…') && !text.contains("(waits)") && text.contains("verse 5")
    });
    boris.line("/clear");
    boris.wait_without("verse");
    boris.line("/history 12");
    boris.wait("the first of them", |terminal| {
        let rows = terminal.rows();
        rows.get(1).is_some_and(|row| row.ends_with("boris │ verse 4"))
    });
    boris.keys("\u{1b}");
    boris.wait_for("above are the newest messages of #tea: 12");
    boris.line("/history 500");
    boris.wait_for("─ the beginning ─");
    quit(boris);
}
