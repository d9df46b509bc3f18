//! The operator's commands beside a running server: what they show, whom they close, and what comes
//! over their socket that is no order.

use super::crowd::{client_from, guest};
use super::process::{Ended, run, run_jimd};
use super::support::{Client, DEADLINE, Folder, Server, add_user, jimd};
use super::tls_peer::{self, TlsClient};
use jim::control;
use jim::workers::DataFolder;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

fn order(server: &Server, args: &[&str]) -> Ended {
    run_jimd(&server.folder, args)
}

fn json(server: &Server, command: &str) -> serde_json::Value {
    let ended = order(server, &[command, "--json"]);
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
    serde_json::from_str(&ended.stdout).unwrap()
}

fn socket_path(folder: &Folder) -> PathBuf {
    folder.path().join("jim-data/control.sock")
}

/// A client from another address of this machine.
fn from(last: u8, server: &Server) -> Client {
    client_from(([127, 0, 0, last], 0).into(), server)
}

#[test]
fn who_and_stats_show_who_is_there() {
    let server = Server::with_users(&["ann"], &[]);
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    let mut bob = guest(server.connect(), "bob");
    let mut carl = guest(server.connect(), "carl");
    let mut silent = server.connect();
    bob.send(r##"{"action":"msg","time":1,"to":"#all","from":"bob","message":"hi"}"##);
    assert_eq!(bob.object()["response"], 200);
    assert_eq!(carl.object()["message"], "hi");

    let who = json(&server, "who");
    let rows = who["connections"].as_array().unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (&row["name"], &row["kind"])).collect();
    let expected = [("ann", "account"), ("bob", "guest"), ("carl", "guest")];
    for (row, (name, kind)) in shown.iter().zip(expected) {
        assert_eq!((row.0.as_str(), row.1.as_str()), (Some(name), Some(kind)));
    }
    assert_eq!((shown.len(), shown[3].0.as_str()), (4, None));
    assert_eq!(rows[1]["requests"], 2);
    assert_eq!(rows[1]["address"], super::crowd::name_of(&bob));
    let table = order(&server, &["who"]).stdout;
    assert!(table.starts_with("NAME  KIND     ADDRESS"), "{table}");
    assert_eq!(table.lines().count(), 5, "{table}");

    let stats = json(&server, "stats");
    for (key, value) in [
        ("connections", 4),
        ("users", 1),
        ("guests", 2),
        ("accounts", 1),
        ("accepted", 4),
        ("deliveries", 1),
        ("requests", 4),
        ("refused", 0),
    ] {
        assert_eq!(stats[key], value, "{key} in {stats}");
    }
    assert_eq!(stats["pid"], server.pid());
    assert!(stats["memory_bytes"].as_u64().unwrap() > 1 << 20, "{stats}");
    assert!(order(&server, &["stats"]).stdout.contains("\n  users      1 of 1 accounts\n"));
    for client in [&mut ann, &mut bob, &mut carl, &mut silent] {
        client.assert_nothing_came();
    }
}

#[test]
fn who_is_kicked_is_gone_and_may_come_back() {
    let server = Server::with_users(&["ann"], &[]);
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    let mut bobs = [guest(server.connect(), "bob"), guest(server.connect(), "bob")];
    order(&server, &["kick", "ann"]).assert_done("1 connection was closed.\n");
    ann.assert_closed();
    order(&server, &["kick", "bob"]).assert_done("2 connections were closed.\n");
    bobs.iter_mut().for_each(Client::assert_closed);
    server.wait_for_log(|line| line.ends_with("an operator closed it (user ann)"));
    order(&server, &["kick", "bob"]).assert_refused(10, "nobody is connected as \"bob\"");
    assert_eq!(server.connect().log_in("ann", "secret")["response"], 202);
}

#[test]
fn who_shows_what_each_speaks_and_whether_it_is_encrypted() {
    let server = tls_peer::server("");
    let mut ann = guest(server.connect(), "ann");
    let mut bob = TlsClient::connect(&server);
    bob.presence("bob");
    let config = tls_peer::config_for(&server, &[&rustls::version::TLS12]);
    let mut carl = TlsClient::begin(server.address, config);
    carl.shake().unwrap();
    carl.presence("carl");
    let mut dora = server.connect();
    dora.send_frame(r#"{"nickname":"dora"}"#);
    let _ = dora.read_frame().unwrap();
    let who = json(&server, "who");
    let rows = who["connections"].as_array().unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row["name"].as_str(), row["speaks"].as_str(), row["tls"].as_str()))
        .collect();
    let expected = [
        (Some("ann"), Some("JIM"), None),
        (Some("bob"), Some("JIM"), Some("1.3")),
        (Some("carl"), Some("JIM"), Some("1.2")),
        (Some("dora"), Some("exchange"), None),
    ];
    assert_eq!(shown, expected);
    let table = order(&server, &["who"]).stdout;
    for row in [" SPEAKS    TLS  SINCE", " JIM       -    ", " JIM       1.3  ", " exchange  -    "]
    {
        assert!(table.contains(row), "{row}: {table}");
    }
    ann.assert_nothing_came();
}

