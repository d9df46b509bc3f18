//! A chat with a disk and a hasher that do at once what is asked of them.

use crate::chat::{Chat, Effect, Offered, Payload, Policy};
use crate::limits::Limits;
use crate::message::{
    AccountId, AccountRecord, AttachmentRecord, AudienceId, Change, Code, ConnectionId, Done,
    Features, Field, FileNotice, Job, Listing, Membership, MessageId, Name, Notice, Now, PutData,
    PutFault, Reply, Request, Role, RoomId, RoomRecord, Sha256, Snapshot, StoredMessage, Time,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What every file hashes to.
pub(super) const SUM: Sha256 = Sha256([9; 32]);

pub(super) struct World {
    pub(super) chat: Chat,
    pub(super) now: Now,
    next_slot: u32,
    accounts: BTreeMap<String, AccountRecord>,
    rooms: BTreeMap<String, RoomRecord>,
    audiences: BTreeMap<AudienceId, BTreeSet<ConnectionId>>,
    pub(super) notices: Vec<Notice>,
    replies: Vec<(ConnectionId, Reply)>,
    /// Messages that are on their way to the disk.
    pub(super) stores: Vec<(ConnectionId, Arc<StoredMessage>)>,
    /// What waited and was handed over.
    pub(super) handed: Vec<(ConnectionId, MessageId)>,
    /// Changes, and what is read of that waits, are not done at once but kept here.
    pub(super) held: Option<Vec<(ConnectionId, Job)>>,
    /// So are jobs about files.
    pub(super) holds_files: bool,
    /// Changes fail.
    pub(super) is_full: bool,
    /// Files, whole or not, and what there is of them.
    pub(super) files: BTreeMap<MessageId, (AttachmentRecord, Vec<u8>)>,
    /// What was announced.
    pub(super) announced: Vec<FileNotice>,
}

impl World {
    pub(super) fn new(accounts: &[&str]) -> Self {
        Self::with(Policy::default(), accounts)
    }

    pub(super) fn with(policy: Policy, accounts: &[&str]) -> Self {
        let records: Vec<AccountRecord> = accounts.iter().zip(1..).map(account).collect();
        let ceiling = MessageId::MAX;
        let snapshot = Snapshot { accounts: records.clone(), ceiling, ..Snapshot::default() };
        let accounts = records.into_iter().map(|record| (record.name.to_string(), record));
        Self {
            chat: Chat::new(policy, Limits::default(), snapshot),
            now: Now { unix_micros: 1_000_000, uptime: Duration::from_secs(1) },
            next_slot: 0,
            accounts: accounts.collect(),
            rooms: BTreeMap::new(),
            audiences: BTreeMap::new(),
            notices: Vec::new(),
            replies: Vec::new(),
            stores: Vec::new(),
            handed: Vec::new(),
            held: None,
            holds_files: false,
            is_full: false,
            files: BTreeMap::new(),
            announced: Vec::new(),
        }
    }

    pub(super) fn open(&mut self) -> ConnectionId {
        let id = ConnectionId { slot: self.next_slot, generation: 0 };
        self.next_slot += 1;
        self.chat.handle_open(self.now, id);
        id
    }

    pub(super) fn guest(&mut self, name: &str) -> ConnectionId {
        let id = self.open();
        self.ok(id, "presence", &[("user.account_name", name)]);
        id
    }

    pub(super) fn log_in(&mut self, name: &str) -> ConnectionId {
        let id = self.open();
        self.ok(id, "authenticate", &[("user.account_name", name), ("user.password", "p")]);
        id
    }

    /// A request that is granted.
    pub(super) fn ok(
        &mut self,
        id: ConnectionId,
        action: &str,
        fields: &[(&'static str, &str)],
    ) -> Reply {
        let reply = self.ask(id, action, fields);
        assert!(!reply.code.is_error(), "{action} {fields:?}: {reply:?}");
        reply
    }

    /// The code of an answer, with the `reason` where it is an error.
    pub(super) fn verdict(
        &mut self,
        id: ConnectionId,
        action: &str,
        fields: &[(&'static str, &str)],
    ) -> String {
        verdict(&self.ask(id, action, fields))
    }

    pub(super) fn ask(
        &mut self,
        id: ConnectionId,
        action: &str,
        fields: &[(&'static str, &str)],
    ) -> Reply {
        self.send(id, action, fields);
        let mut replies = std::mem::take(&mut self.replies);
        assert_eq!(replies.len(), 1, "{action}: one answer");
        let (to, reply) = replies.remove(0);
        assert_eq!(to, id);
        reply
    }

    /// A request whose answer may have to wait.
    pub(super) fn send(&mut self, id: ConnectionId, action: &str, fields: &[(&'static str, &str)]) {
        self.now.unix_micros += 1_000_000;
        self.now.uptime += Duration::from_secs(1);
        self.chat.handle_request(self.now, id, &request(action, fields));
        self.carry_out();
    }

    /// The disk is done with what was held.
    pub(super) fn release(&mut self) -> Vec<(ConnectionId, Reply)> {
        for (id, job) in self.held.take().unwrap_or_default() {
            let done = self.work(job);
            self.chat.handle_done(self.now, id, done);
            self.carry_out();
        }
        std::mem::take(&mut self.replies)
    }

    /// A job is done.
    pub(super) fn done(&mut self, id: ConnectionId, done: Done) -> Vec<(ConnectionId, Reply)> {
        self.chat.handle_done(self.now, id, done);
        self.carry_out();
        std::mem::take(&mut self.replies)
    }

    /// A client of the exchange is about to send a file.
    pub(super) fn offer(
        &mut self,
        id: ConnectionId,
        file: Offered<'_>,
    ) -> Vec<(ConnectionId, Reply)> {
        self.chat.handle_file(self.now, id, file);
        self.carry_out();
        std::mem::take(&mut self.replies)
    }

    pub(super) fn gone(&mut self, id: ConnectionId) {
        self.chat.handle_gone(id);
        self.leave_all(id);
        self.carry_out();
    }

    /// Whether a connection gets what is sent to a room.
    pub(super) fn hears(&self, id: ConnectionId, room: &str) -> bool {
        let Some(room) = self.chat.rooms.named(room) else { return false };
        self.audiences.get(&room.audience).is_some_and(|audience| audience.contains(&id))
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.chat.poll_effect() {
            match effect {
                Effect::Reply { to, reply } => self.replies.push((to, reply)),
                Effect::Enter { connection, audience } => {
                    self.audiences.entry(audience).or_default().insert(connection);
                }
                Effect::Leave { connection, audience } => {
                    let audience = self.audiences.get_mut(&audience).unwrap();
                    assert!(audience.remove(&connection), "who leaves was there");
                }
                Effect::Notice { notice, .. } => self.notices.push(notice),
                Effect::Store { connection, message, payload } => {
                    if let Payload::File(notice) = payload {
                        self.announced.push(*notice);
                    }
                    self.stores.push((connection, Arc::new(message)));
                }
                Effect::Hand { to, message } => self.handed.push((to, message.mark.id)),
                Effect::Job { connection, job } => self.take_job(connection, job),
                Effect::Close { connection, .. } => self.leave_all(connection),
                _ => {}
            }
        }
    }

    fn leave_all(&mut self, id: ConnectionId) {
        for audience in self.audiences.values_mut() {
            audience.remove(&id);
        }
    }

    fn take_job(&mut self, connection: ConnectionId, job: Job) {
        let is_file = matches!(job, Job::FindAttachment { .. } | Job::Put { .. });
        let is_kept = matches!(job, Job::Change { .. } | Job::Waiting { .. });
        match &mut self.held {
            Some(held) if is_kept || (is_file && self.holds_files) => {
                held.push((connection, job));
            }
            _ => {
                let done = self.work(job);
                self.chat.handle_done(self.now, connection, done);
            }
        }
    }

    fn work(&mut self, job: Job) -> Done {
        match job {
            Job::FindAccount { name } => Done::Account(self.accounts.get(name.as_str()).cloned()),
            Job::VerifyPassword { phc, .. } => Done::Password(phc.is_some()),
            Job::Join { account, room, position } => self.join(account, &room, position),
            Job::Leave { account, room } => Done::Left { account, room, heir: None },
            Job::Change { .. } if self.is_full => Done::Failed,
            Job::Change { by, change } => {
                self.note(&change);
                Done::Changed { by, change }
            }
            Job::RaiseCeiling { ceiling } => Done::CeilingRaised { ceiling },
            Job::OpenUpload(_) if self.is_full => Done::Failed,
            Job::DropUpload { upload } => {
                self.files.remove(&upload);
                Done::UploadDropped { upload }
            }
            Job::OpenUpload(upload) => {
                let record = AttachmentRecord { upload: (*upload).clone(), sha256: None };
                self.files.insert(upload.id, (record, Vec::new()));
                Done::UploadOpened { upload: upload.id }
            }
            Job::FindAttachment { id } => {
                Done::Attachment(self.files.get(&id).map(|(record, _)| Box::new(record.clone())))
            }
            Job::Put { upload, size, offset, data } => self.put(upload, size, offset, data),
            Job::ReadPiece { offset, bytes, .. } => {
                let (_, content) = self.files.values().next().unwrap();
                let rest = content.get(offset as usize..).unwrap_or_default();
                Done::Piece(Some(rest.iter().copied().take(bytes).collect()))
            }
            other => panic!("{other:?}"),
        }
    }

    /// A piece, whose base64 is taken for the bytes themselves.
    fn put(&mut self, upload: MessageId, size: u64, offset: u64, data: PutData) -> Done {
        let PutData::Base64(data) = data else { panic!("{data:?}") };
        let (_, content) = self.files.get_mut(&upload).unwrap();
        let next = content.len() as u64;
        if offset != next {
            return Done::PutOffset { next };
        }
        if next + data.len() as u64 > size {
            return Done::PutRefused(PutFault::Size);
        }
        content.extend_from_slice(&data);
        match content.len() as u64 {
            all if all == size => Done::PutWhole { sha256: SUM },
            next => Done::Put { next },
        }
    }

    fn join(&mut self, account: AccountId, name: &Name, position: MessageId) -> Done {
        let id = RoomId(i64::from(self.next_slot) * 100 + self.rooms.len() as i64);
        let fresh = || RoomRecord {
            id,
            name: name.clone(),
            owner: Some(account),
            topic: Box::default(),
            hidden: false,
        };
        let room = self.rooms.entry(name.to_string()).or_insert_with(fresh).clone();
        let role = Role::Member;
        let membership =
            Membership { room: room.id, account, since_unix_micros: 1, role, position };
        Done::Joined { account, room, membership }
    }

    /// What a later `join` reads of a room.
    fn note(&mut self, change: &Change) {
        let is = |room: &RoomRecord, id: &RoomId| room.id == *id;
        match change {
            Change::Topic { room: id, topic } => {
                let room = self.rooms.values_mut().find(|room| is(room, id)).unwrap();
                room.topic.clone_from(topic);
            }
            Change::Hidden { room: id, hidden } => {
                let room = self.rooms.values_mut().find(|room| is(room, id)).unwrap();
                room.hidden = *hidden;
            }
            Change::Destroy { room: id } => self.rooms.retain(|_, room| !is(room, id)),
            _ => {}
        }
    }
}

fn account((name, id): (&&str, i64)) -> AccountRecord {
    AccountRecord {
        id: AccountId(id),
        name: Name::shown(name),
        phc: "right".into(),
        blocked: false,
        created_unix_micros: 1,
        version: 1,
    }
}

/// The code of an answer, with the `reason` where it is an error.
pub(super) fn verdict(reply: &Reply) -> String {
    let reason = reply.phrase.facts().reason;
    format!("{} {reason}", reply.code.number()).trim_end().to_owned()
}

/// The names of an answer's list.
pub(super) fn names(reply: &Reply) -> Vec<&str> {
    match reply.extra.as_ref().and_then(|extra| extra.listing.as_ref()).unwrap() {
        Listing::Users(users) => users.iter().map(|user| user.name.as_str()).collect(),
        Listing::Rooms(rooms) => rooms.iter().map(|room| room.name.as_str()).collect(),
        Listing::Members(members) => members.iter().map(|member| member.name.as_str()).collect(),
        Listing::Names(names) => names.iter().map(Name::as_str).collect(),
        Listing::Messages(_) => panic!("messages have no names"),
    }
}

pub(super) fn is_listed(reply: &Reply, code: Code, expected: &[&str]) {
    assert_eq!((reply.code, names(reply).as_slice()), (code, expected));
}

fn field<'a>(key: &'static str, text: &'a str) -> Field<'a> {
    Field { text: Cow::Borrowed(text), key }
}

/// A request with these fields, each a text.
fn request<'a>(action: &'a str, fields: &[(&'static str, &'a str)]) -> Request<'a> {
    let mut request = bare();
    request.action = Some(field("action", action));
    for (key, text) in fields {
        let field = field(key, text);
        match *key {
            "account_name" | "user.account_name" => request.account_name = Some(field),
            "user.password" => request.rare_mut().password = Some(field),
            "user.status" => request.rare_mut().status = Some(field),
            "user" => request.rare_mut().user_text = Some(field),
            "room" => request.rare_mut().room = Some(field),
            "target" => request.rare_mut().target = Some(field),
            "topic" => request.rare_mut().topic = Some(field),
            "contact" | "user_id" => request.rare_mut().contact = Some(field),
            "after" => request.rare_mut().after = Some(field),
            "limit" => request.rare_mut().limit = Some(text.parse().unwrap()),
            "to" => request.to = Some(field),
            "from" => request.from = Some(field),
            "message" => {
                request.message_chars = Some(text.chars().count());
                request.rare_mut().message = Some(field.text);
            }
            "upload" => request.rare_mut().upload = Some(field),
            "name" => request.rare_mut().name = Some(field),
            "data" => request.rare_mut().data = Some(field),
            "size" => request.rare_mut().size = Some(text.parse().unwrap()),
            "offset" => request.rare_mut().offset = Some(text.parse().unwrap()),
            "id" => request.id = Some(text),
            "features" => {
                let features = text.split(' ').map(Features::named);
                request.features = Some(features.fold(Features::NONE, Features::with));
            }
            other => panic!("{other}"),
        }
    }
    request
}

fn bare() -> Request<'static> {
    Request {
        raw: b"{}",
        chars: 2,
        only_seed_fields: false,
        action: None,
        time: Some(Time::Number),
        features: None,
        account_name: None,
        to: None,
        from: None,
        message_chars: None,
        message_key: "message",
        message_at: 0..0,
        id: None,
        rest: None,
    }
}
