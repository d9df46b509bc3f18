//! What the history must hold after a crash, and whether it does.

use super::crash_flood::{
    AWAY, COMMON, Delivered, Label, Letter, Link, READER, ROOMS, Sent, WRITERS,
};
use super::support::Server;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// One conversation, as one of its readers names it.
type Place = (&'static str, &'static str);

/// What was found in one conversation so far.
#[derive(Default)]
struct Known {
    /// The number of the last message.
    last: String,
    count: usize,
    /// Over all objects, one after another.
    digest: DefaultHasher,
}

impl Known {
    fn add(&mut self, object: &str) {
        self.count += 1;
        object.hash(&mut self.digest);
    }
}

/// All that was found in earlier rounds.
#[derive(Default)]
pub struct Chronicle {
    places: BTreeMap<Place, Known>,
    /// The greatest number that was seen anywhere.
    last: String,
}

/// The messages of a round that are in the history.
type Found = BTreeMap<Label, Delivered>;

impl Chronicle {
    /// Looks at the history after a round, and at what waits for who was away. Gives the number of
    /// messages that are new in it.
    pub fn check(&mut self, server: &Server, round: usize, sent: &Sent, whole: bool) -> usize {
        let mut reader = Link::log_in(server.address, READER);
        let mut away = Link::log_in(server.address, AWAY);
        let mut found = Found::new();
        for with in ROOMS.iter().chain(&WRITERS) {
            self.read(&mut reader, (READER, *with), round, whole, &mut found);
        }
        for with in WRITERS {
            self.read(&mut away, (AWAY, with), round, whole, &mut found);
        }
        reader.quit();
        check_waiting(away, &found);
        check_answers(sent, round, &found);
        check_shown(sent, round, &found);
        self.check_numbers(sent, &found);
        found.len()
    }

    /// Reads what is new in a conversation, and where it is time for that, all of it once more.
    fn read(&mut self, link: &mut Link, at: Place, round: usize, whole: bool, found: &mut Found) {
        let known = self.places.entry(at).or_default();
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for object in Pages::new(link, at.1, &known.last) {
            let message = Delivered::read(&object, round);
            let Delivered { label, to, msg_id, .. } = &message;
            assert!(*to == at.1 || *to == at.0, "in the history of {at:?}: {object}");
            assert!(*msg_id > known.last, "{msg_id} behind {}: {object}", known.last);
            let former = numbers.insert(label.writer.clone(), label.number);
            assert!(former < Some(label.number), "out of order behind {former:?}: {object}");
            known.last.clone_from(msg_id);
            known.add(&object);
            let twice = found.insert(label.clone(), message);
            assert!(twice.is_none(), "twice: {twice:?}");
        }
        if whole {
            let mut all = Known::default();
            Pages::new(link, at.1, "").for_each(|object| all.add(&object));
            assert_eq!(all.count, known.count, "messages of earlier rounds in {at:?}");
            assert_eq!(all.digest.finish(), known.digest.finish(), "earlier rounds in {at:?}");
        }
    }

    /// Numbers of messages that are not kept rise too, and none comes again after a restart.
    fn check_numbers(&mut self, sent: &Sent, found: &Found) {
        let kept = found.values().map(|message| message.msg_id.clone());
        let mut numbers: BTreeSet<String> = kept.collect();
        for answer in sent.writers.iter().flat_map(|writer| &writer.answers) {
            numbers.extend(answer.msg_id.clone());
        }
        let least = numbers.first().expect("a message");
        assert!(*least > self.last, "{least} was given after {}", self.last);
        self.last.clone_from(numbers.last().expect("a message"));
    }
}

