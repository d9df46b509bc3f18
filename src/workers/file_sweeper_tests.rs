use super::super::attachment_table::tests::{announced, announcement, opened, upload};
use super::super::file_store::tests::{files, put_all};
use super::super::store::Store;
use super::super::store::tests::{Scratch, sql};
use super::*;
use crate::workers::clock;
use std::fs;

/// A store, its folder of files, and a reader beside it.
fn start(scratch: &Scratch) -> (Store, FileStore, Reader) {
    let store = scratch.open();
    (store, files(scratch), Reader::open(&scratch.folder).unwrap())
}

/// One sweep; says in how many steps.
fn sweep(files: &mut FileStore, reader: &Reader) -> usize {
    sweep_at(files, reader, clock::unix_micros())
}

fn sweep_at(files: &mut FileStore, reader: &Reader, unix_micros: u64) -> usize {
    let (mut sweeper, now) = (FileSweeper::default(), clock::monotonic());
    let mut steps = 0;
    while sweeper.due(now).is_zero() {
        sweeper.step(files, reader, now, unix_micros).unwrap();
        steps += 1;
    }
    assert_eq!(sweeper.due(now), GAP);
    steps
}

fn is_there(files: &FileStore, sum: Sha256) -> bool {
    files.read(sum, 0, 1).unwrap().is_some()
}

/// An upload that is whole, and announced.
fn sent(store: &mut Store, files: &mut FileStore, id: i64, bytes: &[u8]) -> Sha256 {
    opened(store, upload(id, None, bytes.len() as u64));
    let sum = put_all(files, MessageId(id), bytes);
    announced(store, announcement(100 + id, id, sum));
    files.drop_pieces(MessageId(id)).unwrap();
    sum
}

#[test]
fn what_has_a_row_stays() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    let sum = sent(&mut store, &mut files, 1, b"whole");
    opened(&mut store, upload(2, None, 9));
    put_all(&mut files, MessageId(2), b"not announced");
    sweep(&mut files, &reader);
    assert!(is_there(&files, sum));
    assert_eq!(files.uploads().unwrap(), [MessageId(2)]);
}

#[test]
fn content_goes_with_its_last_row() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    let sum = sent(&mut store, &mut files, 1, b"same");
    assert_eq!(sent(&mut store, &mut files, 2, b"same"), sum);
    sql(&mut store, "DELETE FROM attachments WHERE id = 1");
    sweep(&mut files, &reader);
    assert!(is_there(&files, sum));
    sql(&mut store, "DELETE FROM attachments");
    sweep(&mut files, &reader);
    assert!(!is_there(&files, sum));
}

#[test]
fn what_is_about_to_be_announced_stays() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    opened(&mut store, upload(1, None, 4));
    let sum = put_all(&mut files, MessageId(1), b"same");
    sweep(&mut files, &reader);
    assert!(is_there(&files, sum));
    announced(&mut store, announcement(9, 1, sum));
    files.drop_pieces(MessageId(1)).unwrap();
    sweep(&mut files, &reader);
    assert!(is_there(&files, sum));
}

#[test]
fn what_a_crash_left_is_put_in_order() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    // Before the row was changed; behind it, before the pieces went; the row had gone before.
    opened(&mut store, upload(1, None, 5));
    let unannounced = put_all(&mut files, MessageId(1), b"first");
    opened(&mut store, upload(2, None, 6));
    let whole = put_all(&mut files, MessageId(2), b"second");
    announced(&mut store, announcement(9, 2, whole));
    let gone = put_all(&mut files, MessageId(3), b"third");
    drop(files);
    let mut files = super::super::file_store::tests::files(&scratch);
    sweep(&mut files, &reader);
    assert_eq!(files.uploads().unwrap(), [MessageId(1)], "it may still be announced");
    let left = [unannounced, whole, gone].map(|sum| is_there(&files, sum));
    assert_eq!(left, [false, true, false]);
    assert_eq!(put_again(&mut files), unannounced);
}

fn put_again(files: &mut FileStore) -> Sha256 {
    use super::super::file_store::{Place, Put};
    let place = Place { upload: MessageId(1), size: 5, offset: 5 };
    match files.put(place, &crate::message::PutData::Bytes(Box::default())).unwrap() {
        Put::Whole(sum) => sum,
        other => panic!("{other:?}"),
    }
}

