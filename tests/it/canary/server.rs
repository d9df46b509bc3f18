//! What `jimd` does with secrets: on its three wires, in its commands, and on disk.

use super::super::process::log_of;
use super::super::support::{Client, Folder, Server, add_user};
use super::search::Finds;
use super::{assert_none_in_files, assert_none_said, canary, run_jimd};
use jim::chat::ACTIONS;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;

/// All that the server answers to these bytes, which are all that the client sends.
fn answers(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut client = server.connect();
    // The server may have closed before it has all.
    let _ = client.stream.write_all(bytes);
    let _ = client.stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    let _ = client.stream.read_to_end(&mut answers);
    answers
}

fn user(name: &str, secrets: &[(&str, Value)]) -> Value {
    let mut user = json!({"account_name": name});
    for (key, secret) in secrets {
        user[*key] = secret.clone();
    }
    user
}

/// Requests that have a secret where one belongs, most of them refused.
fn with_secrets() -> Vec<Value> {
    let secret = |place: &str| Value::from(canary(place));
    let long = |chars: usize| Value::from(canary(&"y".repeat(chars)));
    let mut passwords: Vec<Value> =
        ["wrong", "\n", "\u{7}", " ", "\u{202e}", "ａ"].map(secret).to_vec();
    passwords.extend([103, 104, 600, 2000, 9000, 20_000].map(long));
    passwords.extend([json!([secret("list")]), json!({"p": secret("object")})]);
    let mut requests = Vec::new();
    for password in passwords {
        for name in ["ann", "nobody", "SERVER", "a\nb"] {
            let user = user(name, &[("password", password.clone())]);
            requests.push(json!({"action": "authenticate", "time": 1, "user": user}));
            requests.push(json!({"action": "authenticate", "user": user}));
            requests.push(json!({"action": "register", "time": 1, "user": user}));
        }
        for invite in [secret("invite"), json!([secret("invite")]), long(600)] {
            let user = user("new", &[("password", password.clone())]);
            requests.push(json!({"action": "register", "time": 1, "user": user, "invite": invite}));
        }
        let change = [("password", password), ("new_password", secret("new"))];
        requests.push(json!({"action": "passwd", "time": 1, "user": user("ann", &change)}));
    }
    requests
}

/// Requests that have a secret where none belongs.
fn misplaced() -> Vec<Value> {
    let mut requests = Vec::new();
    for action in ACTIONS.iter().map(|action| action.name) {
        for key in ["password", "new_password", "invite", "pasword", "Password", "secret"] {
            let secret = canary(&format!("{action}-{key}"));
            requests.push(json!({"action": action, "time": 1, key: secret}));
            requests.push(json!({"action": action, "time": 1, "user": {key: secret}}));
            let more = json!({"room": "#r", "to": "#all", "from": "x", "message": "m",
                "account_name": "x", key: secret, "action": action, "time": 1});
            requests.push(more);
        }
    }
    let secret = canary("other");
    requests.extend([
        json!({"action": "authenticate", "time": secret, "user": {"password": secret}}),
        json!({"action": "authenticate", "time": 1, "user": secret}),
        json!({"action": "authenticate", "time": 1, "user": [secret]}),
        json!({"action": ["authenticate", secret], "time": 1}),
        json!({"action": "authenticate", "time": 1, "features": [secret]}),
        json!({"action": "authenticate", "time": 1, "encoding": [secret]}),
        json!({"action": "passwd", "time": 1, "old": secret, "new": secret}),
        json!({secret.clone(): 1}),
        json!({"action": "presence", "time": 1, secret.clone(): {secret.clone(): secret}}),
        json!({"response": 202, "alert": secret}),
    ]);
    requests
}

