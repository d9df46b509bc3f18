//! Whole conversations, as text. PROTOCOL.md and the golden files have them in one form:
//!
//! ```text
//! # a comment
//! a connects
//! a > {"action":"presence","time":1,"user":{"account_name":"ann"}}
//! a < {"response":200,"time":T,"alert":"User ann is present"}
//! a closed
//! ```
//!
//! `>` sends the line (with `\n` behind it), `>>` sends it without, `>x` sends bytes that are given
//! in hexadecimal, `~` half-closes. `<` is what the server sends next, its `time` shown as `T`.
//! `closed` is the server's end. A connection that is named first connects. With `JIM_UPDATE_GOLDEN=1` the `<` lines are written anew.

use super::support::{Client, Server};
use std::collections::BTreeMap;

/// Plays a transcript and gives it back as it went.
pub fn play(server: &Server, text: &str) -> String {
    let mut clients: BTreeMap<String, Client> = BTreeMap::new();
    let mut played = String::new();
    for line in text.lines() {
        let went = match line.split_once(' ') {
            _ if line.trim().is_empty() || line.starts_with('#') => line.to_owned(),
            Some((who, what)) => {
                let client = clients.entry(who.to_owned()).or_insert_with(|| server.connect());
                format!("{who} {}", step(client, what))
            }
            None => panic!("not a line of a transcript: {line}"),
        };
        played.push_str(&went);
        played.push('\n');
    }
    for (who, client) in clients {
        client.stream.shutdown(std::net::Shutdown::Write).ok();
        let mut client = client;
        while let Some(line) = client.read_line() {
            played.push_str(&format!("{who} < {}\n", mask(&line)));
        }
    }
    played
}

fn step(client: &mut Client, what: &str) -> String {
    if let Some(sent) = what.strip_prefix("> ") {
        client.send(format!("{sent}\n"));
    } else if let Some(sent) = what.strip_prefix(">> ") {
        client.send(sent);
    } else if let Some(bytes) = what.strip_prefix(">x ") {
        let byte = |hex| u8::from_str_radix(hex, 16).expect("bytes in hexadecimal");
        client.send(bytes.split(' ').map(byte).collect::<Vec<u8>>());
    } else if what.starts_with('<') {
        return match client.read_line() {
            Some(line) => format!("< {}", mask(&line)),
            None => "closed".to_owned(),
        };
    } else if what == "closed" {
        return match client.read_line() {
            Some(line) => format!("< {}", mask(&line)),
            None => what.to_owned(),
        };
    } else if what == "~" {
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    } else {
        assert_eq!(what, "connects", "not a step of a transcript");
    }
    what.to_owned()
}

/// The server's own times, which differ from run to run. A client's are small in transcripts.
fn mask(line: &str) -> String {
    let Some(start) = line.find("\"time\":").map(|at| at + 7) else { return line.to_owned() };
    let rest = &line[start..];
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    let is_servers = rest[..end].contains('.') && end > 10;
    if is_servers { format!("{}T{}", &line[..start], &rest[end..]) } else { line.to_owned() }
}
