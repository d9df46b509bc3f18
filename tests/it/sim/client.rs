//! A client of one of the three wires: what it writes, and what must be true of what it reads.

use super::contents::{letter, read_said, said_with};
use super::random::Random;
use super::requests;
use jim::limits::Limits;
use jim::message::Dialect;
use jim::wire::{console, exchange};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The most requests that a client has under way.
const PIPELINED: usize = 6;

const COMMANDS: [&str; 4] =
    ["cmd!participants_count", "cmd!current_time", "cmd!start_game:rock", "cmd!nonsense"];

/// How large the files are that clients of the exchange send; the last is too large.
const SIZES: [usize; 6] = [0, 1, 30, 60, 150, 500];

/// What those are called; the last is no name.
const FILE_NAMES: [&str; 4] = ["a.bin", "a.bin", "C:\\b.bin", ".."];

/// What is no request.
const GARBAGE: [&str; 5] = ["hello\n", "{\"a\":}", "null\n", "{\"action\":\"x\u{1}\"}", "[]\n"];

/// What is under way of a client.
pub struct Client {
    wire: Dialect,
    /// Of each request that was not answered, its `id` if it has one.
    asked: VecDeque<Option<Value>>,
    /// What was read and is no whole object yet.
    held: Vec<u8>,
    frames: exchange::Decoder,
    /// The file that comes: its seed, its size, and how much of it is here.
    file: (usize, usize, usize),
    /// Of each whose messages tell what their order is, the last that came.
    heard_of: BTreeMap<usize, usize>,
    /// Tells it from all others: the first number that it said something with.
    number: Option<usize>,
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
        Self {
            wire,
            asked: VecDeque::new(),
            held: Vec::new(),
            frames: exchange::Decoder::default(),
            file: (0, 0, 0),
            heard_of: BTreeMap::new(),
            number: None,
            is_known: false,
            is_lost: random.below(24) == 0,
            name,
        }
    }

    /// What it writes next, or nothing where it waits for answers.
    pub fn say(
        &mut self,
        random: &mut Random,
        id: usize,
        name: Option<&str>,
        files: &[String],
    ) -> Vec<u8> {
        let number = *self.number.get_or_insert(id);
        match self.wire {
            Dialect::Jim => self.ask(random, id, name, files),
            Dialect::Console => self.say_console(random, id, number),
            Dialect::Exchange => self.say_exchange(random, id, number),
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

    fn say_console(&mut self, random: &mut Random, id: usize, number: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.is_known, true) {
            console::client::write_username(&mut out, self.name);
        } else if random.below(4) == 0 {
            console::client::write_line(&mut out, random.pick(&COMMANDS));
        } else {
            console::client::write_line(&mut out, &format!("c {id} {number}"));
        }
        out
    }

    fn say_exchange(&mut self, random: &mut Random, id: usize, number: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.is_known, true) {
            exchange::client::write_nickname(&mut out, self.name);
        } else if random.below(3) == 0 {
            let (size, name) = (random.pick(&SIZES), random.pick(&FILE_NAMES));
            write_file(&mut out, &said_with(id, number, size), name, size);
            out.extend((0..size).map(|at| letter(id, at)));
        } else {
            exchange::client::write_text(&mut out, &format!("e {id} {number}"), None);
        }
        out
    }

    /// It writes no more; what it wrote last may be half an object, or half a file.
    pub fn say_half(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        match self.wire {
            Dialect::Jim => {
                self.asked.push_back(None);
                out.extend_from_slice(b"{\"action\":\"presence\",\"ti");
            }
            Dialect::Exchange if self.is_known => {
                write_file(&mut out, &said_with(0, 0, 100), "half", 100);
                out.extend((0..60).map(|at| letter(0, at)));
            }
            Dialect::Console | Dialect::Exchange => {}
        }
        out
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
                Ok(value) => self.hear_console(&value),
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
            return self.hear_text(value["message"].as_str().unwrap_or_default());
        }
        let asked = self.asked.pop_front().expect("an answer to nothing");
        // A file's number may be in the place of the request's.
        if let Some(id) = value.get("id").filter(|id| value.get("upload") != Some(id)) {
            assert_eq!(asked.as_ref(), Some(id), "another request's answer");
        }
    }

    fn hear_console(&mut self, value: &Value) {
        assert!(value["message_type"].is_string() || value["response"].is_u64());
        self.hear_text(value["message"].as_str().unwrap_or_default());
    }

    fn hear_frames(&mut self) -> usize {
        let (held, mut read) = (std::mem::take(&mut self.held), 0);
        loop {
            read += match self.frames.decode(&held[read..]) {
                exchange::Decoded::Incomplete => break,
                exchange::Decoded::Frame { frame, consumed } => {
                    self.hear_frame(frame);
                    consumed
                }
                exchange::Decoded::File { length, consumed } => {
                    assert_eq!(length as usize, self.file.1, "another file's length");
                    consumed
                }
                exchange::Decoded::Piece { bytes, consumed, .. } => {
                    self.hear_piece(bytes);
                    consumed
                }
                exchange::Decoded::Refused { length } => panic!("a frame of {length} bytes"),
            };
        }
        self.held = held;
        read
    }

    fn hear_frame(&mut self, frame: &[u8]) {
        let heard = exchange::client::read(frame, &Limits::default()).expect("a good frame");
        assert!(heard.status.is_some() || heard.text.is_some(), "{heard:?}");
        let text = heard.text.unwrap_or_default();
        self.hear_text(&text);
        if heard.attachment.is_some() {
            let (seed, _, size) = read_said(&text).expect("what is said with a file");
            self.file = (seed, size, 0);
            self.frames.expect_file();
        }
    }

    fn hear_piece(&mut self, bytes: &[u8]) {
        let (seed, _, come) = &mut self.file;
        for byte in bytes {
            assert_eq!(*byte, letter(*seed, *come), "another file's bytes");
            *come += 1;
        }
    }

    /// What one client of the other wires says comes to everybody once, and in its order.
    fn hear_text(&mut self, text: &str) {
        let mut words = text.split(' ');
        if !matches!(words.next(), Some("c" | "e" | "f")) {
            return;
        }
        let mut number = || words.next().and_then(|word| word.parse::<usize>().ok());
        let (Some(id), Some(sender)) = (number(), number().filter(|sender| *sender > 0)) else {
            return;
        };
        let last = self.heard_of.insert(sender, id);
        assert!(last.is_none_or(|last| last < id), "{text:?} behind {last:?}");
    }

    /// Nothing is half.
    pub fn check_whole(&self) {
        let half = self.held.trim_ascii();
        assert!(half.is_empty(), "half an object: {:?}", String::from_utf8_lossy(half));
        assert!(!self.frames.is_inside_file(), "half a file");
    }

    /// All that was asked is answered, and nothing is half.
    pub fn check_end(&self) {
        self.check_whole();
        assert!(self.asked.is_empty(), "never answered: {:?}", self.asked);
    }
}

/// A message, and behind it the frame of its file up to its length.
fn write_file(out: &mut Vec<u8>, text: &str, name: &str, size: usize) {
    exchange::client::write_text(out, text, Some(name));
    let length = u32::try_from(size).expect("a small file");
    out.extend_from_slice(&exchange::client::file_length(length));
}