/// Every answer in the order of the requests, and what it promised.
fn check_answers(sent: &Sent, round: usize, found: &Found) {
    for writer in &sent.writers {
        let mut last = String::new();
        for (place, answer) in writer.answers.iter().enumerate() {
            let who = writer.name;
            assert_eq!(answer.number, place, "{who}: answers in the order of the requests");
            let label = Label { writer: who.to_owned(), number: place };
            let (to, there) = (Letter::new(who, round, place).to, found.get(&label));
            match (answer.code, to) {
                (200, COMMON) => assert!(there.is_none()),
                (200 | 202, _) => {
                    let there = there.unwrap_or_else(|| panic!("lost: {label:?}, {answer:?}"));
                    assert_eq!(Some(&there.msg_id), answer.msg_id.as_ref(), "{label:?}");
                }
                // So much waits for who is away that no more may.
                (410, AWAY) => assert!(there.is_none(), "{label:?}"),
                _ => panic!("{who}: {answer:?} to a message to {to}"),
            }
            if let Some(number) = &answer.msg_id {
                assert!(*number > last, "{who}: {number} behind {last}");
                last.clone_from(number);
            }
        }
    }
}

/// What anybody was shown is there, with the same bytes and number.
fn check_shown(sent: &Sent, round: usize, found: &Found) {
    let objects: HashSet<&str> = found.values().map(|message| &*message.object).collect();
    for object in sent.shown.iter().filter(|object| !objects.contains(&***object)) {
        let shown = Delivered::read(object, round);
        if shown.to != COMMON {
            let there = found.get(&shown.label);
            panic!("shown and gone: {object}; there is {there:?}");
        }
    }
}

/// Who was away gets all that came for it in this round, in order, and nothing else.
fn check_waiting(mut away: Link, found: &Found) {
    let mut expected: Vec<&Delivered> = found.values().filter(|m| m.to == AWAY).collect();
    expected.sort_by(|one, other| one.msg_id.cmp(&other.msg_id));
    let answer = away.ask(&json!({"action": "presence", "time": 1}));
    assert_eq!(answer["response"], 200, "{answer}");
    for message in &expected {
        assert_eq!(away.line().expect("what waits"), message.object);
    }
    if let Some(last) = expected.last() {
        let ack = json!({"action": "ack", "time": 1, "msg_id": last.msg_id});
        let answer = away.ask(&ack);
        assert_eq!(answer["response"], 200, "{answer}");
    }
    let answer = away.ask(&json!({"action": "presence", "time": 1, "id": "last"}));
    assert_eq!(answer["id"], "last", "nothing more waits: {answer}");
    away.quit();
}

/// The objects of a conversation from a number on, page by page.
pub struct Pages<'a> {
    link: &'a mut Link,
    with: &'static str,
    after: String,
    page: std::vec::IntoIter<Box<RawValue>>,
    more: bool,
}

impl<'a> Pages<'a> {
    pub fn new(link: &'a mut Link, with: &'static str, after: &str) -> Self {
        let page = Vec::new().into_iter();
        Self { link, with, after: after.to_owned(), page, more: true }
    }

    fn turn(&mut self) {
        let (with, after) = (self.with, &self.after);
        let request =
            json!({"action": "history", "time": 1, "with": with, "after": after, "limit": 200});
        let text = self.link.ask_text(&request);
        let answer: Page = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(answer.response, 200, "{text}");
        self.more = answer.more;
        assert!(!answer.more || !answer.messages.is_empty(), "{text}");
        if let Some(last) = answer.messages.last() {
            let last: serde_json::Value = serde_json::from_str(last.get()).unwrap();
            self.after = last["msg_id"].as_str().unwrap().to_owned();
        }
        self.page = answer.messages.into_iter();
    }
}

/// An answer to `history`.
#[derive(Deserialize)]
struct Page {
    response: u64,
    messages: Vec<Box<RawValue>>,
    #[serde(default)]
    more: bool,
}

impl Iterator for Pages<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            if let Some(object) = self.page.next() {
                return Some(object.get().to_owned());
            }
            if !self.more {
                return None;
            }
            self.turn();
        }
    }
}
