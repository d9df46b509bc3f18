//! What one message costs: instructions and allocations of the decoder, of the chat and of the
//! answer's encoder, for fixed inputs. `cargo bench --bench message` prints the table.
//!
//! A wall clock on a shared machine says little; instructions come out nearly the same on any. So
//! the program runs itself under valgrind, twice for each case, and takes the difference. Without
//! `--bench` (as `cargo test --benches` runs it) each case is only tried.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measuring tool")]
#![allow(clippy::print_stdout, reason = "its table")]

use jim::chat::{Chat, Effect, Policy};
use jim::limits::Limits;
use jim::message::{
    AccountId, AccountRecord, ConnectionId, Done, Job, Kept, Language, Membership, MessageId, Name,
    Now, Reply, Request, Role, RoomId, RoomRecord, Snapshot,
};
use jim::wire::{Decoded, Decoder, encode};
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A message of 120 characters.
const TEXT: &str = "Hello everybody, this is an ordinary message of one hundred and twenty characters, as \
                    people write them to each other, ok.";

/// The same in Cyrillic.
const CYRILLIC: &str = "Привет всем, это обычное сообщение из ста двадцати символов, какие люди пишут \
                        друг другу в общем чате, ну вот и хорошо.  ";

const MEMBERS: i64 = 100;
const ROOM: RoomId = RoomId(1);

/// What is measured, and how it is done so many times.
struct Case {
    name: &'static str,
    run: fn(u32),
}

const CASES: [Case; 13] = [
    Case { name: "decode msg, ASCII", run: |n| decode(&msg(TEXT), n) },
    Case { name: "decode msg, ASCII, compact", run: |n| decode(&compact(&msg(TEXT)), n) },
    Case { name: "decode msg, raw Cyrillic", run: |n| decode(&msg(CYRILLIC), n) },
    Case { name: "decode msg, escaped Cyrillic", run: |n| decode(&msg(&escaped(CYRILLIC)), n) },
    Case { name: "decode msg, other order, encoding, user", run: |n| decode(&reordered(), n) },
    Case { name: "decode message of lesson 7", run: |n| decode(LESSON_7, n) },
    Case { name: "decode msg with an id", run: |n| decode(WITH_ID, n) },
    Case { name: "decode presence with a status", run: |n| decode(PRESENCE, n) },
    Case { name: "chat: to a room of 100", run: |n| chat(House::new(false), &msg(TEXT), n) },
    Case { name: "chat: to a room of 100, kept", run: |n| chat(House::new(true), &msg(TEXT), n) },
    Case { name: "chat: to the common chat", run: |n| chat(House::new(false), TO_ALL, n) },
    Case { name: "chat: from guest to guest", run: |n| chat(House::of_guests(), TO_GUEST, n) },
    Case { name: "encode the answer", run: answer },
];

const LESSON_7: &str = r#"{"action": "message", "time": "Thu Nov 14 12:00:00 2024", "account_name": "user 001", "mess_text": "Hello everybody, this is an ordinary message"}"#;
const WITH_ID: &str = r##"{"action":"msg","time":1700000000.123456,"id":17,"to":"#room","from":"user 001","message":"Hello everybody, this is an ordinary message"}"##;
const PRESENCE: &str = r#"{"action": "presence", "time": 1700000000.123456, "type": "status", "user": {"account_name": "user 001", "status": "Yep, I am here!"}}"#;
const TO_ALL: &str = r##"{"action": "msg", "time": 1700000000.123456, "to": "#all", "from": "user 001", "message": "Hello everybody"}"##;
const TO_GUEST: &str = r#"{"action": "msg", "time": 1700000000.123456, "to": "Мария", "from": "guest 1", "message": "Hello everybody"}"#;

/// A `msg` as Python's `json.dumps` writes it.
fn msg(text: &str) -> String {
    format!(
        r##"{{"action": "msg", "time": 1700000000.123456, "to": "#room", "from": "user 001", "message": "{text}"}}"##
    )
}

