//! Every request gets one answer, in the order of the requests, however the bytes were cut; and
//! what a connection's end does to that.

use super::process::{wait_until, while_it_lingers};
use super::support::{Client, DEADLINE, Server};
use std::io::{Read, Write};
use std::net::Shutdown;

const PRESENCE: &str = r#"{"action":"presence","time":1}"#;
const LOG_IN: &str =
    r#"{"action":"authenticate","time":1,"user":{"account_name":"ann","password":"secret"}}"#;
const WRONG: &str =
    r#"{"action":"authenticate","time":1,"user":{"account_name":"ann","password":"wrong"}}"#;

fn codes(client: &mut Client, count: usize) -> Vec<u64> {
    (0..count).map(|_| client.object()["response"].as_u64().unwrap()).collect()
}

/// All lines until the server's end, without the server's times.
fn all_lines(mut client: Client) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = client.read_line() {
        let mut object: serde_json::Value = serde_json::from_str(&line).unwrap();
        if object["response"].is_number() {
            object["time"] = 0.into();
        }
        lines.push(object.to_string());
    }
    lines
}

#[test]
fn a_pipeline_is_answered_in_order_while_passwords_are_hashed() {
    let server = Server::with_users(&["ann"], &[]);
    let mut client = server.connect();
    let requests = [
        WRONG,
        r##"{"action":"join","time":1,"room":"#r"}"##,
        LOG_IN,
        PRESENCE,
        r##"{"action":"join","time":1,"room":"#r"}"##,
        r##"{"action":"msg","time":1,"to":"#r","from":"ann","message":"m"}"##,
        "{}",
        LOG_IN,
        r##"{"action":"leave","time":1,"room":"#r"}"##,
        r##"{"action":"leave","time":1,"room":"#r"}"##,
        WRONG,
        r#"{"action":"quit"}"#,
        PRESENCE,
    ];
    client.send(requests.concat());
    let expected = [402, 401, 202, 200, 200, 200, 400, 200, 200, 403, 402, 200];
    assert_eq!(codes(&mut client, expected.len()), expected);
    client.assert_closed();
}

#[test]
fn others_are_served_while_one_waits_for_its_passwords() {
    let server = Server::with_users(&["ann"], &[]);
    let (mut waiting, mut other) = (server.connect(), server.connect());
    // Forty hashes take far longer than one round trip, unless we are held up.
    wait_until("an answer before the last of forty hashes", || {
        waiting.send(WRONG.repeat(40));
        other.presence("bob");
        waiting.stream.set_nonblocking(true).unwrap();
        let mut buffer = [0; 65_536];
        let seen = waiting.stream.peek(&mut buffer).unwrap_or_default();
        waiting.stream.set_nonblocking(false).unwrap();
        assert_eq!(codes(&mut waiting, 40), [402; 40]);
        buffer[..seen].iter().filter(|byte| **byte == b'\n').count() < 40
    });
}

#[test]
fn five_thousand_answers_come_in_order_to_one_who_reads() {
    const REQUESTS: usize = 5_000;
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.presence("ann");
    let mut writer = client.stream.try_clone().unwrap();
    let all: String = (0..REQUESTS)
        .map(|n| {
            format!(r#"{{"action":"msg","time":1,"to":"nobody{n}","from":"ann","message":""}}"#)
        })
        .collect();
    let sending = std::thread::spawn(move || {
        std::io::Write::write_all(&mut writer, all.as_bytes()).unwrap();
    });
    for n in 0..REQUESTS {
        assert_eq!(client.object()["error"], format!("User nobody{n} does not exist"));
    }
    sending.join().unwrap();
}

#[test]
fn after_a_half_close_every_request_is_answered_and_then_it_is_closed() {
    let server = Server::with_users(&["ann"], &[]);
    let input = [
        PRESENCE.repeat(50),
        LOG_IN.to_owned(),
        r##"{"action":"join","time":1,"room":"#r"}"##.to_owned(),
        PRESENCE.repeat(3),
    ]
    .concat();
    let mut client = server.connect();
    client.send(input);
    client.stream.shutdown(Shutdown::Write).unwrap();
    let mut expected = vec![200; 50];
    expected.extend([202, 200, 200, 200, 200]);
    assert_eq!(codes(&mut client, expected.len()), expected);
    client.assert_closed();
}

#[test]
fn a_half_close_without_a_request_is_a_close() {
    let server = Server::start(&[]);
    for input in ["", " \n", "\u{feff}"] {
        let mut client = server.connect();
        client.send(input);
        client.stream.shutdown(Shutdown::Write).unwrap();
        client.assert_closed();
    }
    // What might still have become something else is answered now.
    for input in ["G", "\u{16}", "PO"] {
        let mut client = server.connect();
        client.send(input);
        client.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.object()["reason"], "not_an_object", "{input:?}");
        client.assert_closed();
    }
}

