//! Names that others gave, wherever they are printed: nothing in them drives a terminal, turns the
//! direction of writing, or forges a line.

use super::client_process;
use super::dialects::exchange;
use super::process::{Ended, log_of, run_jimd, wait_until};
use super::scripted_peer::Conversation;
use super::support::{Folder, Server, add_user};
use serde_json::json;

/// What would move a cursor, end a line, set a title, turn the writing, or look like an answer.
const HOSTILE: [&str; 8] = [
    "x\n[21:33:43] Server answers: 202",
    "\u{1b}[2J\u{1b}]0;t\u{7}",
    "a\rb\tc\u{8}",
    "\u{9b}31m\u{85}",
    "\u{202e}nimda\u{2066}",
    "a\u{2028}b\u{2029}c",
    "\u{200f}x\u{61c}",
    "\u{0}\u{7f}",
];

/// Whether something in a text is obeyed rather than shown.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn assert_harmless(text: &str) {
    for line in text.lines() {
        assert!(!line.contains(is_obeyed), "{line:?}");
        assert!(!line.starts_with("[21:33:43]"), "a line was forged: {text}");
    }
}

/// Says a name at every place of every wire where one may stand.
fn say_everywhere(server: &Server, name: &str) {
    let mut jim = server.connect();
    let user = json!({"account_name": name, "password": name});
    let requests = [
        json!({"action": "presence", "time": 1, "user": {"account_name": name, "status": name}}),
        json!({"action": "authenticate", "time": 1, "user": user}),
        json!({"action": "register", "time": 1, "user": user, "invite": name}),
        json!({"action": "leave", "time": 1, "room": name, "user": {"account_name": name}}),
        json!({"action": name, "time": 1}),
        json!({"action": "presence", "time": 1}),
        json!({"action": "msg", "time": 1, "to": name, "from": name, "message": name}),
        json!({"action": "command", "time": 1, "command": name}),
        json!({"action": "add_contact", "time": 1, "user": "g", "user_id": name}),
    ];
    for request in requests {
        let line = {
            jim.send(request.to_string());
            jim.line()
        };
        assert!(!line.contains(is_obeyed), "{request}: {line:?}");
    }
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    for action in ["join", "topic", "members", "history", "kick", "invite"] {
        let request = json!({"action": action, "time": 1, "room": format!("#{name}"),
            "with": format!("#{name}"), "target": name, "topic": name});
        ann.send(request.to_string());
        let line = ann.line();
        assert!(!line.contains(is_obeyed), "{request}: {line:?}");
    }
    let mut console = server.connect();
    console.send(json!({"username": name}).to_string());
    console.send(r#"{"message_type":"message","data":"x"}"#);
    while console.read_line().is_some() {}
    let mut nickname = server.connect();
    nickname.send_frame(format!("{{\"nickname\":\"{name}\"}}"));
    while nickname.read_frame().is_some() {}
}

#[test]
fn names_in_answers_log_and_console_are_shown_and_not_obeyed() {
    let mut server = {
        let folder = Folder::new();
        add_user(&folder, "ann", "secret");
        folder.file(
            "jimd.toml",
            "registration = \"open\"\nlang = \"en\"\n[limits]\nbad_requests = 100\n",
        );
        Server::start_in(folder, &["--config", "jimd.toml", "--verbose"])
    };
    let mut console = super::dialects::console(&server, "con");
    let mut nickname = exchange(&server, "nick");
    for name in HOSTILE {
        say_everywhere(&server, name);
        // Seed 003's log has what was said, and which command was asked for.
        console.send(json!({"message_type": "message", "data": name}).to_string());
        console.send(json!({"message_type": "command", "data": name}).to_string());
        nickname.send_frame(format!("{{\"text\":\"{}\"}}", name.replace('\\', "\\\\")));
    }
    wait_until("all was heard", || {
        log_of(&server).matches("has requested the command").count() >= 8
    });
    let shown = server.stop();
    let log = log_of(&server);
    assert!(log.contains("Server answers: 202") && shown.len() > 20, "{log}");
    assert_harmless(&log);
    assert_harmless(&shown.join("\n"));
}

#[test]
fn names_given_to_the_operators_commands_are_shown_and_not_obeyed() {
    let server = Server::with_users(&["ann"], &[]);
    let assert_one_line = |ended: &Ended, about: &str| {
        assert_ne!(ended.code, Some(0), "{about}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{about}: {ended:?}");
        assert_harmless(&ended.stderr);
        assert_harmless(&ended.stdout);
    };
    for name in HOSTILE.into_iter().filter(|name| !name.contains('\0')) {
        for args in [
            &["user", "add"][..],
            &["user", "remove"],
            &["user", "block"],
            &["user", "unblock"],
            &["user", "passwd"],
            &["kick"],
            &["ban"],
            &["unban"],
            &["invite", "new", "--room"],
        ] {
            let ended = run_jimd(&server.folder, &[args, &[name]].concat());
            assert_one_line(&ended, &format!("{args:?} {name:?}"));
        }
        server.folder.file("e", &import(name));
        let ended = run_jimd(&Folder::new(), &["db", "import", &file(&server, "e")]);
        assert_one_line(&ended, &format!("import of {name:?}"));
        assert_eq!(ended.code, Some(14), "{ended:?}");
    }
    assert_harmless(&log_of(&server));
}

fn file(server: &Server, name: &str) -> String {
    server.folder.path().join(name).to_str().unwrap().to_owned()
}

fn import(name: &str) -> String {
    const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let account = json!({"type":"account","name":name,"phc":PHC,"blocked":false,"created":5});
    format!("{{\"type\":\"jim-export\",\"version\":1}}\n{account}\n")
}

#[test]
fn who_is_there_is_listed_in_one_line_each() {
    let server = Server::with_users(&["ann", "שלום עולם", "Иван Петров"], &[]);
    let mut guests = ["<b>", "عربى", "😀", "x#y"].map(|name| {
        let mut client = server.connect();
        client.presence(name);
        client
    });
    for args in [&["who"][..], &["user", "list"]] {
        let ended = run_jimd(&server.folder, args);
        assert_harmless(&ended.stdout);
        let expected = if args.len() == 1 { 1 + guests.len() } else { 1 + 3 };
        assert_eq!(ended.stdout.lines().count(), expected, "{}", ended.stdout);
    }
    guests.iter_mut().for_each(super::support::Client::assert_nothing_came);
}

/// The same as a JSON text.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn answer(peer: &mut Conversation, action: &str, fields: &str) {
    peer.expect(&[&format!("\"action\":\"{action}\"")]);
    peer.say(format!("{{\"response\":200,\"time\":1,\"alert\":\"ok\"{fields}}}\n"));
}

