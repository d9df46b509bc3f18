//! Any pieces of a file, raw and in base64, at any places: those that follow one another are the
//! file, all others are refused, and what is whole is read back.

use super::input::Input;
use super::scratch::Scratch;
use jim::limits::{PIECE_BYTES, RAW_PIECE_BYTES};
use jim::message::{
    ConnectionId, Conversation, Done, Durability, Job, MessageId, PutData, PutFault, Retention,
    Sha256, Upload,
};
use jim::workers::{DataFolder, FileStore, FileWorker, Orphans, Reader, StorageWorker, Store};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The worker and its bell.
struct Desk {
    worker: FileWorker,
    bell: Receiver<()>,
}

impl Desk {
    /// With an upload that may come: what no row speaks of is swept away.
    fn open(scratch: &Scratch, upload: Upload) -> Self {
        let folder = DataFolder::open(scratch.path().join("data")).expect("a folder");
        let store = Store::open(&folder, Durability::None).expect("a store");
        let storage = StorageWorker::spawn(store, Retention::default(), || {});
        let mut storage = storage.expect("a thread");
        let job = Job::OpenUpload(Arc::new(upload));
        storage.submit(ConnectionId::NONE, job).expect("an empty queue");
        assert!(storage.stop(Duration::from_secs(60)));
        let files = FileStore::open(&folder, Durability::None).expect("a folder of files");
        let reader = Reader::open(&folder).expect("a reader");
        let (ring, bell) = channel();
        let ring = Mutex::new(ring);
        let wake = move || drop(ring.lock().map(|ring| ring.send(())));
        let worker = FileWorker::spawn(files, reader, Orphans::default(), wake).expect("a thread");
        Self { worker, bell }
    }

    fn ask(&mut self, job: Job) -> Done {
        self.worker.submit(ConnectionId::NONE, job).expect("an empty queue");
        loop {
            if let Some((_, done)) = self.worker.poll_done() {
                return done;
            }
            self.bell.recv().expect("the worker lives");
        }
    }
}

/// Base64 by its definition, with padding and nothing else: `None` where it is none.
fn decoded(digits: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padding = digits.iter().rev().take_while(|digit| **digit == b'=').count();
    if !digits.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in &digits[..digits.len() - padding] {
        let value = ALPHABET.iter().position(|other| other == digit)?;
        (bits, held) = (bits << 6 | value as u32, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

fn meant(data: &PutData) -> Result<Vec<u8>, PutFault> {
    match data {
        PutData::Bytes(bytes) if bytes.len() > RAW_PIECE_BYTES => Err(PutFault::Piece),
        PutData::Bytes(bytes) => Ok(bytes.to_vec()),
        PutData::Base64(digits) if digits.len() > PIECE_BYTES.div_ceil(3) * 4 => {
            Err(PutFault::Piece)
        }
        PutData::Base64(digits) => decoded(digits).ok_or(PutFault::Base64),
    }
}

fn read_back(desk: &mut Desk, sha256: Sha256, content: &[u8]) {
    let job = Job::ReadPiece { sha256, offset: 0, bytes: RAW_PIECE_BYTES };
    assert_eq!(desk.ask(job), Done::Piece(Some(content.into())));
}

fn opened(size: u64) -> Upload {
    Upload {
        id: MessageId(1),
        created_unix_micros: u64::from(u32::MAX),
        sender: None,
        conversation: Conversation::Common,
        waits_for: None,
        name: "a.txt".into(),
        size,
        text: "".into(),
    }
}

pub fn check(data: &[u8]) {
    let scratch = Scratch::new();
    let mut input = Input(data);
    let size = input.number() % 700;
    let upload = opened(size);
    let desk = &mut Desk::open(&scratch, upload.clone());
    let upload = upload.id;
    let mut content = Vec::new();
    while !input.is_empty() {
        let offset = if input.below(8) == 0 { input.number() } else { content.len() as u64 };
        let length = input.byte().into();
        let piece = if input.is() {
            PutData::Base64(input.bytes(length).into())
        } else {
            PutData::Bytes(input.bytes(length).into())
        };
        let expected = meant(&piece);
        match desk.ask(Job::Put { upload, size, offset, data: piece }) {
            Done::PutOffset { next } => {
                assert!(offset != next && next == content.len() as u64);
            }
            Done::PutRefused(PutFault::Size) => {
                assert!(content.len() + expected.expect("it is good").len() > size as usize);
            }
            Done::PutRefused(fault) => assert_eq!(expected, Err(fault)),
            Done::Put { next } => {
                content.extend(expected.expect("it is good"));
                assert!(next == content.len() as u64 && next < size);
            }
            Done::PutWhole { sha256 } => {
                content.extend(expected.expect("it is good"));
                assert_eq!(content.len() as u64, size);
                read_back(desk, sha256, &content);
            }
            other => panic!("{other:?}"),
        }
    }
    let dropped = desk.ask(Job::DropPieces { upload });
    assert_eq!(dropped, Done::UploadDropped { upload });
}
