//! The server as the chat sees it, and what must always hold.

use super::disk::{self, Disk};
use super::random::Random;
use super::requests::USERS;
use super::wires::Wires;
use jim::chat::{Chat, Effect, Hearers, Payload, Policy, Registration, Sessions};
use jim::limits::Limits;
use jim::message::{
    AccountList, AudienceId, ConnectionId, Conversation, Done, Features, Job, Kept, Listing, Mark,
    MessageId, Name, Now, PageMessage, Phrase, Reply, Snapshot, StoredMessage,
};
use jim::wire::attachment::write_attachment;
use jim::wire::{Decoded, Decoder};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

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
    to_write: VecDeque<(ConnectionId, Job)>,
    /// What it has, and the chat does not know yet, in order.
    written: VecDeque<Written>,
    /// What the reader and the hasher have to do.
    others: Vec<(ConnectionId, Job)>,
    /// What they have done, and the chat does not know yet, in no order.
    finished: Vec<(ConnectionId, Done)>,
    disk: Disk,
    /// An operator changed accounts, and the writer has not seen that yet.
    operated: bool,
    /// What was handed over of what waited.
    handed: BTreeSet<MessageId>,
    sessions: Sessions,
    /// The numbers of files that somebody sent or sends.
    pub(super) files: Vec<String>,
    /// Requests so far: the last one's `id`.
    pub(super) requests: usize,
    /// What was delivered of each conversation, in order.
    delivered: BTreeMap<Conversation, Vec<MessageId>>,
    /// Every number that was given, by what is kept and what is not.
    last_id: MessageId,
    pub(super) trace: Vec<String>,
}

/// What the writer has to say.
enum Written {
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
    handed: MessageId,
}

/// A request that was not answered yet.
#[derive(Default)]
pub(super) struct Owed {
    /// Its `id`, 0 where it has none.
    pub(super) id: usize,
    /// The message that its answer waits for.
    stores: Option<MessageId>,
}

impl World {
    pub fn new(seed: u64, sessions: Sessions) -> Self {
        let mut random = Random::new(seed);
        let disk = Disk::with_accounts(&USERS);
        let snapshot = Snapshot {
            accounts: disk.list().accounts,
            accounts_version: disk.list().version,
            next_id: MessageId(1),
            ceiling: MessageId(1 << 31),
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
            ..Policy::default()
        };
        Self {
            chat: Chat::new(policy, Limits::default(), snapshot),
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
            disk,
            operated: false,
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
        self.now.uptime += Duration::from_millis(self.random.next() % 1000);
        // The clock jumps, also back.
        self.now.unix_micros = self.random.next() % 4_000_000;
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
            9 if self.random.below(8) == 0 => {
                self.disk.operate(&mut self.random);
                self.operated = true;
            }
            9 => {
                self.chat.handle_timeout(self.now);
                self.take_effects(None);
            }
            _ => self.say(),
        }
        self.move_bytes();
        self.check();
    }

    /// Everything that is under way comes to its end.
    pub fn finish(mut self) -> Vec<String> {
        self.read_on();
        let mut rounds = 0;
        while !(self.to_write.is_empty()
            && self.written.is_empty()
            && self.others.is_empty()
            && self.finished.is_empty()
            && self.is_quiet())
        {
            self.commit();
            self.report();
            self.finish_other();
            self.move_bytes();
            self.check();
            rounds += 1;
            assert!(rounds < 100_000, "it does not come to an end");
        }
        self.check_clients();
        for line in self.open.values() {
            assert!(line.owed.is_empty(), "{:?} waits for ever", line.id);
            assert!(!self.chat.is_busy(line.id));
        }
        let rooms = self.disk.rooms.values().map(|room| Conversation::Room(room.id));
        for conversation in rooms.chain([Conversation::Common]) {
            let delivered = self.delivered.remove(&conversation).unwrap_or_default();
            assert_eq!(delivered, self.disk.ids_in(conversation), "{conversation:?}");
        }
        self.trace
    }

