//! The server as the chat sees it, and what must always hold.

use super::contents::MOST_BYTES;
use super::disk::{self, Disk};
use super::operator::Rates;
use super::random::Random;
use super::requests::USERS;
use super::wires::Wires;
use jim::chat::{Chat, Effect, Hearers, Payload, Policy, Registration, Sessions};
use jim::limits::{Limits, UPLOAD_TIME};
use jim::message::{
    AccountId, AccountList, AttachmentBounds, AudienceId, Change, ConnectionId, Conversation, Done,
    Features, Job, Kept, MessageId, Name, Now, Phrase, Snapshot, StoredMessage,
};
use jim::wire::attachment::write_attachment;
use jim::wire::{Decoded, Decoder};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// So often an account may enter rooms, with some seeds.
const FEW_JOINS: u32 = 1;

/// The same with the others.
const JOINS: u32 = 30;

/// The first number that is not given away before a greater one is on disk.
const CEILING: MessageId = MessageId(1 << 31);

pub struct World {
    pub(super) chat: Chat,
    pub(super) random: Random,
    pub(super) now: Now,
    pub(super) open: BTreeMap<u32, Line>,
    generations: Vec<u32>,
    pub(super) audiences: BTreeMap<AudienceId, BTreeSet<ConnectionId>>,
    /// Everybody's bytes.
    pub(super) wires: Wires,
    /// What the writer has not committed yet, in order.
    pub(super) to_write: VecDeque<(ConnectionId, Job)>,
    /// What it has, and the chat does not know yet, in order.
    pub(super) written: VecDeque<Written>,
    /// What the reader and the hasher have to do.
    others: Vec<(ConnectionId, Job)>,
    /// What they have done, and the chat does not know yet, in no order.
    finished: Vec<(ConnectionId, Done)>,
    /// What the file worker has to do, and has done, both in order.
    pub(super) files_to_do: VecDeque<(ConnectionId, Job)>,
    pub(super) files_done: VecDeque<(ConnectionId, Done)>,
    pub(super) disk: Disk,
    pub(super) policy: Policy,
    /// An operator changed accounts, and the writer has not seen that yet.
    pub(super) operated: bool,
    /// Addresses that an operator banned.
    pub(super) banned: BTreeSet<u32>,
    pub(super) rates: Rates,
    /// What was heard so far.
    pub(super) handled: usize,
    /// Nothing more is handled.
    pub(super) is_stopping: bool,
    /// Uploads that the disk was asked to forget.
    pub(super) forgotten: BTreeSet<MessageId>,
    /// When each account asked to enter rooms.
    pub(super) joins: BTreeMap<AccountId, Vec<Duration>>,
    /// What was handed over of what waited.
    pub(super) handed: BTreeSet<MessageId>,
    pub(super) sessions: Sessions,
    /// The numbers of files that somebody sent or sends.
    pub(super) files: Vec<String>,
    /// Requests so far: the last one's `id`.
    pub(super) requests: usize,
    /// What was delivered of each conversation, in order.
    pub(super) delivered: BTreeMap<Conversation, Vec<MessageId>>,
    /// Every number that was given, by what is kept and what is not.
    pub(super) last_id: MessageId,
    pub(super) trace: Vec<String>,
}

/// What the writer has to say.
pub(super) enum Written {
    Done(ConnectionId, Done),
    Accounts(AccountList),
}

/// One connection.
pub(super) struct Line {
    pub(super) id: ConnectionId,
    /// Requests that were not answered yet.
    pub(super) owed: VecDeque<Owed>,
    /// Whom its last good authenticate made it.
    pub(super) user: Option<Name>,
    pub(super) features: Features,
    /// The last message that was handed over from what waited.
    pub(super) handed: MessageId,
}

/// A request that was not answered yet.
#[derive(Default)]
pub(super) struct Owed {
    /// Its `id`, 0 where it has none.
    pub(super) id: usize,
    /// The message that its answer waits for.
    pub(super) stores: Option<MessageId>,
    /// The file and the place in it that it asks for.
    pub(super) gets: Option<(MessageId, u64)>,
}

