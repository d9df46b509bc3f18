//! What a disk would hold, and the workers beside the chat: a writer that commits whole batches in
//! order, a reader that sees what is committed, a hasher that is done in any order.

use super::random::Random;
use jim::message::{
    AccountId, AccountList, AccountRecord, AttachmentRecord, Change, Conversation, Done,
    HistoryQuery, Job, Membership, MessageId, Name, Page, PageMessage, PutFault, Role, RoomId,
    RoomRecord, Sha256, StoredMessage,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How large the files are.
pub const FILE_BYTES: usize = 8;

/// What is committed.
#[derive(Default)]
pub struct Disk {
    pub accounts: Vec<AccountRecord>,
    pub rooms: BTreeMap<String, RoomRecord>,
    pub members: BTreeSet<(RoomId, AccountId)>,
    pub messages: BTreeMap<MessageId, Arc<StoredMessage>>,
    pub waiting: BTreeSet<(AccountId, MessageId)>,
    pub ceiling: MessageId,
    /// Files, and how many bytes of each have come.
    files: BTreeMap<MessageId, (AttachmentRecord, usize)>,
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

    /// An operator changes an account: blocks it or not, or makes another one of its name.
    pub fn operate(&mut self, random: &mut Random) {
        let at = random.below(self.accounts.len());
        self.version += 1;
        if random.below(2) == 0 {
            let blocked = &mut self.accounts[at].blocked;
            *blocked = !*blocked;
            return;
        }
        let gone = self.accounts.remove(at);
        self.waiting.retain(|(whose, _)| *whose != gone.id);
        self.banned.retain(|(_, whose)| *whose != gone.id);
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
                Done::Password(phc.is_some_and(|phc| &*phc == password.expose()))
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
            Job::OpenUpload(upload) => {
                let record = AttachmentRecord { upload: (*upload).clone(), sha256: None };
                self.files.insert(upload.id, (record, 0));
                Done::UploadOpened { upload: upload.id }
            }
            Job::FindAttachment { id } => {
                Done::Attachment(self.files.get(&id).map(|(record, _)| Box::new(record.clone())))
            }
            Job::Put { upload, size, offset, data } => self.put(upload, size, offset, data.len()),
            Job::ReadPiece { offset, bytes, .. } => {
                let rest = FILE_BYTES.saturating_sub(offset as usize);
                Done::Piece(Some(vec![b'A'; rest.min(bytes)].into()))
            }
            // Nobody asks for that.
            Job::DropUpload { .. } | Job::DropPieces { .. } => Done::Failed,
        }
    }

    /// A piece, of which only the length is looked at; base64 is taken for the bytes themselves.
    fn put(&mut self, upload: MessageId, size: u64, offset: u64, bytes: usize) -> Done {
        let Some((_, come)) = self.files.get_mut(&upload) else { return Done::Failed };
        let next = *come as u64;
        if offset != next {
            return Done::PutOffset { next };
        }
        if next + bytes as u64 > size {
            return Done::PutRefused(PutFault::Size);
        }
        *come += bytes;
        if *come as u64 == size {
            return Done::PutWhole { sha256: Sha256([7; 32]) };
        }
        Done::Put { next: *come as u64 }
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
        if let Some(announced) = &message.attachment
            && let Some((record, _)) = self.files.get_mut(&announced.upload)
        {
            record.sha256 = Some(announced.sha256);
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
