//! Files through whatever may happen on the way: a peer that keeps them as PROTOCOL.md says, and
//! that is busy, fails, or is lost when a test tells it to.

use super::memory::Memory;
use super::protocol::FileAsked;
use super::queue::{Style, Transfers};
use super::source::Source;
use super::target::Place;
use crate::client::bounds::{PIECE_BYTES, SETBACKS};
use crate::client::exit::Exit;
use crate::client::mode::Turn;
use crate::client::outgoing::Asked;
use crate::client::render::Screen;
use crate::client::session::{Received, Session};
use crate::message::{Language, MessageId, Now};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Busy,
    Fails,
    /// The connection is lost before it is heard.
    LostBefore,
    /// The connection is lost before its answer is.
    LostBehind,
}

#[derive(Debug, Default)]
struct Peer {
    open: BTreeMap<String, (String, usize, Vec<u8>)>,
    files: BTreeMap<String, (String, Vec<u8>)>,
    troubles: VecDeque<Trouble>,
    /// How long a piece is that it gives.
    piece: usize,
    asked: Vec<String>,
}

fn refusal(code: u16, more: Value) -> Value {
    let mut answer = json!({"response": code, "time": 1, "error": "why", "reason": "why"});
    answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer
}

impl Peer {
    fn new() -> Self {
        Self { piece: PIECE_BYTES as usize, ..Self::default() }
    }

    fn with_file(name: &str, bytes: &[u8]) -> Self {
        let mut peer = Self::new();
        peer.files.insert("0000000000000001".into(), (name.into(), bytes.to_vec()));
        peer
    }

    /// The answer, or `None` where the connection is lost.
    fn hear(&mut self, request: &Value) -> Option<Value> {
        self.asked.push(request["action"].as_str().unwrap().to_owned());
        match self.troubles.pop_front().unwrap_or(Trouble::None) {
            Trouble::None => Some(self.answer(request)),
            Trouble::Busy => Some(refusal(429, json!({"limit": 3}))),
            Trouble::Fails => Some(refusal(500, json!({}))),
            Trouble::LostBefore => None,
            Trouble::LostBehind => {
                self.answer(request);
                None
            }
        }
    }

    fn answer(&mut self, request: &Value) -> Value {
        let id = request["id"].as_str().unwrap_or_default().to_owned();
        let offset = request["offset"].as_u64().unwrap_or_default() as usize;
        match request["action"].as_str().unwrap() {
            "upload" => {
                let id = format!("{:016x}", self.open.len() + self.files.len() + 1);
                let name = request["name"].as_str().unwrap().to_owned();
                let size = request["size"].as_u64().unwrap() as usize;
                self.open.insert(id.clone(), (name, size, Vec::new()));
                json!({"response": 200, "id": id, "upload": id, "next": 0})
            }
            "put" => self.put(&id, offset, request["data"].as_str().unwrap()),
            _ => self.get(&id, offset),
        }
    }

    fn put(&mut self, id: &str, offset: usize, data: &str) -> Value {
        let Some((_, size, bytes)) = self.open.get_mut(id) else { return refusal(404, json!({})) };
        if offset != bytes.len() {
            return refusal(400, json!({"next": bytes.len()}));
        }
        bytes.extend(STANDARD.decode(data).unwrap());
        assert!(bytes.len() <= *size);
        if bytes.len() < *size {
            return json!({"response": 200, "next": bytes.len()});
        }
        let (name, _, bytes) = self.open.remove(id).unwrap();
        let sha256 = super::hash::hex_of(&bytes);
        let size = bytes.len();
        self.files.insert(id.to_owned(), (name, bytes));
        json!({"response": 200, "next": size, "sha256": sha256})
    }

    fn get(&self, id: &str, offset: usize) -> Value {
        let Some((name, bytes)) = self.files.get(id) else { return refusal(404, json!({})) };
        let end = (offset + self.piece).min(bytes.len());
        json!({"response": 200, "next": end, "name": name, "size": bytes.len(),
            "sha256": super::hash::hex_of(bytes), "data": STANDARD.encode(&bytes[offset..end])})
    }
}

