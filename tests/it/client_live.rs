//! `jim-client` and `jimd` together, as people use them.

use super::client_process::{Client, masked};
use super::support::{Server, user_command};
use rustix::process::Signal;
use std::io::{BufRead, Write};
use std::process::Stdio;

/// A client of this server.
fn client(server: &Server, arguments: &[&str], input: &[u8]) -> Client {
    let port = server.address.port().to_string();
    Client::with_input(&[&["-p", &port], arguments].concat(), input)
}

/// A client of this server whose input stays open.
fn open_client(server: &Server, arguments: &[&str]) -> Client {
    let port = server.address.port().to_string();
    Client::start(&[&["-p", &port], arguments].concat(), Stdio::piped())
}

/// Waits until the client is in; gives what it said.
fn entered(client: &mut Client) -> String {
    let mut line = String::new();
    client.errors.read_line(&mut line).unwrap();
    assert!(line.contains("connected to"), "{line:?}");
    line
}

#[test]
fn what_one_writes_another_reads() {
    let server = Server::start(&[]);
    let mut reader = client(&server, &["-r", "--name", "ann", "--count", "4"], b"");
    entered(&mut reader);
    let input = "one\n/quit\n\n  \u{1b}[31m \u{202e}😀\r\n".as_bytes();
    let (code, _, errors) = client(&server, &["-w", "--name", "bob"], input).end();
    assert_eq!(code, 0, "{errors}");
    let (code, output, _) = reader.end();
    assert_eq!(
        masked(&output),
        "[HH:MM:SS] bob: one\n[HH:MM:SS] bob: /quit\n[HH:MM:SS] bob: \n\
         [HH:MM:SS] bob:   \\u{1b}[31m \\u{202e}😀\n"
    );
    assert_eq!(code, 0);
}

#[test]
fn many_lines_arrive_in_order() {
    let server = Server::start(&[]);
    let mut reader = client(&server, &["-r", "--name", "ann", "--count", "3000"], b"");
    entered(&mut reader);
    let lines: Vec<String> = (0..3000).map(|number| format!("line {number}")).collect();
    let input = lines.join("\n");
    assert_eq!(client(&server, &["-w", "--name", "bob"], input.as_bytes()).end().0, 0);
    let (code, output, _) = reader.end();
    let texts: Vec<&str> =
        output.lines().map(|line| line.split_once(" bob: ").unwrap().1).collect();
    assert_eq!((code, texts), (0, lines.iter().map(String::as_str).collect()));
}

#[test]
fn a_room_is_joined_and_written_to() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let room = ["--to", "#tea"];
    let mut reader =
        client(&server, &[&["-r", "-u", "anna", "--count", "1"], &room[..]].concat(), b"");
    assert!(entered(&mut reader).contains(" as anna"));
    let writer = client(&server, &[&["-w", "-u", "boris"], &room[..]].concat(), b"hello\n");
    let (code, _, errors) = writer.end();
    assert_eq!(code, 0, "{errors}");
    let (code, output, _) = reader.end();
    assert_eq!((code, masked(&output).as_str()), (0, "[HH:MM:SS] boris: hello\n"));
}

#[test]
fn who_may_not_enter_is_told_why() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    user_command(&server.folder, &["block", "boris"], None);
    let mut anna = open_client(&server, &["-u", "anna"]);
    entered(&mut anna);
    for (arguments, told) in [
        (&["-w", "-u", "nobody"][..], "402 "),
        (&["-w", "-u", "boris"], "403 "),
        (&["-w", "-u", "anna"], "409 "),
        (&["-w", "--name", "bad\\name"], "400 "),
    ] {
        let (code, _, errors) = client(&server, arguments, b"x\n").end();
        assert_eq!(code, 4, "{arguments:?}: {errors}");
        assert!(errors.contains(told) && !errors.contains("secret"), "{arguments:?}: {errors}");
    }
    let typed = anna.stdin();
    drop(typed);
    assert_eq!(anna.end().0, 0);
}

#[test]
fn a_guest_steps_aside_for_an_account_and_its_look_alikes() {
    let server = Server::with_users(&["anna"], &[]);
    for name in ["anna", "ANNA", "\u{430}nna"] {
        let (code, _, errors) = client(&server, &["-w", "--name", name], b"x\n").end();
        assert_eq!(code, 0, "{errors}");
        assert!(errors.contains(&format!("as guest {name}-guest")), "{errors}");
    }
}

#[test]
fn a_full_server_is_told() {
    let server = Server::with_settings("max_connections = 1\n");
    let mut first = open_client(&server, &["--name", "ann"]);
    entered(&mut first);
    let (code, _, errors) = client(&server, &["-w"], b"x\n").end();
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("429 "), "{errors}");
    drop(first.stdin());
    assert_eq!(first.end().0, 0);
}

#[test]
fn lines_that_the_server_refuses_are_named() {
    let server = Server::start(&[]);
    let (code, _, errors) = client(&server, &["-w", "--to", "nobody"], b"one\ntwo\n").end();
    assert_eq!(code, 6, "{errors}");
    assert!(errors.contains("line 2 was refused: 404 "), "{errors}");
    assert!(errors.contains("lines not acknowledged: 2, acknowledged: 0"), "{errors}");
}

#[test]
fn a_killed_server_ends_every_mode() {
    let mut server = Server::start(&[]);
    let modes: [&[&str]; 3] = [&["-r"], &["-w"], &[]];
    let mut clients = modes.map(|arguments| open_client(&server, arguments));
    for client in &mut clients {
        entered(client);
    }
    let mut inputs: Vec<_> = clients.iter_mut().map(Client::stdin).collect();
    inputs[1].write_all(b"acknowledged or not\n").unwrap();
    server.signal(Signal::KILL);
    server.wait();
    for client in clients {
        let (code, _, errors) = client.end();
        assert_eq!(code, 5, "{errors}");
        assert!(errors.contains("the connection"), "{errors}");
    }
}

#[test]
fn a_stopped_server_says_goodbye_to_a_reader() {
    let mut server = Server::start(&[]);
    let mut reader = client(&server, &["-r"], b"");
    entered(&mut reader);
    server.stop();
    let (code, _, errors) = reader.end();
    assert_eq!(code, 5, "{errors}");
    assert!(errors.contains("the server closed the connection"), "{errors}");
}