/// Good and bad, with every kind of cut possible in it.
fn mixed() -> Vec<u8> {
    let mut input = b"\xEF\xBB\xBF \t\r\n".to_vec();
    input.extend(r#"{"action":"presence","time":1,"user":{"account_name":"Вася"}}"#.bytes());
    input.extend(
        "{\"action\":\"msg\",\"time\":1.5e0,\"to\":\"Вася\",\"from\":\"\\u0412ася\",\"message\":\"{ } \\\" \
         \\\\\\\" [ 😀 \\ud83d\\ude00 \\u0000 \u{2028}\"}"
            .bytes(),
    );
    input.extend(b"hello\n{}\n\n {\"a\":\"\xFF\"} {\"x\":\"\\ud83d\"}[1]{\"action\":\"dance\",");
    input.extend(b"\"time\":1}\x80\x04\x95\n{\"}.");
    input.extend(r#"{"action":"msg","time":1,"to":"nobody","from":"Вася","message":""}"#.bytes());
    input.extend(b"{\"action\":\"presence\"");
    input
}

#[test]
fn byte_by_byte_is_as_good_as_whole() {
    let server = Server::start(&[]);
    let (mut whole, mut cut) = (server.connect(), server.connect());
    let input = mixed();
    whole.send(&input);
    whole.stream.shutdown(Shutdown::Write).unwrap();
    let at_once = all_lines(whole);
    assert!(at_once.len() >= 9, "{at_once:#?}");
    for byte in &input {
        cut.send([*byte]);
    }
    cut.stream.shutdown(Shutdown::Write).unwrap();
    let bit_by_bit = all_lines(cut);
    // A delivery to oneself and the answer to it may come in either order.
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let answers = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| line.contains("\"response\"")).cloned().collect()
    };
    assert_eq!(answers(&at_once), answers(&bit_by_bit));
    assert_eq!(sorted(at_once), sorted(bit_by_bit));
}

#[test]
fn nothing_need_separate_objects_and_any_white_space_may() {
    let server = Server::start(&[]);
    for between in ["", " ", "\n", "\r\n", "\t\n \r", &" ".repeat(3000)] {
        let mut client = server.connect();
        client.send(format!("{PRESENCE}{between}").repeat(100));
        assert_eq!(codes(&mut client, 100), [200; 100], "{between:?}");
    }
}

#[test]
fn the_server_ends_its_objects_with_a_line_end_and_leaves_no_blanks() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for request in [PRESENCE, "{}", "hello"] {
        client.send(format!("{request}\n"));
        let line = client.line();
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(object["time"].is_f64(), "{line}");
        let text = if object["response"] == 200 { "alert" } else { "error" };
        assert!(object[text].as_str().is_some_and(|text| !text.is_empty()), "{line}");
        assert!(!line.contains("\": ") && !line.contains(", \""), "not compact: {line}");
    }
}

