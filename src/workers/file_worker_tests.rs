use super::super::attachment_table::tests::{announced, announcement, opened, upload};
use super::super::file_store::content_path;
use super::super::file_store::tests::files;
use super::super::store::Store;
use super::super::store::tests::Scratch;
use super::*;
use crate::message::{AttachmentBounds, MessageId, PutData, PutFault, Sha256, StoredMessage};
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::mpsc::channel;

const DEADLINE: Duration = Duration::from_secs(30);

fn start(scratch: &Scratch) -> (Store, FileWorker, Receiver<()>) {
    let mut store = scratch.open();
    let orphans = store.orphans().unwrap();
    let reader = Reader::open(&scratch.folder).unwrap();
    let (bell, heard) = channel();
    let wake = move || bell.send(()).unwrap_or(());
    let worker = FileWorker::spawn(files(scratch), reader, orphans, wake).unwrap();
    (store, worker, heard)
}

fn connection(slot: u32) -> ConnectionId {
    ConnectionId { slot, generation: 1 }
}

fn done(worker: &mut FileWorker, heard: &Receiver<()>) -> (u32, Done) {
    loop {
        match worker.poll_done() {
            Some((connection, done)) => return (connection.slot, done),
            None => heard.recv_timeout(DEADLINE).unwrap(),
        }
    }
}

fn one(worker: &mut FileWorker, heard: &Receiver<()>, job: Job) -> Done {
    assert!(FileWorker::is_of_files(&job));
    worker.submit(connection(1), job).unwrap();
    done(worker, heard).1
}

fn put(upload: i64, size: u64, offset: u64, bytes: &[u8]) -> Job {
    let data = PutData::Bytes(bytes.into());
    Job::Put { upload: MessageId(upload), size, offset, data }
}

fn read(sha256: Sha256, offset: u64) -> Job {
    Job::ReadPiece { sha256, offset, bytes: 4 }
}

#[test]
fn a_file_comes_and_is_read() {
    let scratch = Scratch::new();
    let (mut store, mut worker, heard) = start(&scratch);
    // Without their rows the sweep at the start might take them.
    (1..=5).for_each(|id| drop(opened(&mut store, upload(id, None, 6))));
    let mut one = |job| one(&mut worker, &heard, job);
    let Done::PutWhole { sha256 } = one(put(1, 6, 0, b"012345")) else { panic!() };
    assert_eq!(one(put(2, 6, 0, b"0123456")), Done::PutRefused(PutFault::Size));
    assert_eq!(one(put(3, 6, 1, b"012")), Done::PutOffset { next: 0 });
    assert_eq!(one(put(4, 6, 0, b"012")), Done::Put { next: 3 });
    let bad = PutData::Base64(b"?".as_slice().into());
    let bad = Job::Put { upload: MessageId(5), size: 6, offset: 0, data: bad };
    assert_eq!(one(bad), Done::PutRefused(PutFault::Base64));
    assert_eq!(one(read(Sha256([0; 32]), 0)), Done::Piece(None));
    let dropped = Done::UploadDropped { upload: MessageId(4) };
    assert_eq!(one(Job::DropPieces { upload: MessageId(4) }), dropped);
    let piece = |text: &[u8]| Done::Piece(Some(text.into()));
    let read = [one(read(sha256, 0)), one(read(sha256, 4)), one(read(sha256, 6))];
    assert_eq!(read, [piece(b"0123"), piece(b"45"), piece(b"")]);
    assert!(worker.stop(DEADLINE));
}

#[test]
fn outcomes_come_in_the_order_of_the_jobs() {
    let scratch = Scratch::new();
    let (_store, mut worker, heard) = start(&scratch);
    for slot in 0..300 {
        worker.submit(connection(slot), put(i64::from(slot), 9, 1 + u64::from(slot), b"")).unwrap();
    }
    for slot in 0..300 {
        assert_eq!(done(&mut worker, &heard), (slot, Done::PutOffset { next: 0 }));
    }
    assert_eq!(worker.poll_done(), None);
    assert!(worker.stop(DEADLINE));
}

#[test]
fn a_full_queue_gives_the_job_back_by_number_and_by_bytes() {
    let scratch = Scratch::new();
    let (_store, mut worker, heard) = start(&scratch);
    let small = || read(Sha256([0; 32]), 0);
    for slot in 0..JOBS as u32 {
        worker.submit(connection(slot), small()).unwrap();
    }
    assert_eq!(worker.submit(connection(0), small()), Err(small()));
    for _ in 0..JOBS {
        done(&mut worker, &heard);
    }
    let large = || put(1, 9, 5, &[0; 1 << 20]);
    let fit = BYTES >> 20;
    for _ in 0..fit {
        worker.submit(connection(0), large()).unwrap();
    }
    assert_eq!(worker.submit(connection(0), large()), Err(large()));
    assert_eq!(worker.submit(connection(0), small()), Ok(()), "it brings nothing");
    done(&mut worker, &heard);
    assert_eq!(worker.submit(connection(0), large()), Ok(()));
    assert!(worker.stop(DEADLINE), "also where nobody fetches what was read");
}

