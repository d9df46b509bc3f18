//! Accounts that write as fast as the server reads, and what each was answered and shown until the
//! server was killed.

use super::support::DEADLINE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

/// Who writes.
pub const WRITERS: [&str; 3] = ["ann", "bob", "cat"];

/// Who is there all the time, and who comes only between the rounds.
pub const READER: &str = "reader";
pub const AWAY: &str = "away";

/// Everybody.
pub const PEOPLE: [&str; 5] = ["ann", "bob", "cat", READER, AWAY];

/// Where all are members.
pub const ROOMS: [&str; 2] = ["#one", "#two"];

/// The common chat, which is not kept.
pub const COMMON: &str = "#all";

/// What one writer sends in one round at most: more than a server answers until it is killed.
const MESSAGES: usize = 40_000;

/// How many objects are in one write.
const OBJECTS: usize = 8;

/// A row of numbers that a seed determines (splitmix).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.next() % (range.end() - range.start() + 1)
    }
}

/// One message of the test: all of it follows from who, when and which.
pub struct Letter {
    pub to: &'static str,
    /// The object as it is sent.
    pub object: String,
}

impl Letter {
    pub fn new(writer: &str, round: usize, number: usize) -> Self {
        let seed = round as u64 * 1_000_003 + number as u64 * 31 + writer.as_bytes()[0] as u64;
        let mut chance = Chance::new(seed);
        let to = match chance.within(0..=7) {
            0 | 1 => ROOMS[0],
            2 | 3 => ROOMS[1],
            4 | 5 => READER,
            6 => AWAY,
            _ => COMMON,
        };
        let piece = ["x", "слово ", "🙂", r"\n", r#"\""#, r"\u0436", r"\\"]
            [usize::try_from(chance.within(0..=6)).unwrap()];
        let filler = piece.repeat(usize::try_from(chance.within(0..=60)).unwrap());
        let object = format!(
            r#"{{"action":"msg","time":1,"from":"{writer}","to":"{to}","id":{number},"message":"{round} {number} {filler}"}}"#
        );
        Self { to, object }
    }

    /// Whether an object of the server is this message with what the server adds.
    pub fn is_in(&self, delivered: &str) -> bool {
        let sent = self.object.strip_suffix('}').unwrap();
        delivered.strip_prefix(sent).is_some_and(|rest| rest.starts_with(r#","msg_id":""#))
    }
}

/// Which message an object is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    pub writer: String,
    pub number: usize,
}

/// A delivered object, looked at.
#[derive(Debug)]
pub struct Delivered {
    pub label: Label,
    pub to: String,
    pub msg_id: String,
    pub object: String,
}

impl Delivered {
    /// Reads a message of this round, every byte of it as it was sent.
    pub fn read(object: &str, round: usize) -> Self {
        let value: Value = serde_json::from_str(object).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_else(|| panic!("{object}")).to_owned();
        let (message, writer) = (text("message"), text("from"));
        let mut numbers = message.split(' ').map(|word| word.parse::<usize>());
        let of_round = numbers.next().unwrap().unwrap();
        let number = numbers.next().unwrap().unwrap();
        assert_eq!(of_round, round, "a message of another round: {object}");
        assert!(Letter::new(&writer, round, number).is_in(object), "not as it was sent: {object}");
        let (to, msg_id) = (text("to"), text("msg_id"));
        Self { label: Label { writer, number }, to, msg_id, object: object.to_owned() }
    }
}

/// The answer to a message.
#[derive(Debug)]
pub struct Answer {
    pub code: u64,
    pub number: usize,
    pub msg_id: Option<String>,
}

/// What became of one writer's messages; the answers are in the order of their coming.
pub struct Writer {
    pub name: &'static str,
    pub answers: Vec<Answer>,
}

/// A round, as those saw it who took part.
pub struct Sent {
    pub writers: Vec<Writer>,
    /// All that anybody was shown, whole objects.
    pub shown: Vec<String>,
}

impl Sent {
    /// Whether somebody was still writing when the server was killed.
    pub fn was_under_way(&self) -> bool {
        self.writers.iter().any(|writer| writer.answers.len() < MESSAGES)
    }

    /// How many messages were answered.
    pub fn answered(&self) -> usize {
        self.writers.iter().map(|writer| writer.answers.len()).sum()
    }
}

/// A round under way.
pub struct Flood {
    readers: Vec<JoinHandle<Seen>>,
    writers: Vec<JoinHandle<()>>,
    answered: Receiver<()>,
}

/// What came over one connection.
#[derive(Default)]
struct Seen {
    answers: Vec<Answer>,
    shown: Vec<String>,
}

impl Flood {
    pub fn start(address: SocketAddr, round: usize) -> Self {
        let (answer_came, answered) = channel();
        let mut reader = Link::log_in(address, READER);
        let answer = reader.ask(&json!({"action": "presence", "time": 1}));
        assert_eq!(answer["response"], 200, "{answer}");
        let links = WRITERS.map(|name| Link::log_in(address, name));
        let streams = links.each_ref().map(|link| link.reader.get_ref().try_clone().unwrap());
        let readers = links.into_iter().chain([reader]);
        let readers = readers.map(|link| {
            let answer_came = answer_came.clone();
            thread::spawn(move || listen(link, &answer_came))
        });
        let readers = readers.collect();
        let writers = streams.into_iter().zip(WRITERS);
        let writers = writers.map(|(out, name)| thread::spawn(move || write(out, name, round)));
        Self { readers, writers: writers.collect(), answered }
    }

    /// Waits until the first message was answered.
    pub fn wait_for_an_answer(&self) {
        self.answered.recv_timeout(DEADLINE).expect("an answer");
    }

    /// What was seen until the connections ended, as they do with the server.
    pub fn end(self) -> Sent {
        self.writers.into_iter().for_each(|writer| writer.join().unwrap());
        let mut names = WRITERS.into_iter();
        let mut sent = Sent { writers: Vec::new(), shown: Vec::new() };
        for reader in self.readers {
            let Seen { answers, shown } = reader.join().unwrap();
            sent.shown.extend(shown);
            match names.next() {
                Some(name) => sent.writers.push(Writer { name, answers }),
                None => assert!(answers.is_empty(), "{answers:?}"),
            }
        }
        sent
    }
}

/// Sends until the connection breaks.
fn write(mut out: TcpStream, name: &str, round: usize) {
    for first in (0..MESSAGES).step_by(OBJECTS) {
        let letters = (first..first + OBJECTS).map(|n| Letter::new(name, round, n).object + "\n");
        if out.write_all(letters.collect::<String>().as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads whole lines until the connection breaks.
fn listen(mut link: Link, answer_came: &Sender<()>) -> Seen {
    let mut seen = Seen::default();
    while let Some(line) = link.line() {
        if !line.starts_with(r#"{"response":"#) {
            seen.shown.push(line);
            continue;
        }
        let value: Value = serde_json::from_str(&line).unwrap();
        let number = value["id"].as_u64().unwrap_or_else(|| panic!("an answer to nothing: {line}"));
        seen.answers.push(Answer {
            code: value["response"].as_u64().unwrap(),
            number: usize::try_from(number).unwrap(),
            msg_id: value["msg_id"].as_str().map(str::to_owned),
        });
        if seen.answers.len() == 1 {
            let _ = answer_came.send(());
        }
    }
    seen
}

/// A connection whose lines may be long.
pub struct Link {
    reader: BufReader<TcpStream>,
}

impl Link {
    /// An account, with all features that are looked at here.
    pub fn log_in(address: SocketAddr, name: &str) -> Self {
        let stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let mut link = Self { reader: BufReader::with_capacity(1 << 16, stream) };
        let user = json!({"account_name": name, "password": "secret"});
        let features = ["ids", "offline", "history"];
        let answer = link
            .ask(&json!({"action": "authenticate", "time": 1, "user": user, "features": features}));
        assert_eq!(answer["response"], 202, "{answer}");
        link
    }

    /// A whole line without its end; none where the connection ends or breaks, in a line too.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).ok()?;
        let length = line.strip_suffix('\n')?.len();
        line.truncate(length);
        Some(line)
    }

    pub fn send(&mut self, request: &Value) {
        self.reader.get_mut().write_all(request.to_string().as_bytes()).unwrap();
    }

    /// A request and the text of its answer, where nothing else can come.
    pub fn ask_text(&mut self, request: &Value) -> String {
        self.send(request);
        self.line().expect("an answer")
    }

    pub fn ask(&mut self, request: &Value) -> Value {
        serde_json::from_str(&self.ask_text(request)).unwrap()
    }

    /// Quits and waits for the end, so that the account may come again.
    pub fn quit(mut self) {
        self.send(&json!({"action": "quit"}));
        while self.line().is_some() {}
    }
}
