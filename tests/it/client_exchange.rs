//! `jim-client` as the client of seed 004: whole screens and the files that go with them.

use super::client_dialects::{Program, masked, port, run};
use super::scripted_peer::{Conversation, DEADLINE, Peer};
use super::support::{Folder, Server};
use rustix::process::Signal;
use std::fs;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

/// A frame around a text.
fn frame(body: &str) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(body.as_bytes());
    frame
}

/// A message's frame.
fn message(text: &str, attachment: Option<&str>) -> Vec<u8> {
    let attachment = attachment.map(|name| format!(",\"attachment\":\"{name}\""));
    frame(&format!(
        "{{\"time\":\"2021-09-27 12:34:56.789000+00:00\",\"nickname\":\"Ivan\",\"text\":\"{text}\"{}}}",
        attachment.unwrap_or_default()
    ))
}

impl Conversation {
    /// Lets a client of the exchange in.
    fn let_in(&mut self) {
        assert_eq!(self.frame(), b"{\"nickname\":\"ann\"}");
        self.say(frame("{\"status\":\"success\"}"));
    }

    fn frame(&mut self) -> Vec<u8> {
        let length = u32::from_be_bytes(self.read(4).try_into().unwrap());
        self.read(length as usize)
    }
}

fn ann(port: &str) -> Program {
    Program::exchange("ann", port)
}

#[test]
fn a_nickname_that_is_taken_is_told_with_the_servers_reason() {
    let server = Server::start(&[]);
    let mut ivan = Program::exchange("Ivan", &port(&server));
    ivan.wait_for("NEW MESSAGE:\n");
    for (nickname, why) in [
        ("Ivan", "this nickname is already taken"),
        ("server", "this nickname is already taken"),
        ("a\\b", "The field nickname has a \\, which no name may have"),
    ] {
        let (code, screen, errors) = Program::exchange(nickname, &port(&server)).end();
        assert_eq!(
            (code, screen.as_str()),
            (Some(4), "Connection failed: choose a different nickname\n")
        );
        assert_eq!(errors, format!("jim-client: the server did not let us in: {why}\n"));
    }
    server.signal(Signal::KILL);
    let (code, screen, _) = ivan.end();
    assert_eq!((code, screen.as_str()), (Some(5), "NEW MESSAGE:\nDisconnected\n"));
}

#[test]
fn a_text_goes_also_where_its_file_does_not() {
    let server = Server::with_settings("attachment_max = 0\n");
    let mut bob = Program::named(&server, "bob");
    let folder = Folder::new();
    folder.file("empty", "");
    folder.file("some.txt", "some");
    let mut ivan = Program::start_in(folder, &["--exchange", "Ivan", "127.0.0.1", &port(&server)]);
    for (text, file) in [("one", "none.txt"), ("two", "empty"), ("three", "."), ("", "some.txt")] {
        ivan.type_line(text);
        ivan.type_line(file);
    }
    ivan.wait_for("Files are not handed on here: only the text was\n");
    ivan.type_line("unfinished");
    ivan.wait_for("ATTACHMENT (FILE NAME OR NOTHING):\n");
    ivan.type_line("\\q");
    let (code, screen, errors) = ivan.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(
        masked(&screen),
        "NEW MESSAGE:\nATTACHMENT (FILE NAME OR NOTHING):\nFile not found\n\
         NEW MESSAGE:\nATTACHMENT (FILE NAME OR NOTHING):\nEmpty file\n\
         NEW MESSAGE:\nATTACHMENT (FILE NAME OR NOTHING):\nNot a file\n\
         NEW MESSAGE:\nATTACHMENT (FILE NAME OR NOTHING):\nNEW MESSAGE:\n\
         <HH:MM> [SERVER] Files are not handed on here: only the text was\n\
         ATTACHMENT (FILE NAME OR NOTHING):\n"
    );
    let mut ivan = Program::exchange("Ivan", &port(&server));
    ivan.type_line("last");
    drop(ivan.typed.take());
    assert_eq!(ivan.end().0, Some(0));
    bob.wait_for("Ivan > last\n");
    bob.signal(Signal::INT);
    let expected = "Ivan > one\nIvan > two\nIvan > three\nIvan > \nIvan > last\n";
    assert_eq!(bob.end().1, expected);
}