#[test]
fn an_address_that_is_banned_gets_in_no_more_also_after_a_restart() {
    let server = Server::start(&[]);
    let mut here = guest(server.connect(), "here");
    let mut there = guest(from(2, &server), "there");
    order(&server, &["ban", "127.0.0.2"])
        .assert_done("127.0.0.2 is banned.\n1 connection was closed.\n");
    there.assert_closed();
    let assert_banned = |server: &Server, last: u8| {
        let mut client = from(last, server);
        let answer = client.object();
        assert_eq!(
            (&answer["response"], &answer["reason"]),
            (&403.into(), &"address_banned".into())
        );
        client.assert_closed();
    };
    assert_banned(&server, 2);
    guest(from(3, &server), "carl").assert_nothing_came();
    order(&server, &["ban", "127.0.0.8/29"]).assert_done("127.0.0.8/29 is banned.\n");
    assert_banned(&server, 15);
    assert_eq!(json(&server, "stats")["banned"], 2);
    here.assert_nothing_came();

    let server = Server::start_in(server.kill(), &[]);
    assert_banned(&server, 2);
    assert_banned(&server, 9);
    order(&server, &["bans"]).assert_done("127.0.0.2\n127.0.0.8/29\n");
    order(&server, &["unban", "127.0.0.2"]).assert_done("127.0.0.2 is no longer banned.\n");
    guest(from(2, &server), "there").assert_nothing_came();
    let refused = order(&server, &["unban", "127.0.0.9"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("is not banned"), "{refused:?}");
}

#[test]
fn bans_are_made_without_a_server_and_a_broken_list_is_named() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    run_jimd(&folder, &["ban", "2001:db8::7"]).assert_done("2001:db8::/64 is banned.\n");
    run_jimd(&folder, &["ban", "ann"]).assert_done("User ann is blocked.\n");
    run_jimd(&folder, &["ban", "bob"]).assert_refused(10, "there is no account bob");
    run_jimd(&folder, &["unban", "ann"]).assert_done("User ann is no longer blocked.\n");
    folder.file("jim-data/bans", "10.0.0.0/8\nten\n");
    let ended = run_jimd(&folder, &["-p", "0"]);
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.stderr.contains("bans:2: \"ten\" is neither an address"), "{ended:?}");
}

#[test]
fn an_account_that_is_removed_blocked_or_changed_is_disconnected_at_once() {
    let server = Server::with_users(&["ann", "bob", "carl", "dora"], &[]);
    let mut clients: Vec<Client> = ["ann", "bob", "carl", "dora"]
        .iter()
        .map(|name| {
            let mut client = server.connect();
            assert_eq!(client.log_in(name, "secret")["response"], 202);
            client
        })
        .collect();
    order(&server, &["user", "remove", "ann"]).assert_done("User ann was removed.\n");
    order(&server, &["user", "block", "bob"]).assert_done("User bob is blocked.\n");
    run(jimd(&server.folder).args(["user", "passwd", "carl"]), b"other\n")
        .assert_done("The password of carl was changed.\n");
    let mut dora = clients.pop().unwrap();
    clients.iter_mut().for_each(Client::assert_closed);
    for reason in ["removed", "blocked", "password was changed"] {
        server.wait_for_log(|line| line.contains(reason) && line.contains(" ended after "));
    }
    dora.assert_nothing_came();
    assert_eq!(server.connect().log_in("carl", "secret")["response"], 402);
    assert_eq!(server.connect().log_in("carl", "other")["response"], 202);
}

#[test]
fn stop_ends_the_server_in_peace_and_waits_for_it() {
    let mut server = Server::start(&[]);
    let mut client = guest(server.connect(), "ann");
    order(&server, &["stop"]).assert_done("jimd has stopped.\n");
    client.assert_closed();
    assert_eq!(server.wait().code(), Some(0));
    assert!(!socket_path(&server.folder).exists());
    for command in [&["stop"][..], &["who"], &["stats"], &["reload"], &["kick", "ann"]] {
        order(&server, command).assert_refused(15, "no jimd runs on the data folder ./jim-data");
    }
}