struct Stage {
    session: Session,
    screen: Screen,
    files: Transfers,
    uptime: Duration,
    memory: Memory,
}

impl Stage {
    fn new(state: &Path) -> Self {
        let state = state.to_str().unwrap().to_owned();
        let memory = Memory::of(&|name| (name == "XDG_STATE_HOME").then(|| state.clone()));
        let mut stage = Self {
            session: Session::default(),
            screen: Screen::new(Language::English, TimeZone::UTC, true),
            files: Transfers::new(Style::Alone, memory.clone()),
            uptime: Duration::from_secs(1),
            memory,
        };
        stage.begin();
        stage
    }

    /// Another program of the same user's.
    fn restart(&mut self) {
        self.files = Transfers::new(Style::Alone, self.memory.clone());
        self.begin();
    }

    fn begin(&mut self) {
        self.session = Session::default();
        self.files.lose();
        self.act(|files, turn| files.begin(turn, "127.0.0.1:1".into(), "anna"));
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut Transfers, &mut Turn<'_>) -> T) -> T {
        let now = Now { unix_micros: 1_000_000, uptime: self.uptime };
        let (session, screen) = (&mut self.session, &mut self.screen);
        act(&mut self.files, &mut Turn { now, session, screen })
    }

    fn send(&mut self, file: &Path) {
        let source = Source::open(file).unwrap();
        self.act(|files, turn| files.send(turn, source, "#tea".into(), Some("look".into())));
    }

    fn get(&mut self, place: Place) {
        self.act(|files, turn| files.get(turn, MessageId(1), place));
    }

    /// Lets the peer answer until nothing is left to be done, or `turns` are over.
    fn run(&mut self, peer: &mut Peer, turns: usize) -> Exit {
        for _ in 0..turns {
            if self.files.is_idle() {
                break;
            }
            self.act(|files, turn| files.go_on(turn));
            let output = self.session.output().to_vec();
            self.session.wrote(output.len());
            let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let mut answers = lines.map(|line| peer.hear(&serde_json::from_slice(line).unwrap()));
            if !answers.all(|answer| answer.is_some_and(|answer| self.receive(&answer))) {
                self.begin();
            }
            if !self.files.has_more(&self.session) && output.is_empty() {
                self.uptime = self.files.poll_timeout().unwrap_or(self.uptime);
            }
        }
        self.files.outcome().0
    }

    fn receive(&mut self, answer: &Value) -> bool {
        self.session.handle_bytes(answer.to_string().as_bytes());
        let now = Now { unix_micros: 1_000_000, uptime: self.uptime };
        let received = self.session.poll_received(now).unwrap().unwrap();
        let Received::Answer(Asked::File(_), answer) = received else { panic!("{received:?}") };
        self.act(|files, turn| files.handle_answer(turn, answer));
        true
    }

    fn told(&mut self) -> String {
        self.screen.poll_notices().into_iter().map(|(_, text)| text + "\n").collect()
    }
}

const ENOUGH: usize = 10_000;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn the_actions_are_named_as_in_the_protocol() {
    let actions = [FileAsked::Upload, FileAsked::Put, FileAsked::Get].map(FileAsked::action);
    assert_eq!(actions, ["upload", "put", "get"]);
}

#[test]
fn files_of_any_length_arrive_whole_with_several_pieces_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let piece = PIECE_BYTES as usize;
    for length in [0, 1, piece - 1, piece, piece + 1, 9 * piece + 7] {
        let bytes = bytes(length);
        let file = folder.path().join(format!("{length}.bin"));
        fs::write(&file, &bytes).unwrap();
        let (mut stage, mut peer) = (Stage::new(folder.path()), Peer::new());
        stage.send(&file);
        assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
        assert_eq!(peer.files["0000000000000001"], (format!("{length}.bin"), bytes.clone()));
        assert_eq!(peer.asked.len(), 1 + length.div_ceil(piece).max(1));
        fs::remove_file(&file).unwrap();
        stage.restart();
        stage.get(Place::Folder(folder.path().to_owned()));
        assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
        assert!(fs::read(&file).unwrap() == bytes);
    }
}

