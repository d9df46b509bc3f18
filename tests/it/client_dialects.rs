//! `jim-client` as the clients of seeds 003 and 004: whole screens, against `jimd` and against a
//! small server that says what each test tells it to.

use super::scripted_peer::{Conversation, DEADLINE, Peer};
use super::support::{Folder, Server, deaf, jim_client};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// A client in a folder of its own, and its screen.
pub struct Program {
    child: Child,
    pub typed: Option<ChildStdin>,
    chunks: Receiver<String>,
    shown: String,
    /// How much of the screen was waited for.
    seen: usize,
    errors: JoinHandle<String>,
    pub folder: Folder,
}

impl Program {
    pub fn start_in(folder: Folder, arguments: &[&str]) -> Self {
        let mut child = jim_client()
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut output, mut errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(got @ 1..) = output.read(&mut chunk) {
                if sender.send(String::from_utf8(chunk[..got].to_vec()).unwrap()).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let typed = child.stdin.take();
        Self { child, typed, chunks, shown: String::new(), seen: 0, errors, folder }
    }

    fn console_chat(port: &str) -> Self {
        Self::start_in(Folder::new(), &["--console-chat", "--host", "127.0.0.1", "--port", port])
    }

    /// Console chat of a server, under a name.
    pub fn named(server: &Server, name: &str) -> Self {
        let mut program = Self::console_chat(&server.address.port().to_string());
        program.wait_for("Username: ");
        program.type_line(name);
        // What is answered shows that the name is known.
        program.type_line("cmd!current_time");
        program.wait_for("Current time: ");
        program.wait_for("\n");
        program.seen = 0;
        program.shown.clear();
        program
    }

    pub fn exchange(nickname: &str, port: &str) -> Self {
        Self::start_in(Folder::new(), &["--exchange", nickname, "127.0.0.1", port])
    }

    pub fn type_line(&mut self, line: &str) {
        self.typed.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits until this is on the screen, behind what was waited for before.
    pub fn wait_for(&mut self, wanted: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = self.shown[self.seen..].find(wanted) {
                self.seen += at + wanted.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(chunk) = self.chunks.recv_timeout(left) else {
                panic!("no {wanted:?} in {:?}", self.shown);
            };
            self.shown += &chunk;
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, at the latest when its input ends; gives its exit code, its whole screen
    /// and what it said of itself.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let deadline = Instant::now() + DEADLINE;
        while let Ok(chunk) =
            self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.shown += &chunk;
        }
        assert!(Instant::now() < deadline, "it does not end: {}", self.shown);
        let code = self.child.wait().unwrap().code();
        (code, self.shown, self.errors.join().unwrap())
    }
}

/// The screen with `HH:MM` for every time that stands between `<` and `>`.
pub fn masked(screen: &str) -> String {
    let mut lines = String::new();
    for line in screen.lines() {
        let is_timed = line.starts_with('<') && line.get(6..7) == Some(">");
        lines += if is_timed { "<HH:MM>" } else { "" };
        lines += if is_timed { &line[7..] } else { line };
        lines.push('\n');
    }
    lines
}

pub fn port(server: &Server) -> String {
    server.address.port().to_string()
}

/// The end of a client that runs against a peer, all of its input being there from the start.
pub fn run(
    program: impl FnOnce(&str) -> Program,
    input: &[u8],
    talk: impl FnOnce(&mut Conversation) + Send + 'static,
) -> (Option<i32>, String, String) {
    let peer = Peer::new(talk);
    let mut program = program(&peer.port);
    // It may end before it has read all.
    let _ = program.typed.take().unwrap().write_all(input);
    let ended = program.end();
    peer.join();
    ended
}

// All kinds at once.

#[test]
fn each_kind_of_client_sees_the_others_in_its_own_form() {
    let server = Server::start(&[]);
    let mut ann = Program::named(&server, "ann");
    let mut jim = server.connect();
    jim.presence("jim");
    let mut ivan = Program::exchange("Ivan", &port(&server));
    ivan.wait_for("NEW MESSAGE:\n");
    let mut olga = Program::exchange("Ольга", &port(&server));
    olga.wait_for("NEW MESSAGE:\n");
    ivan.wait_for("connected\n");
    ann.type_line("hello, \"all\"");
    ivan.wait_for("all\"\n");
    olga.wait_for("all\"\n");
    assert_eq!(jim.object()["message"], "hello, \"all\"");
    ivan.type_line("C:\\dir \u{1b}[2J");
    ivan.wait_for("ATTACHMENT (FILE NAME OR NOTHING):\n");
    ivan.type_line("");
    ann.wait_for("dir");
    olga.wait_for("dir");
    assert_eq!(jim.object()["message"], "C:\\dir \u{1b}[2J");
    jim.send(r##"{"action":"msg","time":1,"to":"#all","from":"jim","message":"two\nlines"}"##);
    ann.wait_for("lines\n");
    ivan.wait_for("lines\n");
    olga.wait_for("lines\n");
    ivan.type_line("\\q");
    let (code, screen, errors) = ivan.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(
        masked(&screen),
        "NEW MESSAGE:\n\
         <HH:MM> [SERVER] User \"Ольга\" connected\n\
         <HH:MM> [ann] hello, \"all\"\n\
         ATTACHMENT (FILE NAME OR NOTHING):\n\
         NEW MESSAGE:\n\
         <HH:MM> [jim] two\\nlines\n"
    );
    olga.wait_for("disconnected\n");
    olga.type_line("\\q");
    let (code, screen, errors) = olga.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(
        masked(&screen),
        "NEW MESSAGE:\n\
         <HH:MM> [ann] hello, \"all\"\n\
         <HH:MM> [Ivan] C:\\dir \\u{1b}[2J\n\
         <HH:MM> [jim] two\\nlines\n\
         <HH:MM> [SERVER] User \"Ivan\" disconnected\n"
    );
    ann.signal(Signal::INT);
    let (code, screen, errors) = ann.end();
    assert_eq!((code, errors.as_str()), (Some(130), ""));
    assert_eq!(
        screen,
        "ann > hello, \"all\"\n\
         Ivan > C:\\dir \\u{1b}[2J\n\
         jim > two\\nlines\n"
    );
}

// Console chat.

#[test]
fn console_chat_shows_seed_003s_screen() {
    let server = Server::start(&[]);
    let mut bob = Program::named(&server, "bob");
    let mut ann = Program::console_chat(&port(&server));
    ann.wait_for("Username: ");
    for line in ["ann", "cmd!participants_count", "", "cmd!start_game:well", "cmd!dance", "bye"] {
        ann.type_line(line);
    }
    bob.wait_for("ann > bye\n");
    ann.wait_for("cmd!dance' is not");
    ann.wait_for("\n");
    ann.signal(Signal::INT);
    let (code, screen, errors) = ann.end();
    assert_eq!((code, errors.as_str()), (Some(130), ""));
    // A line that is typed is shown at once; answers come when they come.
    let (own, answers): (Vec<&str>, Vec<&str>) =
        screen.lines().partition(|line| line.contains("ann > "));
    assert_eq!(
        own,
        [
            "Username: ann > cmd!participants_count",
            "ann > cmd!start_game:well",
            "ann > cmd!dance",
            "ann > bye"
        ]
    );
    assert_eq!(
        answers,
        [
            "Participants count: 2",
            "Incorrect command format. Please enter again: 'cmd!start_game:option' where option \
             is one of the proposed: rock, scissors, paper",
            "The command: 'cmd!dance' is not supported by the server"
        ]
    );
    bob.wait_for("Client 'ann' left the chat\n");
    drop(bob.typed.take());
    assert_eq!(
        bob.end(),
        (Some(0), "ann > bye\nClient 'ann' left the chat\n".into(), String::new())
    );
}

#[test]
fn console_chat_says_what_seed_003s_client_says() {
    let (code, screen, errors) =
        run(Program::console_chat, "Боб \"x\"\n\nhi\r\ncmd!a".as_bytes(), |peer| {
            let expected = "{\"username\":\"Боб \\\"x\\\"\"}\
             {\"message_type\":\"message\",\"data\":\"hi\"}\
             {\"message_type\":\"command\",\"data\":\"cmd!a\"}\
             {\"message_type\":\"command\",\"data\":\"cmd!error\"}";
            let said = peer.read(expected.len());
            assert_eq!(String::from_utf8(said).unwrap(), expected);
            peer.say("{\"message_type\":\"system_message\",\"data\":\"answered\"}");
        });
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(screen, "Username: Боб \"x\" > hi\nБоб \"x\" > cmd!a\nanswered\n");
}

#[test]
fn console_chat_reads_objects_however_they_come() {
    let peer = Peer::new(|peer| {
        peer.read("{\"username\":\"ann\"}".len());
        peer.say(
            "{\"message_type\":\"message\",\"sender\":\"b\",\"data\":\"one\"}\
             {\"message_type\":\"message\",\"sender\":\"b\\u001b\",\"data\":\"\\u202e}{\"}\n\
             {\"some\":[\"thing\"]}{\"message_type\":\"system_message\",\"sender\":\"\",\
             \"data\":\"thr",
        );
        peer.read("{\"message_type\":\"message\",\"data\":\"typed\"}".len());
        peer.say("ee\"}{\"response\":400,\"error\":\"in JIM\"} {\"half\":");
    });
    let mut ann = Program::console_chat(&peer.port);
    ann.type_line("ann");
    ann.wait_for("}{\n");
    ann.type_line("typed");
    let (code, screen, errors) = ann.end();
    assert_eq!(
        screen,
        "Username: b > one\nb\\u{1b} > \\u{202e}}{\nann > typed\nthree\nin JIM\n\
         Connection closed by the server\n"
    );
    assert_eq!(
        (code, errors.as_str()),
        (Some(5), "jim-client: the server closed the connection in the middle of an object\n")
    );
    peer.join();
}

#[test]
fn what_console_chat_cannot_read_ends_it() {
    let rows = [
        ("HTTP/1.1 400 \u{1b}[2J", "this is no console chat: HTTP/1.1 400 \\u{1b}[2J"),
        (
            "{\"data\":nonsense}",
            "the server sent an object that is not valid JSON: {\"data\":nonsense}",
        ),
    ];
    for (sent, told) in rows {
        let peer = Peer::new(move |peer| {
            peer.read("{\"username\":\"ann\"}".len());
            peer.say(sent);
            let goodbye = "{\"message_type\":\"command\",\"data\":\"cmd!error\"}";
            assert_eq!(peer.read(goodbye.len()), goodbye.as_bytes());
            peer.expect_end();
        });
        let mut ann = Program::console_chat(&peer.port);
        ann.type_line("ann");
        let (code, screen, errors) = ann.end();
        assert_eq!(screen, format!("Username: Reading error: {told}\n"));
        assert_eq!((code, errors.as_str()), (Some(5), ""));
        peer.join();
    }
    let peer = Peer::new(|peer| while peer.try_to_say("{\"data\":\"x".repeat(4000)) {});
    let (code, screen, _) = Program::console_chat(&peer.port).end();
    assert_eq!(
        (code, screen.as_str()),
        (
            Some(5),
            "Username: Reading error: the server sent an object that does not end within \
             1048576 bytes\n"
        )
    );
    peer.join();
}

#[test]
fn console_chat_says_at_once_that_the_server_is_gone() {
    let mut server = Server::start(&[]);
    let named = Program::named(&server, "ann");
    let mut unnamed = Program::console_chat(&port(&server));
    unnamed.wait_for("Username: ");
    server.signal(Signal::KILL);
    server.wait();
    assert_eq!(named.end().1, "Connection closed by the server\n");
    let (code, screen, _) = unnamed.end();
    assert_eq!((code, screen.as_str()), (Some(5), "Username: \nConnection closed by the server\n"));
}

#[test]
fn nobody_there_is_said_as_the_seeds_do() {
    let (_socket, address) = deaf();
    let port = address.port().to_string();
    for (program, told) in [
        (Program::console_chat(&port), "Unable to connect\n"),
        (Program::exchange("Ivan", &port), "Server is unavailable\n"),
    ] {
        let (code, screen, errors) = program.end();
        assert_eq!((code, screen.as_str()), (Some(3), told));
        assert!(errors.contains("cannot connect to 127.0.0.1:"), "{errors}");
    }
}

#[test]
fn ctrl_c_before_the_name_says_nothing_to_the_server() {
    let peer = Peer::new(Conversation::expect_end);
    let mut ann = Program::console_chat(&peer.port);
    ann.wait_for("Username: ");
    ann.signal(Signal::INT);
    assert_eq!(ann.end(), (Some(130), "Username: ".into(), String::new()));
    peer.join();
}
