//! Bytes that have broken servers: none breaks this one, and whoever comes next is served.

use super::process::while_it_lingers;
use super::support::{Client, Server};
use std::io::{Read, Write};

const PRESENCE: &str = r#"{"action":"presence","time":1}"#;

fn is_served(client: &mut Client) {
    assert_eq!(client.ask(PRESENCE)["response"], 200);
}

#[test]
fn deep_nesting_is_refused_and_counted() {
    let server = Server::start(&[]);
    for bracket in ["[", r#"{"a":"#] {
        // Closed within what is held, and behind it.
        for depth in [33, 1_000, 20_000] {
            let mut client = server.connect();
            let closing = if bracket == "[" { "]" } else { "}" };
            let inside =
                if bracket == "[" { bracket.repeat(depth) } else { bracket.repeat(depth / 5) };
            let ends = closing.repeat(if bracket == "[" { depth } else { depth / 5 });
            let inside = if bracket == "[" { inside } else { format!("{inside}1") };
            client.send(format!(r#"{{"action":"presence","time":1,"x":{inside}{ends}}}"#));
            let code = client.object()["response"].as_u64().unwrap();
            assert_eq!(code, if bracket != "[" && depth == 33 { 200 } else { 400 }, "{depth}");
            is_served(&mut client);
        }
        // Never closed.
        let answer = while_it_lingers(|| {
            let mut client = server.connect();
            write!(client.stream, r#"{{"x":{}"#, bracket.repeat(100_000))?;
            let mut all = String::new();
            client.stream.read_to_string(&mut all).map(|_| all)
        });
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["reason"], "never_closes");
    }
    // An array at the top is no object: one answer for all of it.
    let mut client = server.connect();
    client.send("[".repeat(100_000));
    client.send("\n");
    assert_eq!(client.object()["reason"], "not_an_object");
    is_served(&mut client);
}

#[test]
fn ten_thousand_keys_are_refused() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let keys: String = (0..10_000).map(|n| format!(r#""{n}":0,"#)).collect();
    client.send(format!(r#"{{{}{}"#, &keys[..60_000], r#""a":0}"#));
    assert_eq!(client.object()["response"], 400);
    is_served(&mut client);
    client.send(format!(r#"{{{}"a":0}}"#, &keys[..500]));
    assert_eq!(client.object()["response"], 400);
    is_served(&mut client);
}

#[test]
fn times_are_finite_numbers_or_short_texts() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let long = "9".repeat(300);
    let too_long = "9".repeat(400);
    let rows = [
        ("1e999", 400),
        (&too_long, 400),
        ("NaN", 400),
        ("null", 400),
        ("[1]", 400),
        (r#"{"t":1}"#, 400),
        ("true", 400),
        (&long, 200),
        ("-0", 200),
        ("-5", 200),
        ("1e-400", 200),
        ("10413792000.123456789", 200),
        (r#""""#, 200),
        (r#""Sat Nov 21 09:00:00 2026""#, 200),
    ];
    for (time, code) in rows {
        let answer = client.ask(format!(r#"{{"action":"presence","time":{time}}}"#));
        assert_eq!(answer["response"], code, "{time}: {answer}");
        let now = answer["time"].as_f64().unwrap();
        assert!(now > 1.7e9, "the server has its own time: {answer}");
    }
}

#[test]
fn escaped_controls_in_a_message_are_relayed_as_they_came() {
    let server = Server::start(&[]);
    let (mut writer, mut reader) = (server.connect(), server.connect());
    writer.presence("w");
    reader.presence("r");
    let texts = [
        r"\u0000",
        r"\u001b[2J",
        r"x\n[21:33:43] \r\t\b\f",
        r"\u2028\u2029\u0085\u202e",
        "\u{2028}\u{85}\u{7f}\u{202e}\u{fffe}",
        r"\ud83d\ude00\/\\",
    ];
    for text in texts {
        let sent =
            format!(r##"{{"action":"msg","time":1,"to":"#all","from":"w","message":"{text}"}}"##);
        assert_eq!(writer.ask(&sent)["response"], 200, "{sent}");
        assert_eq!(reader.line(), sent);
    }
}

#[test]
fn a_pickle_of_any_protocol_is_named_and_the_connection_lives() {
    let server = Server::start(&[]);
    let newer = b"}\x94(\x8c\x06action\x94\x8c\x08presence\x94\x8c\x04time\x94K\x01u.";
    for protocol in [2, 3, 4, 5] {
        let mut client = server.connect();
        for _ in 0..2 {
            client.send([0x80, protocol]);
            client.send(newer);
            let answer = client.object();
            assert!(answer["error"].as_str().unwrap().contains("pickle"), "{answer}");
        }
        is_served(&mut client);
    }
}

#[test]
fn an_http_request_is_told_so_in_http() {
    let server = Server::start(&[]);
    for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
        let mut client = server.connect();
        client.send(format!("{method} / HTTP/1.1\r\nHost: jim\r\n\r\n"));
        assert_eq!(client.line(), "HTTP/1.1 501 Not Implemented");
        let mut rest = Vec::new();
        while let Some(line) = client.read_line() {
            rest.push(line);
        }
        let blank = rest.iter().position(String::is_empty).unwrap();
        let body = format!("{}\n", rest[blank + 1..].join("\n"));
        assert!(body.contains("JIM"), "{rest:?}");
        assert!(rest[..blank].contains(&format!("Content-Length: {}", body.len())), "{rest:?}");
    }
}

#[test]
fn tls_is_closed_and_logged_by_name() {
    let server = Server::start(&[]);
    let hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03".as_slice();
    let mut client = server.connect();
    client.send(hello);
    client.assert_closed();
    let peer = client.stream.local_addr().unwrap().to_string();
    server.wait_for_log(|line| line.contains(&peer) && line.contains("speaks TLS"));
    // No length that is claimed is believed.
    let mut client = server.connect();
    client.send(b"\xff\xff\xff\xff{");
    assert_eq!(client.object()["response"], 400);
    client.send("}");
    assert_eq!(client.object()["response"], 400);
    is_served(&mut client);
}

#[test]
fn random_bytes_are_answered_or_closed_and_others_are_served() {
    let server = Server::start(&[]);
    let mut other = server.connect();
    // xorshift64*, Marsaglia 2003.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes()
    };
    for _ in 0..200 {
        let mut client = server.connect();
        let bytes: Vec<u8> = (0..16).flat_map(|_| next()).collect();
        client.send(&bytes);
        client.stream.shutdown(std::net::Shutdown::Write).ok();
        if bytes[0] == 0 {
            // The exchange's: a frame of its own says what was wrong, if any was whole.
            while let Some(frame) = client.read_frame() {
                assert!(frame.starts_with(r#"{"status":"error: "#), "{frame} to {bytes:?}");
            }
        } else {
            while let Some(line) = client.read_line() {
                assert!(line.starts_with(r#"{"response":400,"#), "{line} to {bytes:?}");
            }
        }
        is_served(&mut other);
    }
}
