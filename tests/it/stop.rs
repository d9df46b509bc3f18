//! How `jimd` ends: what is owed is written, and nothing is waited for beyond that.

use super::crowd::{MANY, guest, message, stuck, tell};
use super::process::log_of;
use super::support::{Client, Folder, Server, own_place};
use rustix::process::Signal;
use std::io::ErrorKind;
use std::net::TcpStream;

/// However busy the machine is, what is owed can be written.
const PATIENT: &str = "grace = \"1h\"\n";

const STOPPING: &str = "stopping: nothing is accepted any more, what is owed is flushed";

/// Tells the server to stop, and waits until it has begun to.
fn begin_stop(server: &Server, signal: Signal) {
    server.signal(signal);
    server.wait_for_log(|line| line.ends_with(STOPPING));
}

/// A client to which the server owes more than the kernel takes.
fn with_a_debt(server: &Server) -> Client {
    let debtor = guest(stuck(server), "debtor");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut []);
    debtor
}

fn check_peaceful(signal: Signal) {
    let mut server = Server::with_settings(PATIENT);
    let mut ann = guest(server.connect(), "ann");
    let mut silent = server.connect();
    let mut half = server.connect();
    half.send(r#"{"action":"#);
    ann.assert_nothing_came();
    server.signal(signal);
    assert_eq!(server.wait().code(), Some(0));
    for client in [&mut ann, &mut silent, &mut half] {
        client.assert_closed();
    }
    assert!(log_of(&server).contains("stopped: all that was owed to clients was written"));
}

#[test]
fn a_signal_ends_it_in_peace() {
    check_peaceful(Signal::TERM);
    check_peaceful(Signal::INT);
}

#[test]
fn a_password_that_is_being_checked_is_answered() {
    const LOGINS: usize = 20;
    let folder = Folder::new();
    folder.file("jimd.toml", PATIENT);
    let mut server = Server::start_in(folder, &["--verbose", "--config", "jimd.toml"]);
    let mut clients: Vec<Client> = (0..LOGINS).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send(
            r#"{"action":"authenticate","time":1,"user":{"account_name":"nobody","password":"x"}}"#,
        );
    }
    let checked = |log: &str| log.matches(" ask_hasher(").count();
    super::process::wait_until("all log-ins arrive", || checked(&log_of(&server)) == LOGINS);
    server.signal(Signal::TERM);
    for client in &mut clients {
        assert_eq!(client.object()["response"], 402);
        client.assert_closed();
    }
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn all_that_is_owed_is_written_first() {
    let folder = Folder::new();
    folder.file("jimd.toml", PATIENT);
    // Another test's server could take over a port that is free again.
    let mut server = Server::start_at(own_place(), folder, &["--config", "jimd.toml"]);
    let mut debtor = with_a_debt(&server);
    let mut bystander = guest(server.connect(), "bystander");
    begin_stop(&server, Signal::TERM);
    let refused = TcpStream::connect(server.address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    // What is sent now is not handled, and does not make the end a reset.
    bystander.send(r#"{"action":"presence","time":1}"#);
    for number in 0..MANY {
        assert_eq!(debtor.line(), message("writer", number));
    }
    debtor.assert_closed();
    bystander.assert_closed();
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::with_settings(PATIENT);
    let _debtor = with_a_debt(&server);
    begin_stop(&server, Signal::TERM);
    server.signal(Signal::INT);
    assert_eq!(server.wait().code(), Some(130));
    let at_once = "stopped at once, as a second signal asked, 1 connection ended with ";
    assert!(log_of(&server).contains(at_once), "{}", log_of(&server));
}

#[test]
fn the_grace_time_ends_it_too() {
    let mut server = Server::with_settings("grace = \"300ms\"\n");
    let _debtor = with_a_debt(&server);
    begin_stop(&server, Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    let late = "stopped: the grace time was over, 1 connection ended with ";
    assert!(log_of(&server).contains(late));
}