impl World {
    pub fn new(seed: u64, sessions: Sessions) -> Self {
        let mut random = Random::new(seed);
        let mut disk = Disk::with_accounts(&USERS);
        disk.ceiling = CEILING;
        let snapshot = Snapshot {
            accounts: disk.list().accounts,
            accounts_version: disk.list().version,
            next_id: MessageId(1),
            ceiling: CEILING,
            ..Snapshot::default()
        };
        let kept = Kept {
            common: random.below(4) == 0,
            rooms: random.below(4) > 0,
            direct: random.below(4) > 0,
            ..Kept::default()
        };
        let policy = Policy {
            sessions,
            kept,
            registration: Registration::Open,
            offline_messages: 3,
            rooms_per_account: 2,
            joins_per_minute: if seed % 8 == 2 { FEW_JOINS } else { JOINS },
            attachments: AttachmentBounds { max_bytes: MOST_BYTES, ..AttachmentBounds::default() },
            ..Policy::default()
        };
        Self {
            chat: Chat::new(policy.clone(), Limits::default(), snapshot),
            random,
            now: Now::default(),
            open: BTreeMap::new(),
            generations: vec![0; 8],
            audiences: BTreeMap::new(),
            wires: Wires::default(),
            to_write: VecDeque::new(),
            written: VecDeque::new(),
            others: Vec::new(),
            finished: Vec::new(),
            files_to_do: VecDeque::new(),
            files_done: VecDeque::new(),
            disk,
            policy,
            operated: false,
            banned: BTreeSet::new(),
            rates: Rates::new(seed % 8 == 1),
            handled: 0,
            is_stopping: false,
            forgotten: BTreeSet::new(),
            joins: BTreeMap::new(),
            handed: BTreeSet::new(),
            sessions,
            files: Vec::new(),
            requests: 0,
            delivered: BTreeMap::new(),
            last_id: MessageId::ZERO,
            trace: Vec::new(),
        }
    }

    pub fn step(&mut self) {
        self.go_on_in_time();
        match self.random.below(16) {
            0 => self.open(),
            1 if self.random.below(4) == 0 => self.reset(),
            1 if self.random.below(4) == 0 => self.stop_writing(),
            1 => self.stall(),
            2..=3 => self.commit(),
            4..=6 => self.report(),
            7 | 8 => {
                // A piece of a file takes two of them.
                self.finish_other();
                self.finish_other();
            }
            9 if self.random.below(8) == 0 => self.operate(),
            9 => {
                self.chat.handle_timeout(self.now);
                self.take_effects(None);
            }
            _ => self.say(),
        }
        self.work_on_files();
        self.move_bytes();
        self.check();
    }

    /// Time passes. The clock jumps, also back, and seldom by days.
    fn go_on_in_time(&mut self) {
        self.now.uptime += Duration::from_millis(self.random.next() % 1000);
        self.now.unix_micros = self.random.next() % 4_000_000;
        match self.random.below(200) {
            0 => self.now.unix_micros += 2 * UPLOAD_TIME.as_micros() as u64,
            1 => self.now.uptime += Duration::from_secs(3600),
            _ => {}
        }
    }

    /// Everything that is under way comes to its end, or the server stops.
    pub fn finish(mut self) -> Vec<String> {
        if self.random.below(3) == 0 {
            self.drain();
            self.check_all_whole();
        } else {
            self.come_to_rest();
            self.check_clients();
        }
        let rooms = self.disk.rooms.values().map(|room| Conversation::Room(room.id));
        for conversation in rooms.chain([Conversation::Common]) {
            let delivered = self.delivered.remove(&conversation).unwrap_or_default();
            assert_eq!(delivered, self.disk.ids_in(conversation), "{conversation:?}");
        }
        self.check_memberships();
        self.trace
    }

    fn come_to_rest(&mut self) {
        self.read_on();
        let mut rounds = 0;
        while self.has_work() || !self.is_quiet() {
            self.go_on();
            rounds += 1;
            assert!(rounds < 100_000, "it does not come to an end");
        }
        for line in self.open.values() {
            assert!(line.owed.is_empty(), "{:?} waits for ever", line.id);
            assert!(!self.chat.is_busy(line.id));
        }
        // A guest that could not send its file cannot go on with it either: its place is free again.
        let kept = self.disk.files.open_of_guests().find(|id| !self.forgotten.contains(id));
        assert_eq!(kept, None, "nobody sends it any more");
    }

    /// Whether a worker has something to do or to say.
    pub(super) fn has_work(&self) -> bool {
        !(self.to_write.is_empty()
            && self.written.is_empty()
            && self.others.is_empty()
            && self.finished.is_empty()
            && self.files_to_do.is_empty()
            && self.files_done.is_empty())
    }

    /// Goes on with what is under way.
    pub(super) fn go_on(&mut self) {
        self.go_on_in_time();
        self.commit();
        self.report();
        self.finish_other();
        self.work_on_files();
        self.move_bytes();
        self.check();
    }

    fn open(&mut self) {
        let slot = self.random.below(self.generations.len());
        let slot_id = u32::try_from(slot).unwrap();
        if self.open.contains_key(&slot_id) {
            return;
        }
        let id = ConnectionId { slot: slot_id, generation: self.generations[slot] };
        if self.is_banned(id) {
            return;
        }
        let (owed, features) = (VecDeque::new(), Features::NONE);
        let line = Line { id, owed, user: None, features, handed: MessageId::ZERO };
        self.open.insert(slot_id, line);
        self.wires.open(id, &mut self.random);
        self.chat.handle_open(self.now, id);
        self.take_effects(None);
    }

