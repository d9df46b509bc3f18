//! Files in the full screen of `jim-client`, and given up in both of its interactive forms.

use super::client_process::Client;
use super::pty::Terminal;
use super::screen::{in_room, quit};
use super::scripted_peer::{Conversation, DEADLINE, Peer};
use super::support::{Folder, JIM_CLIENT, Server};
use std::fs;
use std::io::{BufRead, Write};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

const PIECE: usize = 48 * 1024;

fn let_in(peer: &mut Conversation) {
    peer.expect(&["\"authenticate\""]);
    peer.say("{\"response\":202,\"time\":1,\"alert\":\"in\",\"features\":[\"files\"]}\n");
    peer.accept("presence");
}

fn open(peer: &mut Conversation, name: &str) {
    peer.expect(&["\"upload\"", name]);
    peer.say("{\"response\":200,\"time\":1,\"id\":\"00000000000000aa\",\"next\":0}\n");
}

fn say_next(peer: &mut Conversation, pieces: usize) {
    let next = pieces * PIECE;
    peer.say(format!("{{\"response\":200,\"time\":1,\"alert\":\"ok\",\"next\":{next}}}\n"));
}

fn wait(go: &Receiver<()>) {
    go.recv_timeout(DEADLINE).expect("the test goes on");
}

#[test]
fn files_are_seen_on_their_way_and_can_be_given_up() {
    let (go, waits) = channel();
    let peer = Peer::new(move |peer| {
        let_in(peer);
        for _ in 0..3 {
            peer.accept_any();
        }
        open(peer, "a photo.jpg");
        peer.expect(&["\"put\"", "\"offset\":0,"]);
        peer.expect(&["\"put\"", &format!("\"offset\":{PIECE},")]);
        say_next(peer, 1);
        peer.expect(&["\"put\"", &format!("\"offset\":{},", 2 * PIECE)]);
        wait(&waits);
        say_next(peer, 2);
        say_next(peer, 3);
        peer.expect(&["\"upload\"", "b.txt"]);
        peer.say("{\"response\":403,\"time\":1,\"error\":\"not here\"}\n");
        peer.accept("quit");
        peer.expect_end();
    });
    let folder = Folder::new();
    fs::write(folder.path().join("a photo.jpg"), vec![7; 4 * PIECE]).unwrap();
    folder.file("b.txt", "text");
    let arguments = ["-p", &peer.port, "-u", "anna"];
    let mut anna = Terminal::start_in(folder.path(), JIM_CLIENT, &arguments, &[], (90, 14));
    anna.wait_for(" online");
    anna.keys("/send a\t");
    anna.wait_for("> /send \"a photo.jpg\"");
    anna.keys("\r");
    anna.wait_for(" online │ a photo.jpg: 25 %");
    anna.resize(30, 14);
    anna.wait_for(" online │ 25 % │");
    anna.resize(90, 14);
    anna.line("/send b.txt");
    anna.wait_for(" online │ 2 files, 24 %");
    anna.keys("/cancel a\t\r");
    anna.wait_for("a photo.jpg is given up, and nobody hears of it");
    anna.wait_without(" %");
    go.send(()).unwrap();
    anna.wait_for("b.txt: the server says: 403 not here");
    quit(anna);
    peer.join();
}

#[test]
fn lines_give_a_file_up_too() {
    let (go, waits) = channel();
    let peer = Peer::new(move |peer| {
        let_in(peer);
        peer.expect(&["\"upload\""]);
        wait(&waits);
        peer.say("{\"response\":200,\"time\":1,\"id\":\"00000000000000aa\",\"next\":0}\n");
        peer.accept("quit");
    });
    let folder = Folder::new();
    let file = folder.file("a.txt", "text");
    let mut client = Client::start(&["-p", &peer.port, "-u", "anna"], Stdio::piped());
    let mut typed = client.stdin();
    writeln!(typed, "/cancel\n/send {}\n/cancel a.txt", file.display()).unwrap();
    let mut said = String::new();
    while !said.contains("a.txt is given up") {
        assert!(client.errors.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(said.contains("no file is being sent or got"), "{said}");
    go.send(()).unwrap();
    drop(typed);
    assert_eq!(client.end().0, 0);
    peer.join();
}

#[test]
fn what_was_given_up_is_gone_on_with_when_it_is_sent_again() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let mut boris = in_room(&server, "boris", 110, 12);
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..4_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(folder.path().join("big.bin"), &bytes).unwrap();
    let state = folder.path().join("state");
    let variables = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let arguments = ["-a", &host, "-p", &port, "-u", "anna", "--to", "#tea"];
    let size = (120, 14);
    let mut anna = Terminal::start_in(folder.path(), JIM_CLIENT, &arguments, &variables, size);
    anna.wait_for("anna has joined");
    anna.keys("/send big.bin\r/cancel\r");
    let text = anna.wait("the end of it", |terminal| {
        let text = terminal.text();
        text.contains("nobody hears of it") || text.contains("cannot be taken back")
    });
    if text.contains("nobody hears of it") {
        assert!(!boris.text().contains("[file big.bin"));
        anna.line("/send big.bin");
    }
    boris.wait_for("[file big.bin, 15.3 MiB: /get ");
    anna.wait_for("big.bin is sent");
    quit(anna);
    quit(boris);
}