fn compact(object: &str) -> String {
    object.replace("\": ", "\":").replace(", \"", ",\"")
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        ' '..='~' => c.to_string(),
        c => format!("\\u{:04x}", u32::from(c)),
    };
    text.chars().map(escape).collect()
}

fn reordered() -> String {
    format!(
        r##"{{"message": "{TEXT}", "encoding": "utf-8", "from": "user 001", "user": {{"account_name": "user 001"}}, "to": "#room", "time": 1700000000, "action": "msg"}}"##
    )
}

fn request<'a>(decoder: &mut Decoder, object: &'a str, limits: &Limits) -> Request<'a> {
    match decoder.decode(object.as_bytes(), limits) {
        Decoded::Request { request, consumed } if consumed == object.len() => request,
        other => panic!("{object}: {other:?}"),
    }
}

/// As the event loop does it: what was decoded is looked at where it lies.
fn decode(object: &str, times: u32) {
    let (mut decoder, limits) = (Decoder::default(), Limits::default());
    for _ in 0..times {
        match decoder.decode(black_box(object).as_bytes(), &limits) {
            Decoded::Request { request, consumed } => {
                black_box((&request, consumed));
            }
            other => panic!("{object}: {other:?}"),
        }
    }
}

/// A chat with a room, and who speaks in it.
struct House {
    chat: Chat,
    speaker: ConnectionId,
}