#[test]
fn ten_bad_requests_end_it_and_the_answers_are_readable_though_it_goes_on_sending() {
    let server = Server::start(&[]);
    let answers = while_it_lingers(|| {
        let mut client = server.connect();
        client.send("{}".repeat(15));
        // Did the server not read on, the first of these would be answered by a reset.
        for _ in 0..40 {
            client.stream.write_all("{}".repeat(8_000).as_bytes())?;
        }
        let mut answers = String::new();
        client.stream.read_to_string(&mut answers).map(|_| answers)
    });
    let bad = |line: &str| line.starts_with(r#"{"response":400,"#);
    assert!(answers.lines().count() == 10 && answers.lines().all(bad), "{answers}");
}

#[test]
fn a_good_request_between_starts_the_count_of_bad_ones_anew() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for _ in 0..3 {
        client.send("{}".repeat(9));
        client.send(PRESENCE);
        assert_eq!(codes(&mut client, 9), [400; 9]);
        assert_eq!(codes(&mut client, 1), [200]);
    }
    // Another refusal than 400 does so as well.
    client.send("{}".repeat(9));
    client.send(r#"{"action":"msg","time":1,"to":"nobody","from":"x","message":""}"#);
    client.send("{}");
    assert_eq!(codes(&mut client, 9), [400; 9]);
    assert_eq!(codes(&mut client, 2), [404, 400]);
    client.send(PRESENCE);
    assert_eq!(codes(&mut client, 1), [200]);
}

#[test]
fn a_quit_is_answered_though_the_client_goes_on_sending() {
    let server = Server::start(&[]);
    let more = while_it_lingers(|| {
        let mut client = server.connect();
        client.send(format!(r#"{PRESENCE}{{"action":"quit"}}{PRESENCE}"#));
        assert_eq!(codes(&mut client, 2), [200, 200]);
        // Did the server not read on, the first of these would be answered by a reset.
        for _ in 0..40 {
            client.stream.write_all(PRESENCE.repeat(500).as_bytes())?;
        }
        client.stream.read(&mut [0])
    });
    assert_eq!(more, 0, "it is closed");
}

#[test]
fn messages_come_in_the_order_in_which_they_were_sent() {
    let server = Server::start(&[]);
    let (mut writer, mut reader) = (server.connect(), server.connect());
    writer.presence("w");
    reader.presence("r");
    let msg = |n: usize| {
        let to = if n.is_multiple_of(2) { "#all" } else { "r" };
        format!(r#"{{"action":"msg","time":{n},"to":"{to}","from":"w","message":"m"}}"#)
    };
    for n in 0..300 {
        writer.send(msg(n));
    }
    assert_eq!(codes(&mut writer, 300), [200; 300]);
    let mut last = [None; 2];
    for _ in 0..300 {
        // Each conversation has its order.
        let time = reader.object()["time"].as_u64().unwrap();
        let conversation = &mut last[usize::from(!time.is_multiple_of(2))];
        assert!(conversation.is_none_or(|before| before + 2 == time), "{conversation:?} {time}");
        *conversation = Some(time);
    }
    assert_eq!(last, [Some(298), Some(299)]);
}

#[test]
fn unread_deliveries_alone_never_stop_the_reading() {
    let server = Server::start(&[]);
    let (mut writer, mut reader) = (server.connect(), server.connect());
    writer.presence("w");
    reader.presence("r");
    // More than the sockets hold between them: what is left waits in the server.
    let text = "x".repeat(500);
    let msg =
        format!(r#"{{"action":"msg","time":1,"to":"r","from":"w","message":"{text}"}}{}"#, "\n");
    let batch = msg.repeat(500);
    for _ in 0..28 {
        writer.send(&batch);
        assert_eq!(codes(&mut writer, 500), [200; 500]);
    }
    reader.send(r#"{"action":"msg","time":1,"to":"w","from":"r","message":"still here"}"#);
    assert_eq!(writer.object()["message"], "still here");
    for _ in 0..28 * 500 {
        assert_eq!(reader.line(), msg.trim_end());
    }
    assert_eq!(codes(&mut reader, 1), [200]);
}

#[test]
fn a_client_that_never_closes_is_left_after_two_seconds_with_one_line_in_the_log() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let start = std::time::Instant::now();
    client.send(r#"{"action":"quit"}"#);
    assert_eq!(codes(&mut client, 1), [200]);
    client.assert_closed();
    // What is sent is dropped, until a reset says that nobody is there any more.
    while client.stream.write_all(b" ").is_ok() {
        assert!(start.elapsed() < DEADLINE, "it is never closed");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(start.elapsed() >= std::time::Duration::from_secs(2), "{:?}", start.elapsed());
    let peer = client.stream.local_addr().unwrap().to_string();
    server.connect().presence("next");
    let next = |line: &str| line.contains("the client closed");
    server.wait_for_log(next);
    let log = std::fs::read_to_string(server.folder.path().join("logs/jimd.log")).unwrap();
    let ends: Vec<&str> =
        log.lines().filter(|line| line.contains(&peer) && line.contains("ended")).collect();
    assert!(matches!(*ends, [end] if end.ends_with(": quit")), "{ends:#?}");
}