#[test]
fn an_interrupted_upload_is_taken_up_again_by_the_next_program() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, bytes(20 * PIECE_BYTES as usize)).unwrap();
    let (mut stage, mut peer) = (Stage::new(folder.path()), Peer::new());
    stage.send(&file);
    stage.run(&mut peer, 3);
    stage.files.give_up(&mut stage.screen);
    assert!(stage.told().contains("a is not sent to its end; to go on, send it again"));
    let before = peer.open["0000000000000001"].2.len();
    assert!(before > 0);
    peer.asked.clear();
    stage.restart();
    stage.send(&file);
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
    assert!(!peer.asked.contains(&"upload".to_owned()));
    assert_eq!(peer.asked.len(), 1 + 20 - before / PIECE_BYTES as usize);
    assert_eq!(peer.files.len(), 1);
    // What is done is forgotten.
    stage.restart();
    stage.send(&file);
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done);
    assert_eq!(peer.files.len(), 2);
}

#[test]
fn an_upload_that_the_server_has_forgotten_begins_anew_and_one_that_is_whole_is_not_sent_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, bytes(100)).unwrap();
    let (mut stage, mut peer) = (Stage::new(folder.path()), Peer::new());
    stage.send(&file);
    stage.run(&mut peer, 1);
    peer.open.clear();
    stage.restart();
    stage.send(&file);
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
    assert_eq!((peer.files.len(), peer.open.len()), (1, 0));
    peer.files.clear();
    peer.troubles = [Trouble::None, Trouble::LostBehind].into();
    stage.send(&file);
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
    assert_eq!(peer.files.len(), 1);
}

#[test]
fn what_came_is_gone_on_with_unless_it_is_of_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let (piece, place) = (PIECE_BYTES as usize, Place::Folder(folder.path().to_owned()));
    let whole = bytes(20 * piece);
    let mut peer = Peer::with_file("a.txt", &whole);
    let mut stage = Stage::new(folder.path());
    stage.get(place.clone());
    stage.run(&mut peer, 3);
    stage.files.give_up(&mut stage.screen);
    let part = folder.path().join("a.txt.part");
    let told = stage.told();
    assert!(told.contains(&format!("what came is in {}; to go on", part.display())), "{told}");
    let before = fs::metadata(&part).unwrap().len() as usize;
    assert!(before >= piece);
    peer.asked.clear();
    stage.restart();
    stage.get(place.clone());
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
    assert_eq!(peer.asked.len(), 1 + 20 - before / piece);
    assert!(fs::read(folder.path().join("a.txt")).unwrap() == whole && !part.exists());
    // It begins alike and goes on otherwise: that is found at the end, and it begins anew.
    let mut other = whole.clone();
    other[2 * piece] ^= 1;
    fs::write(folder.path().join("a (1).txt.part"), &other[..3 * piece]).unwrap();
    stage.restart();
    stage.get(place.clone());
    fs::write(folder.path().join("a.txt"), "mine").unwrap();
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
    assert!(fs::read(folder.path().join("a (1).txt")).unwrap() == whole);
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"mine");
    // Begun and complete, but for its name.
    fs::write(folder.path().join("a (2).txt.part"), &whole).unwrap();
    stage.restart();
    stage.get(place);
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
    assert!(fs::read(folder.path().join("a (2).txt")).unwrap() == whole);
}

#[test]
fn what_is_damaged_is_told_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::new(folder.path());
    stage.get(Place::Folder(folder.path().to_owned()));
    let say = |stage: &mut Stage, data: &str| {
        stage.receive(&json!({"response": 200, "next": 3, "name": "a", "size": 3,
            "sha256": super::hash::hex_of(b"abc"), "data": data}))
    };
    say(&mut stage, "YWJk");
    assert_eq!(stage.files.outcome(), (Exit::Damaged, None));
    assert!(!folder.path().join("a").exists() && !folder.path().join("a.part").exists());
    assert!(stage.told().contains("a: what arrived is not what was sent"));
    for nonsense in ["YWJjZA==", "", "%", "YWJj\n"] {
        stage.restart();
        stage.get(Place::Folder(folder.path().to_owned()));
        say(&mut stage, nonsense);
        assert_eq!(stage.files.outcome().0, Exit::FileRefused, "{nonsense}");
        assert!(!folder.path().join("a").exists(), "{nonsense}");
        assert!(!folder.path().join("a.part").exists(), "{nonsense}");
    }
}

