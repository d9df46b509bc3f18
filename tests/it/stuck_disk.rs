//! A disk that does not get on, since another process holds the store: who stores something waits and
//! is told in order what became of it; who logs in, reads or chats as a guest does not wait.

use super::support::{Client, Folder, Server, add_user, user_command};
use rusqlite::Connection;
use serde_json::Value;
use std::time::{Duration, Instant};

/// What the log says once the server has waited for another process for too long.
const ALARM: &str = "what was to be stored is answered 500";

/// Holds the store as a writer does until it is dropped.
struct Held(Connection);

impl Held {
    fn new(folder: &Folder) -> Self {
        let store = Connection::open(folder.path().join("jim-data/jim.db")).unwrap();
        store.busy_timeout(Duration::from_secs(10)).unwrap();
        store.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(store)
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.0.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    fn release(self) {
        self.0.execute_batch("COMMIT").unwrap();
    }
}

fn member(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    assert_eq!(client.log_in(name, "secret")["response"], 202);
    let answer = client.ask(r##"{"action":"join","time":1,"room":"#tea"}"##);
    assert_eq!(answer["response"], 200, "{answer}");
    client
}

fn letter(from: &str, number: usize) -> String {
    format!(
        r##"{{"action":"msg","time":1,"from":"{from}","to":"#tea","message":"of {from}: {number}"}}"##
    )
}

#[test]
fn who_logs_in_or_reads_does_not_wait_for_a_writer() {
    let server = Server::with_users(&["ann", "bob"], &[]);
    let mut ann = member(&server, "ann");
    assert_eq!(ann.ask(letter("ann", 1))["response"], 200);
    let held = Held::new(&server.folder);
    let since = Instant::now();
    ann.send(letter("ann", 2));
    let mut bob = server.connect();
    assert_eq!(bob.log_in("bob", "wrong")["response"], 402);
    assert_eq!(bob.log_in("bob", "secret")["response"], 202);
    let answer = bob.ask(r#"{"action":"history","time":1,"with":"ann"}"#);
    assert_eq!(answer["response"], 200, "{answer}");
    let answer = bob.ask(r#"{"action":"search","time":1,"query":"of"}"#);
    assert_eq!(answer["response"], 200, "{answer}");
    let [mut one, mut other] = ["one", "other"].map(|name| {
        let mut guest = server.connect();
        guest.presence(name);
        guest
    });
    one.ask(r##"{"action":"msg","time":1,"from":"one","to":"#all","message":"hello"}"##);
    assert!(other.line().contains("hello"));
    // Had it waited, ann would have been told by now that the store is not to be had.
    assert!(since.elapsed() < Duration::from_secs(5), "all this waited for the writer");
    held.release();
    assert_eq!(ann.object()["response"], 200, "and this was only late");
}

/// The password of a while ago is no good, whoever changed it, and the new one is, at once.
#[test]
fn a_log_in_knows_every_change_that_was_answered_for() {
    let server = Server::with_settings("registration = \"open\"\nsessions = \"many\"\n");
    let mut client = server.connect();
    let user = r#""account_name":"dora","password":"first""#;
    let answer = client.ask(format!(r#"{{"action":"register","time":1,"user":{{{user}}}}}"#));
    assert_eq!(answer["response"], 201, "{answer}");
    assert_eq!(client.log_in("dora", "first")["response"], 202);
    for (old, new) in [("first", "second"), ("second", "third")] {
        let passwords = format!(r#""password":"{old}","new_password":"{new}""#);
        let answer =
            client.ask(format!(r#"{{"action":"passwd","time":1,"user":{{{passwords}}}}}"#));
        assert_eq!(answer["response"], 200, "{answer}");
        assert_eq!(server.connect().log_in("dora", old)["response"], 402);
        assert_eq!(server.connect().log_in("dora", new)["response"], 200);
    }
    user_command(&server.folder, &["passwd", "dora"], Some("fourth"));
    assert_eq!(server.connect().log_in("dora", "third")["response"], 402);
    // An operator ends what had logged in before, as does another connection of hers.
    client.assert_closed();
    assert_eq!(server.connect().log_in("dora", "fourth")["response"], 202);
    user_command(&server.folder, &["remove", "dora"], None);
    assert_eq!(server.connect().log_in("dora", "fourth")["response"], 402);
}

/// Many write ahead, say goodbye or vanish while nothing can be stored for longer than the server
/// waits: what is answered 200 is kept, in order, and what is answered 500 is not.
#[test]
fn answers_that_were_owed_all_the_time_are_true() {
    const CLIENTS: usize = 12;
    const LETTERS: usize = 40;
    let folder = Folder::new();
    folder.file("jimd.toml", "sessions = \"many\"\n");
    add_user(&folder, "ann", "secret");
    let server = Server::start_in(folder, &["--config", "jimd.toml"]);
    member(&server, "ann");
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|_| {
            let mut client = server.connect();
            assert!(client.log_in("ann", "secret")["response"].is_number());
            client
        })
        .collect();
    let held = Held::new(&server.folder);
    for (place, client) in clients.iter_mut().enumerate() {
        for number in 0..LETTERS {
            let text = format!("{place} {number}");
            let object = format!(
                r##"{{"action":"msg","time":1,"from":"ann","to":"#tea","message":"{text}"}}"##
            );
            client.send(object);
        }
        client.send(r#"{"action":"quit"}"#);
    }
    // One of them does not wait for its answers.
    drop(clients.pop());
    server.wait_for_log(|line| line.contains(ALARM));
    assert_eq!(server.connect().ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    assert_eq!(held.count("messages"), 0);
    held.release();
    let mut stored: Vec<Vec<usize>> = Vec::new();
    for client in &mut clients {
        let answers: Vec<Value> = std::iter::from_fn(|| client.read_line())
            .map(|line| serde_json::from_str(&line).unwrap())
            .filter(|object: &Value| object["response"].is_number())
            .collect();
        assert_eq!(answers.len(), LETTERS + 1, "each is answered, and the goodbye last");
        assert_eq!(answers[LETTERS]["alert"], "Disconnected");
        let codes = answers[..LETTERS].iter().map(|answer| answer["response"].as_u64().unwrap());
        stored.push(codes.enumerate().filter(|(_, code)| *code == 200).map(|(n, _)| n).collect());
    }
    assert!(stored.iter().any(|numbers| numbers.len() < LETTERS), "some waited for too long");
    let kept = kept_by_client(&server, CLIENTS);
    assert_eq!(kept[..CLIENTS - 1], stored[..], "what is kept is what was answered for");
}

/// The numbers of what each client wrote, in the order of the history.
fn kept_by_client(server: &Server, clients: usize) -> Vec<Vec<usize>> {
    let mut reader = server.connect();
    let log_in = r#"{"action":"authenticate","time":1,"features":["history"],"user":{"account_name":"ann","password":"secret"}}"#;
    reader.ask(log_in);
    let mut kept = vec![Vec::new(); clients];
    let mut after = String::new();
    loop {
        let request = format!(
            r##"{{"action":"history","time":1,"with":"#tea","after":"{after}","limit":200}}"##
        );
        let page = reader.ask(request);
        for message in page["messages"].as_array().unwrap() {
            let (place, number) = message["message"].as_str().unwrap().split_once(' ').unwrap();
            kept[place.parse::<usize>().unwrap()].push(number.parse().unwrap());
            message["msg_id"].as_str().unwrap().clone_into(&mut after);
        }
        if page["more"] == false {
            return kept;
        }
    }
}

#[test]
fn a_stop_waits_for_what_is_owed() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    let mut server = Server::start_in(folder, &[]);
    let mut ann = member(&server, "ann");
    let held = Held::new(&server.folder);
    (0..20).for_each(|number| ann.send(letter("ann", number)));
    let mut probe = server.connect();
    // What came before it was read before it.
    assert_eq!(probe.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    server.signal(rustix::process::Signal::TERM);
    server.wait_for_log(|line| line.contains("what is owed is flushed"));
    held.release();
    let mut answers = 0;
    while let Some(line) = ann.read_line() {
        assert!(line.contains(r#""response":200"#), "{line}");
        answers += 1;
    }
    assert_eq!(server.wait().code(), Some(0));
    let store = Connection::open(server.folder.path().join("jim-data/jim.db")).unwrap();
    let kept: i64 = store.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
    assert_eq!((answers, kept), (20, 20));
}
