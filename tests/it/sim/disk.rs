//! What a disk would hold, and the workers beside the chat: a writer that commits whole batches in
//! order, a reader that sees what is committed, a hasher that is done in any order.

use super::contents::Files;
use super::random::Random;
use jim::message::{
    AccountId, AccountList, AccountRecord, Change, Conversation, Done, HistoryQuery, Job,
    Membership, MessageId, Name, Page, PageMessage, PutData, Role, RoomId, RoomRecord,
    StoredMessage,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is committed.
#[derive(Default)]
pub struct Disk {
    pub accounts: Vec<AccountRecord>,
    pub rooms: BTreeMap<String, RoomRecord>,
    pub members: BTreeSet<(RoomId, AccountId)>,
    pub messages: BTreeMap<MessageId, Arc<StoredMessage>>,
    pub waiting: BTreeSet<(AccountId, MessageId)>,
    pub ceiling: MessageId,
    pub files: Files,
    banned: BTreeSet<(RoomId, AccountId)>,
    last_room: i64,
    last_account: i64,
    /// How often accounts were changed.
    version: i64,
}

/// Whether the writer does a job, in the order of asking.
pub fn is_write(job: &Job) -> bool {
    match job {
        Job::VerifyPassword { .. } | Job::HashPassword { .. } => false,
        Job::History(_) | Job::Search(_) | Job::Waiting { .. } => false,
        Job::FindAccount { .. } => false,
        Job::Register { .. } | Job::SetPassword { .. } => true,
        Job::Join { .. } | Job::Leave { .. } | Job::Store(_) | Job::Change { .. } => true,
        Job::Acknowledge { .. } | Job::RaiseCeiling { .. } => true,
        Job::OpenUpload(_) | Job::DropUpload { .. } => true,
        Job::FindAttachment { .. } => false,
        Job::Put { .. } | Job::DropPieces { .. } | Job::ReadPiece { .. } => false,
    }
}

/// Whether the file worker does a job, in the order of asking.
pub fn is_of_files(job: &Job) -> bool {
    matches!(job, Job::Put { .. } | Job::DropPieces { .. } | Job::ReadPiece { .. })
}

/// What a job becomes whose batch could not be committed.
pub fn failed(job: &Job) -> Done {
    match job {
        Job::Store(message) => Done::NotStored(Some(Arc::clone(message))),
        Job::Waiting { .. } => Done::Waiting(None),
        Job::Change { change: Change::Await { account, .. }, .. } => {
            Done::NotAwaited { account: *account }
        }
        _ => Done::Failed,
    }
}

impl Disk {
    pub fn with_accounts(names: &[&str]) -> Self {
        let mut disk = Self::default();
        for name in names {
            disk.add(Name::shown(name), "right".into());
        }
        disk
    }

    fn add(&mut self, name: Name, phc: Arc<str>) -> AccountRecord {
        (self.last_account, self.version) = (self.last_account + 1, self.version + 1);
        let (id, version) = (AccountId(self.last_account), self.version);
        let account =
            AccountRecord { id, name, phc, blocked: false, created_unix_micros: 1, version };
        self.accounts.push(account.clone());
        account
    }

    /// All accounts as they are now.
    pub fn list(&self) -> AccountList {
        let version = self.version;
        let record = |account: &AccountRecord| AccountRecord { version, ..account.clone() };
        let owners = self.rooms.values().map(|room| (room.id, room.owner)).collect();
        AccountList { version, accounts: self.accounts.iter().map(record).collect(), owners }
    }

    /// An operator changes an account: blocks it or not, gives it another password, or makes
    /// another one of its name. Says whose password changed.
    pub fn operate(&mut self, random: &mut Random) -> Option<Name> {
        let at = random.below(self.accounts.len());
        self.version += 1;
        let account = &mut self.accounts[at];
        match random.below(3) {
            0 => account.blocked = !account.blocked,
            1 => {
                account.phc = format!("right{}", self.version).into();
                return Some(account.name.clone());
            }
            _ => self.replace(at),
        }
        None
    }

    fn replace(&mut self, at: usize) {
        let gone = self.accounts.remove(at);
        self.waiting.retain(|(whose, _)| *whose != gone.id);
        self.banned.retain(|(_, whose)| *whose != gone.id);
        self.files.forget_sender(gone.id);
        let rooms: Vec<RoomId> = self.rooms.values().map(|room| room.id).collect();
        for room in rooms {
            self.leave(gone.id, room);
        }
        for room in self.rooms.values_mut().filter(|room| room.owner == Some(gone.id)) {
            room.owner = None;
        }
        self.add(gone.name, "right".into());
    }

    fn exists(&self, account: AccountId) -> bool {
        self.accounts.iter().any(|row| row.id == account)
    }

    fn register(&mut self, name: Name, phc: Arc<str>) -> Done {
        let alike = |row: &&AccountRecord| row.name.skeletons().look_alike(&name.skeletons());
        if let Some(by) = self.accounts.iter().find(alike) {
            return Done::NameTaken { by: by.name.clone() };
        }
        Done::Registered { account: self.add(name, phc), joined: None }
    }

    /// Does one job for good.
    pub fn carry_out(&mut self, job: Job, random: &mut Random) -> Done {
        match job {
            Job::FindAccount { name } => {
                Done::Account(self.list().accounts.into_iter().find(|a| a.name == name))
            }
            Job::VerifyPassword { phc, password } => {
                // Each password of an account's has another hash, and clients know them all.
                let is_of = |phc: Arc<str>| {
                    phc.trim_end_matches(|digit: char| digit.is_ascii_digit()) == password.expose()
                };
                Done::Password(phc.is_some_and(is_of))
            }
            Job::HashPassword { password } => Done::Hashed(password.expose().into()),
            Job::Register { name, phc, .. } => self.register(name, phc),
            Job::SetPassword { account, .. }
            | Job::Join { account, .. }
            | Job::Leave { account, .. }
            | Job::Change { by: account, .. }
                if !self.exists(account) =>
            {
                Done::AccountGone
            }
            Job::SetPassword { account, old_phc, phc } => self.set_password(account, &old_phc, phc),
            Job::Join { account, room, position } => self.join(account, room, position),
            Job::Leave { account, room } => self.leave(account, room),
            Job::Store(message) => self.store(message),
            Job::Change { by, change } => {
                self.change(&change);
                Done::Changed { by, change }
            }
            Job::Acknowledge { account, up_to } => {
                self.waiting.retain(|(whose, id)| *whose != account || *id > up_to);
                let waiting = self.waiting.iter().filter(|(whose, _)| *whose == account).count();
                Done::Acknowledged { account, waiting }
            }
            Job::RaiseCeiling { ceiling } => {
                self.ceiling = self.ceiling.max(ceiling);
                Done::CeilingRaised { ceiling }
            }
            Job::History(query) => Done::Page(self.history(&query)),
            Job::Search(_) => Done::Page(Page::default()),
            // Pages of any size: the chat asks for the next.
            Job::Waiting { account, after, .. } => {
                Done::Waiting(Some(self.waiting(account, after, 1 + random.below(3))))
            }
            Job::OpenUpload(upload) => match upload.sender {
                Some(sender) if !self.exists(sender) => Done::AccountGone,
                _ => self.files.open(&upload),
            },
            Job::DropUpload { upload } => self.files.drop_upload(upload),
            Job::FindAttachment { id } => {
                Done::Attachment(self.files.record(id).cloned().map(Box::new))
            }
            Job::Put { upload, size, offset, data } => {
                let (PutData::Base64(data) | PutData::Bytes(data)) = data;
                self.files.put(upload, size, offset, &data)
            }
            Job::DropPieces { upload } => self.files.drop_pieces(upload),
            Job::ReadPiece { sha256, offset, bytes } => self.files.read(sha256, offset, bytes),
        }
    }

    fn set_password(&mut self, account: AccountId, old_phc: &Arc<str>, phc: Arc<str>) -> Done {
        let row = self.accounts.iter_mut().find(|row| row.id == account).unwrap();
        if row.phc != *old_phc {
            return Done::PasswordStale;
        }
        row.phc = phc.clone();
        self.version += 1;
        Done::PasswordSet { account, phc, version: self.version }
    }

    fn join(&mut self, account: AccountId, room: Name, position: MessageId) -> Done {
        let id = self.rooms.get(room.as_str()).map(|room| room.id);
        if id.is_some_and(|id| self.banned.contains(&(id, account))) {
            return Done::MayNotJoin;
        }
        let next = &mut self.last_room;
        let record = self.rooms.entry(room.to_string()).or_insert_with(|| {
            *next += 1;
            RoomRecord {
                id: RoomId(*next),
                name: room,
                owner: Some(account),
                topic: Box::default(),
                hidden: false,
            }
        });
        self.members.insert((record.id, account));
        let membership = Membership {
            room: record.id,
            account,
            since_unix_micros: 1,
            role: Role::Member,
            position,
        };
        Done::Joined { account, room: record.clone(), membership }
    }

    fn leave(&mut self, account: AccountId, room: RoomId) -> Done {
        self.members.remove(&(room, account));
        let mut members = self.members.iter().filter(|(of, _)| *of == room);
        let heir = members.next().map(|(_, member)| *member);
        let Some(record) = self.rooms.values_mut().find(|record| record.id == room) else {
            return Done::Left { account, room, heir: None };
        };
        let heir = heir.filter(|_| record.owner == Some(account));
        record.owner = heir.or(record.owner);
        Done::Left { account, room, heir }
    }

    fn store(&mut self, message: Arc<StoredMessage>) -> Done {
        let id = message.mark.id;
        assert!(self.messages.keys().all(|other| *other < id), "{id} goes back or comes twice");
        let is_open = match message.conversation {
            Conversation::Common => true,
            Conversation::Room(room) => {
                message.sender.is_some_and(|sender| self.members.contains(&(room, sender)))
            }
            Conversation::Direct(one, other) => self.exists(one) && self.exists(other),
        };
        if !is_open {
            return Done::Unreachable(message);
        }
        if message.attachment.as_ref().is_some_and(|announced| !self.files.announce(announced)) {
            return Done::NotStored(Some(message));
        }
        if let Some(account) = message.waits_for {
            self.waiting.insert((account, id));
        }
        self.messages.insert(id, Arc::clone(&message));
        Done::Stored(message)
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Kick { room, target } => {
                self.members.remove(&(*room, *target));
            }
            Change::Ban { room, target } => {
                self.members.remove(&(*room, *target));
                self.banned.insert((*room, *target));
            }
            Change::Unban { room, target } => {
                self.banned.remove(&(*room, *target));
            }
            Change::Destroy { room } => {
                self.rooms.retain(|_, record| record.id != *room);
                self.members.retain(|(of, _)| of != room);
            }
            Change::Await { account, id } => {
                self.waiting.insert((*account, *id));
            }
            Change::Topic { .. } | Change::Hidden { .. } | Change::Invite { .. } => {}
            Change::Role { .. } | Change::Contact { .. } => {}
        }
    }

    fn history(&self, query: &HistoryQuery) -> Page {
        let after = query.after.unwrap_or_default().max(query.floor);
        let of_it = |message: &&Arc<StoredMessage>| {
            message.conversation == query.conversation && message.mark.id > after
        };
        let messages: Vec<_> = self.messages.values().filter(of_it).map(page_message).collect();
        Page { messages, ..Page::default() }
    }

    fn waiting(&self, account: AccountId, after: MessageId, limit: usize) -> Page {
        let ids = self.waiting.iter().filter(|(whose, id)| *whose == account && *id > after);
        let mut messages: Vec<_> =
            ids.map(|(_, id)| page_message(&self.messages[id])).take(limit + 1).collect();
        let more = messages.len() > limit;
        messages.truncate(limit);
        Page { messages, more, next: None }
    }

    /// What was committed in a conversation, in order.
    pub fn ids_in(&self, conversation: Conversation) -> Vec<MessageId> {
        let of_it = |message: &&Arc<StoredMessage>| message.conversation == conversation;
        self.messages.values().filter(of_it).map(|message| message.mark.id).collect()
    }
}

fn page_message(message: &Arc<StoredMessage>) -> PageMessage {
    PageMessage { mark: message.mark, object: message.object.clone() }
}