#[test]
fn a_file_goes_from_one_folder_to_another() {
    let server = Server::start(&["--lang", "en"]);
    let mut bob = Program::named(&server, "bob");
    let mut olga = Program::exchange("Olga", &port(&server));
    olga.wait_for("NEW MESSAGE:\n");
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..3_000_001_u32).map(|number| (number % 253) as u8).collect();
    fs::write(folder.path().join("1 ф.jpg"), &bytes).unwrap();
    let mut ivan = Program::start_in(folder, &["--exchange", "Ivan", "127.0.0.1", &port(&server)]);
    ivan.type_line("see");
    ivan.type_line("1 ф.jpg");
    ivan.type_line("next");
    ivan.type_line("");
    bob.wait_for("Ivan > see [file 1 ф.jpg, 2.8 MiB]\n");
    bob.wait_for("Ivan > next\n");
    olga.wait_for("] next\n");
    let kept = fs::read(olga.folder.path().join("1 ф.jpg")).unwrap();
    assert!(kept == bytes);
    olga.type_line("\\q");
    let (_, screen, errors) = olga.end();
    let screen = masked(&screen);
    assert!(screen.contains("<HH:MM> [Ivan] see (1 ф.jpg attached)\n"), "{screen}");
    assert_eq!(errors, "");
}

#[test]
fn a_file_is_sent_behind_its_text() {
    let bytes: Vec<u8> = (0..1_000_003_u32).map(|number| (number % 251) as u8).collect();
    let expected = bytes.clone();
    let peer = Peer::new(move |peer| {
        peer.let_in();
        assert_eq!(
            peer.frame(),
            b"{\"text\":\"a \\\"b\\\" \\\\\",\"attachment\":\"1 \xd1\x84.jpg\"}"
        );
        assert!(peer.frame() == expected);
        assert_eq!(peer.frame(), b"{\"text\":\"next\"}");
        peer.expect_end();
    });
    let folder = Folder::new();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/1 ф.jpg"), bytes).unwrap();
    let mut ann = Program::start_in(folder, &["--exchange", "ann", "-p", &peer.port]);
    ann.typed.take().unwrap().write_all("a \"b\" \\\nsub/1 ф.jpg\nnext\n".as_bytes()).unwrap();
    let (code, _, errors) = ann.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    peer.join();
}