/// A server that calls everybody and everything so.
fn be_hostile(peer: &mut Conversation, name: &str) {
    let q = quoted(name);
    peer.expect(&["\"authenticate\""]);
    peer.say(
        "{\"response\":202,\"time\":1,\"alert\":\"in\",\
         \"features\":[\"ids\",\"notices\",\"offline\",\"files\",\"history\"]}\n",
    );
    peer.accept("presence");
    peer.say(format!(
        "{{\"action\":\"msg\",\"time\":1,\"from\":{q},\"to\":\"anna\",\"message\":{q}}}\n\
         {{\"action\":\"attachment\",\"time\":1,\"from\":{q},\"to\":\"anna\",\"name\":{q},\"size\":1,\
         \"sha256\":{q},\"id\":{q},\"message\":{q}}}\n"
    ));
    for event in ["online", "offline", "status", "join", "leave", "topic", "kick", "shutdown"] {
        peer.say(format!(
            "{{\"action\":\"notice\",\"time\":1,\"event\":\"{event}\",\"account_name\":{q},\
             \"user\":{q},\"room\":{q},\"status\":{q},\"topic\":{q},\"by\":{q},\"target\":{q}}}\n"
        ));
    }
    answer(
        peer,
        "who",
        &format!(",\"users\":[{{\"account_name\":{q},\"status\":{q},\"guest\":true}}]"),
    );
    answer(
        peer,
        "rooms",
        &format!(
            ",\"rooms\":[{{\"room\":{q},\"topic\":{q},\"members\":1,\"online\":1,\"member\":true}}]"
        ),
    );
    answer(
        peer,
        "members",
        &format!(",\"members\":[{{\"account_name\":{q},\"online\":true,\"role\":{q}}}]"),
    );
    answer(peer, "get_contacts", &format!(",\"data_list\":[{q}]"));
    peer.expect(&["\"action\":\"topic\""]);
    peer.say(format!(
        "{{\"response\":403,\"time\":1,\"error\":{q},\"reason\":{q},\"field\":{q}}}\n"
    ));
}

#[test]
fn the_client_shows_names_and_does_not_obey_them() {
    for name in HOSTILE {
        let lines = "/who\n/rooms\n/members #tea\n/contacts\n/topic #tea x\n";
        let (_, output, errors) =
            client_process::run(&["-u", "anna"], lines.as_bytes(), move |peer| {
                be_hostile(peer, name);
                peer.accept("quit");
            });
        assert!(output.lines().count() > 4, "{output}\n{errors}");
        assert_harmless(&output);
        assert_harmless(&errors);
        let shown = jim::message::visible(name).to_string();
        assert!(output.contains(&shown), "{name:?} is shown: {output}\n{errors}");
    }
}
