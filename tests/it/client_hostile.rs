//! `jim-client` against servers that no client should have to meet, and users without patience.

use super::client_process::{Client, accept_guest, run};
use super::scripted_peer::Peer;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const MESSAGE: &str = "{\"action\":\"msg\",\"from\":\"a\",\"to\":\"#all\",\"message\":\"x\"}\n";

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

// Answers.

#[test]
fn what_is_no_code_lets_nobody_in() {
    for answer in ["{\"response\":{}}", "{\"response\":70000}", "{\"response\":0}"] {
        let (code, _, errors) = run(&["-w"], b"x\n", move |peer| {
            peer.expect(&["\"presence\""]);
            peer.say(answer);
            peer.accept("quit");
        });
        assert_eq!(code, 4, "{errors}");
    }
}

#[test]
fn what_is_no_code_acknowledges_nothing() {
    let (code, _, errors) = run(&["-w"], b"x\n", |peer| {
        accept_guest(peer);
        peer.expect(&["\"msg\""]);
        peer.say("{\"response\":{}}");
        peer.accept("quit");
    });
    assert_eq!(code, 6, "{errors}");
}

#[test]
fn a_probe_on_the_way_in_takes_no_answer() {
    let (code, _, errors) = run(&["-r", "-u", "anna", "--to", "#r"], b"", |peer| {
        peer.expect(&["\"authenticate\""]);
        peer.say("{\"action\":\"probe\",\"time\":1}{\"response\":202}");
        peer.accept("presence");
        peer.refuse("join", 403, "");
        peer.accept("quit");
    });
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("403 why"), "{errors}");
}

#[test]
fn deliveries_between_request_and_answer_change_nothing() {
    let (code, output, errors) = run(&["-w"], b"one\ntwo\n", |peer| {
        peer.expect(&["\"presence\""]);
        peer.say(format!("{MESSAGE}{{\"response\":200}}{MESSAGE}"));
        for text in ["one", "two"] {
            peer.expect(&["\"msg\"", text]);
            peer.say(format!("{MESSAGE}{MESSAGE}{{\"response\":200}}{MESSAGE}"));
        }
        peer.accept("quit");
    });
    assert_eq!((code, output.as_str()), (0, ""), "{errors}");
}

// Time.

#[test]
fn an_answer_that_came_while_the_client_was_stopped_counts() {
    let (asked, is_asked) = channel();
    let (stopped, is_stopped) = channel();
    let (continued, is_continued) = channel();
    let peer = Peer::new(move |peer| {
        accept_guest(peer);
        peer.expect(&["\"msg\""]);
        asked.send(()).unwrap();
        is_stopped.recv().unwrap();
        for _ in 0..5_000 {
            peer.try_to_say(MESSAGE);
        }
        // What the sockets do not hold comes only when the client reads again.
        is_continued.recv().unwrap();
        peer.say(MESSAGE.repeat(5_000));
        peer.say("{\"response\":200}");
        peer.accept("quit");
    });
    let client = Client::with_input(&["-p", &peer.port, "-w"], b"x\n");
    is_asked.recv().unwrap();
    signal(&client.child, Signal::STOP);
    // The answer waits in the socket for longer than the client's patience.
    let pid = Pid::from_child(&client.child);
    stopped.send(()).unwrap();
    thread::sleep(Duration::from_millis(10_500));
    kill_process(pid, Signal::CONT).unwrap();
    continued.send(()).unwrap();
    let (code, _, errors) = client.end();
    assert_eq!(code, 0, "{errors}");
    peer.join();
}

#[test]
fn a_flood_keeps_nobody_from_leaving() {
    for arguments in [["-r", "--timeout", "1"], ["-v", "--timeout", "1"]] {
        let (code, _, errors) = run(&arguments, b"", |peer| {
            accept_guest(peer);
            let flood = MESSAGE.repeat(1000);
            while peer.try_to_say(&flood) {}
        });
        assert_eq!(code, if arguments[0] == "-r" { 7 } else { 0 }, "{errors}");
    }
}

// Output.

#[test]
fn a_full_disk_is_told_also_behind_the_last_message() {
    let peer = Peer::new(|peer| {
        accept_guest(peer);
        peer.say(MESSAGE);
        peer.accept("quit");
    });
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let arguments = ["-p", &peer.port, "-r", "--count", "1"];
    let client = Client::with_output(&arguments, Stdio::null(), full.into());
    let (code, _, errors) = client.end();
    assert_eq!(code, 1, "{errors}");
    assert!(errors.contains("No space left"), "{errors}");
    peer.join();
}

/// A client whose output nobody reads, once the pipe is full.
fn blocked_client(arguments: &[&str]) -> (Client, Peer, impl Sized) {
    let (full, is_full) = channel();
    let peer = Peer::new(move |peer| {
        accept_guest(peer);
        // The pipe and the sockets are full as soon as a write has to wait.
        peer.fill(MESSAGE);
        full.send(()).unwrap();
        while peer.try_to_say(MESSAGE) {}
    });
    let (reader, writer) = std::io::pipe().unwrap();
    let arguments = [&["-p", &peer.port, "-r"], arguments].concat();
    let client = Client::with_output(&arguments, Stdio::null(), writer.into());
    is_full.recv().unwrap();
    (client, peer, reader)
}

#[test]
fn a_signal_ends_a_client_whose_output_nobody_reads() {
    let (client, peer, _reader) = blocked_client(&[]);
    signal(&client.child, Signal::INT);
    assert_eq!(client.end().0, 130);
    peer.join();
}

#[test]
fn the_time_limit_ends_a_client_whose_output_nobody_reads() {
    let (client, peer, _reader) = blocked_client(&["--timeout", "3"]);
    let (code, _, errors) = client.end();
    assert_eq!(code, 7, "{errors}");
    peer.join();
}
