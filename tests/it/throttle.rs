//! Who comes too often, from where: told so with the time to wait, or read more slowly; and nobody
//! else feels it. The tests are on this machine, which no limit by address holds for unless
//! `exempt` says so.

use super::crowd::{client_from, guest, name_of};
use super::process::{log_of, run_jimd, wait_until};
use super::support::{Client, Folder, Server, add_user, jimd};
use super::tls_peer::{self, TlsClient, config_for};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::net::{Ipv6Addr, Shutdown};
use std::path::Path;
use std::time::{Duration, Instant};

/// A server with these settings and an account, which knows no exempt address.
fn server(settings: &str) -> Server {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    folder.file("jimd.toml", &format!("exempt = []\n{settings}"));
    Server::start_in(folder, &["--config", "jimd.toml"])
}

fn from(last: u8, server: &Server) -> Client {
    client_from(([127, 0, 0, last], 0).into(), server)
}

#[track_caller]
fn assert_told_to_wait(answer: &Value, reason: &str, seconds: std::ops::RangeInclusive<u64>) {
    assert_eq!((&answer["response"], &answer["reason"]), (&429.into(), &reason.into()), "{answer}");
    let wait = answer["retry_after"].as_u64().unwrap();
    assert!(seconds.contains(&wait), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains(&format!(" {wait} ")), "{answer}");
}

fn stats(server: &Server) -> Value {
    serde_json::from_str(&run_jimd(&server.folder, &["stats", "--json"]).stdout).unwrap()
}

#[test]
fn an_address_that_connects_too_often_is_told_when_to_come_back() {
    let server = server("[throttle]\nconnections_per_minute = 3\n");
    let mut here: Vec<Client> = (0..3).map(|_| guest(from(2, &server), "bob")).collect();
    let mut fourth = from(2, &server);
    assert_told_to_wait(&fourth.object(), "too_often", 1..=20);
    fourth.assert_closed();
    guest(from(3, &server), "carl").assert_nothing_came();
    here.iter_mut().for_each(Client::assert_nothing_came);
    let stats = stats(&server);
    assert_eq!((&stats["refused"], &stats["throttled"]), (&1.into(), &1.into()), "{stats}");
}