/// A log-in cut off, damaged or wrongly quoted, and what is no JSON at all.
fn broken() -> Vec<Vec<u8>> {
    let secret = canary("broken");
    let good = json!({"action": "authenticate", "time": 1,
        "user": user("ann", &[("password", secret.clone().into())])})
    .to_string();
    let mut broken: Vec<Vec<u8>> =
        (1..good.len()).step_by(7).map(|end| good.as_bytes()[..end].to_vec()).collect();
    let start = good.find(&secret).unwrap();
    for at in (0..good.len()).step_by(5).chain([start, start + secret.len()]) {
        for wrong in [&b"\""[..], b"\xff", b"\x01", b"}", b"\\", b"\\ud800", b"\n", b"\\x"] {
            broken.push([&good.as_bytes()[..at], wrong, &good.as_bytes()[at..], b"\n}\n"].concat());
        }
    }
    let twice =
        good.replacen("\"password\"", &format!("\"password\":\"{secret}\",\"password\""), 1);
    let keys = format!("{{\"{secret}\":1,\"{secret}\":2}}");
    let python = format!("{{'action': 'authenticate', 'password': '{secret}'}}");
    let deep = format!("{{\"a\":{}\"{secret}\"{}}}", "[".repeat(40), "]".repeat(40));
    let many: String = (0..200).map(|n| format!("\"{secret}{n}\":1,")).collect();
    for text in [twice, keys, python, deep, format!("{{{many}\"a\":1}}")] {
        broken.push(text.into_bytes());
    }
    for text in [
        format!("login ann {secret}\n"),
        format!("\"{secret}\""),
        format!("[\"{secret}\"]"),
        format!("GET /?password={secret} HTTP/1.1\r\nAuthorization: Basic {secret}\r\n\r\n"),
        format!("POST / HTTP/1.1\r\n\r\npassword={secret}"),
        format!("\u{feff}{good}{good}"),
    ] {
        broken.push(text.into_bytes());
    }
    broken.push([b"\x80\x04\x95", secret.as_bytes(), b"."].concat());
    broken.push([b"\x16\x03\x01\x02\x00", secret.as_bytes()].concat());
    broken
}

/// On the wires that know no passwords: whatever has none of their texts.
fn elsewhere() -> Vec<Vec<u8>> {
    let secret = canary("elsewhere");
    let frame = |text: &str| [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat();
    let mut sent = Vec::new();
    for text in [
        format!("{{\"nickname\":\"eve\",\"password\":\"{secret}\"}}"),
        format!("{{\"nickname\":\"eve\",\"password\":\"{secret}\""),
        format!("{{\"nickname\":\"eve\",\"password\":\"{secret}}}"),
        format!("{{\"password\":\"{secret}\"}}"),
        format!("[\"{secret}\"]"),
        format!("\"{secret}\""),
        secret.clone(),
    ] {
        sent.push(frame(&text));
        let known = frame("{\"nickname\":\"eve\"}");
        sent.push([known, frame(&text), frame(&text)].concat());
        sent.push(frame(&text)[..4 + text.len() / 2].to_vec());
        sent.push([&u32::MAX.to_be_bytes()[..], text.as_bytes()].concat());
    }
    for text in [
        format!("{{\"username\":\"cat\",\"password\":\"{secret}\"}}"),
        format!("{{\"username\":\"cat\"}}{{\"message_type\":\"login\",\"data\":\"{secret}\"}}"),
        format!(
            "{{\"username\":\"cat\"}}{{\"message_type\":\"message\",\"password\":\"{secret}\"}}"
        ),
        format!("{{\"username\":\"cat\"}}{{\"password\":\"{secret}\""),
        format!("{{\"username\":\"cat\"}}{{\"username\":\"ann\",\"password\":\"{secret}\"}}"),
        format!("{{\"username\":[\"{secret}\"]}}"),
    ] {
        sent.push(text.into_bytes());
    }
    sent
}

/// The ways in that are open, with secrets that are right.
fn let_in(server: &Server, invitation: &str) -> Vec<String> {
    let mut heard = Vec::new();
    let mut ask = |client: &mut Client, request: Value, code: u64| {
        let answer = client.ask(request.to_string());
        assert_eq!(answer["response"], code, "{request}: {answer}");
        heard.push(answer.to_string());
    };
    let mut ann = server.connect();
    let log_in = |name: &str, password: String| {
        json!({"action": "authenticate", "time": 1,
            "user": user(name, &[("password", password.into())])})
    };
    ask(&mut ann, log_in("ann", canary("wrong")), 402);
    ask(&mut ann, log_in("ann", canary("first")), 202);
    ask(&mut ann, log_in("ann", canary("first")), 200);
    for (old, code) in [(canary("wrong"), 402), (canary("first"), 200)] {
        let change = [("password", old.into()), ("new_password", canary("second").into())];
        let user = user("ann", &change);
        ask(&mut ann, json!({"action": "passwd", "time": 1, "user": user}), code);
    }
    ask(&mut ann, json!({"action": "join", "time": 1, "room": "#r"}), 200);
    let said = json!({"action": "msg", "time": 1, "to": "#r", "from": "ann", "message": "hi"});
    ask(&mut ann, said, 200);
    let mut bob = server.connect();
    let new = user("bob", &[("password", canary("bob").into())]);
    for (code, invite) in [(403, canary("invite")), (201, invitation.to_owned())] {
        let asked = json!({"action": "register", "time": 1, "user": new, "invite": invite});
        ask(&mut bob, asked, code);
    }
    ask(&mut bob, log_in("bob", canary("bob")), 202);
    // The same in escapes: it is the same password.
    let mut again = server.connect();
    let escaped: String =
        canary("second").encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    ask(&mut ann, json!({"action": "quit"}), 200);
    ann.assert_closed();
    let answer =
        again.ask(log_in("ann", "PASSWORD".into()).to_string().replace("PASSWORD", &escaped));
    assert_eq!(answer["response"], 202, "{answer}");
    heard.push(answer.to_string());
    heard
}

/// What operators type; the password comes through a pipe.
fn operate(folder: &Folder, finds: &Finds) {
    let too_long = canary(&"z".repeat(200));
    let (one, two) = (canary("operator"), canary("operator-2"));
    let rows: [(&[&str], &str, i32); 12] = [
        (&["user", "add", "carl", "-v"], &one, 0),
        (&["user", "add", "carl", "-v"], &one, 11),
        (&["user", "add", "dora", "-v"], &too_long, 12),
        (&["user", "add", "SERVER", "-v"], &one, 11),
        (&["user", "passwd", "carl", "-v"], &two, 0),
        (&["user", "passwd", "carl", "-v"], &too_long, 12),
        (&["user", "passwd", "nobody", "-v"], &two, 10),
        (&["user", "list", "-v"], &one, 0),
        (&["invite", "list", "-v"], &one, 0),
        (&["db", "check", "-v"], &one, 0),
        (&["db", "export", "-v"], &one, 0),
        (&["db", "backup", "copy.db", "-v"], &one, 0),
    ];
    for (words, input, code) in rows {
        let ended = run_jimd(folder, words, input);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:?}");
        assert_none_said(&words.join(" "), &ended, finds);
    }
}

