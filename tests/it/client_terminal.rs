//! `jim-client` at a terminal, which only there comes back when its connection is lost and asks
//! for passwords. `script` of util-linux is the terminal.

use super::client_process::Client;
use super::scripted_peer::{DEADLINE, Peer, Talk};
use super::support::{Folder, JIM_CLIENT, Server, add_user, own_place};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

/// A client at a terminal of its own.
pub struct AtTerminal {
    child: Child,
    typed: ChildStdin,
    chunks: Receiver<String>,
    shown: String,
}

impl AtTerminal {
    pub fn start(arguments: &str) -> Self {
        let command = format!("exec {JIM_CLIENT} {arguments}");
        let mut child = Command::new("script")
            .args(["-q", "-e", "-c", &command, "/dev/null"])
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("USER", "tester"), ("JIM_PASSWORD", "secret")])
            .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("SHELL", "/bin/sh")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, of util-linux");
        let (typed, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(got @ 1..) = output.read(&mut chunk) {
                if sender.send(String::from_utf8_lossy(&chunk[..got]).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { child, typed, chunks, shown: String::new() }
    }

    pub fn of(server: &Server, arguments: &str) -> Self {
        Self::start(&format!("{} {} {arguments}", server.address.ip(), server.address.port()))
    }

    /// Waits until this is on the screen, behind what was waited for before; gives what came.
    pub fn wait_for(&mut self, wanted: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = self.shown.find(wanted) {
                let rest = self.shown.split_off(at + wanted.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(chunk) = self.chunks.recv_timeout(left) else {
                panic!("no {wanted:?} in {:?}", self.shown);
            };
            self.shown += &chunk;
        }
    }

    pub fn type_line(&mut self, line: &str) {
        self.typed.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for its end; gives its exit code and what was left to be shown.
    pub fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + DEADLINE;
        while let Ok(chunk) =
            self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.shown += &chunk;
        }
        drop(self.typed);
        (self.child.wait().unwrap().code(), self.shown)
    }
}

/// A server that was told to end, started again at a place.
fn moved(mut server: Server, place: SocketAddr) -> Server {
    server.wait();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    drop(server);
    Server::start_at(place, folder, &[])
}

#[test]
fn a_killed_server_costs_who_chats_no_message() {
    let place = own_place();
    let folder = Folder::new();
    for user in ["anna", "boris"] {
        add_user(&folder, user, "secret");
    }
    let server = Server::start_at(place, folder, &[]);
    let mut anna = AtTerminal::of(&server, "-u anna");
    anna.wait_for("keeps the messages");
    anna.type_line("/join #tea");
    anna.wait_for("lines go to #tea");
    anna.type_line("my own");
    let mut boris = AtTerminal::of(&server, "-u boris --to '#tea'");
    boris.wait_for("lines go to #tea");
    boris.type_line("before");
    anna.wait_for("boris (#tea): before");
    server.signal(Signal::KILL);
    anna.wait_for("connecting again in 1 s");
    boris.wait_for("connecting again in 1 s");
    // What is typed meanwhile waits.
    boris.type_line("meanwhile");
    boris.type_line("привет, 👋");
    let server = moved(server, place);
    let shown = anna.wait_for("boris (#tea): привет, 👋") + &anna.wait_until_back();
    for text in ["my own", "before"] {
        assert!(!shown.contains(text), "{text} once more: {shown}");
    }
    assert_eq!(shown.matches("boris (#tea): meanwhile").count(), 1, "{shown}");
    // Everything is shown by now that ever will be.
    boris.type_line("/msg anna last");
    let shown = anna.wait_for("boris (anna): last");
    assert!(!shown.contains("#tea"), "{shown}");
    drop(server);
    for mut client in [anna, boris] {
        client.type_line("/quit");
        assert_eq!(client.end().0, Some(0));
    }
}

impl AtTerminal {
    /// Something that is answered last.
    fn wait_until_back(&mut self) -> String {
        self.type_line("/to");
        self.wait_for("lines go to #tea")
    }
}

#[test]
fn what_was_written_while_away_is_shown_between_markers() {
    let (place, elsewhere) = (own_place(), own_place());
    let folder = Folder::new();
    for user in ["anna", "boris"] {
        add_user(&folder, user, "secret");
    }
    let server = Server::start_at(place, folder, &[]);
    let mut anna = AtTerminal::of(&server, "-u anna --to '#tea'");
    anna.wait_for("lines go to #tea");
    anna.type_line("my own");
    anna.type_line("/history");
    anna.wait_for("anna: my own");
    server.signal(Signal::KILL);
    // The same server where anna does not look for it.
    let mut server = moved(server, elsewhere);
    let (host, port) = (elsewhere.ip().to_string(), elsewhere.port().to_string());
    // More than one page.
    let lines: Vec<String> = (0..250).map(|number| format!("line {number}.")).collect();
    for (to, lines) in [("#tea", lines.join("\n")), ("anna", "one.\ntwo.".into())] {
        let arguments = ["-a", &host, "-p", &port, "-w", "-u", "boris", "--to", to];
        let (code, _, errors) = Client::with_input(&arguments, lines.as_bytes()).end();
        assert_eq!(code, 0, "{errors}");
    }
    server.stop();
    let server = moved(server, place);
    let mut shown = anna.wait_for("--- missed: #tea ---");
    shown += &anna.wait_for("--- now ---");
    anna.type_line("/msg anna last.");
    anna.type_line("/quit");
    let (code, rest) = anna.end();
    shown += &rest;
    let texts = |to: &str| -> Vec<&str> {
        let from = format!("boris ({to}): ");
        shown.lines().filter_map(|line| Some(line.split_once(&from)?.1.trim_end())).collect()
    };
    assert_eq!(texts("#tea"), lines, "{shown}");
    assert_eq!(texts("anna"), ["one.", "two."], "{shown}");
    assert!(!shown.contains("anna (#tea)"), "{shown}");
    assert_eq!(code, Some(0));
    drop(server);
}

#[test]
fn a_password_is_changed_without_being_shown() {
    let server = Server::with_users(&["anna"], &[]);
    let mut anna = AtTerminal::of(&server, "-u anna");
    anna.wait_for("keeps the messages");
    for (old, new, told) in
        [("wrong", "other", "says: 402 "), ("secret", "other", "anna is changed")]
    {
        anna.type_line("/passwd");
        let mut shown = String::new();
        for (prompt, answer) in
            [("Password of anna: ", old), ("New password of anna: ", new), ("Again: ", new)]
        {
            shown += &anna.wait_for(prompt);
            anna.type_line(answer);
        }
        shown += &anna.wait_for(told);
        for password in [old, new] {
            assert!(!shown.contains(password), "{shown}");
        }
    }
    anna.type_line("/passwd");
    anna.wait_for("Password of anna: ");
    anna.typed.write_all(b"\x03").unwrap();
    anna.wait_for("the password stays as it was");
    anna.type_line("/quit");
    let (code, shown) = anna.end();
    assert_eq!(code, Some(0), "{shown}");
    let log = std::fs::read_to_string(server.folder.path().join("logs/jimd.log")).unwrap();
    assert!(log.contains("anna") && !log.contains("other"), "{log}");
}

#[test]
fn a_guest_makes_an_account_and_logs_in() {
    let server = Server::with_settings("registration = \"open\"\n");
    let mut guest = AtTerminal::of(&server, "");
    guest.wait_for("as guest tester");
    guest.type_line("/register anna");
    for prompt in ["New password of anna: ", "Again: "] {
        guest.wait_for(prompt);
        guest.type_line("geheim");
    }
    guest.wait_for("User anna is registered");
    guest.wait_for("User anna is authenticated");
    guest.type_line("/join #tea");
    guest.wait_for("lines go to #tea");
    guest.type_line("/quit");
    assert_eq!(guest.end().0, Some(0));
    let mut other = AtTerminal::of(&server, "");
    other.wait_for("as guest tester");
    for (password, told) in [("wrong", "402 "), ("geheim", "User anna is authenticated")] {
        other.type_line("/login anna");
        other.wait_for("Password of anna: ");
        other.type_line(password);
        other.wait_for(told);
    }
    other.type_line("/msg #all from anna");
    other.type_line("/quit");
    let (code, shown) = other.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("geheim") && !shown.contains("40"), "{shown}");
}

