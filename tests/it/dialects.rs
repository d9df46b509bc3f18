//! Clients of three kinds in one chat: JIM, console chat (seed 003) and the exchange (seed 004).

use super::support::{Client, DEADLINE, Server};
use serde_json::{Value, json};
use std::io::Read;
use std::time::{Duration, Instant};

/// A client of console chat that is in.
pub fn console(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    client.send(json!({"username": name}).to_string());
    // Registration is not answered.
    let count = asked(&mut client, "cmd!participants_count");
    assert!(count.starts_with("Participants count: "), "{count}");
    client
}

fn asked(client: &mut Client, command: &str) -> String {
    client.send(json!({"message_type": "command", "data": command}).to_string());
    let said = client.object();
    assert_eq!(said["message_type"], "system_message", "{said}");
    said["data"].as_str().unwrap().to_owned()
}

/// A client of the exchange that is in.
pub fn exchange(server: &Server, nickname: &str) -> Client {
    let mut client = server.connect();
    client.send_frame(format!(r#"{{"nickname":"{nickname}"}}"#));
    assert_eq!(client.read_frame().unwrap(), r#"{"status":"success"}"#);
    client
}

pub fn jim(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    client.presence(name);
    client
}

pub fn msg(from: &str, to: &str, text: &str) -> String {
    json!({"action":"msg","time":1,"from":from,"to":to,"message":text}).to_string()
}

/// What an exchange message says, without its time.
pub fn said(frame: &str) -> &str {
    assert!(frame.starts_with(r#"{"time":"20"#), "{frame}");
    frame.split_once(r#"+00:00","#).unwrap().1
}

#[test]
fn each_sees_the_others_in_its_own_form() {
    let server = Server::start(&[]);
    let (mut jim, mut console) = (jim(&server, "jim"), console(&server, "con"));
    let mut exchange = exchange(&server, "exch");
    let text = "Ёж \"q\" \\ \u{1f600} \t";
    jim.send(msg("jim", "#all", text));
    assert_eq!(jim.object()["response"], 200);
    let expected = json!({"message_type":"message","sender":"jim","data":text});
    assert_eq!(console.object(), expected);
    let shown = "\"nickname\":\"jim\",\"text\":\"Ёж \\\"q\\\" \\\\ \u{1f600} \t\"}";
    assert_eq!(said(&exchange.read_frame().unwrap()), shown);

    console.send(json!({"message_type":"message","data":text}).to_string());
    let object = jim.object();
    assert_eq!((&object["from"], &object["to"]), (&json!("con"), &json!("#all")), "{object}");
    assert_eq!((object["message"].as_str(), object["time"].is_number()), (Some(text), true));
    assert_eq!(said(&exchange.read_frame().unwrap()), shown.replace("jim", "con"));

    exchange.send_frame("{\"text\":\"two\nlines \\\\ \\\"\"}");
    let text = "two\nlines \\ \"";
    assert_eq!(jim.object()["message"], text);
    let expected = json!({"message_type":"message","sender":"exch","data":text});
    assert_eq!(console.object(), expected);
}

#[test]
fn a_client_that_writes_a_byte_at_a_time_is_told_apart() {
    let server = Server::start(&[]);
    let byte_by_byte = |bytes: &[u8]| {
        let mut client = server.connect();
        bytes.iter().for_each(|byte| client.send([*byte]));
        client
    };
    let mut jim = byte_by_byte(br#" {"action":"presence","time":1}"#);
    assert_eq!(jim.object()["response"], 200);
    let mut console = byte_by_byte(br#"{"username":"x"}{"message_type":"command","data":"cmd!x"}"#);
    assert_eq!(console.object()["message_type"], "system_message");
    let mut exchange = byte_by_byte(b"\x00\x00\x00\x10{\"nickname\":\"y\"}");
    assert_eq!(exchange.read_frame().unwrap(), r#"{"status":"success"}"#);
    // Both: it is JIM, which says what is wrong.
    let mut both = byte_by_byte(br#"{"username":"x","action":"dance"}"#);
    assert_eq!(both.object()["reason"], "unknown_action");
    // Only the first object says it.
    let mut late = byte_by_byte(br#"{"action":"presence","time":1}{"username":"x"}"#);
    assert_eq!(late.object()["response"], 200);
    assert_eq!(late.object()["response"], 400);
}

/// What seed 003's client does: one `recv`, one object, and a look every 0.2 s.
#[test]
fn console_chats_own_client_survives_a_busy_room() {
    let server = Server::start(&[]);
    let mut reader = console(&server, "reader");
    let mut writer = jim(&server, "writer");
    for number in 0..6 {
        writer.send(msg("writer", "#all", &format!("{number} {}", "п".repeat(300))));
    }
    let deadline = Instant::now() + DEADLINE;
    let mut seen = Vec::new();
    while seen.len() < 6 {
        assert!(Instant::now() < deadline, "only {seen:?}");
        std::thread::sleep(Duration::from_millis(200));
        let mut buffer = [0; 1024];
        let count = reader.stream.read(&mut buffer).unwrap();
        let object: Value = serde_json::from_slice(&buffer[..count]).expect("one object a read");
        seen.push(object["data"].as_str().unwrap()[..1].to_owned());
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn a_text_longer_than_console_chat_reads_comes_in_parts() {
    let server = Server::start(&[]);
    let mut reader = console(&server, "reader");
    let mut writer = jim(&server, "writer");
    let text = "\u{1f600}".repeat(500);
    writer.send(msg("writer", "#all", &text));
    let mut heard = String::new();
    while heard.len() < text.len() {
        let line = reader.line();
        assert!(line.len() < 1024, "{} bytes", line.len());
        heard += serde_json::from_str::<Value>(&line).unwrap()["data"].as_str().unwrap();
    }
    assert_eq!(heard, text);
}

#[test]
fn the_log_has_seed_003s_four_lines() {
    let server = Server::start(&[]);
    let mut client = console(&server, "Вася");
    let peer = client.stream.local_addr().unwrap();
    client.send(json!({"message_type":"message","data":"line\nbreak"}).to_string());
    client.send("{\"message_type\": \"message\"}");
    client.assert_closed();
    for wanted in [
        format!("Accepted new connection from {peer}, username: Вася"),
        "The client Вася has requested the command: cmd!participants_count".to_owned(),
        "Received message from Вася: line\\nbreak".to_owned(),
        "Closed connection from: Вася".to_owned(),
    ] {
        server.wait_for_log(|line| line.contains(" INFO ") && line.ends_with(&wanted));
    }
}

#[test]
fn seed_003s_form_of_starting_is_answered_with_its_line() {
    let mut server = Server::start(&["--host", "localhost"]);
    let lines = server.stop();
    let line = lines.iter().find(|line| line.starts_with("Listening for connections on "));
    assert!(line.is_some_and(|line| line.ends_with("...")), "{lines:?}");
    let mut server = Server::start(&["-a", "localhost"]);
    assert!(!server.stop().iter().any(|line| line.contains("Listening for connections")));
}

#[test]
fn nothing_of_the_exchange_is_kept() {
    let settings = "[history]\ncommon = true\n";
    let server = Server::with_settings(settings);
    let mut jim = jim(&server, "jim");
    let mut exchange = exchange(&server, "exch");
    exchange.send_frame(r#"{"text":"not kept"}"#);
    assert_eq!(jim.object()["message"], "not kept");
    jim.send(msg("jim", "#all", "kept"));
    assert_eq!(jim.object()["response"], 200);
    assert!(exchange.read_frame().unwrap().contains("kept"));
    super::support::add_user(&server.folder, "ann", "secret");
    let mut ann = server.connect();
    let answer = ann.ask(
        r#"{"action":"authenticate","time":1,"features":["history","ids"],"user":{"account_name":"ann","password":"secret"}}"#,
    );
    assert_eq!(answer["response"], 202, "{answer}");
    let page = ann.ask(r##"{"action":"history","time":1,"with":"#all"}"##);
    let texts: Vec<_> =
        page["messages"].as_array().unwrap().iter().map(|message| &message["message"]).collect();
    assert_eq!(texts, ["kept"]);
}

#[test]
fn a_nickname_is_free_again_when_its_client_is_gone() {
    let server = Server::start(&[]);
    let mut first = exchange(&server, "one");
    drop(exchange(&server, "two"));
    assert!(said(&first.read_frame().unwrap()).contains(r#"\"two\" connected"#));
    assert!(said(&first.read_frame().unwrap()).contains(r#"\"two\" disconnected"#));
    let _two = exchange(&server, "two");
    assert!(said(&first.read_frame().unwrap()).contains(r#"\"two\" connected"#));
}

#[test]
fn guests_may_be_kept_out_on_every_wire() {
    let server = Server::with_settings("guests = \"none\"\n");
    let mut console = server.connect();
    console.send(r#"{"username":"a"}"#);
    assert_eq!(console.object()["message_type"], "system_message");
    console.assert_closed();
    let mut exchange = server.connect();
    exchange.send_frame(r#"{"nickname":"a"}"#);
    assert!(exchange.read_frame().unwrap().starts_with(r#"{"status":"error: "#));
    assert_eq!(exchange.read_frame(), None);
}
