//! A client of one of the three wires: what it writes, and what must be true of what it reads.

use super::random::Random;
use super::requests;
use jim::limits::Limits;
use jim::message::Dialect;
use jim::wire::{console, exchange};
use serde_json::Value;
use std::collections::VecDeque;

/// The most requests that a client has under way.
const PIPELINED: usize = 6;

const COMMANDS: [&str; 4] =
    ["cmd!participants_count", "cmd!current_time", "cmd!start_game:rock", "cmd!nonsense"];

/// What is no request.
const GARBAGE: [&str; 5] = ["hello\n", "{\"a\":}", "null\n", "{\"action\":\"x\u{1}\"}", "[]\n"];

/// What is under way of a client.
pub struct Client {
    wire: Dialect,
    /// Of each request that was not answered, its `id` if it has one.
    asked: VecDeque<Option<Value>>,
    /// What was read and is no whole object yet.
    held: Vec<u8>,
    /// It has said who it is.
    is_known: bool,
    /// It knows no JSON.
    is_lost: bool,
    name: &'static str,
}

impl Client {
    pub fn new(random: &mut Random) -> Self {
        let wires = [[Dialect::Jim; 4].as_slice(), &[Dialect::Console, Dialect::Exchange]].concat();
        let name = random.pick(&["cat", "eve", "Guest", "John Doe"]);
        let wire = random.pick(&wires);
        let (asked, held, is_lost) = (VecDeque::new(), Vec::new(), random.below(24) == 0);
        Self { wire, asked, held, is_known: false, is_lost, name }
    }

    /// What it writes next, or nothing where it waits for answers.
    pub fn say(
        &mut self,
        random: &mut Random,
        id: usize,
        name: Option<&str>,
        files: &[String],
    ) -> Vec<u8> {
        match self.wire {
            Dialect::Jim => self.ask(random, id, name, files),
            Dialect::Console => self.say_console(random, id),
            Dialect::Exchange => self.say_exchange(id),
        }
    }

    fn ask(
        &mut self,
        random: &mut Random,
        id: usize,
        name: Option<&str>,
        files: &[String],
    ) -> Vec<u8> {
        if self.asked.len() >= PIPELINED {
            return Vec::new();
        }
        if self.is_lost || random.below(40) == 0 {
            self.asked.push_back(None);
            return random.pick(&GARBAGE).into();
        }
        let text = requests::make(random, id, name, files);
        let value: Result<Value, _> = serde_json::from_str(&text);
        self.asked.push_back(value.ok().and_then(|value| value.get("id").cloned()));
        let space = random.pick(&["", "", " ", "\n", "\r\n"]);
        format!("{text}{space}").into_bytes()
    }

    fn say_console(&mut self, random: &mut Random, id: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.is_known, true) {
            console::client::write_username(&mut out, self.name);
        } else if random.below(4) == 0 {
            console::client::write_line(&mut out, random.pick(&COMMANDS));
        } else {
            console::client::write_line(&mut out, &format!("c {id}"));
        }
        out
    }

    fn say_exchange(&mut self, id: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if std::mem::replace(&mut self.is_known, true) {
            exchange::client::write_text(&mut out, &format!("e {id}"), None);
        } else {
            exchange::client::write_nickname(&mut out, self.name);
        }
        out
    }

    /// It writes no more; what it wrote last may be half an object.
    pub fn say_half(&mut self) -> &'static [u8] {
        if self.wire != Dialect::Jim {
            return b"";
        }
        self.asked.push_back(None);
        b"{\"action\":\"presence\",\"ti"
    }

    /// Reads what came: each object is whole, each answer that of the oldest request.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        let read = match self.wire {
            Dialect::Exchange => self.hear_frames(),
            Dialect::Jim | Dialect::Console => self.hear_objects(),
        };
        self.held.drain(..read);
    }

    fn hear_objects(&mut self) -> usize {
        let held = std::mem::take(&mut self.held);
        let mut values = serde_json::Deserializer::from_slice(&held).into_iter::<Value>();
        let mut read = 0;
        while let Some(value) = values.next() {
            match value {
                Ok(value) if self.wire == Dialect::Jim => self.hear_jim(&value),
                Ok(value) => {
                    assert!(value["message_type"].is_string() || value["response"].is_u64());
                }
                Err(error) if error.is_eof() => break,
                Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&held)),
            }
            read = values.byte_offset();
        }
        self.held = held;
        read
    }

    fn hear_jim(&mut self, value: &Value) {
        if !value["response"].is_u64() {
            let action = value["action"].as_str().expect("an action");
            let is_known = ["msg", "notice", "probe", "attachment"].contains(&action);
            assert!(is_known && (action != "msg" || value["from"].is_string()), "{value}");
            return;
        }
        let asked = self.asked.pop_front().expect("an answer to nothing");
        // A file's number may be in the place of the request's.
        if let Some(id) = value.get("id").filter(|id| value.get("upload") != Some(id)) {
            assert_eq!(asked.as_ref(), Some(id), "another request's answer");
        }
    }

    fn hear_frames(&mut self) -> usize {
        let (mut decoder, mut read) = (exchange::Decoder::default(), 0);
        while let exchange::Decoded::Frame { frame, consumed } = decoder.decode(&self.held[read..])
        {
            let heard = exchange::client::read(frame, &Limits::default()).expect("a good frame");
            assert!(heard.status.is_some() || heard.text.is_some(), "{heard:?}");
            read += consumed;
        }
        read
    }

    /// All that was asked is answered, and nothing is half.
    pub fn check_end(&self) {
        let half = self.held.trim_ascii();
        assert!(half.is_empty(), "half an object: {:?}", String::from_utf8_lossy(half));
        assert!(self.asked.is_empty(), "never answered: {:?}", self.asked);
    }
}
