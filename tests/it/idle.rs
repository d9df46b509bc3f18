//! Connections that only wait.

use super::crowd::guest;
use super::process::resident_kib;
use super::support::{Client, Server};
use super::tls_peer::{self, TlsClient};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;

/// Idle connections: enough to measure one, few enough for any machine.
const CONNECTIONS: usize = 1000;

/// The test has their other ends.
fn raise_descriptor_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

#[test]
fn an_idle_guest_costs_little_memory() {
    raise_descriptor_limit();
    let server = Server::start(&[]);
    // What is made once, for the first connections, is not an idle connection's.
    let _first: Vec<Client> =
        (0..50).map(|number| guest(server.connect(), &format!("first{number}"))).collect();
    let before = resident_kib(server.pid());
    let mut idle: Vec<Client> =
        (0..CONNECTIONS).map(|number| guest(server.connect(), &format!("guest{number}"))).collect();
    let after = resident_kib(server.pid());
    let each = (after - before) * 1024 / CONNECTIONS as u64;
    println!("{CONNECTIONS} idle guests: {before} KiB, then {after} KiB: {each} bytes each");
    assert!(each < 16 * 1024, "{each} bytes");
    for client in [0, CONNECTIONS - 1] {
        idle[client].assert_nothing_came();
    }
}

#[test]
fn an_idle_client_in_tls_costs_its_keys_and_little_else() {
    const CONNECTIONS: usize = 400;
    raise_descriptor_limit();
    let server = tls_peer::server("");
    let guest = |name: String| {
        let mut client = TlsClient::connect(&server);
        client.presence(&name);
        client
    };
    // A session's tickets are kept for a number of clients that does not grow.
    let _first: Vec<TlsClient> = (0..200).map(|number| guest(format!("first{number}"))).collect();
    let before = resident_kib(server.pid());
    let mut idle: Vec<TlsClient> =
        (0..CONNECTIONS).map(|number| guest(format!("guest{number}"))).collect();
    let after = resident_kib(server.pid());
    let each = (after - before) * 1024 / CONNECTIONS as u64;
    println!(
        "{CONNECTIONS} idle clients in TLS: {before} KiB, then {after} KiB: {each} bytes each"
    );
    assert!(each < 24 * 1024, "{each} bytes");
    for client in [0, CONNECTIONS - 1] {
        idle[client].presence(&format!("guest{client}"));
    }
}

/// The kernel's timer of the server's side of a connection: its kind, and in how many hundredths
/// of a second it runs out.
fn timer(server: &Server, client: &Client) -> Option<(u32, u32)> {
    let [own, other] = [server.address, client.stream.local_addr().unwrap()].map(|a| a.port());
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let ends = [format!(":{own:04X}"), format!(":{other:04X}")];
    let row = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = row
        .filter(|row| row.len() > 5)
        .find(|row| row[1].ends_with(&ends[0]) && row[2].ends_with(&ends[1]))?;
    let (kind, left) = row[5].split_once(':')?;
    let [kind, left] = [kind, left].map(|hex| u32::from_str_radix(hex, 16).unwrap());
    Some((kind, left))
}

#[test]
fn the_kernel_asks_a_silent_peer_for_a_sign_of_life() {
    const KEEPALIVE: u32 = 2;
    let server = Server::start(&[]);
    let client = guest(server.connect(), "ann");
    let mut seen = None;
    // Right after an answer another timer may run, that of its acknowledgement.
    super::process::wait_until("the keepalive timer runs", || {
        seen = timer(&server, &client);
        seen.is_some_and(|(kind, _)| kind == KEEPALIVE)
    });
    let (_, left) = seen.unwrap();
    assert!(left <= 60 * 100, "the first probe comes in {left} hundredths of a second");
}

#[test]
fn who_comes_while_the_server_is_busy_is_held_by_the_system() {
    raise_descriptor_limit();
    let most = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let count = CONNECTIONS.max(1500).min(most.trim().parse().unwrap());
    let server = Server::start(&[]);
    server.signal(rustix::process::Signal::STOP);
    // One that finds no place waits for a second at least before it knocks again, and here for ever.
    let mut waiting: Vec<Client> = (0..count).map(|_| server.connect()).collect();
    server.signal(rustix::process::Signal::CONT);
    for client in &mut waiting {
        client.presence("herd");
    }
}
