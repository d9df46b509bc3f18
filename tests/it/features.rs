//! What clients opt into, as it looks on the wire; and messages that wait for the disk, which is
//! held up here by another program.

use super::process::{log_of, wait_until};
use super::support::{Client, Folder, Server, add_user};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::net::Shutdown;
use std::time::{Duration, Instant};

/// However busy the machine is, what is owed can be written.
const PATIENT: &str = "grace = \"1h\"\n";

/// A store that was held up for longer may have given up.
const HELD_AT_MOST: Duration = Duration::from_secs(4);

fn server_with(users: &[&str], args: &[&str]) -> Server {
    let folder = Folder::new();
    folder.file("jimd.toml", PATIENT);
    for user in users {
        add_user(&folder, user, "secret");
    }
    Server::start_in(folder, &[&["--config", "jimd.toml"], args].concat())
}

/// A member of `#r` with these features, present in no other room and not in the common chat.
fn member(server: &Server, name: &str, features: &[&str]) -> Client {
    let mut client = server.connect();
    let answer = client.ask(log_in(name, features));
    assert_eq!(answer["response"], 202, "{answer}");
    let answer = client.ask(r##"{"action":"join","time":1,"room":"#r"}"##);
    assert!(answer["response"] == 200 || answer["response"] == 409, "{answer}");
    client
}

fn log_in(name: &str, features: &[&str]) -> String {
    let user = json!({"account_name": name, "password": "secret"});
    json!({"action": "authenticate", "time": 1, "user": user, "features": features}).to_string()
}

fn message(from: &str, text: &str) -> String {
    format!(r##"{{ "action":"msg", "time":1,"to":"#r","from":"{from}" , "message":"{text}"}}"##)
}

/// A message whose answer repeats the number.
fn numbered(from: &str, number: usize) -> String {
    format!(
        r##"{{"action":"msg","time":1,"to":"#r","from":"{from}","message":"{number}","id":{number}}}"##
    )
}

fn codes(client: &mut Client, count: usize) -> Vec<Value> {
    (0..count).map(|_| client.object()["response"].take()).collect()
}

/// Holds up everything that is to be stored while something is done; says for how long.
fn while_nothing_is_stored<T>(server: &Server, act: impl FnOnce() -> T) -> (T, Duration) {
    let store = rusqlite::Connection::open(server.folder.path().join("jim-data/jim.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = Instant::now();
    let result = act();
    store.execute_batch("ROLLBACK").unwrap();
    (result, start.elapsed())
}

/// To a client that asked for nothing a message may be too long to be shown in an answer; it is passed.
#[test]
fn a_plain_client_gets_past_what_is_too_long_for_it() {
    let server = Server::with_users(&["ann"], &[]);
    let mut ann = server.connect();
    ann.log_in("ann", "secret");
    ann.ask(r##"{"action":"join","time":1,"room":"#tea"}"##);
    for text in ["first", &"x".repeat(500), "last"] {
        let message =
            format!(r##"{{"action":"msg","time":1,"from":"ann","to":"#tea","message":"{text}"}}"##);
        assert_eq!(ann.ask(message)["response"], 200);
    }
    for (field, expected) in [("before", ["last", "first"]), ("after", ["first", "last"])] {
        let (mut seen, mut position) = (Vec::new(), String::new());
        for _ in 0..9 {
            let bound = if field == "before" && position.is_empty() {
                String::new()
            } else {
                format!(r#","{field}":"{position}""#)
            };
            let request =
                format!(r##"{{"action":"history","time":1,"with":"#tea","limit":1{bound}}}"##);
            ann.send(request);
            let line = ann.line();
            assert!(line.len() < 640, "{line}");
            let page: serde_json::Value = serde_json::from_str(&line).unwrap();
            let message = &page["messages"][0];
            seen.extend(message["message"].as_str().map(str::to_owned));
            if page["more"] == false {
                break;
            }
            let next = message["msg_id"].as_str().or(page["next"].as_str());
            next.expect("a way on").clone_into(&mut position);
        }
        assert_eq!(seen, expected, "{field}");
    }
}

#[test]
fn those_with_ids_get_marks_and_others_the_senders_bytes() {
    let server = server_with(&["ann", "bob", "cat"], &[]);
    let mut ann = member(&server, "ann", &["ids"]);
    let mut bob = member(&server, "bob", &["ids"]);
    let mut cat = member(&server, "cat", &[]);
    let mut ids = Vec::new();
    for text in ["one", "\\u0436"] {
        let sent = message("ann", text);
        let answer = ann.ask(&sent);
        let marked = bob.object();
        assert_eq!(cat.line(), sent);
        assert_eq!(marked["msg_id"], answer["msg_id"], "{answer} {marked}");
        assert!(marked["server_time"].is_number(), "{marked}");
        let plain: Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(marked["message"], plain["message"]);
        ids.push(marked["msg_id"].as_str().unwrap().to_owned());
    }
    assert!(ids[0] < ids[1], "{ids:?}");
    // A plain sender's bytes are marked too, and its answer is not.
    let answer = cat.ask(message("cat", "three"));
    assert_eq!(answer.get("msg_id"), None, "{answer}");
    assert_eq!(bob.object()["message"], "three");
    let marked = ann.object();
    assert!(marked["msg_id"].as_str().unwrap() > ids[1].as_str(), "{marked}");
}

#[test]
fn a_later_list_of_features_replaces_the_former() {
    let server = server_with(&["ann", "bob"], &[]);
    let mut ann = member(&server, "ann", &[]);
    let mut bob = member(&server, "bob", &["ids"]);
    let mut expect = |bob: &mut Client, is_marked: bool| {
        let sent = message("ann", "m");
        assert_eq!(ann.ask(&sent)["response"], 200);
        let line = bob.line();
        assert_eq!(line != sent, is_marked, "{line}");
    };
    expect(&mut bob, true);
    bob.ask(log_in("bob", &[]));
    expect(&mut bob, false);
    bob.ask(log_in("bob", &["notices", "ids"]));
    expect(&mut bob, true);
}

#[test]
fn answers_keep_their_order_when_some_wait_for_the_disk() {
    let server = server_with(&["ann"], &[]);
    let mut ann = member(&server, "ann", &["ids"]);
    let requests = [
        numbered("ann", 0),
        r#"{"action":"presence","time":1,"id":1}"#.to_owned(),
        r#"{"action":"nonsense","time":1,"id":2}"#.to_owned(),
        numbered("ann", 3),
        r##"{"action":"leave","time":1,"room":"#none","id":4}"##.to_owned(),
        numbered("ann", 5),
        r#"{"action":"quit","id":6}"#.to_owned(),
        numbered("ann", 7),
    ];
    ann.send(requests.concat());
    let answers: Vec<Value> = (0..7).map(|_| ann.object()).collect();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(json!(ids), json!([0, 1, 2, 3, 4, 5, 6]), "{answers:?}");
    ann.assert_closed();
}

#[test]
fn who_sends_its_end_is_answered_all_that_it_asked() {
    const MESSAGES: usize = 100;
    let server = server_with(&["ann", "bob"], &[]);
    let mut ann = member(&server, "ann", &[]);
    let mut bob = member(&server, "bob", &[]);
    ann.send((0..MESSAGES).map(|number| numbered("ann", number)).collect::<String>());
    ann.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(codes(&mut ann, MESSAGES), vec![json!(200); MESSAGES]);
    ann.assert_closed();
    for number in 0..MESSAGES {
        assert_eq!(bob.line(), numbered("ann", number));
    }
}

#[test]
fn only_what_is_stored_waits_for_the_disk() {
    let server = server_with(&["ann", "bob"], &[]);
    let mut ann = member(&server, "ann", &["history"]);
    let mut bob = member(&server, "bob", &[]);
    let (mut guest, mut other) = (server.connect(), server.connect());
    guest.presence("guest");
    other.presence("other");
    assert_eq!(bob.ask(message("bob", "before"))["response"], 200);
    assert_eq!(ann.object()["message"], "before");
    let ((), held) = while_nothing_is_stored(&server, || {
        bob.send(message("bob", "after"));
        let page = ann.ask(r##"{"action":"history","time":1,"with":"#r"}"##);
        assert_eq!(page["messages"].as_array().map(Vec::len), Some(1), "{page}");
        let hello = r##"{"action":"msg","time":1,"to":"#all","from":"guest","message":"hi"}"##;
        assert_eq!(guest.ask(hello)["response"], 200);
        assert_eq!(other.line(), hello);
    });
    if held < HELD_AT_MOST {
        assert_eq!(bob.object()["response"], 200);
        assert_eq!(ann.object()["message"], "after");
    }
}

#[test]
fn a_storage_queue_that_is_full_holds_up_only_those_who_store() {
    // More than the storage worker's queue takes, from more than one, and none is lost or late.
    const WRITERS: [&str; 4] = ["w0", "w1", "w2", "w3"];
    const MESSAGES: usize = 1000;
    const TURNS: usize = 20;
    let server = server_with(&[&WRITERS[..], &["ann"]].concat(), &[]);
    let mut ann = member(&server, "ann", &[]);
    let mut writers = WRITERS.map(|name| member(&server, name, &[]));
    let mut guest = server.connect();
    let (_, held) = while_nothing_is_stored(&server, || {
        for (writer, name) in writers.iter_mut().zip(WRITERS) {
            // They read nothing themselves yet: what they send has room in the kernel.
            writer.send((0..MESSAGES).map(|number| numbered(name, number)).collect::<String>());
        }
        // Each answer is another turn of the loop, in which all is taken that may be.
        for _ in 0..TURNS {
            guest.presence("guest");
        }
    });
    if held >= HELD_AT_MOST {
        return;
    }
    let mut next = [0; WRITERS.len()];
    for _ in 0..MESSAGES * WRITERS.len() {
        let line = ann.line();
        let writer = WRITERS.iter().position(|name| line.contains(name)).unwrap();
        assert_eq!(line, numbered(WRITERS[writer], next[writer]));
        next[writer] += 1;
    }
    for writer in &mut writers {
        let mut answers = 0;
        while answers < MESSAGES {
            let object = writer.object();
            if object["action"].is_null() {
                assert_eq!(object["response"], 200, "{object}");
                answers += 1;
            }
        }
    }
}

#[test]
fn the_stop_waits_for_what_was_taken() {
    const MESSAGES: usize = 20;
    let mut server = server_with(&["ann", "bob"], &["--verbose"]);
    let mut ann = member(&server, "ann", &[]);
    let mut bob = member(&server, "bob", &[]);
    let taken = |server: &Server| log_of(server).matches(" ask_storage(").count();
    let before = taken(&server);
    let ((), held) = while_nothing_is_stored(&server, || {
        ann.send((0..MESSAGES).map(|number| numbered("ann", number)).collect::<String>());
        wait_until("all are taken", || taken(&server) >= before + MESSAGES);
        server.signal(Signal::TERM);
        server.wait_for_log(|line| line.contains("stopping: nothing is accepted any more"));
    });
    if held < HELD_AT_MOST {
        assert_eq!(codes(&mut ann, MESSAGES), vec![json!(200); MESSAGES]);
        for number in 0..MESSAGES {
            assert_eq!(bob.line(), numbered("ann", number));
        }
        ann.assert_closed();
        bob.assert_closed();
    }
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn events_are_told_once_to_those_who_opted_in() {
    let mut server = server_with(&["ann", "bob", "cat", "dan"], &[]);
    let mut bob = member(&server, "bob", &["notices"]);
    let mut dan = member(&server, "dan", &["notices", "ids"]);
    let mut cat = member(&server, "cat", &[]);
    for client in [&mut bob, &mut dan] {
        client.send(r##"{"action":"join","time":1,"room":"#s"}"##);
        while client.object()["response"] != 200 {}
    }
    let mut ann = member(&server, "ann", &["notices"]);
    ann.ask(r##"{"action":"join","time":1,"room":"#s"}"##);
    assert_eq!(ann.ask(r#"{"action":"quit"}"#)["response"], 200);
    ann.assert_closed();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    let events = |client: &mut Client| {
        let lines = std::iter::from_fn(|| client.read_line());
        let objects = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap());
        let told = objects.filter(|object| object["action"] == "notice");
        told.map(|mut object| object["event"].take()).collect::<Vec<Value>>()
    };
    for client in [&mut bob, &mut dan] {
        let events = events(client);
        assert!(
            events.ends_with(&["join", "join", "offline", "shutdown"].map(Value::from)),
            "{events:?}"
        );
    }
    cat.assert_closed();
}