#[test]
fn who_leaves_while_the_connection_is_lost_leaves_at_once() {
    for (typed, unsent, waits) in [
        ("/quit\n", 0, false),
        ("one\n\ntwo\n/exit \n", 2, false),
        ("one\n\u{4}", 1, false),
        // Connected again, and never answered.
        ("/quit\n", 0, true),
    ] {
        let first: Talk = Box::new(|peer| {
            peer.accept("presence");
        });
        let (asked, is_asked) = channel();
        let silent: Talk = Box::new(move |peer| {
            peer.expect(&["\"presence\""]);
            asked.send(()).unwrap();
            peer.expect_end();
        });
        let peer = Peer::in_turn(vec![first, silent]);
        let mut client = AtTerminal::start(&format!("-p {}", peer.port));
        client.wait_for("connecting again in 1 s");
        if waits {
            is_asked.recv_timeout(DEADLINE).unwrap();
        }
        let begun = Instant::now();
        client.typed.write_all(typed.as_bytes()).unwrap();
        let (code, shown) = client.end();
        assert_eq!(code, Some(0), "{shown}");
        assert!(begun.elapsed() < DEADLINE / 2, "{shown}");
        let told = format!("not sent: {unsent}");
        assert_eq!(shown.contains(&told), unsent > 0, "{shown}");
        if waits {
            peer.join();
        }
    }
}