    fn open(&mut self) {
        let slot = self.random.below(self.generations.len());
        let slot_id = u32::try_from(slot).unwrap();
        if self.open.contains_key(&slot_id) {
            return;
        }
        let id = ConnectionId { slot: slot_id, generation: self.generations[slot] };
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
                self.line(connection).owed.push_back(Owed { id, stores: None });
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
        let fails = self.random.below(8) == 0;
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
            Some(Written::Done(connection, done)) => self.done(connection, done),
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
            let done = match self.random.below(12) {
                0 => disk::failed(&job),
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

    fn done(&mut self, connection: ConnectionId, done: Done) {
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
                    self.delivered(asked.map(|(asker, _)| asker), to, except, &payload, mark);
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
                    self.wires.close(connection);
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
            self.numbered(Mark { id: upload.id, unix_micros: upload.created_unix_micros });
        }
        if disk::is_write(&job) {
            self.to_write.push_back((connection, job));
        } else {
            self.others.push((connection, job));
        }
    }

    fn stores(&mut self, connection: ConnectionId, message: StoredMessage) {
        self.numbered(message.mark);
        let owed = self.line(connection).owed.back_mut().expect("a request");
        owed.stores = Some(message.mark.id);
        self.to_write.push_back((connection, Job::Store(Arc::new(message))));
    }

    /// Numbers only grow, whatever the clock does.
    fn numbered(&mut self, mark: Mark) {
        assert!(mark.id > self.last_id, "{} after {}", mark.id, self.last_id);
        self.last_id = mark.id;
    }

    /// Each answer is that of the oldest request, and true of the disk.
    fn answered(&mut self, to: ConnectionId, reply: &Reply) {
        let line = self.line(to);
        let owed = line.owed.pop_front().expect("an answer without a request");
        if let Phrase::Authenticated { user } | Phrase::AlreadyAuthenticated { user } =
            &reply.phrase
        {
            line.user = Some(user.clone());
        }
        let extra = reply.extra.as_deref();
        if let Some(id) = extra.and_then(|extra| extra.id.as_deref()).filter(|id| *id != "7777") {
            assert_eq!(id, owed.id.to_string(), "another request's answer");
        }
        if let Some(message) = owed.stores {
            let is_kept = self.disk.messages.contains_key(&message);
            assert_eq!(is_kept, !reply.code.is_error(), "{message}: {reply:?}");
        }
        if let Some(Listing::Rooms(rooms)) = extra.and_then(|extra| extra.listing.as_ref()) {
            for room in rooms {
                assert!(room.online <= room.members, "{room:?}");
            }
        }
    }

    fn delivered(
        &mut self,
        asker: Option<ConnectionId>,
        to: AudienceId,
        except: Option<ConnectionId>,
        payload: &Payload,
        mark: Mark,
    ) {
        match payload {
            Payload::Stored(message) => {
                assert!(self.disk.messages.contains_key(&mark.id), "it is not on disk yet");
                assert_eq!(message.mark, mark);
                let seen = self.delivered.entry(message.conversation).or_default();
                assert!(seen.last().is_none_or(|last| *last < mark.id), "out of order");
                seen.push(mark.id);
            }
            Payload::AsSent => {
                let asker = asker.expect("a delivery outside a request");
                assert!(except.is_none_or(|except| except == asker));
                self.numbered(mark);
                self.check_delivery(to, asker);
            }
            Payload::WithSender(_) | Payload::File(_) => panic!("nobody asked for that"),
        }
    }

    /// What waited comes in order, from the disk, to whom it waited for.
    fn handed(&mut self, to: ConnectionId, message: &PageMessage) {
        assert!(self.disk.messages.contains_key(&message.mark.id), "it is not on disk");
        self.handed.insert(message.mark.id);
        let line = self.line(to);
        assert!(line.handed < message.mark.id, "out of order");
        line.handed = message.mark.id;
    }

    /// What is written to a room comes from a member, and goes to members alone.
    fn check_delivery(&self, to: AudienceId, asker: ConnectionId) {
        let audience = self.audiences.get(&to).cloned().unwrap_or_default();
        assert!(audience.iter().all(|id| self.open[&id.slot].id == *id));
        if to != AudienceId::COMMON && self.open[&asker.slot].user.is_none() {
            // A guest writes to a name, never to a room: all in it go by one name.
            let names: BTreeSet<_> = audience.iter().map(|id| self.chat.name_of(*id)).collect();
            assert!(names.len() <= 1, "a guest reached a room");
        }
    }

    fn check(&self) {
        let mut holders: BTreeMap<&Name, usize> = BTreeMap::new();
        for line in self.open.values() {
            if let Some(user) = &line.user {
                *holders.entry(user).or_default() += 1;
            }
        }
        if self.sessions != Sessions::Many {
            assert!(holders.values().all(|count| *count == 1), "one login, two connections");
        }
        let mut expected = self.chat.audit().expect("the chat agrees with itself");
        for (id, members) in &self.audiences {
            for member in members {
                assert_eq!(self.open[&member.slot].id, *member, "{id:?} keeps a gone connection");
            }
            assert_eq!(&expected.remove(id).unwrap_or_default(), members, "{id:?}");
        }
        assert!(expected.is_empty(), "nobody was told of {expected:?}");
        self.wires.check();
    }
}