#[test]
fn a_full_disk_is_an_answer_and_is_over_once_there_is_room() {
    let scratch = Scratch::new();
    let (mut store, mut worker, heard) = start(&scratch);
    opened(&mut store, upload(1, None, 4));
    let part = scratch.folder.path().join("attachments/open").join(MessageId(1).to_string());
    symlink("/dev/full", &part).unwrap();
    for _ in 0..3 {
        assert_eq!(one(&mut worker, &heard, put(1, 4, 0, b"0123")), Done::Failed);
    }
    fs::remove_file(&part).unwrap();
    assert!(matches!(one(&mut worker, &heard, put(1, 4, 0, b"0123")), Done::PutWhole { .. }));
    assert!(worker.stop(DEADLINE));
}

#[test]
fn what_no_row_speaks_of_goes_at_the_start() {
    let scratch = Scratch::new();
    drop(scratch.open());
    drop(files(&scratch));
    let part = scratch.folder.path().join("attachments/open").join(MessageId(1).to_string());
    fs::write(&part, "left").unwrap();
    let (_store, worker, _heard) = start(&scratch);
    let since = clock::monotonic();
    while part.exists() {
        assert!(since.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
    assert!(worker.stop(DEADLINE));
}

/// Opens and sends a file that no history has; says what its sum is.
fn sent(store: &mut Store, worker: &mut FileWorker, heard: &Receiver<()>, id: i64) -> Sha256 {
    let content = id.to_be_bytes();
    opened(store, upload(id, None, 8));
    let Done::PutWhole { sha256 } = one(worker, heard, put(id, 8, 0, &content)) else { panic!() };
    let message = StoredMessage { in_history: false, ..announcement(100 + id, id, sha256) };
    announced(store, message);
    one(worker, heard, Job::DropPieces { upload: MessageId(id) });
    sha256
}

#[test]
fn what_made_room_is_off_the_disk_before_more_is_written() {
    let scratch = Scratch::new();
    let (mut store, mut worker, heard) = start(&scratch);
    let quota_user_bytes = 3 * 4096;
    store.set_bounds(AttachmentBounds { quota_user_bytes, ..AttachmentBounds::default() });
    let mut sums = Vec::new();
    for id in 1..=20 {
        sums.push(sent(&mut store, &mut worker, &heard, id));
        let left = sums.iter().filter(|sum| content_path(scratch.folder.path(), **sum).exists());
        assert!(left.count() <= 3, "{id}");
    }
    let newest = *sums.last().unwrap();
    let there = one(&mut worker, &heard, read(newest, 0));
    assert!(matches!(there, Done::Piece(Some(_))), "{there:?}");
    assert!(worker.stop(DEADLINE));
}

#[test]
fn what_is_named_goes_while_nothing_is_written() {
    let scratch = Scratch::new();
    let (mut store, mut worker, heard) = start(&scratch);
    let sum = sent(&mut store, &mut worker, &heard, 1);
    opened(&mut store, upload(2, None, 1));
    let given_up = one(&mut worker, &heard, put(2, 1, 0, b"x"));
    let Done::PutWhole { sha256: given_up } = given_up else { panic!() };
    one(&mut worker, &heard, Job::DropPieces { upload: MessageId(2) });
    store.set_bounds(AttachmentBounds { quota_user_bytes: 8192, ..AttachmentBounds::default() });
    opened(&mut store, upload(3, None, 1));
    let since = clock::monotonic();
    while [sum, given_up].iter().any(|sum| content_path(scratch.folder.path(), *sum).exists()) {
        assert!(since.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
    assert!(worker.stop(DEADLINE));
}

#[test]
fn what_a_dead_thread_owed_has_failed() {
    let scratch = Scratch::new();
    let (_store, mut worker, _heard) = start(&scratch);
    worker.submit(connection(0), put(1, 9, 0, b"x")).unwrap();
    // The thread's end: its side of both channels closes.
    (_, worker.outcomes) = sync_channel(1);
    (worker.jobs, _) = sync_channel(1);
    worker.submit(connection(1), put(1, 9, 1, b"x")).unwrap();
    assert_eq!(worker.poll_done(), Some((connection(0), Done::Failed)));
    assert_eq!(worker.poll_done(), Some((connection(1), Done::Failed)));
    assert_eq!((worker.poll_done(), worker.bytes), (None, 0));
}
