//! Several connections of one user: who holds the login, and when it is free again.

use super::process::wait_until;
use super::support::{Client, DEADLINE, Server};
use serde_json::Value;
use std::time::{Duration, Instant};

const LOG_IN: &str =
    r#"{"action":"authenticate","time":1,"user":{"account_name":"ann","password":"secret"}}"#;

fn server(sessions: &str) -> Server {
    let folder = super::support::Folder::new();
    for user in ["ann", "bob"] {
        super::support::add_user(&folder, user, "secret");
    }
    folder.file("jimd.toml", &format!("sessions = \"{sessions}\"\n"));
    Server::start_in(folder, &["--config", "jimd.toml"])
}

fn logged_in(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    let answer = client.log_in(name, "secret");
    assert!([200, 202].contains(&answer["response"].as_u64().unwrap()), "{answer}");
    client
}

/// Tries again until the name is free.
fn log_in_when_free(server: &Server, name: &str) -> Client {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let mut client = server.connect();
        let answer = client.log_in(name, "secret");
        if answer["response"] == 202 {
            return client;
        }
        assert_eq!(answer["response"], 409, "{answer}");
        assert!(Instant::now() < deadline, "{name} is never free");
    }
}

fn msg(to: &str, from: &str) -> String {
    format!(r#"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"m"}}"#)
}

/// As many connections, whose log-ins are all under way before one is answered.
fn log_in_at_once(server: &Server, count: usize) -> (Vec<Client>, Vec<Value>) {
    let mut clients: Vec<Client> = (0..count).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send(LOG_IN);
    }
    let answers = clients.iter_mut().map(Client::object).collect();
    (clients, answers)
}

