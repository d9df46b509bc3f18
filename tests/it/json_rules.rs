//! The rules of RFC 8259 against a real server: each value stands in a request on a connection of
//! its own, which ends behind it.

use super::support::Server;
use std::io::{Read, Write};
use std::net::Shutdown;
use table::{Verdict, cases};

#[path = "../../src/wire/tests/json_rules.rs"]
#[allow(dead_code, reason = "the bounds are looked at where the decoder is tested")]
mod table;

/// The codes of all answers to these bytes.
fn codes(server: &Server, bytes: &[u8]) -> Vec<u64> {
    let mut client = server.connect();
    client.stream.write_all(bytes).unwrap();
    client.stream.shutdown(Shutdown::Write).unwrap();
    let mut answers = Vec::new();
    client.stream.read_to_end(&mut answers).unwrap();
    let answers = serde_json::Deserializer::from_slice(&answers).into_iter();
    answers
        .map(|answer: Result<serde_json::Value, _>| answer.unwrap()["response"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_request_is_served_or_refused_by_the_rules_of_json() {
    let server = Server::start(&[]);
    for (name, verdict, value) in cases() {
        let request = [b"{\"action\":\"presence\",\"time\":1,\"x\":", value, b"}"].concat();
        let codes = codes(&server, &request);
        let shown = format!("{name}: {}: {codes:?}", String::from_utf8_lossy(&request));
        match verdict {
            Verdict::Taken | Verdict::TakenByChoice => assert_eq!(codes, [200], "{shown}"),
            Verdict::RefusedByRule(_) => assert_eq!(codes, [400], "{shown}"),
            Verdict::Refused | Verdict::Unended => {
                assert!(!codes.is_empty() && codes.iter().all(|code| *code == 400), "{shown}");
            }
        }
    }
    server.connect().presence("still-here");
}
