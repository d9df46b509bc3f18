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
//! in hexadecimal, `>f` sends a frame of the exchange, `~` half-closes. `<` is what the server sends next (`<f`: a
//! frame), its times shown as `T` and its
//! numbers of messages and files as `ID1`, `ID2`, ... in the order in which they are seen; in what is sent these stand for
//! them again.
//! `closed` is the server's end. A connection that is named first connects. With `JIM_UPDATE_GOLDEN=1` the `<` lines are written anew.

use super::support::{Client, Server};
use std::collections::{BTreeMap, BTreeSet};

/// Plays a transcript and gives it back as it went.
pub fn play(server: &Server, text: &str) -> String {
    let mut clients: BTreeMap<String, Client> = BTreeMap::new();
    let mut mask = Mask::default();
    let mut framed = BTreeSet::new();
    let mut played = String::new();
    for line in text.lines() {
        // Shown only where the test fails.
        eprintln!("{line}");
        let went = match line.split_once(' ') {
            _ if line.trim().is_empty() || line.starts_with('#') => line.to_owned(),
            Some((who, what)) => {
                if what.starts_with(">f ") {
                    framed.insert(who.to_owned());
                }
                let client = clients.entry(who.to_owned()).or_insert_with(|| server.connect());
                format!("{who} {}", step(client, what, &mut mask))
            }
            None => panic!("not a line of a transcript: {line}"),
        };
        played.push_str(&went);
        played.push('\n');
    }
    for (who, client) in clients {
        client.stream.shutdown(std::net::Shutdown::Write).ok();
        let mut client = client;
        let framed = framed.contains(&who);
        while let Some(said) = if framed { client.read_frame() } else { client.read_line() } {
            let arrow = if framed { "<f" } else { "<" };
            played.push_str(&format!("{who} {arrow} {}\n", mask.hide(&said)));
        }
    }
    played
}

fn step(client: &mut Client, what: &str, mask: &mut Mask) -> String {
    if let Some(sent) = what.strip_prefix("> ") {
        client.send(format!("{}\n", mask.reveal(sent)));
    } else if let Some(sent) = what.strip_prefix(">> ") {
        client.send(mask.reveal(sent));
    } else if let Some(bytes) = what.strip_prefix(">x ") {
        let byte = |hex| u8::from_str_radix(hex, 16).expect("bytes in hexadecimal");
        client.send(bytes.split(' ').map(byte).collect::<Vec<u8>>());
    } else if let Some(frame) = what.strip_prefix(">f ") {
        client.send_frame(frame);
    } else if what.starts_with("<f") {
        return match client.read_frame() {
            Some(frame) => format!("<f {}", mask.hide(&frame)),
            None => "closed".to_owned(),
        };
    } else if what.starts_with('<') {
        return match client.read_line() {
            Some(line) => format!("< {}", mask.hide(&line)),
            None => "closed".to_owned(),
        };
    } else if what == "closed" {
        return match client.read_line() {
            Some(line) => format!("< {}", mask.hide(&line)),
            None => what.to_owned(),
        };
    } else if what == "~" {
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    } else {
        assert_eq!(what, "connects", "not a step of a transcript");
    }
    what.to_owned()
}

/// What differs from run to run: the server's times, and its numbers for messages.
#[derive(Default)]
struct Mask {
    ids: Vec<String>,
}

/// Before a number of a message or of a file, as the server writes it.
const ID_KEYS: [&str; 3] = ["\"msg_id\":\"", "\"upload\":\"", "\"id\":\""];
const ID_DIGITS: usize = 16;

impl Mask {
    fn hide(&mut self, line: &str) -> String {
        let mut shown = line.to_owned();
        for key in ["\"time\":", "\"server_time\":", "\"since\":"] {
            shown = hide_times(&shown, key);
        }
        self.hide_ids(&hide_utc(&shown))
    }

    fn hide_ids(&mut self, line: &str) -> String {
        let (mut shown, mut rest) = (String::new(), line);
        let next = |rest: &str| {
            let ends = ID_KEYS.iter().filter_map(|key| Some(rest.find(key)? + key.len()));
            ends.min()
        };
        while let Some(end) = next(rest) {
            let (before, behind) = rest.split_at(end);
            shown.push_str(before);
            rest = behind;
            if let Some((id, behind)) = split_id(behind) {
                shown.push_str(&format!("ID{}", self.place(id)));
                rest = behind;
            }
        }
        shown + rest
    }

    /// Which of the numbers it is, from 1 on.
    fn place(&mut self, id: &str) -> usize {
        let known = self.ids.iter().position(|known| known == id);
        known.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        }) + 1
    }

    fn reveal(&self, line: &str) -> String {
        let mut sent = line.to_owned();
        for (place, id) in self.ids.iter().enumerate().rev() {
            sent = sent.replace(&format!("\"ID{}\"", place + 1), &format!("\"{id}\""));
        }
        sent
    }
}

/// A number, where one stands here whole.
fn split_id(text: &str) -> Option<(&str, &str)> {
    let (id, behind) = text.split_at_checked(ID_DIGITS)?;
    let is_id = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_id && behind.starts_with('"')).then_some((id, behind))
}

/// Puts `T` for the time of an exchange message.
fn hide_utc(line: &str) -> String {
    const KEY: &str = "\"time\":\"";
    const LENGTH: usize = "2021-09-27 12:34:56.789000+00:00".len();
    match line.split_once(KEY) {
        Some((before, rest)) if rest.get(..LENGTH).is_some_and(|time| time.ends_with("+00:00")) => {
            format!("{before}{KEY}T{}", &rest[LENGTH..])
        }
        _ => line.to_owned(),
    }
}

/// Puts `T` for the times behind a key that are the server's; a client's are small in transcripts.
fn hide_times(line: &str, key: &str) -> String {
    let mut parts = line.split(key);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([',', '}']).unwrap_or(part.len());
        let (time, rest) = part.split_at(end);
        let is_servers = time.contains('.') && time.len() > 10;
        shown.push_str(&format!("{key}{}{rest}", if is_servers { "T" } else { time }));
    }
    shown
}
