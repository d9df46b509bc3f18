//! What one client does, or many do at once, and what the others feel of it: how long their own
//! requests take before, while and after, and that nothing is lost.

use super::crowd::{guest, message, name_of, stuck};
use super::process::{cpu_ticks, log_of, resident_kib, wait_until, while_it_lingers};
use super::support::{Client, DEADLINE, Folder, Server, add_user};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a bystander's request may take in the slowest of a hundred, on a busy machine and
/// without optimisation. Undisturbed it takes a fraction of a millisecond.
const BEARABLE: Duration = Duration::from_millis(500);

/// How long each attack lasts.
const ATTACK: Duration = Duration::from_millis(800);

/// The times that requests take, one after another, until the time is over; the slowest of a hundred.
fn p99(bystander: &mut Client, time: Duration) -> Duration {
    let (begin, mut took) = (Instant::now(), Vec::new());
    while begin.elapsed() < time {
        let asked = Instant::now();
        assert_eq!(bystander.ask(r#"{"action":"rooms","time":1}"#)["response"], 200);
        took.push(asked.elapsed());
    }
    took.sort_unstable();
    took[(took.len() * 99).div_ceil(100) - 1]
}

/// What an attacker does until it is told to stop. It may be cut off at any time.
type Attack = fn(SocketAddr, &AtomicBool);

const ATTACKS: [(&str, Attack); 6] = [
    ("messages without a pause", |address, goes_on| {
        let mut writer = guest(Client::connect(address), "writer");
        let mut reader = writer.stream.try_clone().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
            let batch = message("writer", 1).repeat(20);
            while goes_on.load(Ordering::Relaxed)
                && writer.stream.write_all(batch.as_bytes()).is_ok()
            {}
            let _ = writer.stream.shutdown(Shutdown::Both);
        });
    }),
    ("requests whose answers nobody reads", |address, goes_on| {
        while goes_on.load(Ordering::Relaxed) {
            let client = Client::connect(address);
            client.stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            while goes_on.load(Ordering::Relaxed)
                && (&client.stream).write_all(&b"{}"[..].repeat(500)).is_ok()
            {}
        }
    }),
    ("garbage", |address, goes_on| {
        while goes_on.load(Ordering::Relaxed) {
            let mut client = Client::connect(address);
            let _ = client.stream.write_all(&[0xff, b'[', b'\n'].repeat(3000));
            let _ = client.stream.write_all(b"{\"a\":".repeat(2000).as_slice());
        }
    }),
    ("connections that come and go", |address, goes_on| {
        while goes_on.load(Ordering::Relaxed) {
            let client = Client::connect(address);
            // Reset, so that none of them lingers on.
            let _ = socket2::SockRef::from(&client.stream).set_linger(Some(Duration::ZERO));
        }
    }),
    ("hellos of TLS on a plain port", |address, goes_on| {
        while goes_on.load(Ordering::Relaxed) {
            let mut client = Client::connect(address);
            let _ = client.stream.write_all(b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03");
            let _ = client.stream.read(&mut [0; 64]);
        }
    }),
    ("wrong passwords", |address, goes_on| {
        let mut client = Client::connect(address);
        while goes_on.load(Ordering::Relaxed) {
            client.log_in("ann", "wrong");
        }
    }),
];

#[test]
fn no_attack_is_felt_by_bystanders() {
    let server = Server::with_users(&["ann", "bob"], &[]);
    let mut bystander = server.connect();
    assert_eq!(bystander.log_in("bob", "secret")["response"], 202);
    for (what, attack) in ATTACKS {
        let before = p99(&mut bystander, ATTACK / 4);
        let goes_on = AtomicBool::new(true);
        let during = thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| attack(server.address, &goes_on));
            }
            let during = p99(&mut bystander, ATTACK);
            goes_on.store(false, Ordering::Relaxed);
            during
        });
        let after = p99(&mut bystander, ATTACK / 4);
        println!("{what}: p99 {before:?} before, {during:?} while, {after:?} after");
        assert!(during < BEARABLE && after < BEARABLE, "{what}: {during:?}, then {after:?}");
    }
}

#[test]
fn a_thousand_connections_of_random_bytes_are_ended_with_few_lines_in_the_log() {
    const CONNECTIONS: usize = 1000;
    let server = Server::start(&[]);
    let mut other = server.connect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut names = Vec::with_capacity(CONNECTIONS);
    let mut slowest = Duration::ZERO;
    for round in 0..CONNECTIONS {
        let mut client = server.connect();
        let bytes: Vec<u8> = (0..64)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        client.send(&bytes);
        client.stream.shutdown(Shutdown::Write).ok();
        names.push(name_of(&client));
        if round % 20 == 0 {
            let asked = Instant::now();
            other.assert_nothing_came();
            slowest = slowest.max(asked.elapsed());
        }
    }
    assert!(slowest < BEARABLE, "{slowest:?}");
    wait_until("all have ended", || {
        log_of(&server).matches(" ended after ").count() >= CONNECTIONS
    });
    let log = log_of(&server);
    let most = log.lines().count() / CONNECTIONS;
    assert!(most <= 4, "{most} lines a connection");
    for name in names {
        let ends = log.matches(&format!(" {name} ended after ")).count();
        assert_eq!(ends, 1, "{name}");
    }
}

