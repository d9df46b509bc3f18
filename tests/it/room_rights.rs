//! What is decided in rooms, and lists of contacts, over a restart: all that was answered is there.

use super::support::{Client, Folder, Server, add_user, user_command};
use rustix::process::Signal;
use serde_json::{Value, json};

const USERS: [&str; 4] = ["ann", "bob", "cat", "dora"];

fn server() -> Server {
    let folder = Folder::new();
    for user in USERS {
        add_user(&folder, user, "secret");
    }
    Server::start_in(folder, &[])
}

/// Another server on the folder of one that was killed.
fn killed_and_started(mut server: Server) -> Server {
    server.signal(Signal::KILL);
    server.wait();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    drop(server);
    Server::start_in(folder, &[])
}

fn logged_in(server: &Server, user: &str) -> Client {
    let mut client = server.connect();
    assert_eq!(client.log_in(user, "secret")["response"], 202);
    client
}

fn ask(client: &mut Client, action: &str, fields: &[(&str, &str)]) -> Value {
    let mut request = json!({"action": action, "time": 1});
    for (key, text) in fields {
        request[*key] = Value::from(*text);
    }
    client.ask(request.to_string())
}

fn ok(client: &mut Client, action: &str, fields: &[(&str, &str)]) -> Value {
    let answer = ask(client, action, fields);
    assert!(answer["error"].is_null(), "{action} {fields:?}: {answer}");
    answer
}

const ROOM: (&str, &str) = ("room", "#r");

#[test]
fn what_was_decided_in_a_room_survives_a_kill() {
    let server = server();
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    for member in [&mut ann, &mut bob] {
        ok(member, "join", &[ROOM]);
    }
    ok(&mut ann, "topic", &[ROOM, ("topic", "чай")]);
    ok(&mut ann, "op", &[ROOM, ("target", "bob")]);
    ok(&mut ann, "hide", &[ROOM]);
    ok(&mut bob, "ban", &[ROOM, ("target", "cat")]);
    ok(&mut bob, "invite", &[ROOM, ("target", "dora")]);
    ok(&mut ann, "join", &[("room", "#gone")]);
    ok(&mut ann, "destroy", &[("room", "#gone")]);

    let server = killed_and_started(server);
    let mut cat = logged_in(&server, "cat");
    let mut dora = logged_in(&server, "dora");
    assert_eq!(ok(&mut cat, "rooms", &[])["rooms"], json!([]));
    assert_eq!(ask(&mut cat, "join", &[ROOM])["reason"], "banned");
    ok(&mut dora, "join", &[ROOM]);
    assert_eq!(ok(&mut dora, "topic", &[ROOM])["topic"], "чай");
    let expected = json!([
        {"account_name": "ann", "online": false, "role": "owner"},
        {"account_name": "bob", "online": false, "role": "op"},
        {"account_name": "dora", "online": true, "role": "member"}
    ]);
    assert_eq!(ok(&mut dora, "members", &[ROOM])["members"], expected);
    let mut bob = logged_in(&server, "bob");
    ok(&mut bob, "unban", &[ROOM, ("target", "cat")]);
    ok(&mut bob, "kick", &[ROOM, ("target", "dora")]);

    let server = killed_and_started(server);
    for user in ["cat", "dora"] {
        let mut client = logged_in(&server, user);
        let refusal = ask(&mut client, "join", &[ROOM]);
        assert_eq!(refusal["reason"], "invite_only", "the invitation is used up: {refusal}");
    }
}

#[test]
fn contacts_survive_a_kill_and_go_with_their_account() {
    let server = server();
    let mut ann = logged_in(&server, "ann");
    for name in ["bob", "cat", "dora"] {
        ok(&mut ann, "add", &[("user", "ann"), ("account_name", name)]);
    }
    ok(&mut ann, "remove", &[("user", "ann"), ("account_name", "cat")]);
    let server = killed_and_started(server);
    let mut ann = logged_in(&server, "ann");
    assert_eq!(ok(&mut ann, "get_contacts", &[])["data_list"], json!(["bob", "dora"]));
    let mut bob = logged_in(&server, "bob");
    user_command(&server.folder, &["remove", "bob"], None);
    bob.assert_closed();
    assert_eq!(ok(&mut ann, "get_contacts", &[])["data_list"], json!(["dora"]));
}

#[test]
fn who_is_put_out_hears_nothing_more_of_the_room() {
    let server = server();
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    let msg = [("from", "ann"), ("to", "#r"), ("message", "x")];
    for member in [&mut ann, &mut bob] {
        ok(member, "join", &[ROOM]);
    }
    ok(&mut ann, "msg", &msg);
    assert_eq!(bob.object()["message"], "x");
    ok(&mut ann, "kick", &[ROOM, ("target", "bob")]);
    ok(&mut ann, "msg", &msg);
    bob.assert_nothing_came();
}
