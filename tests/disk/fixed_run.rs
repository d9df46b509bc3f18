//! One fixed run of the storage worker: accounts that join, write, receive and change things, in
//! batches, with the worker stopped and started in between.

use super::content::Content;
use jim::limits::Limits;
use jim::message::{
    AccountId, Announced, Change, ConnectionId, Conversation, Done, Durability, Job, Mark,
    MessageId, Name, Retention, RoomId, Secret, Sha256, StoredMessage, Upload,
};
use jim::workers::{Accounts, DataFolder, Report, StorageWorker, Store};
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// What all files hold, and its SHA-256.
pub const FILE: &str = "hello";
pub const SUM: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

pub const BATCHES: usize = 15;
pub const BATCH: usize = 6;
pub const JOBS: usize = BATCHES * BATCH;

/// The worker is stopped, and so the log copied into the file, after each so many batches.
pub const BATCHES_IN_A_LIFE: usize = 8;

const ANN: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);
const KEPT: RoomId = RoomId(1);

/// Puts a store with two accounts that share a room into a folder.
pub fn prepare(folder: &Path) {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let scratch = tempfile::tempdir().unwrap();
        let data = DataFolder::open(scratch.path()).unwrap();
        let mut accounts = Accounts::open(&data, &Limits::default()).unwrap();
        for (name, id) in [("ann", ANN), ("bob", BOB)] {
            assert_eq!(accounts.add(name, &Secret::new("secret")).unwrap(), id);
        }
        drop(accounts);
        let mut worker = Worker::start(scratch.path()).unwrap();
        for account in [ANN, BOB] {
            let room = Name::shown("#kept");
            let done = worker.work(&[Job::Join { account, room, position: MessageId::ZERO }]);
            assert!(matches!(&done[..], [Done::Joined { room, .. }] if room.id == KEPT));
        }
        worker.stop();
        fs::read(scratch.path().join("jim.db")).unwrap()
    });
    fs::write(folder.join("jim.db"), template).unwrap();
}

/// What that store holds.
pub fn prepared() -> Content {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    Content::read(folder.path())
}

/// The jobs of the run.
pub fn jobs() -> Vec<Job> {
    (0..JOBS).map(job).collect()
}

fn job(place: usize) -> Job {
    let (batch, ann_or_bob) = (place / BATCH, if place.is_multiple_of(8) { ANN } else { BOB });
    match place % BATCH {
        0 => {
            let room = Name::shown(&format!("#room {batch}"));
            Job::Join { account: ann_or_bob, room, position: number(place) }
        }
        1 => message(place, Conversation::Room(KEPT), None, true),
        4 => open_upload(place),
        5 => announcement(place, place - 1),
        2 => message(place, Conversation::direct(ANN, BOB), Some(BOB), batch.is_multiple_of(2)),
        _ => match batch % 4 {
            // Far ahead of the clock, whose ceiling each start raises.
            0 => Job::RaiseCeiling {
                ceiling: MessageId::at((4_000_000_000 + place as u64) * 1_000_000),
            },
            1 => Job::Acknowledge { account: BOB, up_to: number(place - BATCH - 2) },
            2 => {
                let topic = format!("of batch {batch}").into();
                Job::Change { by: ANN, change: Change::Topic { room: KEPT, topic } }
            }
            _ => message(place, Conversation::Common, None, true),
        },
    }
}

/// An upload whose number is that of its place.
fn open_upload(place: usize) -> Job {
    Job::OpenUpload(Arc::new(Upload {
        id: number(place),
        created_unix_micros: 4_000_000_000_000_000,
        sender: Some(ANN),
        conversation: Conversation::Room(KEPT),
        waits_for: None,
        name: format!("{place}.txt").into(),
        size: FILE.len() as u64,
        text: Box::default(),
    }))
}

/// The message that says that the upload of a place is whole.
fn announcement(place: usize, upload: usize) -> Job {
    let Job::Store(message) = message(place, Conversation::Room(KEPT), None, true) else {
        unreachable!("it is a message")
    };
    let announced = Announced { upload: number(upload), sha256: Sha256::parse(SUM).unwrap() };
    let attachment = Some(Box::new(announced));
    Job::Store(Arc::new(StoredMessage { attachment, ..(*message).clone() }))
}

/// The number of the message at a place.
fn number(place: usize) -> MessageId {
    MessageId(MessageId::at(1_700_000_000_000_000).0 + i64::try_from(place).unwrap())
}

fn message(place: usize, conversation: Conversation, waits: Option<AccountId>, kept: bool) -> Job {
    let head = r#"{"action":"msg","time":1,"from":"ann","to":"bob","message":"#;
    // A line, mostly, and now and then more than a page of the store.
    let words = "слово word ".repeat(if place % 20 == 9 { 300 } else { 1 + place % 30 });
    let text = format!(r#""number {place} {words}""#);
    let (start, end) = (head.len(), head.len() + text.len());
    Job::Store(Arc::new(StoredMessage {
        mark: Mark { id: number(place), unix_micros: 1_700_000_000_000_000 + place as u64 },
        conversation,
        sender: Some(ANN),
        object: format!("{head}{text}}}").into_bytes().into(),
        text: u32::try_from(start).unwrap()..u32::try_from(end).unwrap(),
        in_history: kept,
        waits_for: waits,
        attachment: None,
    }))
}

/// A storage worker, and what hears its calls.
pub struct Worker {
    worker: StorageWorker,
    heard: Receiver<()>,
}

impl Worker {
    /// On the store of a folder; none where that cannot be opened.
    pub fn start(folder: &Path) -> Option<Self> {
        Self::start_with(folder, Durability::Fsync)
    }

    pub fn start_with(folder: &Path, durability: Durability) -> Option<Self> {
        let data = DataFolder::open(folder).unwrap();
        let mut store = Store::open(&data, durability).ok()?;
        store.start().ok()?;
        let (bell, heard) = channel();
        let worker =
            StorageWorker::spawn(store, Retention::default(), move || bell.send(()).unwrap_or(()))
                .unwrap();
        Some(Self { worker, heard })
    }

    /// What became of each job.
    pub fn work(&mut self, jobs: &[Job]) -> Vec<Done> {
        for (slot, job) in (0..).zip(jobs) {
            self.worker.submit(ConnectionId { slot, generation: 1 }, job.clone()).unwrap();
        }
        let mut outcomes = Vec::new();
        while outcomes.len() < jobs.len() {
            match self.worker.poll_report() {
                Some(Report::Done { connection, done }) => {
                    assert_eq!(connection.index(), outcomes.len());
                    outcomes.push(done);
                }
                Some(_) => {}
                None => self.heard.recv_timeout(DEADLINE).unwrap(),
            }
        }
        outcomes
    }

    pub fn stop(self) {
        assert!(self.worker.stop(DEADLINE));
    }
}
