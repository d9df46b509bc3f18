//! Who may do what: guests as the setting says, accounts as the operator decides beside the running
//! server, memberships as the disk has them.

use super::support::{Client, Folder, Server, user_command};
use rustix::process::Signal;
use serde_json::Value;

const PRESENCE: &str = r#"{"action":"presence","time":1}"#;
const QUIT: &str = r#"{"action":"quit"}"#;

fn codes(answer: &Value) -> (u64, &str) {
    (answer["response"].as_u64().unwrap(), answer["reason"].as_str().unwrap_or_default())
}

fn msg(client: &mut Client, to: &str, from: &str) -> Value {
    client.ask(format!(r#"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"m"}}"#))
}

fn room(client: &mut Client, action: &str, room: &str) -> Value {
    client.ask(format!(r#"{{"action":"{action}","time":1,"room":"{room}"}}"#))
}

fn with_settings(settings: &str) -> Server {
    let folder = Folder::new();
    for user in ["ann", "bob"] {
        user_command(&folder, &["add", user], Some("secret"));
    }
    folder.file("jimd.toml", settings);
    Server::start_in(folder, &["--config", "jimd.toml"])
}

fn logged_in(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    let answer = client.log_in(name, "secret");
    assert_eq!(answer["response"], 202, "{answer}");
    client
}

#[test]
fn guests_write_unless_the_setting_says_otherwise() {
    let server = with_settings("");
    let mut guest = server.connect();
    guest.presence("g");
    let mut ann = logged_in(&server, "ann");
    assert_eq!(ann.ask(PRESENCE)["response"], 200);
    assert_eq!(msg(&mut guest, "#all", "g")["response"], 200);
    assert!(ann.line().contains("#all"));
}

#[test]
fn guests_that_may_read_only_read() {
    let server = with_settings("guests = \"read\"\n");
    let mut guest = server.connect();
    guest.presence("g");
    let mut ann = logged_in(&server, "ann");
    assert_eq!(ann.ask(PRESENCE)["response"], 200);
    for to in ["#all", "#chat", "#default", "#", "all"] {
        assert_eq!(codes(&msg(&mut guest, to, "g")), (401, "guests_may_not"), "{to}");
    }
    let lesson_7 = r#"{"action":"message","time":1,"account_name":"g","mess_text":"m"}"#;
    assert_eq!(codes(&guest.ask(lesson_7)), (401, "guests_may_not"));
    ann.assert_nothing_came();
    assert_eq!(msg(&mut ann, "#all", "ann")["response"], 200);
    assert!(guest.line().contains(r#""from":"ann""#));
    // Names are not the common chat.
    assert_eq!(msg(&mut guest, "ann", "g")["response"], 200);
    assert!(ann.line().contains(r#""from":"g""#));
}

#[test]
fn where_there_are_no_guests_a_presence_needs_a_log_in() {
    let server = with_settings("guests = \"none\"\n");
    let mut guest = server.connect();
    for request in [PRESENCE, r#"{"action":"presence","time":1,"user":{"account_name":"g"}}"#] {
        assert_eq!(codes(&guest.ask(request)), (401, "guests_may_not"));
    }
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    assert_eq!(ann.ask(PRESENCE)["response"], 200);
    assert_eq!(bob.ask(PRESENCE)["response"], 200);
    for to in ["#all", "ann"] {
        assert_eq!(codes(&msg(&mut guest, to, "g")).0, 401, "{to}");
    }
    assert_eq!(msg(&mut ann, "#all", "ann")["response"], 200);
    assert!(bob.line().contains(r#""from":"ann""#));
    assert_eq!(codes(&guest.ask(PRESENCE)).0, 401, "and nothing of it reached the guest");
}

#[test]
fn the_common_chats_names_are_a_setting() {
    let server = with_settings("common = [\"#lobby\", \"all\"]\n");
    let (mut one, mut two) = (server.connect(), server.connect());
    one.presence("one");
    two.presence("two");
    for to in ["#lobby", "all"] {
        assert_eq!(msg(&mut one, to, "one")["response"], 200, "{to}");
        two.line();
    }
    assert_eq!(codes(&msg(&mut one, "#all", "one")), (401, "not_authenticated"));
    let lesson_7 = r#"{"action":"message","time":1,"mess_text":"m"}"#;
    assert_eq!(one.ask(lesson_7)["alert"], "Message from one to #lobby is delivered");
    two.line();
}

#[test]
fn an_account_that_is_added_is_seen_at_the_next_log_in_and_closes_its_guests() {
    let server = with_settings("");
    let (mut carol, mut namesake, mut other) =
        (server.connect(), server.connect(), server.connect());
    carol.presence("carol");
    namesake.presence("carol");
    other.presence("carola");
    assert_eq!(codes(&server.connect().log_in("carol", "new")), (402, "wrong_login"));
    user_command(&server.folder, &["add", "carol"], Some("new"));
    let answer = server.connect().log_in("carol", "new");
    assert_eq!(answer["response"], 202, "at once: {answer}");
    carol.assert_closed();
    namesake.assert_closed();
    other.assert_nothing_came();
    // Without any log-in the change is seen as well.
    other.presence("dora");
    user_command(&server.folder, &["add", "dora"], Some("new"));
    other.assert_closed();
    let mut ann = logged_in(&server, "ann");
    assert_eq!(codes(&msg(&mut ann, "dora", "ann")), (410, "offline"));
}

#[test]
fn a_changed_password_counts_at_the_next_log_in() {
    let server = with_settings("");
    user_command(&server.folder, &["passwd", "ann"], Some("new"));
    assert_eq!(codes(&server.connect().log_in("ann", "secret")), (402, "wrong_login"));
    assert_eq!(server.connect().log_in("ann", "new")["response"], 202);
}

#[test]
fn the_blocked_are_refused_and_disconnected() {
    let server = with_settings("");
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    user_command(&server.folder, &["block", "ann"], None);
    assert_eq!(codes(&server.connect().log_in("ann", "secret")), (403, "blocked"));
    ann.assert_closed();
    assert_eq!(codes(&msg(&mut bob, "ann", "bob")), (410, "offline"));
    user_command(&server.folder, &["unblock", "ann"], None);
    logged_in(&server, "ann");
    // Without any log-in the change is seen as well.
    user_command(&server.folder, &["block", "bob"], None);
    bob.assert_closed();
}

#[test]
fn a_name_that_is_removed_and_added_again_inherits_nothing() {
    let mut server = with_settings("");
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    for member in [&mut ann, &mut bob] {
        assert_eq!(room(member, "join", "#r")["response"], 200);
    }
    user_command(&server.folder, &["remove", "ann"], None);
    ann.assert_closed();
    assert_eq!(codes(&server.connect().log_in("ann", "secret")), (402, "wrong_login"));
    assert_eq!(codes(&msg(&mut bob, "ann", "bob")), (404, "no_such_user"));
    // The name is a guest's now, as any other.
    let mut guest = server.connect();
    guest.presence("ann");
    user_command(&server.folder, &["add", "ann"], Some("secret"));
    guest.assert_closed();
    let stranger = |server: &Server| {
        let mut ann = logged_in(server, "ann");
        assert_eq!(codes(&msg(&mut ann, "#r", "ann")), (403, "not_a_member"));
        assert_eq!(codes(&room(&mut ann, "leave", "#r")), (403, "not_a_member"));
        ann
    };
    let mut ann = stranger(&server);
    assert_eq!(msg(&mut bob, "#r", "bob")["response"], 200);
    ann.assert_nothing_came();
    // Nor does it after a restart.
    server.stop();
    let server = restarted(server);
    stranger(&server);
}

/// Another server on the same folder.
fn restarted(mut server: Server) -> Server {
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    drop(server);
    Server::start_in(folder, &["--config", "jimd.toml"])
}

#[test]
fn memberships_survive_reconnects_restarts_and_a_kill() {
    let mut server = with_settings("");
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    for name in ["#kept", "#left"] {
        for member in [&mut ann, &mut bob] {
            assert_eq!(room(member, "join", name)["response"], 200);
        }
    }
    assert_eq!(room(&mut bob, "leave", "#left")["response"], 200);
    let is_kept = |server: &Server| {
        let mut ann = logged_in(server, "ann");
        assert_eq!(msg(&mut ann, "#kept", "ann")["response"], 200, "nobody else is there");
        let mut bob = logged_in(server, "bob");
        assert_eq!(msg(&mut ann, "#kept", "ann")["response"], 200);
        assert!(bob.line().contains("#kept"));
        assert_eq!(codes(&msg(&mut bob, "#left", "bob")), (403, "not_a_member"));
        assert_eq!(msg(&mut ann, "#left", "ann")["response"], 200);
        bob.assert_nothing_came();
        assert_eq!(ann.ask(QUIT)["response"], 200);
        assert_eq!(bob.ask(QUIT)["response"], 200);
    };
    assert_eq!(ann.ask(QUIT)["response"], 200);
    assert_eq!(bob.ask(QUIT)["response"], 200);
    is_kept(&server);
    server.stop();
    let mut server = restarted(server);
    is_kept(&server);
    // What was answered is on disk.
    let mut ann = logged_in(&server, "ann");
    assert_eq!(room(&mut ann, "join", "#last")["response"], 200);
    server.signal(Signal::KILL);
    server.wait();
    let server = restarted(server);
    is_kept(&server);
    let mut ann = logged_in(&server, "ann");
    assert_eq!(room(&mut ann, "leave", "#last")["response"], 200);
}

#[test]
fn joining_again_and_again_is_one_membership() {
    let server = with_settings("");
    let mut ann = logged_in(&server, "ann");
    let mut bob = logged_in(&server, "bob");
    let join = r##"{"action":"join","time":1,"room":"#r"}"##;
    for member in [&mut ann, &mut bob] {
        member.send(join.repeat(50));
        for _ in 0..50 {
            assert_eq!(member.object()["response"], 200);
        }
    }
    assert_eq!(msg(&mut bob, "#r", "bob")["response"], 200);
    ann.line();
    ann.assert_nothing_came();
    assert_eq!(room(&mut ann, "leave", "#r")["response"], 200);
    assert_eq!(codes(&room(&mut ann, "leave", "#r")), (403, "not_a_member"));
}