#[test]
fn files_that_arrive_get_safe_new_names() {
    let names = ["../x", "/etc/passwd", ".bashrc", "CON", "a\u{1b}\n.txt", "old.txt", "old.txt"];
    let peer = Peer::new(move |peer| {
        peer.let_in();
        for (number, name) in names.iter().enumerate() {
            peer.say(message(&number.to_string(), Some(name)));
            peer.say(frame(&format!("file {number}")));
        }
        // In the smallest pieces, and nothing but a file.
        for byte in [message("small", Some("small")), frame("pieces")].concat() {
            peer.say([byte]);
        }
        peer.say([message("none", Some("none")), frame("")].concat());
        peer.say([frame("{\"attachment\":\"bare\"}"), frame("bare")].concat());
        peer.say(message("end", None));
    });
    let folder = Folder::new();
    folder.file("old.txt", "mine");
    let mut ann = Program::start_in(folder, &["--exchange", "ann", "127.0.0.1", &peer.port]);
    ann.wait_for("end\n");
    let folder = std::mem::replace(&mut ann.folder, Folder::new());
    let (_, screen, errors) = ann.end();
    let mut kept: Vec<(String, String)> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    kept.sort();
    let expected = [
        ("_CON", "file 3"),
        ("_bashrc", "file 2"),
        ("a__.txt", "file 4"),
        ("bare", "bare"),
        ("none", ""),
        ("old.txt", "mine"),
        ("old_new.txt", "file 5"),
        ("old_new_new.txt", "file 6"),
        ("passwd", "file 1"),
        ("small", "pieces"),
        ("x", "file 0"),
    ];
    assert_eq!(kept, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    assert_eq!(errors, "");
    assert_eq!(
        screen,
        "NEW MESSAGE:\n\
         <12:34> [Ivan] 0 (x attached)\n\
         <12:34> [Ivan] 1 (passwd attached)\n\
         <12:34> [Ivan] 2 (_bashrc attached)\n\
         <12:34> [Ivan] 3 (_CON attached)\n\
         <12:34> [Ivan] 4 (a__.txt attached)\n\
         <12:34> [Ivan] 5 (old_new.txt attached)\n\
         <12:34> [Ivan] 6 (old_new_new.txt attached)\n\
         <12:34> [Ivan] small (small attached)\n\
         <12:34> [Ivan] none (none attached)\n \
         (bare attached)\n\
         <12:34> [Ivan] end\n\
         Disconnected\n"
    );
    peer.join();
}

#[test]
fn a_file_that_is_too_long_or_cut_short_is_not_kept() {
    let too_long = 16 * 1024 * 1024 + 1_u32;
    let peer = Peer::new(move |peer| {
        peer.let_in();
        peer.say(message("long", Some("long")));
        peer.say(too_long.to_be_bytes());
        for _ in 0..16 {
            peer.say(vec![b'x'; 1024 * 1024]);
        }
        peer.say("x");
        peer.say([message("half", Some("half\u{7}")), frame("0123456789")[..9].to_vec()].concat());
    });
    let mut ann = ann(&peer.port);
    let folder = std::mem::replace(&mut ann.folder, Folder::new());
    let (code, screen, errors) = ann.end();
    assert_eq!((code, errors.as_str()), (Some(5), ""));
    assert_eq!(
        screen,
        "NEW MESSAGE:\n\
         <12:34> [Ivan] long (long not saved: it has 16777217 bytes, at most 16777216 are taken)\n\
         <12:34> [Ivan] half (half\\u{7} not saved: it was cut short)\n\
         Disconnected\n"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    peer.join();
}

#[test]
fn ctrl_c_leaves_no_half_file() {
    let peer = Peer::new(|peer| {
        peer.let_in();
        peer.say([message("half", Some("half")), frame("0123456789")[..9].to_vec()].concat());
        peer.expect_end();
    });
    let mut ann = ann(&peer.port);
    let folder = std::mem::replace(&mut ann.folder, Folder::new());
    let file = folder.path().join("half");
    let deadline = Instant::now() + DEADLINE;
    while fs::read(&file).unwrap_or_default().is_empty() {
        assert!(Instant::now() < deadline, "no file begins");
        thread::sleep(Duration::from_millis(5));
    }
    ann.signal(Signal::INT);
    assert_eq!(ann.end(), (Some(130), "NEW MESSAGE:\n".into(), String::new()));
    assert!(!file.exists());
    peer.join();
}

#[test]
fn what_is_no_exchange_is_told() {
    let sample = "this is no server of the exchange; it sent:";
    let rows: [(&[u8], String); 6] = [
        (b"HTTP/1.1 400 \x1b", format!("{sample} HTTP/1.1 400 \\u{{1b}}")),
        (
            b"\x40\0\0\0x",
            "the server sent a frame of 1073741824 bytes; at most 1048576 are taken".into(),
        ),
        (b"\0\0\0\0", format!("{sample} \\u{{0}}\\u{{0}}\\u{{0}}\\u{{0}}")),
        (b"\0\0\0\x02\xff{", format!("{sample} \u{fffd}{{")),
        (b"\0\0\0\x02{}", format!("{sample} {{}}")),
        (b"\0\0\0\x11{\"status\":[\"no\"]}", format!("{sample} {{\"status\":[\"no\"]}}")),
    ];
    for (sent, told) in rows {
        let sent = sent.to_vec();
        let (code, screen, errors) = run(ann, b"", move |peer| {
            peer.frame();
            peer.say(sent);
            peer.expect_end();
        });
        assert_eq!((code, screen.as_str()), (Some(5), "Disconnected\n"), "{errors}");
        assert_eq!(errors, format!("jim-client: {told}\n"));
    }
}

#[test]
fn odd_messages_are_shown_as_far_as_they_are_any() {
    let peer = Peer::new(|peer| {
        peer.let_in();
        peer.say(frame(
            "{\"time\":\"never\",\"nickname\":\"\u{1b}\",\"text\":\"a\nb\",\"x\":[{}]}",
        ));
        peer.say(frame("{\"text\":\"nobody says this\"}"));
        peer.say(frame("{\"status\":\"success\"}"));
        peer.say(message("last", None));
        peer.say(b"\x7f\xff\xff\xff");
        peer.expect_end();
    });
    let (code, screen, errors) = ann(&peer.port).end();
    assert_eq!(
        screen,
        "NEW MESSAGE:\n<--:--> [\\u{1b}] a\\nb\n<12:34> [Ivan] last\nDisconnected\n"
    );
    assert_eq!(code, Some(5));
    assert!(errors.contains("a frame of 2147483647 bytes"), "{errors}");
    peer.join();
}