/// Between the socket's end and the lock's, and before there is a socket.
#[test]
fn stop_waits_for_who_holds_the_folder() {
    let folder = Folder::new();
    let data = DataFolder::open(folder.path().join("jim-data")).unwrap();
    let stop = || run_jimd(&folder, &["stop"]);
    for answer in ["", "{\"answer\":\"stopping\",\"within_seconds\":1}\n"] {
        let lock = data.lock().unwrap();
        thread::scope(|scope| {
            let stopping = scope.spawn(stop);
            // It has found no socket, or asks this one and is cut off.
            let socket = control::open(data.path()).unwrap();
            socket.set_nonblocking(false).unwrap();
            let (mut peer, _) = socket.accept().unwrap();
            peer.write_all(answer.as_bytes()).unwrap();
            drop((peer, socket));
            control::remove(data.path());
            drop(lock);
            stopping.join().unwrap().assert_done("jimd has stopped.\n");
        });
        data.lock().unwrap();
    }
    stop().assert_refused(15, "no jimd runs on the data folder ./jim-data");
}

#[test]
fn stop_waits_for_no_other_server_than_the_one_it_found() {
    let folder = Folder::new();
    let data = DataFolder::open(folder.path().join("jim-data")).unwrap();
    let held = data.lock().unwrap();
    let number = data.path().join("jimd.lock");
    thread::scope(|scope| {
        let stopping = scope.spawn(|| run_jimd(&folder, &["stop"]));
        let socket = control::open(data.path()).unwrap();
        socket.set_nonblocking(false).unwrap();
        drop(socket.accept().unwrap());
        // Another process has taken over at once.
        fs::write(number, "1\n").unwrap();
        drop(socket);
        stopping.join().unwrap().assert_done("jimd has stopped.\n");
    });
    drop(held);
}

#[test]
fn the_socket_is_its_owners_alone_and_one_that_was_left_is_replaced() {
    let server = Server::start(&[]);
    let mode = |server: &Server| {
        fs::metadata(socket_path(&server.folder)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode(&server), 0o600);
    // A second server does not take the first one's.
    assert_eq!(run_jimd(&server.folder, &["-p", "0"]).code, Some(8));
    assert_eq!(json(&server, "stats")["pid"], server.pid());
    let folder = server.kill();
    assert!(socket_path(&folder).exists(), "a crash leaves it");
    run_jimd(&folder, &["stats"]).assert_refused(15, "no jimd runs on the data folder ./jim-data");
    let server = Server::start_in(folder, &[]);
    assert_eq!(
        (mode(&server), json(&server, "stats")["pid"].as_u64()),
        (0o600, Some(server.pid().into()))
    );
}

#[test]
fn a_data_folder_with_a_long_path_has_a_socket_too() {
    let long = "long/".repeat(40);
    let server = Server::start(&["--data", &long]);
    assert!(server.folder.path().join(&long).join("control.sock").exists());
    let ended = order(&server, &["--data", &long, "who"]);
    ended.assert_done("Nobody is connected.\n");
}

#[test]
fn what_is_no_order_harms_nobody() {
    let server = Server::start(&[]);
    let mut client = guest(server.connect(), "ann");
    let reach = || {
        let socket = UnixStream::connect(socket_path(&server.folder)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket
    };
    let told = |bytes: &[u8]| {
        let mut socket = reach();
        socket.write_all(bytes).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((&answer["answer"], &answer["why"]), (&"refused".into(), &"bad_order".into()));
    };
    told(b"\n");
    told(b"{\"order\":\"dance\"}\n");
    told(b"{\"order\":\"kick\",\"user\":7}\n");
    told(b"\xff\xfe\n");
    told(&[b'x'; 5000]);
    // Those who say nothing, or half an order, are in nobody's way.
    let mut idle: Vec<UnixStream> = (0..100).map(|_| reach()).collect();
    for socket in &mut idle {
        let _ = socket.write_all(b"{\"order\":");
    }
    assert_eq!(json(&server, "stats")["connections"], 1);
    client.assert_nothing_came();
    drop(idle);
    assert_eq!(json(&server, "stats")["connections"], 1);
}

#[test]
fn a_mistyped_target_or_folder_is_said_so() {
    let folder = Folder::new();
    let run = |data: &str, target: &str| {
        let output = jimd(&folder).args(["--data", data, "ban", target]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run("typo", "192.0.2.1");
    assert_eq!(code, Some(7));
    assert!(text.contains("there is no data folder typo"), "{text}");
    assert!(!folder.path().join("typo").exists());
    super::support::add_user(&folder, "ann", "secret");
    let (code, text) = run("jim-data", "10.0.0.0/33");
    assert_eq!(code, Some(10));
    assert!(text.contains("is no address and no range such as 10.0.0.0/8"), "{text}");
}