#[test]
fn refusals_end_only_their_own_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, bytes(100)).unwrap();
    let (mut stage, mut peer) = (Stage::new(folder.path()), Peer::new());
    stage.get(Place::Folder(folder.path().to_owned()));
    stage.send(&file);
    stage.run(&mut peer, ENOUGH);
    let told = stage.told();
    assert!(told.contains("a waits: files before it: 1"), "{told}");
    assert!(told.contains("0000000000000001: the server says: 404 why"), "{told}");
    assert!(told.contains("a is sent"), "{told}");
    assert_eq!(stage.files.outcome().0, Exit::FileRefused);
}

#[test]
fn a_server_that_always_fails_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, bytes(100)).unwrap();
    for trouble in [Trouble::Busy, Trouble::Fails] {
        let (mut stage, mut peer) = (Stage::new(folder.path()), Peer::new());
        peer.troubles = [trouble; 100].into();
        stage.send(&file);
        assert_eq!(stage.run(&mut peer, ENOUGH), Exit::FileRefused);
        assert_eq!(peer.asked.len(), 9);
        assert!(stage.uptime > Duration::from_secs(10));
    }
}

#[test]
fn a_file_that_changes_on_its_way_is_not_announced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, bytes(10 * PIECE_BYTES as usize)).unwrap();
    let (mut stage, mut peer) = (Stage::new(folder.path()), Peer::new());
    stage.send(&file);
    stage.run(&mut peer, 1);
    fs::write(&file, bytes(10 * PIECE_BYTES as usize + 1)).unwrap();
    assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Damaged);
    assert!(peer.files.is_empty());
    assert!(stage.told().contains("a: the file changed while it was sent"));
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        4 => Just(Trouble::None),
        1 => Just(Trouble::Busy),
        1 => Just(Trouble::Fails),
        1 => Just(Trouble::LostBefore),
        1 => Just(Trouble::LostBehind),
    ]
}

/// The same without more failures than a file is tried for.
fn bearable(troubles: Vec<Trouble>) -> impl Iterator<Item = Trouble> {
    let mut failures = 0;
    troubles.into_iter().filter(move |trouble| {
        failures += u32::from(matches!(trouble, Trouble::Busy | Trouble::Fails));
        failures <= SETBACKS || matches!(trouble, Trouble::LostBefore | Trouble::LostBehind)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_file_arrives_once_and_whole(
        length in 0..4 * PIECE_BYTES as usize,
        troubles in prop::collection::vec(trouble(), 0..30),
        others in prop::collection::vec(trouble(), 0..30),
        piece in prop_oneof![Just(PIECE_BYTES as usize), 10_000..40_000_usize],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (file, whole) = (folder.path().join("a"), bytes(length));
        fs::write(&file, &whole).unwrap();
        let mut peer = Peer { piece, ..Peer::new() };
        // An `upload` whose answer is lost has no number, so it is asked for anew and stays open.
        peer.troubles = std::iter::once(Trouble::None).chain(bearable(troubles)).collect();
        let mut stage = Stage::new(folder.path());
        stage.send(&file);
        prop_assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
        prop_assert_eq!(peer.files.len(), 1);
        prop_assert!(peer.files["0000000000000001"].1 == whole);
        peer.troubles = bearable(others).collect();
        stage.restart();
        stage.get(Place::Folder(folder.path().to_owned()));
        prop_assert_eq!(stage.run(&mut peer, ENOUGH), Exit::Done, "{}", stage.told());
        prop_assert!(fs::read(folder.path().join("a (1)")).unwrap() == whole);
    }
}