#[test]
fn content_of_another_store_stays_for_a_week() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    let sum = put_all(&mut files, MessageId(1), b"strange");
    files.drop_pieces(MessageId(1)).unwrap();
    let since = files.written_unix_micros(sum) + 1;
    let set = |connection: &rusqlite::Connection| {
        super::super::attachment_table::set_files_since(connection, since).map(Ok::<_, StoreError>)
    };
    store.change(set).unwrap();
    for (later, stays) in [(0, true), (STRANGE_MICROS - 1, true), (STRANGE_MICROS, false)] {
        sweep_at(&mut files, &reader, since + later);
        assert_eq!(is_there(&files, sum), stays, "{later}");
    }
}

#[test]
fn named_content_goes_unless_a_row_or_an_upload_has_it() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    let kept = sent(&mut store, &mut files, 1, b"kept");
    opened(&mut store, upload(2, None, 8));
    let promised = put_all(&mut files, MessageId(2), b"promised");
    let orphans = Orphans::default();
    let gone: Vec<Sha256> = (0..NAMED as i64)
        .map(|n| {
            let sum = put_all(&mut files, MessageId(10), &n.to_be_bytes());
            files.drop_pieces(MessageId(10)).unwrap();
            sum
        })
        .collect();
    [kept, promised].iter().chain(&gone).for_each(|sum| orphans.add(*sum));
    let step = || {
        remove_named(&files, &reader, &orphans, clock::unix_micros()).unwrap();
        gone.iter().filter(|sum| is_there(&files, **sum)).count()
    };
    assert_eq!([step(), step()], [2, 0], "a bounded step");
    assert!(is_there(&files, kept) && is_there(&files, promised));
    announced(&mut store, announcement(9, 2, promised));
    files.drop_pieces(MessageId(2)).unwrap();
    orphans.add(promised);
    remove_named(&files, &reader, &orphans, clock::unix_micros()).unwrap();
    assert!(is_there(&files, promised));
}

#[test]
fn an_urgent_sweep_waits_for_a_short_time_alone() {
    let scratch = Scratch::new();
    let (_store, mut files, reader) = start(&scratch);
    let (mut sweeper, now) = (FileSweeper::default(), clock::monotonic());
    let mut all = |sweeper: &mut FileSweeper, now| {
        while sweeper.due(now).is_zero() {
            sweeper.step(&mut files, &reader, now, 1).unwrap();
        }
    };
    all(&mut sweeper, now);
    sweeper.hasten();
    assert_eq!(sweeper.due(now), SHORT_GAP);
    all(&mut sweeper, now + SHORT_GAP);
    assert_eq!(sweeper.due(now + SHORT_GAP), GAP, "once");
}

#[test]
fn many_files_are_gone_through_in_small_steps() {
    let scratch = Scratch::new();
    let (_store, mut files, reader) = start(&scratch);
    assert!((257..=260).contains(&sweep(&mut files, &reader)), "a folder a step");
    let open = files.path().join("open");
    for id in 1..=300 {
        fs::write(open.join(MessageId(id).to_string()), "x").unwrap();
    }
    fs::write(open.join("note"), "x").unwrap();
    let (mut sweeper, now) = (FileSweeper::default(), clock::monotonic());
    sweeper.step(&mut files, &reader, now, 1).unwrap();
    assert_eq!(files.uploads().unwrap().len(), 300 - FILES);
    sweep(&mut files, &reader);
    assert_eq!(files.uploads().unwrap(), []);
    assert!(open.join("note").exists(), "what is not ours stays");
}

#[test]
fn a_sweep_that_fails_is_given_up_for_now() {
    let scratch = Scratch::new();
    let (mut store, mut files, reader) = start(&scratch);
    let sum = sent(&mut store, &mut files, 1, b"x");
    sql(&mut store, "ALTER TABLE attachments RENAME TO elsewhere");
    let (mut sweeper, now) = (FileSweeper::default(), clock::monotonic());
    let failed = (0..300).find_map(|_| {
        sweeper.step(&mut files, &reader, now, clock::unix_micros()).err().map(|e| e.to_string())
    });
    assert!(failed.unwrap().contains("no such table"), "nothing is removed on a guess");
    assert_eq!(sweeper.due(now), GAP);
    assert!(is_there(&files, sum));
}
