//! What reaches whose queue, in which form and order.

use super::*;
use crate::message::{Dialect, Language, Mark, MessageId};
use crate::server::settings::Pacing;
use crate::server::slots::Slots;
use crate::server::timers::Moment;
use crate::transport::Stream;
use std::io::IoSlice;
use std::time::Duration;

const ROOM: AudienceId = AudienceId(3);
const OTHER_ROOM: AudienceId = AudienceId(5);

const WORDS: FileWords = FileWords { language: Language::English, chars: 500 };

/// The announcement of a file.
fn file() -> Message<'static> {
    let object = br#"{"action":"attachment","time":1.0,"from":"ann","to":"b","name":"a.txt","size":2048,"sha256":"","id":"","message":"look"}"#;
    Message { object, mark: Mark { id: MessageId(98), unix_micros: 0 } }
}

/// Connections, and the audiences that they are in.
struct House {
    listener: std::net::TcpListener,
    /// The peers' ends, held open.
    peers: Vec<std::net::TcpStream>,
    connections: Slots<Connection>,
    pool: crate::buffer::Pool,
    dirty: Vec<ConnectionId>,
    audiences: Audiences,
    numbered: i64,
}

impl House {
    fn new() -> Self {
        Self {
            listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
            peers: Vec::new(),
            connections: Slots::default(),
            pool: crate::buffer::Pool::default(),
            dirty: Vec::new(),
            audiences: Audiences::default(),
            numbered: 0,
        }
    }

    fn work(&mut self) -> (&mut Audiences, Targets<'_>) {
        let targets = Targets {
            connections: &mut self.connections,
            pool: &mut self.pool,
            dirty: &mut self.dirty,
        };
        (&mut self.audiences, targets)
    }

    /// A connection with these features that is in the room.
    fn member(&mut self, features: Features, pacing: Pacing) -> ConnectionId {
        let peer = std::net::TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        let (socket, address) = self.listener.accept().unwrap();
        self.peers.push(peer);
        socket.set_nonblocking(true).unwrap();
        let stream = Stream::tcp(mio::net::TcpStream::from_std(socket)).unwrap();
        let due = Duration::from_secs(300);
        let id = self.connections.insert(|id| Connection::new(id, stream, address, pacing, due));
        self.get(id).features = features;
        self.enter(id, ROOM);
        id
    }

    fn get(&mut self, id: ConnectionId) -> &mut Connection {
        self.connections.get_mut(id).unwrap()
    }

    fn enter(&mut self, id: ConnectionId, audience: AudienceId) {
        let (audiences, mut targets) = self.work();
        audiences.enter(audience, id, &mut targets);
    }

    /// Delivers `{"n":TEXT}` with the next number.
    fn say(&mut self, audience: AudienceId, text: &str, except: Option<ConnectionId>) {
        self.numbered += 1;
        let object = format!("{{\"n\":\"{text}\"}}");
        let mark = Mark { id: MessageId(self.numbered), unix_micros: 0 };
        let message = Message { object: object.as_bytes(), mark };
        let (audiences, mut targets) = self.work();
        audiences.deliver(audience, except, message, &mut targets);
    }

    fn hand(&mut self, to: ConnectionId, text: &str) {
        let object = format!("{{\"n\":\"{text}\"}}");
        let mark = Mark { id: MessageId(99), unix_micros: 0 };
        let message = Message { object: object.as_bytes(), mark };
        let (audiences, mut targets) = self.work();
        audiences.hand(to, message, WORDS, &mut targets);
    }

    /// A client of another wire that is in the room.
    fn member_of(&mut self, dialect: Dialect) -> ConnectionId {
        let id = self.member(Features::NONE, Pacing::Off);
        let (audiences, mut targets) = self.work();
        audiences.leave(ROOM, id, &mut targets);
        self.get(id).dialect = dialect;
        self.enter(id, ROOM);
        id
    }

    fn announce_file(&mut self, audience: AudienceId, except: Option<ConnectionId>) {
        let (audiences, mut targets) = self.work();
        audiences.deliver_file(audience, except, file(), WORDS, &mut targets);
    }

    fn hand_file(&mut self, to: ConnectionId) {
        let (audiences, mut targets) = self.work();
        audiences.hand(to, file(), WORDS, &mut targets);
    }