    pub(super) fn some_line(&mut self) -> Option<ConnectionId> {
        let lines: Vec<ConnectionId> = self.open.values().map(|line| line.id).collect();
        (!lines.is_empty()).then(|| self.random.pick(&lines))
    }

    /// The server hears that a connection is no more.
    pub(super) fn vanish(&mut self, id: ConnectionId) {
        self.remove(id);
        self.chat.handle_gone(id);
        self.take_effects(None);
    }

    fn remove(&mut self, id: ConnectionId) {
        self.open.remove(&id.slot);
        self.generations[id.index()] += 1;
        for members in self.audiences.values_mut() {
            members.remove(&id);
        }
    }

    /// A whole object of a client's.
    pub(super) fn request(&mut self, connection: ConnectionId, text: &str) {
        self.trace.push(format!("{connection:?} > {text}"));
        match Decoder::default().decode(text.as_bytes(), &Limits::default()) {
            Decoded::Request { request, .. } => {
                let id = request.id.and_then(|id| id.parse().ok()).unwrap_or_default();
                let file = request.rare().upload.as_ref().zip(request.rare().offset);
                let gets =
                    file.and_then(|(file, offset)| Some((MessageId::parse(&file.text)?, offset)));
                self.line(connection).owed.push_back(Owed { id, stores: None, gets });
                self.chat.handle_request(self.now, connection, &request);
            }
            other => panic!("it was read before: {text}: {other:?}"),
        }
        self.take_effects(Some((connection, text)));
    }

    /// What is no object.
    pub(super) fn malformed(&mut self, connection: ConnectionId, phrase: Phrase) {
        self.trace.push(format!("{connection:?} > {phrase:?}"));
        self.line(connection).owed.push_back(Owed::default());
        self.chat.handle_malformed(self.now, connection, phrase);
        self.take_effects(None);
    }

    /// The writer commits what came first, as one batch: all of it or nothing.
    fn commit(&mut self) {
        // What happens right behind the look comes with the next one.
        if self.operated && self.random.below(4) > 0 {
            self.operated = false;
            self.written.push_back(Written::Accounts(self.disk.list()));
        }
        // What happens seldom fails more often.
        let is_rare =
            |(_, job): &(_, Job)| matches!(job, Job::Change { change: Change::Await { .. }, .. });
        let is_rare = self.to_write.front().is_some_and(is_rare);
        let fails = self.random.below(if is_rare { 2 } else { 8 }) == 0;
        for _ in 0..self.random.below(6) {
            let Some((connection, job)) = self.to_write.pop_front() else { break };
            if let Job::Acknowledge { account, up_to } = &job {
                let mut forgotten = self.disk.waiting.iter();
                let forgotten = forgotten.find(|(whose, id)| {
                    whose == account && id <= up_to && !self.handed.contains(id)
                });
                assert_eq!(forgotten, None, "nobody has it");
            }
            let done =
                if fails { disk::failed(&job) } else { self.disk.carry_out(job, &mut self.random) };
            self.written.push_back(Written::Done(connection, done));
        }
    }

    fn report(&mut self) {
        match self.written.pop_front() {
            None => {}
            Some(Written::Done(connection, done)) => {
                if let Some(upload) = settled_upload(&done) {
                    self.files_to_do.push_back((ConnectionId::NONE, Job::DropPieces { upload }));
                }
                self.done(connection, done);
            }
            Some(Written::Accounts(list)) => {
                self.trace.push(format!("{list:?}"));
                self.chat.handle_accounts(list);
                self.take_effects(None);
            }
        }
    }

    /// The reader and the hasher do something, which the chat hears of later.
    fn finish_other(&mut self) {
        if !self.others.is_empty() {
            let at = self.random.below(self.others.len());
            let (connection, job) = self.others.remove(at);
            let is_guess = matches!(job, Job::VerifyPassword { .. });
            let done = match self.random.below(24) {
                0 | 1 => disk::failed(&job),
                2 if is_guess => Done::Busy { seconds: 1 },
                3 if is_guess => Done::TooManyLogins { seconds: 30 },
                _ => self.disk.carry_out(job, &mut self.random),
            };
            self.finished.push((connection, done));
        }
        if !self.finished.is_empty() && self.random.below(3) > 0 {
            let at = self.random.below(self.finished.len());
            let (connection, done) = self.finished.remove(at);
            self.done(connection, done);
        }
    }