#[test]
fn secrets_that_jimd_is_told_come_out_nowhere() {
    let folder = Folder::new();
    add_user(&folder, "ann", &canary("first"));
    folder.file("jimd.toml", "registration = \"invite\"\nverbose = true\n");
    let server = Server::start_in(folder, &["--config", "jimd.toml"]);
    let new = run_jimd(&server.folder, &["--config", "jimd.toml", "invite", "new"], "");
    let invitation = new.stdout.trim_end();
    assert!(invitation.len() >= 16, "{new:?}");
    let finds = Finds::new(&[invitation]);
    let_in(&server, invitation).iter().for_each(|answer| {
        finds.assert_not_in("an answer", answer.as_bytes());
    });
    let requests = with_secrets().into_iter().chain(misplaced());
    let requests = requests.map(|request| request.to_string().into_bytes());
    let sent = requests.chain(broken()).chain(elsewhere());
    let mut answered = 0;
    for bytes in sent {
        let answers = answers(&server, &bytes);
        answered += usize::from(!answers.is_empty());
        let what = format!("the answer to {}", String::from_utf8_lossy(&bytes));
        finds.assert_not_in(&what, &answers);
    }
    assert!(answered > 500, "{answered}");
    operate(&server.folder, &finds);
    server.wait_for_log(|line| line.contains("pasword") || line.contains("ask_hasher"));
    // Beside the running server its newest rows are in a file of their own.
    assert_none_in_files(server.folder.path(), &finds);
    let mut server = server;
    let console = server.stop().join("\n");
    finds.assert_not_in("the console", console.as_bytes());
    assert_none_in_files(server.folder.path(), &finds);
    let log = log_of(&server);
    for reached in [" DEBUG ", "ask_hasher", "register", "passwd", "speaks TLS", "speaks HTTP"] {
        assert!(log.contains(reached), "no {reached}");
    }
    assert!(console.contains("402"), "{console}");
}

#[test]
fn secrets_in_settings_are_not_shown_by_what_refuses_them() {
    let secret = canary("settings");
    let finds = Finds::new(&[]);
    let folder = Folder::new();
    for text in [
        format!("password = \"{secret}\"\n"),
        format!("[users]\nann = \"{secret}\"\n"),
        format!("port = 7777\npassword = {secret}\n"),
        format!("password = \"{secret}\n"),
    ] {
        fs::write(folder.path().join("jimd.toml"), &text).unwrap();
        let ended = run_jimd(&folder, &["config", "check", "jimd.toml"], "");
        assert_ne!(ended.code, Some(0), "{text}: {ended:?}");
        assert_none_said(&text, &ended, &finds);
    }
}