impl House {
    /// A hundred accounts are connected and in one room.
    fn new(kept: bool) -> Self {
        let policy = Policy {
            kept: Kept { rooms: kept, direct: kept, ..Kept::default() },
            ..Policy::default()
        };
        let accounts: Vec<AccountRecord> = (1..=MEMBERS).map(account).collect();
        let snapshot = Snapshot {
            rooms: vec![room()],
            memberships: (1..=MEMBERS).map(membership).collect(),
            accounts: accounts.clone(),
            ceiling: MessageId::MAX,
            ..Snapshot::default()
        };
        let chat = Chat::new(policy, Limits::default(), snapshot);
        let mut house = Self { chat, speaker: connection(0) };
        for (account, slot) in accounts.into_iter().zip(0..) {
            let name = account.name.clone();
            let user = format!(r#""user":{{"account_name":"{name}","password":"p"}}"#);
            house.chat.handle_open(now(), connection(slot));
            house.ask(connection(slot), "authenticate", &user);
            house.done(connection(slot), Done::Account(Some(account)));
            house.done(connection(slot), Done::Password(true));
            house.ask(connection(slot), "presence", &user);
        }
        house
    }

    fn of_guests() -> Self {
        let chat = Chat::new(
            Policy::default(),
            Limits::default(),
            Snapshot { ceiling: MessageId::MAX, ..Snapshot::default() },
        );
        let mut house = Self { chat, speaker: connection(0) };
        for (name, slot) in [("guest 1", 0), ("Мария", 1)] {
            house.chat.handle_open(now(), connection(slot));
            let user = format!(r#""user":{{"account_name":"{name}"}}"#);
            house.ask(connection(slot), "presence", &user);
        }
        house
    }

    fn ask(&mut self, who: ConnectionId, action: &str, fields: &str) {
        let object = format!(r#"{{"action":"{action}","time":1,{fields}}}"#);
        let request = request(&mut Decoder::default(), &object, &Limits::default());
        self.chat.handle_request(now(), who, &request);
        while self.chat.poll_effect().is_some() {}
    }

    fn done(&mut self, who: ConnectionId, done: Done) {
        self.chat.handle_done(now(), who, done);
        while self.chat.poll_effect().is_some() {}
    }

    /// One request and all that comes of it, the disk being done at once.
    fn hear(&mut self, request: &Request<'_>) -> (u32, u32) {
        assert!(!self.chat.is_busy(self.speaker), "the speaker waits for nothing");
        self.chat.handle_request(now(), self.speaker, request);
        let (mut answers, mut deliveries) = (0, 0);
        while let Some(effect) = self.chat.poll_effect() {
            match effect {
                Effect::Reply { reply, .. } => {
                    assert!(!reply.code.is_error(), "{reply:?}");
                    answers += 1;
                }
                Effect::Deliver { payload, .. } => {
                    black_box(payload);
                    deliveries += 1;
                }
                Effect::Store { message, .. } => {
                    let stored = Done::Stored(Arc::new(message));
                    self.chat.handle_done(now(), self.speaker, stored);
                }
                Effect::Job { job: Job::RaiseCeiling { .. }, .. } => {}
                other => panic!("{other:?}"),
            }
        }
        (answers, deliveries)
    }
}

fn chat(mut house: House, object: &str, times: u32) {
    let request = request(&mut Decoder::default(), object, &Limits::default());
    for _ in 0..times {
        assert_eq!(house.hear(black_box(&request)), (1, 1));
    }
}

fn answer(times: u32) {
    let (from, to) = (Name::shown("user 001"), Name::shown("#room"));
    let phrase = jim::message::Phrase::Delivered { from, to };
    let reply = Reply::new(jim::message::Code::Ok, phrase);
    let mut out = Vec::with_capacity(1024);
    for _ in 0..times {
        out.clear();
        encode::reply(&mut out, black_box(&reply), Language::Russian, now().unix_micros);
        black_box(&out);
    }
}

const fn connection(slot: u32) -> ConnectionId {
    ConnectionId { slot, generation: 0 }
}

const fn now() -> Now {
    Now { unix_micros: 1_700_000_000_123_456, uptime: Duration::from_secs(10) }
}

fn account(id: i64) -> AccountRecord {
    AccountRecord {
        id: AccountId(id),
        name: Name::shown(&format!("user {id:03}")),
        phc: "phc".into(),
        blocked: false,
        created_unix_micros: 1,
        version: 1,
    }
}

fn room() -> RoomRecord {
    RoomRecord {
        id: ROOM,
        name: Name::shown("#room"),
        owner: Some(AccountId(1)),
        topic: Box::default(),
        hidden: false,
    }
}

fn membership(id: i64) -> Membership {
    Membership {
        room: ROOM,
        account: AccountId(id),
        since_unix_micros: 1,
        role: Role::Member,
        position: MessageId::ZERO,
    }
}

/// How often a case is done in the shorter and in the longer run.
const TIMES: [u32; 2] = [100, 2100];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--run", case, times] => {
            let case = CASES.get(case.parse::<usize>().unwrap()).unwrap();
            (case.run)(times.parse().unwrap());
        }
        ["--bench", ..] => table(),
        _ => CASES.iter().for_each(|case| (case.run)(3)),
    }
}

fn table() {
    println!("| case | instructions | allocations |\n| --- | --: | --: |");
    for (place, case) in CASES.iter().enumerate() {
        let instructions = per_time(place, "callgrind", "Collected :");
        let allocations = per_time(place, "dhat", "Total:");
        println!("| {} | {instructions:.0} | {allocations:.2} |", case.name);
    }
}

/// What a valgrind tool counts for one time of a case, in the line with this mark.
fn per_time(case: usize, tool: &str, mark: &str) -> f64 {
    let [fewer, more] = TIMES.map(|times| count(case, times, tool, mark));
    (more - fewer) / f64::from(TIMES[1] - TIMES[0])
}

fn count(case: usize, times: u32, tool: &str, mark: &str) -> f64 {
    let output = Command::new("valgrind")
        .args([format!("--tool={tool}"), format!("--{tool}-out-file=/dev/null")])
        .arg(std::env::current_exe().unwrap())
        .args(["--run".to_owned(), case.to_string(), times.to_string()])
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.contains(mark)).unwrap_or_default();
    let mut numbers = line.split(' ').filter_map(|word| word.replace(',', "").parse().ok());
    numbers.next_back().unwrap_or_else(|| panic!("no number behind {mark:?} in {said}"))
}