    pub(super) fn done(&mut self, connection: ConnectionId, done: Done) {
        self.note_opened(connection, &done);
        self.trace.push(format!("{connection:?} done {done:?}"));
        self.chat.handle_done(self.now, connection, done);
        self.take_effects(None);
    }

    pub(super) fn take_effects(&mut self, asked: Option<(ConnectionId, &str)>) {
        while let Some(effect) = self.chat.poll_effect() {
            self.trace.push(format!("{effect:?}"));
            match effect {
                Effect::Reply { to, reply } => {
                    self.answered(to, &reply);
                    self.write_reply(to, &reply);
                }
                Effect::Deliver { to, except, payload, mark } => {
                    self.delivered(asked, to, except, &payload, mark);
                    let object: &[u8] = match &payload {
                        Payload::Stored(message) => &message.object,
                        _ => asked.map(|(_, text)| text.as_bytes()).unwrap_or_default(),
                    };
                    self.write_message(to, except, object, mark);
                }
                Effect::Store { connection, mut message, payload: Payload::File(notice) } => {
                    let mut object = Vec::new();
                    message.text = write_attachment(&mut object, &notice);
                    message.object = object.into();
                    let announced = message.attachment.as_ref().expect("what it announces");
                    assert_eq!(
                        (announced.upload, message.mark.unix_micros),
                        (notice.id, notice.unix_micros)
                    );
                    self.stores(connection, message);
                }
                Effect::Store { connection, mut message, payload } => {
                    let (asker, text) = asked.expect("a message outside a request");
                    assert_eq!((asker, &payload), (connection, &Payload::AsSent));
                    message.object = text.as_bytes().into();
                    self.stores(connection, message);
                }
                Effect::Hand { to, message } => {
                    self.handed(to, &message);
                    self.write_to(to, &message.object, message.mark);
                }
                Effect::Announce { except, announcement } => {
                    assert!(except != ConnectionId::NONE);
                    self.write_announcement(except, &announcement);
                }
                Effect::Notice { to, except, notice } => {
                    assert!(!matches!(&to, Hearers::Of(audiences) if audiences.is_empty()));
                    self.write_notice(&to, except, &notice);
                }
                Effect::Features { connection, features } => {
                    self.line(connection).features = features;
                }
                Effect::Enter { connection, audience } => {
                    self.line(connection);
                    let new = self.audiences.entry(audience).or_default().insert(connection);
                    assert!(new, "{connection:?} enters {audience:?} twice");
                }
                Effect::Leave { connection, audience } => {
                    let was = self.audiences.entry(audience).or_default().remove(&connection);
                    assert!(was, "{connection:?} leaves {audience:?} without being there");
                }
                Effect::Job { connection, job } => self.asked_for(connection, job),
                Effect::Close { connection, .. } => {
                    self.remove(connection);
                    let sending = self.wires.close(connection);
                    self.drop_upload(sending);
                }
                Effect::Hasten { connection } => drop(self.line(connection).id),
                Effect::Probe { to } => self.write_probe(to),
            }
        }
    }

    /// The connection, which is there.
    pub(super) fn line(&mut self, id: ConnectionId) -> &mut Line {
        let line = self.open.get_mut(&id.slot).expect("it is there");
        assert_eq!(line.id, id, "a former connection");
        line
    }

    fn asked_for(&mut self, connection: ConnectionId, job: Job) {
        if connection != ConnectionId::NONE {
            self.line(connection);
        }
        if let Job::OpenUpload(upload) = &job {
            self.files.push(upload.id.to_string());
            self.numbered(upload.id);
            self.note_upload(connection, upload);
        }
        if let Job::DropUpload { upload } = &job {
            self.forgotten.insert(*upload);
        }
        if let Job::Join { account, .. } = &job {
            self.check_joins(*account);
        }
        if disk::is_of_files(&job) {
            self.files_to_do.push_back((connection, job));
        } else if disk::is_write(&job) {
            self.to_write.push_back((connection, job));
        } else {
            self.others.push((connection, job));
        }
    }

    fn stores(&mut self, connection: ConnectionId, message: StoredMessage) {
        self.check_announced_once(&message);
        self.numbered(message.mark.id);
        let owed = self.line(connection).owed.back_mut().expect("a request");
        owed.stores = Some(message.mark.id);
        self.to_write.push_back((connection, Job::Store(Arc::new(message))));
    }
}

/// The upload whose pieces are needed no more, by what the writer did.
fn settled_upload(done: &Done) -> Option<MessageId> {
    match done {
        Done::Stored(message) => message.attachment.as_ref().map(|announced| announced.upload),
        Done::UploadDropped { upload } => Some(*upload),
        _ => None,
    }
}
