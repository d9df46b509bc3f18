//! How many connections there may be, how long they may say nothing, and what happens when the
//! system has no more descriptors.

use super::crowd::{client_from, guest, name_of};
use super::process::{cpu_ticks, log_of, run_jimd, wait_until};
use super::support::{Client, DEADLINE, Folder, JIMD, Server, jimd};
use std::io::{ErrorKind, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

const PRESENCE: &str = r#"{"action":"presence","time":1}"#;

/// A connection that is one too many is told so, and closed.
fn assert_refused(client: &mut Client, limit: usize) {
    let answer = client.object();
    assert_eq!(answer["response"], 429);
    let text = answer["error"].as_str().unwrap();
    assert!(text.contains(&limit.to_string()), "{text}");
    client.assert_closed();
}

#[test]
fn one_connection_too_many_is_told_so() {
    let server = Server::with_settings("max_connections = 2\n");
    let mut ann = guest(server.connect(), "ann");
    let bob = guest(server.connect(), "bob");
    let mut third = server.connect();
    assert_refused(&mut third, 2);
    let name = name_of(&third);
    server.wait_for_log(|line| line.contains(&format!(" refused {name}: ")));
    ann.assert_nothing_came();
    // The place of one who left is free, though the one who was refused is still there.
    let name = name_of(&bob);
    drop(bob);
    server.wait_for_log(|line| line.contains(&format!(" {name} ended")));
    guest(server.connect(), "carl").assert_nothing_came();
    drop(third);
}

#[test]
fn one_address_takes_nobody_elses_place() {
    let server = Server::with_settings(
        "max_connections = 4\nmax_connections_per_address = 2\nexempt = []\n",
    );
    let mut ours: Vec<Client> = (0..2).map(|_| guest(server.connect(), "ann")).collect();
    let mut refused: Vec<Client> = (0..10).map(|_| server.connect()).collect();
    for client in &mut refused {
        assert_refused(client, 2);
    }
    let other = || client_from(([127, 0, 0, 2], 0).into(), &server);
    let mut others = [guest(other(), "bob"), guest(other(), "carl")];
    assert_refused(&mut other(), 4);
    for client in ours.iter_mut().chain(&mut others) {
        client.assert_nothing_came();
    }
}

/// A server that may have so many descriptors.
fn with_descriptors(most: usize) -> Server {
    let folder = Folder::new();
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {most}; exec \"$0\" -a 127.0.0.1 -p 0");
    command.env_clear().env("TZ", "UTC").current_dir(folder.path()).args(["-c", &script, JIMD]);
    Server::spawn(folder, command)
}

/// Whether nothing comes for this client within the time.
fn is_ignored(client: &Client, time: Duration) -> bool {
    client.stream.set_read_timeout(Some(time)).unwrap();
    let error = (&client.stream).read(&mut [0]).unwrap_err();
    client.stream.set_read_timeout(Some(DEADLINE)).unwrap();
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[test]
fn without_descriptors_accepting_pauses_and_recovers() {
    const DESCRIPTORS: usize = 40;
    const NO_MORE: &str = "cannot accept connections";
    let server = with_descriptors(DESCRIPTORS);
    let mut ann = guest(server.connect(), "ann");
    let mut crowd: Vec<Client> = (0..DESCRIPTORS).map(|_| server.connect()).collect();
    server.wait_for_log(|line| line.contains(NO_MORE));
    let mut last = server.connect();
    last.send(PRESENCE);
    let operator = jimd(&server.folder).arg("who").stdout(Stdio::null()).spawn().unwrap();
    server.wait_for_log(|line| line.contains("cannot accept the operator's commands"));
    // The pause costs next to nothing: a loop that spins would take most of this second.
    let before = cpu_ticks(server.pid());
    assert!(is_ignored(&last, Duration::from_secs(1)));
    let used = cpu_ticks(server.pid()) - before;
    assert!(used < 30, "{used} of 100 ticks");
    ann.assert_nothing_came();
    let log = log_of(&server);
    assert_eq!(log.matches(NO_MORE).count(), 1, "{log}");
    crowd.clear();
    assert_eq!(last.object()["response"], 200);
    assert!(operator.wait_with_output().unwrap().status.success(), "the operator was forgotten");
    guest(server.connect(), "bob").assert_nothing_came();
}

#[test]
fn silent_connections_leave_descriptors_to_the_operator_and_to_refusals() {
    const TEXT: &str = "max_connections is 20000, the file descriptors are enough for 150";
    let server = with_descriptors(200);
    let mut crowd: Vec<Client> = (0..150).map(|_| server.connect()).collect();
    let mut refused = server.connect();
    assert_refused(&mut refused, 150);
    crowd.extend((0..70).map(|_| server.connect()));
    wait_until("all came", || log_of(&server).matches(" refused ").count() >= 71);
    assert_eq!(run_jimd(&server.folder, &["who"]).code, Some(0));
    let log = log_of(&server);
    assert_eq!(log.matches(TEXT).count(), 1, "{log}");
    assert!(!log.contains("cannot accept"), "{log}");
}

fn wait_for_end(server: &Server, client: &mut Client, reason: &str) {
    client.assert_closed();
    let name = name_of(client);
    server.wait_for_log(|line| {
        line.contains(&format!(" {name} ended after ")) && line.contains(reason)
    });
}

#[test]
fn who_says_nothing_is_closed() {
    let server = Server::with_settings(
        "lang = \"en\"\nfirst_object = \"3s\"\nfirst_object_when_full = \"3s\"\n",
    );
    let mut talks = guest(server.connect(), "ann");
    let mut silent = server.connect();
    let mut babbles = server.connect();
    let mut dribbles = server.connect();
    babbles.send("hello\n");
    dribbles.send(r#"{"action":"#);
    const REASON: &str = "no whole object came in time";
    wait_for_end(&server, &mut silent, REASON);
    assert_eq!(babbles.object()["response"], 400);
    wait_for_end(&server, &mut babbles, REASON);
    wait_for_end(&server, &mut dribbles, REASON);
    talks.assert_nothing_came();
}

#[test]
fn who_says_nothing_is_closed_sooner_when_most_places_are_taken() {
    let server = Server::with_settings(
        "max_connections = 10\nfirst_object = \"1h\"\nfirst_object_when_full = \"300ms\"\n",
    );
    // Up to 80 % and the one that goes beyond, nobody is hurried.
    let mut early: Vec<Client> = (0..9).map(|_| server.connect()).collect();
    wait_until("all are there", || log_of(&server).matches(" connected\n").count() == 9);
    let mut late = server.connect();
    wait_for_end(&server, &mut late, "no whole object came in time");
    for client in &mut early {
        client.assert_nothing_came();
    }
}

#[test]
fn half_an_object_does_not_stay_half() {
    let server = Server::with_settings("half_object = \"3s\"\n");
    let mut busy = guest(server.connect(), "busy");
    let mut quick = server.connect();
    let mut stays_half = guest(server.connect(), "half");
    let (front, back) = PRESENCE.split_at(12);
    busy.send(front);
    quick.send(PRESENCE);
    stays_half.send(front);
    let name = name_of(&stays_half);
    // One whose every write ends within an object goes on, since each gets whole soon.
    let ended = format!(" {name} ended after 1 requests: half an object stayed half");
    wait_until("half an object is given up", || {
        busy.send(format!("{back}\n{front}"));
        assert_eq!(busy.object()["response"], 200);
        log_of(&server).contains(&ended)
    });
    stays_half.assert_closed();
    busy.send(back);
    assert_eq!(busy.object()["response"], 200);
    assert_eq!(quick.object()["response"], 200);
}
