//! What a store holds: as it should be, told by the worker's answers, and as it is on the disk.

use super::fixed_run::{FILE, SUM};
use jim::message::{AccountId, Change, Done, Durability, Job, MessageId, StoredMessage};
use jim::workers::{DataFolder, Store, db};
use rusqlite::{Connection, OpenFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// All that the fixed run touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Rooms' topics, by number.
    pub topics: BTreeMap<i64, String>,
    /// Room and member.
    pub members: BTreeSet<(i64, i64)>,
    /// Messages that are of the history or wait for somebody.
    pub messages: BTreeMap<i64, Vec<u8>>,
    /// Who waits for what.
    pub waiting: BTreeSet<(i64, i64)>,
    /// Files, and whether they are whole.
    pub files: BTreeMap<i64, bool>,
    /// The greatest ceiling that was answered for.
    pub ceiling: i64,
    /// What goes when nobody waits for it any more.
    passing: BTreeSet<i64>,
}

impl Content {
    /// Reads a store as a server does at its start, and beside it what the messages' table says. The
    /// whole store is checked.
    pub fn read(folder: &Path) -> Self {
        let data = DataFolder::open(folder).unwrap();
        let mut store = Store::open(&data, Durability::Fsync).unwrap();
        let snapshot = store.start().unwrap();
        drop(store);
        put_file(folder);
        db::check(folder).unwrap();
        let mut content = Self {
            ceiling: snapshot.ceiling.0,
            topics: snapshot.rooms.iter().map(|r| (r.id.0, r.topic.to_string())).collect(),
            members: snapshot.memberships.iter().map(|m| (m.room.0, m.account.0)).collect(),
            ..Self::default()
        };
        content.read_messages(folder).unwrap();
        let counted: usize = snapshot.waiting.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, content.waiting.len(), "the counts of what waits");
        if let Some(last) = content.messages.keys().next_back() {
            assert!(snapshot.next_id > MessageId(*last), "a number would come again");
        }
        content
    }

    fn read_messages(&mut self, folder: &Path) -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(folder.join("jim.db"), flags)?;
        let mut rows = connection.prepare("SELECT account, message FROM waiting")?;
        self.waiting = rows
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut rows = connection.prepare("SELECT id, object, in_history FROM messages")?;
        let all = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        for row in all {
            let (id, object, in_history): (i64, Vec<u8>, bool) = row?;
            if in_history || self.waiting.iter().any(|(_, message)| *message == id) {
                self.messages.insert(id, object);
            }
        }
        let mut rows = connection.prepare("SELECT id, sha256 IS NOT NULL FROM attachments")?;
        let all = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.files = all.collect::<rusqlite::Result<_>>()?;
        Ok(())
    }

    /// What a job that was answered for has changed; a failed one nothing.
    ///
    /// Says whether it was done.
    pub fn apply(&mut self, job: &Job, done: &Done) -> bool {
        match (job, done) {
            (Job::Store(asked), Done::Stored(stored)) => {
                assert_eq!(asked, stored);
                self.store(stored);
            }
            (Job::Store(asked), Done::NotStored(Some(refused))) => {
                assert_eq!(asked, refused);
                return false;
            }
            (Job::Join { account, .. }, Done::Joined { room, membership, .. }) => {
                assert_eq!((*account, room.id), (membership.account, membership.room));
                self.topics.insert(room.id.0, room.topic.to_string());
                self.members.insert((room.id.0, account.0));
            }
            (Job::Change { change: asked, .. }, Done::Changed { change, .. }) => {
                assert_eq!(asked, change);
                let Change::Topic { room, topic } = change else { panic!("{change:?}") };
                self.topics.insert(room.0, topic.to_string());
            }
            (Job::Acknowledge { account, up_to }, Done::Acknowledged { waiting, .. }) => {
                self.acknowledge(*account, *up_to);
                let left = self.waiting.iter().filter(|(of, _)| *of == account.0).count();
                assert_eq!(left, *waiting);
            }
            (Job::RaiseCeiling { ceiling }, Done::CeilingRaised { ceiling: raised }) => {
                assert_eq!(ceiling, raised);
                self.ceiling = self.ceiling.max(ceiling.0);
            }
            (Job::OpenUpload(asked), Done::UploadOpened { upload }) => {
                assert_eq!(asked.id, *upload);
                self.files.insert(upload.0, false);
            }
            (job, Done::Failed) if !matches!(job, Job::Store(_)) => return false,
            (job, done) => panic!("{job:?} became {done:?}"),
        }
        true
    }

    fn store(&mut self, message: &StoredMessage) {
        let id = message.mark.id.0;
        self.messages.insert(id, message.object.to_vec());
        if let Some(announced) = &message.attachment {
            self.files.insert(announced.upload.0, true);
        }
        if let Some(account) = message.waits_for {
            self.waiting.insert((account.0, id));
        }
        if !message.in_history {
            self.passing.insert(id);
        }
    }

    fn acknowledge(&mut self, account: AccountId, up_to: MessageId) {
        let has = |(of, message): &(i64, i64)| *of == account.0 && *message <= up_to.0;
        for (_, message) in self.waiting.extract_if(.., has) {
            if self.passing.contains(&message) {
                self.messages.remove(&message);
            }
        }
    }

    /// Whether a store holds just this. Its ceiling may be higher: opening raises it.
    pub fn is_in(&self, found: &Self) -> bool {
        found.ceiling >= self.ceiling
            && (&found.topics, &found.members) == (&self.topics, &self.members)
            && (&found.messages, &found.waiting) == (&self.messages, &self.waiting)
            && found.files == self.files
    }
}

/// The content of all files, which is on the disk before any row speaks of it.
fn put_file(data: &Path) {
    let folder = data.join("attachments").join(&SUM[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(SUM), FILE).unwrap();
}