#[test]
fn a_megabyte_without_an_end_takes_neither_memory_nor_time() {
    const CLIENTS: usize = 20;
    let server = Server::start(&[]);
    let before = resident_kib(server.pid());
    for _ in 0..CLIENTS {
        let answer = while_it_lingers(|| {
            let mut client = server.connect();
            client.stream.write_all(br#"{"action":"presence","x":""#)?;
            for _ in 0..64 {
                client.stream.write_all(&[b'a'; 16 * 1024])?;
            }
            let mut all = String::new();
            client.stream.read_to_string(&mut all).map(|_| all)
        });
        assert_eq!(answer.matches("\"never_closes\"").count(), 1, "{answer}");
    }
    // As much as may be open, of many at once, and no end of it.
    let mut open: Vec<Client> = (0..CLIENTS).map(|_| server.connect()).collect();
    for client in &mut open {
        client.send(format!(r#"{{"action":"presence","x":"{}"#, "a".repeat(60_000)));
    }
    guest(server.connect(), "next").assert_nothing_came();
    let grown = resident_kib(server.pid()).saturating_sub(before);
    assert!(grown < 4096, "{grown} KiB more");
    let ticks = cpu_ticks(server.pid());
    thread::sleep(Duration::from_millis(500));
    let used = cpu_ticks(server.pid()) - ticks;
    assert!(used < 15, "{used} of 50 ticks while nothing comes");
}

#[test]
fn ten_thousand_connections_are_served_in_bounded_memory() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    // This process has the other ends, and other tests have theirs.
    let room =
        maximum.map_or(10_000, |most| usize::try_from(most / 2).unwrap().saturating_sub(500));
    let count = room.min(10_000);
    assert!(count >= 1000, "this system allows too few descriptors: {maximum:?}");
    let server = Server::start(&[]);
    let before = resident_kib(server.pid());
    let mut idle: Vec<Client> = (0..count).map(|_| server.connect()).collect();
    for client in &mut idle {
        client.send("{\"action\":\"presence\",\"time\":1}\n");
    }
    for client in &mut idle {
        assert_eq!(client.object()["response"], 200);
    }
    let each = (resident_kib(server.pid()) - before) * 1024 / count as u64;
    println!("{count} connections: {each} bytes each");
    assert!(each < 16 * 1024, "{each} bytes each");
    // Each of them is served, and the last as well as the first.
    let mut writer = guest(server.connect(), "writer");
    let text = r##"{"action":"msg","time":1,"to":"#all","from":"writer","message":"to all"}"##;
    assert_eq!(writer.ask(text)["response"], 200);
    for client in &mut idle {
        assert_eq!(client.line(), text);
    }
}

/// So many come in, and leave without a word.
fn come(address: SocketAddr, place: usize, people: usize) -> usize {
    let name = |n: usize| format!("g{}", place * people + n);
    let all: Vec<Client> = (0..people).map(|n| guest(Client::connect(address), &name(n))).collect();
    all.len()
}

#[test]
fn a_thousand_who_come_back_in_the_same_second_are_all_served() {
    const PEOPLE: usize = 1000;
    const THREADS: usize = 20;
    let server = Server::with_users(&["ann"], &[]);
    let mut bystander = server.connect();
    assert_eq!(bystander.log_in("ann", "secret")["response"], 202);
    let address = server.address;
    for round in 0..2 {
        let begin = Instant::now();
        let (served, slowest) = thread::scope(|scope| {
            let all = (0..THREADS).map(|n| scope.spawn(move || come(address, n, PEOPLE / THREADS)));
            let threads: Vec<_> = all.collect();
            let slowest = p99(&mut bystander, Duration::from_millis(300));
            let served: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            (served, slowest)
        });
        assert_eq!(served, PEOPLE);
        println!("round {round}: {PEOPLE} in {:?}, a bystander's p99 {slowest:?}", begin.elapsed());
        assert!(begin.elapsed() < DEADLINE && slowest < BEARABLE, "{slowest:?}");
    }
}

#[test]
fn a_reset_in_the_middle_of_a_write_ends_a_session_with_one_notice() {
    let folder = Folder::new();
    ["ann", "bob", "carl"].iter().for_each(|name| add_user(&folder, name, "secret"));
    let server = Server::start_in(folder, &[]);
    let join = r##"{"action":"join","time":1,"room":"#r"}"##;
    let mut ann = stuck(&server);
    let mut bob = server.connect();
    let mut carl = server.connect();
    for (client, name) in [(&mut ann, "ann"), (&mut bob, "bob"), (&mut carl, "carl")] {
        assert_eq!(client.log_in(name, "secret")["response"], 202);
        assert_eq!(client.ask(join)["response"], 200);
    }
    let asks = r#"{"action":"presence","time":1,"features":["notices"]}"#;
    assert_eq!(bob.ask(asks)["response"], 200);
    // More than her kernel takes: the server is in the middle of a message when she is gone.
    let text = message("carl", 1).replace("#all", "#r");
    for _ in 0..100 {
        carl.send(&text);
    }
    for _ in 0..100 {
        assert_eq!(carl.object()["response"], 200);
        assert_eq!(bob.object()["action"], "msg");
    }
    socket2::SockRef::from(&ann.stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(ann);
    let notice = bob.object();
    assert_eq!((&notice["event"], &notice["account_name"]), (&"offline".into(), &"ann".into()));
    let mut again = server.connect();
    assert_eq!(again.log_in("ann", "secret")["response"], 202, "the name is free");
    assert_eq!(bob.object()["event"], "online");
    bob.assert_nothing_came();
}