#[test]
fn of_those_that_log_in_in_the_same_instant_exactly_one_wins() {
    let server = server("one");
    for _ in 0..3 {
        let (mut clients, answers) = log_in_at_once(&server, 6);
        let codes: Vec<u64> = answers.iter().map(|a| a["response"].as_u64().unwrap()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 202).count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 409).count(), 5, "{codes:?}");
        // What is sent to the name reaches the winner alone.
        let mut bob = logged_in(&server, "bob");
        assert_eq!(bob.ask(msg("ann", "bob"))["response"], 200);
        for (client, code) in clients.iter_mut().zip(&codes) {
            if *code == 202 {
                assert_eq!(client.line(), msg("ann", "bob"));
                assert_eq!(client.ask(r#"{"action":"quit"}"#)["response"], 200);
            } else {
                client.assert_nothing_came();
            }
        }
        assert_eq!(bob.ask(r#"{"action":"quit"}"#)["response"], 200);
    }
}

#[test]
fn one_keeps_the_holder_and_frees_the_name_with_it() {
    let server = server("one");
    let mut first = logged_in(&server, "ann");
    let mut second = server.connect();
    let refused = second.ask(LOG_IN);
    assert_eq!(refused["response"], 409, "{refused}");
    assert_eq!(refused["reason"], "connected_elsewhere", "{refused}");
    assert_eq!(first.ask(msg("ann", "ann"))["response"], 200, "the holder lives on");
    first.line();
    // The name is free as soon as the quit is answered.
    assert_eq!(first.ask(r#"{"action":"quit"}"#)["response"], 200);
    assert_eq!(second.ask(LOG_IN)["response"], 202);
    // Closing without a word frees it as well.
    drop(second);
    let third = log_in_when_free(&server, "ann");
    // So does a reset.
    third.stream.set_nonblocking(true).unwrap();
    socket2::SockRef::from(&third.stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(third);
    log_in_when_free(&server, "ann");
}

#[test]
fn a_client_that_is_gone_before_its_password_is_checked_holds_nothing() {
    let server = server("one");
    for _ in 0..5 {
        let mut hasty = server.connect();
        hasty.send(LOG_IN);
    }
    log_in_when_free(&server, "ann");
}

#[test]
fn an_account_without_connections_is_offline() {
    let server = server("one");
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    assert_eq!(bob.ask(msg("ann", "bob"))["response"], 200);
    assert_eq!(ann.line(), msg("ann", "bob"));
    assert_eq!(ann.ask(r#"{"action":"quit"}"#)["response"], 200);
    let answer = bob.ask(msg("ann", "bob"));
    assert_eq!((&answer["response"], &answer["reason"]), (&410.into(), &"offline".into()));
}

#[test]
fn newest_closes_the_former() {
    let server = server("newest");
    let mut first = logged_in(&server, "ann");
    first.presence("ann");
    let mut second = server.connect();
    assert_eq!(second.ask(LOG_IN)["response"], 202);
    first.assert_closed();
    let mut bob = logged_in(&server, "bob");
    assert_eq!(bob.ask(msg("ann", "bob"))["response"], 200);
    assert_eq!(second.line(), msg("ann", "bob"));
    // The same connection again is no newer one.
    assert_eq!(second.ask(LOG_IN)["response"], 200);
    second.assert_nothing_came();
}

#[test]
fn newest_tells_the_former_why_if_it_hears_notices() {
    let server = server("newest");
    let mut first = logged_in(&server, "ann");
    let asks = r#"{"action":"presence","time":1,"features":["notices"]}"#;
    assert_eq!(first.ask(asks)["response"], 200);
    let mut second = server.connect();
    assert_eq!(second.ask(LOG_IN)["response"], 202);
    let notice = first.object();
    let fields = ["action", "event", "account_name", "reason"].map(|key| &notice[key]);
    assert_eq!(fields, ["notice", "kick", "ann", "superseded"], "{notice}");
    first.assert_closed();
    second.assert_nothing_came();
}

#[test]
fn newest_leaves_exactly_one_of_those_that_come_in_the_same_instant() {
    let server = server("newest");
    let (clients, answers) = log_in_at_once(&server, 5);
    assert!(answers.iter().all(|answer| answer["response"] == 202), "{answers:?}");
    let mut bob = logged_in(&server, "bob");
    assert_eq!(bob.ask(msg("ann", "bob"))["response"], 200);
    let got: Vec<Option<String>> =
        clients.into_iter().map(|mut client| client.read_line()).collect();
    assert_eq!(got.iter().flatten().count(), 1, "{got:?}");
}

#[test]
fn many_live_side_by_side() {
    let server = server("many");
    let mut first = logged_in(&server, "ann");
    let mut second = server.connect();
    let answer = second.ask(LOG_IN);
    // Seed 000's second transcript: a fresh connection of a user who is there already.
    assert_eq!(answer["response"], 200, "{answer}");
    assert_eq!(answer["alert"], "User ann is already authenticated");
    assert_eq!(first.ask(r##"{"action":"join","time":1,"room":"#r"}"##)["response"], 200);
    let mut bob = logged_in(&server, "bob");
    assert_eq!(bob.ask(r##"{"action":"join","time":1,"room":"#r"}"##)["response"], 200);
    for to in ["ann", "#r"] {
        assert_eq!(bob.ask(msg(to, "bob"))["response"], 200);
        assert_eq!(first.line(), msg(to, "bob"));
        assert_eq!(second.line(), msg(to, "bob"));
    }
    // The user is online until the last of them ends.
    assert_eq!(first.ask(r#"{"action":"quit"}"#)["response"], 200);
    assert_eq!(bob.ask(msg("ann", "bob"))["response"], 200);
    assert_eq!(second.line(), msg("ann", "bob"));
    assert_eq!(second.ask(r#"{"action":"quit"}"#)["response"], 200);
    assert_eq!(bob.ask(msg("ann", "bob"))["response"], 410);
}

/// How long until the kernel looks whether the peer of a connection is alive: the keepalive timer
/// of the server's side, as `/proc/net/tcp` has it, in hundredths of a second.
#[cfg(target_os = "linux")]
fn keepalive_left(server: &Server, client: &Client) -> Option<u64> {
    let hex = |port: u16| format!("0100007F:{port:04X}");
    let peer = client.stream.local_addr().unwrap().port();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let row =
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|row| {
            row.get(1) == Some(&&*hex(server.address.port())) && row.get(2) == Some(&&*hex(peer))
        })?;
    let (kind, when) = row[5].split_once(':')?;
    (kind == "02").then(|| u64::from_str_radix(when, 16).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_holder_whose_login_is_wanted_is_looked_after_every_second() {
    let server = server("one");
    let holder = logged_in(&server, "ann");
    let until = |wanted: &dyn Fn(u64) -> bool| {
        let deadline = Instant::now() + DEADLINE;
        // While data is in flight another timer stands there.
        while !keepalive_left(&server, &holder).is_some_and(wanted) {
            assert!(Instant::now() < deadline, "{:?}", keepalive_left(&server, &holder));
            std::thread::yield_now();
        }
    };
    until(&|left| (3_000..=6_000).contains(&left));
    assert_eq!(server.connect().ask(LOG_IN)["response"], 409);
    until(&|left| left <= 100);
}

#[test]
fn an_unknown_user_is_told_the_same_after_as_long_as_one_with_a_wrong_password() {
    let server = server("one");
    let mut client = server.connect();
    let mut once = |name: &str| {
        let start = Instant::now();
        let answer = client.log_in(name, "wrong");
        assert_eq!(answer["response"], 402);
        (start.elapsed(), answer["error"].as_str().unwrap().replace(name, "U"))
    };
    // The least of several is what the hash itself takes, with enough of them on any machine.
    let (mut wrong, mut unknown) = (Duration::MAX, Duration::MAX);
    wait_until("both take the same time", || {
        for _ in 0..3 {
            let [(after_wrong, wrong_text), (after_unknown, unknown_text)] =
                ["ann", "nobody"].map(&mut once);
            assert_eq!(wrong_text, unknown_text);
            wrong = wrong.min(after_wrong);
            unknown = unknown.min(after_unknown);
        }
        unknown < wrong * 2 && wrong < unknown * 2
    });
}

#[test]
fn a_password_is_the_same_in_every_normalisation_and_may_be_anything() {
    let folder = super::support::Folder::new();
    let passwords = [
        ("ann", "\u{439}od", r"\u0438\u0306od"),
        ("bob", "x", "x"),
        ("eve", "пароль с \\ \" 😀", r#"пароль с \\ \" \ud83d\ude00"#),
    ];
    for (user, password, _) in passwords {
        super::support::add_user(&folder, user, password);
    }
    let server = Server::start_in(folder, &[]);
    for (user, _, sent) in passwords {
        assert_eq!(server.connect().log_in(user, sent)["response"], 202, "{user}");
    }
    let mut client = server.connect();
    for wrong in ["X", "x ", r"x\u0000", r"\u0000", "xx"] {
        assert_eq!(client.log_in("bob", wrong)["response"], 402, "{wrong:?}");
    }
}