    fn tell(&mut self, to: &[AudienceId], except: Option<ConnectionId>) {
        let (audiences, mut targets) = self.work();
        audiences.tell(to, except, b"{\"n\":\"!\"}\n", &mut targets);
    }

    fn grant(&mut self, id: ConnectionId, features: Features) {
        let (audiences, mut targets) = self.work();
        audiences.set_features(id, features, &mut targets);
    }

    fn end_turn(&mut self) {
        self.end_turn_at(0, 0);
    }

    /// Ends a turn that began after so many microseconds and may hold back for so many.
    fn end_turn_at(&mut self, micros: u64, hold: u64) {
        let [uptime, time] = [micros, hold].map(Duration::from_micros);
        let (audiences, mut targets) = self.work();
        audiences.share_due(Hold { uptime, time }, &mut targets);
    }

    /// What each object that waits for a connection says, with a `+` where it is marked.
    fn queue(&mut self, id: ConnectionId) -> String {
        let bytes = self.pieces(id).concat();
        let text = String::from_utf8(bytes).unwrap();
        let said = text.lines().map(|line| {
            let said = line.split('"').nth(3).unwrap();
            let mark = if line.contains("msg_id") { "+" } else { "" };
            format!("{said}{mark}")
        });
        said.collect::<Vec<_>>().join(" ")
    }

    fn pieces(&mut self, id: ConnectionId) -> Vec<Vec<u8>> {
        let mut parts = [IoSlice::new(&[]); crate::limits::WRITE_PARTS];
        let front = self.get(id).output.front(&mut parts);
        parts[..front.parts].iter().map(|part| part.to_vec()).collect()
    }
}

#[test]
fn each_gets_its_own_form_and_a_sender_not_its_own() {
    // Copies for few members, chunks for many.
    for more in [0, 5] {
        let mut house = House::new();
        let plain = house.member(Features::NONE, Pacing::Off);
        let marked = house.member(Features::IDS, Pacing::Off);
        for _ in 0..more {
            house.member(Features::NONE, Pacing::Off);
            house.member(Features::IDS, Pacing::Off);
        }
        house.say(ROOM, "a", Some(plain));
        house.say(ROOM, "b", None);
        house.say(ROOM, "c", Some(marked));
        house.say(ROOM, "d", Some(marked));
        house.say(ROOM, "e", Some(plain));
        house.end_turn();
        assert_eq!(house.queue(plain), "b c d");
        assert_eq!(house.queue(marked), "a+ b+ e+");
        assert_eq!((house.get(plain).skips, house.get(marked).skips), (0, 0));
    }
}

#[test]
fn a_plain_member_gets_the_senders_bytes() {
    let mut house = House::new();
    let plain = house.member(Features::NOTICES, Pacing::Off);
    house.member(Features::IDS, Pacing::Off);
    let object = "{ \"n\" : \"\\u0436\" }";
    let mark = Mark { id: MessageId(1), unix_micros: 1 };
    let (audiences, mut targets) = house.work();
    audiences.deliver(ROOM, None, Message { object: object.as_bytes(), mark }, &mut targets);
    house.end_turn();
    assert_eq!(house.pieces(plain).concat(), format!("{object}\n").into_bytes());
}