#[test]
fn connections_that_say_nothing_have_a_limit_of_their_own() {
    let server = server("[throttle]\nunauthenticated_per_address = 2\n");
    let mut silent = [from(2, &server), from(2, &server)];
    let refused = from(2, &server).object();
    assert_eq!((&refused["response"], &refused["limit"]), (&429.into(), &2.into()));
    guest(from(3, &server), "carl").assert_nothing_came();
    silent[0].presence("bob");
    let mut third = from(2, &server);
    assert_eq!(third.log_in("ann", "secret")["response"], 202);
    let mut fourth = from(2, &server);
    assert_eq!(fourth.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    drop(silent);
}

#[test]
fn an_address_that_guesses_passwords_waits_and_others_do_not() {
    let server = server("[throttle]\nfailed_logins_per_minute = 3\n");
    let mut guesser = from(2, &server);
    for _ in 0..3 {
        assert_eq!(guesser.log_in("ann", "wrong")["response"], 402);
    }
    assert_told_to_wait(&guesser.log_in("ann", "wrong"), "too_many_logins", 25..=30);
    // Not even the right one is looked at, on whatever connection: else guessing would go on.
    assert_told_to_wait(&from(2, &server).log_in("ann", "secret"), "too_many_logins", 20..=30);
    let mut ann = from(3, &server);
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    let passwd =
        json!({"action": "passwd", "time": 1, "user": {"password": "no", "new_password": "x"}});
    for _ in 0..3 {
        assert_eq!(ann.ask(passwd.to_string())["response"], 402);
    }
    assert_told_to_wait(&ann.ask(passwd.to_string()), "too_many_logins", 25..=30);
    guesser.assert_nothing_came();
    assert_eq!(stats(&server)["throttled"], 3);
}

#[test]
fn right_passwords_that_come_all_at_once_are_no_wrong_ones() {
    let server = server("[throttle]\nfailed_logins_per_minute = 2\n");
    let mut waiting: Vec<Client> = (0..12).map(|_| from(2, &server)).collect();
    let user = json!({"account_name": "ann", "password": "secret"});
    let log_in = json!({"action": "authenticate", "time": 1, "user": user}).to_string() + "\n";
    // Each round lets one in at least.
    for _ in 0..12 {
        waiting.iter_mut().for_each(|client| client.send(&log_in));
        let before = waiting.len();
        waiting.retain_mut(|client| {
            let answer = client.object();
            if answer["response"] != 202 {
                assert_told_to_wait(&answer, "busy", 1..=1);
            }
            answer["response"] != 202
        });
        assert!(waiting.len() < before, "nobody got in");
        if waiting.is_empty() {
            break;
        }
    }
    assert_eq!(from(2, &server).log_in("ann", "wrong")["response"], 402);
}

#[test]
fn this_machine_is_exempt_and_right_passwords_cost_nothing() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    let settings = "max_connections_per_address = 1\n[throttle]\nfailed_logins_per_minute = 1\n\
                    connections_per_minute = 1\nunauthenticated_per_address = 1\n";
    folder.file("jimd.toml", settings);
    let server = Server::start_in(folder, &["--config", "jimd.toml"]);
    for _ in 0..4 {
        assert_eq!(server.connect().log_in("ann", "wrong")["response"], 402);
    }
    server.folder.file("jimd.toml", "exempt = []\n[throttle]\nfailed_logins_per_minute = 1\n");
    assert_eq!(run_jimd(&server.folder, &["reload"]).code, Some(0));
    for _ in 0..4 {
        let mut client = server.connect();
        assert_eq!(client.log_in("ann", "secret")["response"], 202);
        assert_eq!(client.ask(r#"{"action":"quit"}"#)["response"], 200);
        client.assert_closed();
    }
}

#[test]
fn rooms_are_joined_so_often_a_minute_and_the_connection_lives() {
    let server = server("[throttle]\njoins_per_minute = 2\n");
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    let mut join =
        |room: &str| ann.ask(json!({"action": "join", "time": 1, "room": room}).to_string());
    assert_eq!(join("#a")["response"], 200);
    assert_eq!(join("#b")["response"], 200);
    assert_told_to_wait(&join("#c"), "too_often", 1..=30);
    assert_eq!(join("#a")["response"], 200, "a member joins nothing");
    assert_told_to_wait(&join("#c"), "too_often", 1..=30);
}

#[test]
fn who_is_not_read_for_a_while_is_not_held_to_its_time_meanwhile() {
    let folder = Folder::new();
    folder.file("jimd.toml", "half_object = \"1s\"\n[throttle]\nbytes_per_second = 100\n");
    let server = Server::start_in(folder, &["--verbose", "--config", "jimd.toml"]);
    let mut bob = guest(server.connect(), "bob");
    // Two seconds' bytes beyond what may come at once.
    let whole = message(1).replacen(':', &format!("{}:", " ".repeat(200)), 1);
    let (front, back) = whole.split_at(whole.len() - 1);
    bob.send(front);
    server.wait_for_log(|line| line.contains(" is not read for "));
    bob.send(format!("{back}\n"));
    assert_eq!(bob.object()["response"], 200);
    bob.send("{");
    bob.assert_closed();
    server.wait_for_log(|line| line.ends_with("half an object stayed half (user bob)"));
}

fn message(number: usize) -> String {
    json!({"action": "msg", "time": number, "to": "#all", "from": "bob", "message": "hi"})
        .to_string()
}

#[test]
fn who_sends_too_fast_is_read_more_slowly_and_nothing_is_lost() {
    let server = server("[throttle]\nmessages_per_second = 20\nmessages_burst = 5\n");
    let mut bob = guest(server.connect(), "bob");
    let mut reader = guest(server.connect(), "carl");
    let start = Instant::now();
    let flood: String = (0..30).map(|number| message(number) + "\n").collect();
    bob.send(flood);
    // The others go on meanwhile, at their own rate.
    let mut other = server.connect();
    other.presence("dora");
    let asked = Instant::now();
    assert_eq!(other.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    assert!(asked.elapsed() < Duration::from_millis(1000), "{:?}", asked.elapsed());
    // What is sent before the end is answered, however long it takes.
    bob.stream.shutdown(Shutdown::Write).unwrap();
    for number in 0..30 {
        assert_eq!(bob.object()["response"], 200);
        assert_eq!(reader.object()["time"], number);
    }
    bob.assert_closed();
    // Two bursts at once, since one is paid for behind it.
    let least = Duration::from_millis((30 - 2 * 5) * 1000 / 20);
    assert!(start.elapsed() >= least - Duration::from_millis(50), "{:?}", start.elapsed());
    assert!(stats(&server)["throttled"].as_u64().unwrap() > 0);
}

#[test]
fn a_users_bytes_are_counted_over_all_its_connections() {
    let server = server("sessions = \"many\"\n[throttle]\nbytes_per_second = \"4KiB\"\n");
    let mut anns = [server.connect(), server.connect()];
    for ann in &mut anns {
        assert_eq!(ann.log_in("ann", "secret")["error"], Value::Null);
    }
    let start = Instant::now();
    let padded = format!(r#"{{"action":"presence",{}"time":1}}"#, " ".repeat(200)) + "\n";
    for _ in 0..20 {
        anns[0].send(&padded);
        anns[1].send(&padded);
    }
    for _ in 0..20 {
        assert_eq!(anns[0].object()["response"], 200);
        assert_eq!(anns[1].object()["response"], 200);
    }
    // That was 9 KB; what comes now waits until they are paid for, on either connection.
    anns[1].send(&padded);
    assert_eq!(anns[1].object()["response"], 200);
    assert!(start.elapsed() >= Duration::from_millis(700), "{:?}", start.elapsed());
    server.connect().presence("carl");
}

/// A header of version 1 for a connection from there.
fn header(ip: &str) -> String {
    format!("PROXY TCP4 {ip} 127.0.0.1 4000 7777\r\n")
}

#[test]
fn a_balancer_says_whom_it_connects_for_and_that_is_who_is_limited() {
    let server = server("max_connections_per_address = 1\nproxy_from = [\"127.0.0.2\"]\n");
    let behind = |ip: &str| {
        let mut client = from(2, &server);
        client.send(header(ip));
        client
    };
    let mut bob = guest(behind("203.0.113.7"), "bob");
    let mut second = behind("203.0.113.7");
    assert_eq!(second.object()["reason"], "too_many_connections");
    second.assert_closed();
    let mut carl = guest(behind("203.0.113.8"), "carl");
    let who = run_jimd(&server.folder, &["who"]).stdout;
    assert!(who.contains("203.0.113.7:4000") && who.contains("203.0.113.8:4000"), "{who}");
    let banned = run_jimd(&server.folder, &["ban", "203.0.113.7"]).stdout;
    assert_eq!(banned, "203.0.113.7 is banned.\n1 connection was closed.\n");
    bob.assert_closed();
    assert_eq!(behind("203.0.113.7").object()["reason"], "address_banned");
    // The balancer's own address is that of nobody who comes through it, and the operator is told.
    let mut unknown_yet = from(2, &server);
    let banned = run_jimd(&server.folder, &["ban", "127.0.0.0/8"]).stdout;
    let told = "127.0.0.0/8 is banned.\n127.0.0.2 is in proxy_from: who comes through it counts \
                under the address that it names, which is what can be banned.\n";
    assert_eq!(banned, told);
    unknown_yet.send(header("203.0.113.9"));
    guest(unknown_yet, "eve").assert_nothing_came();
    let mut its_own = from(2, &server);
    its_own.send("PROXY UNKNOWN\r\n");
    assert_eq!(its_own.object()["reason"], "address_banned");
    carl.assert_nothing_came();
    // Version 2, in pieces, with the first request right behind it.
    let mut dora = from(2, &server);
    dora.send(b"\r\n\r\n\0\r\nQUIT\n");
    dora.send([0x21, 0x21, 0, 36]);
    dora.send([[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], [0; 16]].concat());
    let presence = r#"{"action":"presence","time":1,"user":{"account_name":"dora"}}"#;
    dora.send([&[15, 160, 0, 1][..], presence.as_bytes()].concat());
    assert_eq!(dora.object()["response"], 200);
    let who = run_jimd(&server.folder, &["who"]).stdout;
    assert!(who.contains("[2001:db8::7]:4000"), "{who}");
}

/// A header of version 2 for a connection from there.
fn header_6(from: Ipv6Addr) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24".to_vec();
    header.extend(from.octets());
    header.extend(Ipv6Addr::LOCALHOST.octets());
    header.extend([15, 160, 30, 97]);
    header
}

#[test]
fn customers_of_ipv6_are_told_apart_by_64_bits_behind_a_balancer() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    let settings = "exempt = []\nproxy_from = [\"::1\"]\n[throttle]\n\
                    connections_per_minute = 4\nfailed_logins_per_minute = 1\n";
    folder.file("jimd.toml", settings);
    let mut command = jimd(&folder);
    command.args(["-a", "::1", "-p", "0", "--config", "jimd.toml"]);
    let mut server = Server::spawn(folder, command);
    server.address.set_ip(Ipv6Addr::LOCALHOST.into());
    let behind = |customer: u16, host: u16| {
        let mut client = server.connect();
        client.send(header_6(Ipv6Addr::new(0x2001, 0xdb8, 0, customer, 0, 0, 0, host)));
        client
    };
    let mut guesser = behind(0, 1);
    assert_eq!(guesser.log_in("ann", "wrong")["response"], 402);
    // Hundreds of others come, and are let in.
    for customer in 1..=300 {
        behind(customer, 1).presence("bob");
    }
    let hosts = [2, 3].map(|host| behind(0, host).log_in("ann", "secret"));
    hosts.iter().for_each(|answer| assert_told_to_wait(answer, "too_many_logins", 1..=30));
    behind(0, 4).presence("carl");
    assert_told_to_wait(&behind(0, 5).object(), "too_often", 1..=15);
    assert_eq!(behind(1, 9).log_in("ann", "secret")["response"], 202);
}

#[test]
fn tls_begins_behind_a_balancers_header() {
    let server =
        tls_peer::server("exempt = []\nproxy_from = [\"127.0.0.2\"]\nplaintext = \"local\"\n");
    let mut balancer = from(2, &server);
    balancer.send(header("203.0.113.7"));
    let config = config_for(&server, rustls::ALL_VERSIONS);
    let mut bob = TlsClient::over(balancer.stream, config.clone());
    bob.shake().unwrap();
    bob.presence("bob");
    assert!(run_jimd(&server.folder, &["who"]).stdout.contains("203.0.113.7:4000"));
    // Header and hello in one piece.
    let balancer = from(2, &server);
    let mut carl = TlsClient::over(balancer.stream, config);
    let hello = carl.records();
    carl.socket.write_all(&[header("203.0.113.8").as_bytes(), &hello].concat()).unwrap();
    carl.shake().unwrap();
    carl.presence("carl");
    // It is not the balancer's own address that says who is on this machine.
    let mut plain = from(2, &server);
    plain.send(header("203.0.113.9"));
    assert_eq!(plain.ask(r#"{"action":"presence","time":1}"#)["reason"], "not_encrypted");
}

#[test]
fn only_balancers_are_believed_and_they_must_say_it() {
    let server = server("proxy_from = [\"127.0.0.2\"]\n");
    let mut mute = from(2, &server);
    let mute_name = name_of(&mute);
    mute.send(r#"{"action":"presence","time":1}"#);
    server.wait_for_log(|line| line.contains(&mute_name) && line.contains("no PROXY header came"));
    let mut half = from(2, &server);
    half.send("PROXY TC");
    half.stream.shutdown(Shutdown::Write).unwrap();
    half.assert_closed();
    // From others it is no request.
    let mut liar = from(3, &server);
    liar.send(header("203.0.113.7"));
    assert_eq!(liar.object()["reason"], "not_an_object");
    assert!(!run_jimd(&server.folder, &["who"]).stdout.contains("203.0.113.7"));
    // A look at our health has no address of its own.
    let mut balancer = from(2, &server);
    balancer.send("PROXY UNKNOWN\r\n");
    guest(balancer, "health").assert_nothing_came();
}

#[test]
fn only_so_many_behind_a_balancer_are_told_of_their_refusal() {
    const CROWD: usize = 65;
    let server = server("max_connections_per_address = 1\nproxy_from = [\"127.0.0.2\"]\n");
    let behind = || {
        let mut client = from(2, &server);
        client.send(header("203.0.113.7"));
        client
    };
    let mut bob = guest(behind(), "bob");
    // Each is there until it has closed its side, or for 2 s.
    let mut crowd = Vec::new();
    wait_until("one is told nothing", || {
        crowd.extend((0..CROWD).map(|_| behind()));
        log_of(&server).contains("203.0.113.7:4000 ended after 0 requests: far too many")
    });
    assert!(log_of(&server).contains(" refused 203.0.113.7:4000: "), "those before it are told");
    bob.assert_nothing_came();
}

/// How much a thread of the server leaves its core to others.
fn niceness(server: &Server, thread: &str) -> i32 {
    let tasks = format!("/proc/{}/task", server.pid());
    let read = |task: &Path, file| fs::read_to_string(task.join(file)).unwrap();
    let mut tasks = fs::read_dir(tasks).unwrap().map(|task| task.unwrap().path());
    let task = tasks.find(|task| read(task, "comm").trim_end() == thread).unwrap();
    let stat = read(&task, "stat");
    // The nineteenth field; the name in brackets is the second.
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse().unwrap()
}

#[test]
fn whoever_guesses_passwords_takes_no_core_from_the_chat() {
    let server = server("");
    assert_eq!(from(2, &server).log_in("ann", "wrong")["response"], 402);
    assert_eq!(niceness(&server, "passwords") - niceness(&server, "jimd"), 10);
}