#[test]
fn a_file_is_announced_as_such_or_in_words_behind_what_came_before_it() {
    for more in [0, 3] {
        let mut house = House::new();
        let files = Features::FILES;
        let tastes = [Features::NONE, Features::IDS, files, files.with(Features::IDS)];
        let members = tastes.map(|taste| house.member(taste, Pacing::Off));
        let sender = house.member(files, Pacing::Off);
        for taste in tastes.repeat(more) {
            house.member(taste, Pacing::On);
        }
        let console = house.member_of(Dialect::Console);
        house.say(ROOM, "before", None);
        house.announce_file(ROOM, Some(sender));
        house.say(ROOM, "after", None);
        house.end_turn();
        let queues = members.map(|member| house.queue(member));
        let expected = ["msg", "msg+", "attachment", "attachment+"];
        for (queue, expected) in queues.iter().zip(expected) {
            let mark = if expected.ends_with('+') { "+" } else { "" };
            assert_eq!(*queue, format!("before{mark} {expected} after{mark}"));
        }
        assert_eq!(house.queue(sender), "before after");
        let told = String::from_utf8(house.pieces(console).concat()).unwrap();
        assert!(told.contains(r#""sender":"ann","data":"look [file a.txt, 2.0 KiB]""#), "{told}");
        // All six heard each message, but its sender of the file.
        let receivers = 3 * (6 + 4 * more as u64) - 1;
        assert_eq!(house.audiences.delivered(), receivers);
        house.hand_file(members[0]);
        house.hand_file(members[3]);
        assert_eq!(house.audiences.delivered(), receivers + 2);
        assert!(house.queue(members[0]).ends_with("after msg"));
        assert!(house.queue(members[3]).ends_with("after+ attachment+"));
    }
}

#[test]
fn a_paced_member_gets_one_object_a_piece_in_either_form() {
    let mut house = House::new();
    let plain = house.member(Features::NONE, Pacing::On);
    let marked = house.member(Features::IDS, Pacing::On);
    for _ in 0..3 {
        house.member(Features::NONE, Pacing::On);
        house.member(Features::IDS, Pacing::On);
    }
    for text in ["a", "b", "c"] {
        house.say(ROOM, text, None);
    }
    house.say(ROOM, "own", Some(marked));
    house.end_turn();
    for (id, count) in [(plain, 4), (marked, 3)] {
        let pieces = house.pieces(id);
        assert_eq!(pieces.len(), count);
        let is_whole = |piece: &Vec<u8>| piece.starts_with(b"{") && piece.ends_with(b"}\n");
        assert!(pieces.iter().all(is_whole), "{pieces:?}");
    }
    assert_eq!(house.queue(marked), "a+ b+ c+");
}

#[test]
fn another_form_counts_from_its_moment_on_in_every_audience() {
    let mut house = House::new();
    let ann = house.member(Features::NONE, Pacing::Off);
    let others = [Features::NONE, Features::IDS, Features::NONE, Features::IDS]
        .map(|features| house.member(features, Pacing::Off));
    house.enter(ann, OTHER_ROOM);
    house.say(ROOM, "a", None);
    house.say(OTHER_ROOM, "b", None);
    house.say(ROOM, "own", Some(ann));
    house.grant(ann, Features::IDS.with(Features::NOTICES));
    house.say(ROOM, "c", None);
    house.say(ROOM, "own", Some(ann));
    house.say(OTHER_ROOM, "d", None);
    house.grant(ann, Features::NOTICES);
    house.say(ROOM, "e", None);
    house.end_turn();
    let queue = house.queue(ann);
    let of = |room: &[&str]| -> Vec<String> {
        let in_room = |said: &&str| room.contains(&said.trim_end_matches('+'));
        queue.split(' ').filter(in_room).map(str::to_owned).collect()
    };
    assert_eq!(of(&["a", "c", "e"]), ["a", "c+", "e"], "{queue}");
    assert_eq!(of(&["b", "d"]), ["b", "d+"], "{queue}");
    assert!(!queue.contains("own"), "{queue}");
    // The others' places were kept straight.
    for id in others {
        let (audiences, mut targets) = house.work();
        audiences.leave_all(id, &mut targets);
    }
    house.say(ROOM, "f", None);
    house.end_turn();
    assert!(house.queue(ann).ends_with(" f"));
    for id in others {
        assert!(!house.queue(id).contains('f'));
    }
}

#[test]
fn what_is_handed_to_one_comes_behind_what_its_audiences_got() {
    let mut house = House::new();
    let plain = house.member(Features::NONE, Pacing::Off);
    let marked = house.member(Features::IDS, Pacing::Off);
    house.say(ROOM, "a", None);
    house.hand(plain, "w");
    house.hand(marked, "w");
    house.say(ROOM, "b", None);
    house.end_turn();
    assert_eq!(house.queue(plain), "a w b");
    assert_eq!(house.queue(marked), "a+ w+ b+");
    assert_eq!(house.get(plain).output.answer_bytes(), 0, "it is no answer");
}

#[test]
fn an_event_is_told_once_to_those_who_opted_in() {
    let mut house = House::new();
    let hearer = house.member(Features::NOTICES, Pacing::Off);
    let both = house.member(Features::NOTICES.with(Features::IDS), Pacing::Off);
    let doer = house.member(Features::NOTICES, Pacing::Off);
    let deaf = house.member(Features::IDS, Pacing::Off);
    house.enter(hearer, OTHER_ROOM);
    house.enter(both, OTHER_ROOM);
    house.say(ROOM, "a", None);
    house.say(OTHER_ROOM, "b", None);
    house.tell(&[ROOM, OTHER_ROOM, ROOM], Some(doer));
    house.say(ROOM, "c", None);
    house.tell(&[ROOM], None);
    house.end_turn();
    assert_eq!(house.queue(hearer), "a ! b c !");
    assert_eq!(house.queue(both), "a+ ! b+ c+ !");
    assert_eq!(house.queue(doer), "a c !");
    assert_eq!(house.queue(deaf), "a+ c+");
}

#[test]
fn an_audience_without_hearers_is_known_as_such() {
    let mut house = House::new();
    let ann = house.member(Features::NOTICES, Pacing::Off);
    let bob = house.member(Features::IDS, Pacing::Off);
    assert!(house.audiences.has_hearers(&[OTHER_ROOM, ROOM]));
    assert!(!house.audiences.has_hearers(&[OTHER_ROOM, AudienceId(1000)]));
    house.grant(ann, Features::IDS);
    assert!(!house.audiences.has_hearers(&[ROOM]));
    house.grant(bob, Features::NOTICES);
    assert!(house.audiences.has_hearers(&[ROOM]));
    let (audiences, mut targets) = house.work();
    audiences.leave(ROOM, bob, &mut targets);
    assert!(!audiences.has_hearers(&[ROOM]));
    house.enter(bob, ROOM);
    assert!(house.audiences.has_hearers(&[ROOM]));
    let (audiences, mut targets) = house.work();
    audiences.leave_all(bob, &mut targets);
    assert!(!audiences.has_hearers(&[ROOM]));
}

#[test]
fn all_are_told_behind_what_they_were_delivered() {
    let mut house = House::new();
    let hearer = house.member(Features::NOTICES, Pacing::Off);
    let deaf = house.member(Features::NONE, Pacing::Off);
    let closing = house.member(Features::NOTICES, Pacing::Off);
    house.get(closing).phase = Phase::Flushing { until: Moment::NEVER };
    house.say(ROOM, "a", None);
    let (audiences, mut targets) = house.work();
    audiences.tell_all(None, b"{\"n\":\"!\"}\n", &mut targets);
    assert_eq!(house.queue(hearer), "a !");
    assert_eq!(house.queue(deaf), "a");
    assert_eq!(house.queue(closing), "a");
}

#[test]
fn an_audience_that_rests_holds_no_memory() {
    let mut house = House::new();
    let ids = [0, 1, 2].map(|_| house.member(Features::NONE, Pacing::Off));
    let marked = house.member(Features::IDS, Pacing::Off);
    house.enter(marked, OTHER_ROOM);
    for _ in 0..1000 {
        house.say(ROOM, "a", None);
        house.say(OTHER_ROOM, "b", None);
    }
    assert!(house.audiences.has_output());
    house.end_turn();
    assert!(!house.audiences.has_output());
    assert!(house.audiences.shared_bytes() > 0);
    for id in ids.into_iter().chain([marked]) {
        house.get(id).output = crate::buffer::OutputQueue::default();
    }
    assert_eq!(house.audiences.shared_bytes(), 0);
    for audience in &house.audiences.list {
        for list in [&audience.plain, &audience.marked] {
            assert!(list.turn.is_none());
        }
    }
}

/// Three members without features, and somebody who is in both rooms.
fn busy_house() -> (House, [ConnectionId; 3], ConnectionId) {
    let mut house = House::new();
    let members = [0, 1, 2].map(|_| house.member(Features::NONE, Pacing::Off));
    let both = house.member(Features::NONE, Pacing::Off);
    house.enter(both, OTHER_ROOM);
    (house, members, both)
}

#[test]
fn a_busy_room_is_held_back_and_a_message_after_a_pause_is_not() {
    let (mut house, [ann, ..], _) = busy_house();
    house.say(ROOM, "a", None);
    house.end_turn_at(10_000, 2000);
    assert_eq!(house.queue(ann), "a", "the first is not held");
    for (at, text) in [(10_100, "b"), (11_000, "c"), (11_999, "d")] {
        house.say(ROOM, text, None);
        house.end_turn_at(at, 2000);
        assert_eq!(house.queue(ann), "a", "at {at}");
        assert!(house.audiences.has_output(), "so that the loop does not sleep");
    }
    house.end_turn_at(12_000, 2000);
    assert_eq!(house.queue(ann), "a b c d", "two milliseconds after the first");
    assert_eq!(house.pieces(ann).len(), 2);
    assert!(!house.audiences.has_output());
    house.end_turn_at(13_000, 2000);
    house.say(ROOM, "e", None);
    house.end_turn_at(14_000, 2000);
    assert_eq!(house.queue(ann), "a b c d e", "after a pause");
}

#[test]
fn what_is_held_back_is_let_go_when_no_input_is_left() {
    let (mut house, [ann, ..], _) = busy_house();
    house.say(ROOM, "a", None);
    house.end_turn_at(10_000, 2000);
    house.say(ROOM, "b", None);
    house.end_turn_at(10_100, 2000);
    house.end_turn_at(10_200, 0);
    assert_eq!(house.queue(ann), "a b");
    assert!(!house.audiences.has_output());
}

#[test]
fn few_receivers_are_never_held() {
    let (mut house, _, both) = busy_house();
    for (at, text) in [(10_000, "a"), (10_001, "b")] {
        house.say(OTHER_ROOM, text, None);
        house.end_turn_at(at, 2000);
    }
    assert_eq!(house.queue(both), "a b");
}

/// The room was just served, and holds back "a".
fn holding() -> (House, [ConnectionId; 3], ConnectionId) {
    let (mut house, members, both) = busy_house();
    house.say(ROOM, "0", None);
    house.end_turn_at(10_000, 2000);
    house.say(ROOM, "a", Some(members[0]));
    house.end_turn_at(10_100, 2000);
    (house, members, both)
}

#[test]
fn what_is_held_back_comes_before_what_is_for_one_alone() {
    let (mut house, [_, bob, _], both) = holding();
    house.say(OTHER_ROOM, "w", None);
    house.say(ROOM, "b", None);
    house.end_turn_at(10_200, 2000);
    assert_eq!(house.queue(both), "0 a w", "b is held again");
    assert_eq!(house.queue(bob), "0 a");
    house.hand(bob, "h");
    assert_eq!(house.queue(bob), "0 a b h");
}

#[test]
fn what_is_held_back_comes_before_what_its_sender_writes_to_another_room() {
    for same in [true, false] {
        let (mut house, [ann, bob, eve], _) = holding();
        let wide = AudienceId(7);
        for id in [ann, bob, eve] {
            house.enter(id, wide);
        }
        house.say(wide, "w", Some(if same { ann } else { bob }));
        assert_eq!(house.queue(eve), if same { "0 a" } else { "0" });
        house.end_turn_at(10_200, 2000);
        assert_eq!(house.queue(eve), if same { "0 a w" } else { "0 w" }, "the other's is held on");
        house.end_turn_at(12_000, 2000);
        assert_eq!(house.queue(eve), if same { "0 a w" } else { "0 w a" });
        assert_eq!(house.queue(ann), if same { "0" } else { "0 w" }, "not its own");
    }
}

#[test]
fn who_comes_and_goes_gets_of_what_is_held_back_what_is_theirs() {
    let (mut house, [ann, bob, _], _) = holding();
    let newcomer = house.member(Features::NONE, Pacing::Off);
    house.say(ROOM, "b", None);
    house.end_turn_at(10_200, 2000);
    let (audiences, mut targets) = house.work();
    audiences.leave(ROOM, ann, &mut targets);
    audiences.tell(&[ROOM], None, b"{\"n\":\"!\"}\n", &mut targets);
    house.say(ROOM, "c", None);
    house.end_turn_at(12_000, 2000);
    assert_eq!(house.queue(newcomer), "b c");
    assert_eq!(house.queue(bob), "0 a b c");
    assert_eq!(house.queue(ann), "0 b");
    assert_eq!(house.get(ann).skips, 0);
}

#[test]
fn much_is_not_held_back_at_once() {
    let (mut house, [_, bob, _], _) = holding();
    let text = "x".repeat(CHUNK_BYTES / 4);
    for _ in 0..4 {
        house.say(ROOM, &text, None);
    }
    house.end_turn_at(10_200, 2000);
    assert!(house.get(bob).output.bytes() >= CHUNK_BYTES);
}
