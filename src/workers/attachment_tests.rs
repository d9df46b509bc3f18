use super::*;
use crate::message::{Conversation, Job, Mark, RoomId, StoredMessage};
use crate::workers::attachment_sweeper::AttachmentSweeper;
use crate::workers::clock;
use crate::workers::reader::tests::message;
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, add_account, join, one, sql};
use std::sync::Arc;

const COMMON: Conversation = Conversation::Common;
const DAY: u64 = 86_400_000_000;

pub(crate) fn upload(id: i64, sender: Option<AccountId>, size: u64) -> Upload {
    Upload {
        id: MessageId(id),
        created_unix_micros: 1000 * DAY,
        sender,
        conversation: COMMON,
        waits_for: None,
        name: "снимок.png".into(),
        size,
        text: "смотри".into(),
    }
}

pub(crate) fn opened(store: &mut Store, upload: Upload) -> Done {
    one(store, Job::OpenUpload(Arc::new(upload)))
}

/// The announcement of an upload, with a number of its own.
pub(crate) fn announcement(id: i64, upload: i64, sha256: Sha256) -> StoredMessage {
    let announced = Announced { upload: MessageId(upload), sha256 };
    StoredMessage { attachment: Some(Box::new(announced)), ..message(id, COMMON, "word") }
}

pub(crate) fn announced(store: &mut Store, message: StoredMessage) -> Done {
    one(store, Job::Store(Arc::new(message)))
}

fn number(store: &Store, sql: &str) -> i64 {
    store.read(|connection| connection.query_row(sql, [], |row| row.get(0))).unwrap()
}

fn ids(store: &Store) -> Vec<i64> {
    let rows = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT id FROM attachments ORDER BY id")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    store.read(rows).unwrap()
}

fn record_of(store: &Store, id: i64) -> Option<AttachmentRecord> {
    store.read(|connection| find(connection, MessageId(id))).unwrap()
}

#[test]
fn an_upload_is_found_as_it_was_opened_and_then_whole() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let bob = add_account(&mut store, "bob");
    let conversation = Conversation::direct(ann, bob);
    let direct = Upload { conversation, waits_for: Some(bob), ..upload(5, Some(ann), 0) };
    assert_eq!(opened(&mut store, direct.clone()), Done::UploadOpened { upload: MessageId(5) });
    let open = AttachmentRecord { upload: direct.clone(), sha256: None };
    assert_eq!(record_of(&store, 5), Some(open));
    let sum = Sha256([9; 32]);
    let announcement = announcement(8, 5, sum);
    assert!(matches!(announced(&mut store, announcement), Done::Stored(_)));
    let whole = AttachmentRecord { upload: direct, sha256: Some(sum) };
    assert_eq!(record_of(&store, 5), Some(whole));
    assert_eq!(record_of(&store, 8), None);
    let has = |sum| store.read(|connection| has_content(connection, sum)).unwrap();
    assert!(has(sum) && !has(Sha256([8; 32])));
}

#[test]
fn the_announcement_and_the_file_are_stored_together_or_not() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let messages = "SELECT count(*) FROM messages";
    let sum = Sha256([1; 32]);
    let first = announced(&mut store, announcement(8, 5, sum));
    assert!(matches!(first, Done::NotStored(Some(_))), "there is no such upload: {first:?}");
    opened(&mut store, upload(5, None, 7));
    // A number that a message has.
    announced(&mut store, message(8, COMMON, "word"));
    let (done, error) = store.perform(&[Job::Store(Arc::new(announcement(8, 5, sum)))], 7);
    assert!(matches!(done[..], [Done::NotStored(Some(_))]) && error.is_some(), "{done:?}");
    assert_eq!(record_of(&store, 5).unwrap().sha256, None);
    assert!(matches!(announced(&mut store, announcement(9, 5, sum)), Done::Stored(_)));
    assert_eq!(number(&store, messages), 2);
    assert_eq!(number(&store, "SELECT message FROM attachments"), 9);
    let again = announced(&mut store, announcement(10, 5, sum));
    assert!(matches!(again, Done::NotStored(_)), "once: {again:?}");
    assert_eq!(number(&store, messages), 2);
}

#[test]
fn without_history_the_row_alone_is_changed() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let sum = Sha256([1; 32]);
    for (id, waits_for) in [(5, None), (6, Some(ann))] {
        opened(&mut store, upload(id, None, 7));
        let message =
            StoredMessage { in_history: false, waits_for, ..announcement(10 + id, id, sum) };
        assert!(matches!(announced(&mut store, message), Done::Stored(_)));
    }
    assert_eq!(number(&store, "SELECT count(*) FROM attachments WHERE message IS NULL"), 2);
    assert_eq!(number(&store, "SELECT id FROM messages"), 16, "it waits for its addressee");
    one(&mut store, Job::Acknowledge { account: ann, up_to: MessageId(16) });
    sweep(&store, 0, 1000 * DAY);
    assert_eq!(ids(&store), [5, 6], "who has the message may still fetch the file");
}

#[test]
fn nobody_announces_in_a_room_that_they_have_left() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    one(&mut store, join(ann, "#a"));
    let conversation = Conversation::Room(RoomId(1));
    opened(&mut store, Upload { conversation, ..upload(5, Some(ann), 7) });
    one(&mut store, Job::Leave { account: ann, room: RoomId(1) });
    let message = announcement(9, 5, Sha256([1; 32]));
    let message = StoredMessage { conversation, sender: Some(ann), ..message };
    assert!(matches!(announced(&mut store, message), Done::Unreachable(_)));
    assert_eq!(record_of(&store, 5).unwrap().sha256, None);
}

#[test]
fn quotas_count_what_is_open_and_whole_and_not_what_is_gone() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let [ann, bob] = ["ann", "bob"].map(|name| Some(add_account(&mut store, name)));
    let (quota_user_bytes, quota_bytes) = (20_000, 35_000);
    store.set_bounds(AttachmentBounds { quota_user_bytes, quota_bytes, ..Default::default() });
    let mut open = |id, sender, size| opened(&mut store, upload(id, sender, size));
    let done = |id| Done::UploadOpened { upload: MessageId(id) };
    let own = |used_bytes| Done::QuotaExceeded {
        limit_bytes: quota_user_bytes,
        used_bytes,
        is_own: true,
    };
    assert_eq!(open(1, ann, 20_001), own(0));
    assert_eq!(open(1, ann, 15_904), done(1));
    assert_eq!(open(2, ann, 4097), own(15_904));
    assert_eq!(open(2, ann, 0), done(2), "an empty one counts for a block");
    assert_eq!(open(3, ann, 0), own(20_000));
    assert_eq!(open(3, None, 10_000), done(3), "guests share one");
    assert_eq!(open(4, None, 10_001), own(10_000));
    let all = Done::QuotaExceeded { limit_bytes: quota_bytes, used_bytes: 30_000, is_own: false };
    assert_eq!(open(4, bob, 5001), all);
    assert_eq!(open(4, bob, 5000), done(4));
    announced(&mut store, announcement(9, 1, Sha256([1; 32])));
    assert_eq!(opened(&mut store, upload(5, ann, 1)), own(20_000), "whole ones count too");
    let dropped = one(&mut store, Job::DropUpload { upload: MessageId(2) });
    assert_eq!(dropped, Done::UploadDropped { upload: MessageId(2) });
    assert_eq!(opened(&mut store, upload(5, ann, 4096)), done(5));
    one(&mut store, Job::DropUpload { upload: MessageId(1) });
    assert_eq!(ids(&store), [1, 3, 4, 5], "what is announced is not given up");
    sql(&mut store, "DELETE FROM attachments");
    assert_eq!(number(&store, "SELECT count(*) FROM attachment_use"), 0);
}

#[test]
fn the_oldest_files_of_guests_make_room_for_their_next() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let bounds = AttachmentBounds { quota_user_bytes: 20_000, ..AttachmentBounds::default() };
    store.set_bounds(bounds);
    let ann = add_account(&mut store, "ann");
    let sum = Sha256([1; 32]);
    let whole = |store: &mut Store, id: i64, sender, in_history| {
        let opened = opened(store, upload(id, sender, 5000));
        assert_eq!(opened, Done::UploadOpened { upload: MessageId(id) });
        let message = StoredMessage { sender, in_history, ..announcement(100 + id, id, sum) };
        assert!(matches!(announced(store, message), Done::Stored(_)));
    };
    whole(&mut store, 5, None, true);
    whole(&mut store, 6, Some(ann), false);
    whole(&mut store, 7, None, false);
    whole(&mut store, 8, None, false);
    let room = |store: &mut Store, id, size| match opened(store, upload(id, None, size)) {
        Done::UploadOpened { .. } => true,
        Done::QuotaExceeded { is_own: true, .. } => false,
        other => panic!("{other:?}"),
    };
    assert!(!room(&mut store, 9, 15_001), "what a history has stays");
    assert_eq!(ids(&store), [5, 6, 7, 8]);
    assert!(room(&mut store, 9, 5000) && room(&mut store, 10, 5000));
    assert_eq!(ids(&store), [5, 6, 8, 9, 10], "the oldest went");
    assert!(room(&mut store, 11, 1));
    assert_eq!(ids(&store), [5, 6, 9, 10, 11]);
    assert!(!room(&mut store, 12, 5000), "what is open stays");
}

#[test]
fn what_is_refused_after_all_costs_no_guests_file() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let (quota_user_bytes, quota_bytes) = (10_000, 16_000);
    store.set_bounds(AttachmentBounds { quota_user_bytes, quota_bytes, ..Default::default() });
    let ann = add_account(&mut store, "ann");
    opened(&mut store, upload(5, None, 5000));
    let message = StoredMessage { in_history: false, ..announcement(105, 5, Sha256([1; 32])) };
    assert!(matches!(announced(&mut store, message), Done::Stored(_)));
    opened(&mut store, upload(6, Some(ann), 10_000));
    let all = Done::QuotaExceeded { limit_bytes: quota_bytes, used_bytes: 15_000, is_own: false };
    assert_eq!(opened(&mut store, upload(7, None, 6001)), all);
    assert_eq!(ids(&store), [5, 6]);
    let done = Done::UploadOpened { upload: MessageId(7) };
    assert_eq!(opened(&mut store, upload(7, None, 6000)), done, "what goes counts no more");
    assert_eq!(ids(&store), [6, 7]);
}

#[test]
fn at_the_start_the_open_uploads_of_guests_are_forgotten() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    for (id, sender) in [(1, None), (2, None), (3, Some(ann))] {
        opened(&mut store, upload(id, sender, 5000));
    }
    announced(&mut store, announcement(9, 2, Sha256([1; 32])));
    drop(store);
    let mut store = scratch.open();
    assert_eq!(ids(&store), [1, 2, 3], "another process may open it beside a server");
    store.start().unwrap();
    assert_eq!(ids(&store), [2, 3]);
    assert_eq!(number(&store, "SELECT bytes FROM attachment_use WHERE owner = 0"), 5000);
}

#[test]
fn an_account_that_is_gone_uploads_nothing_and_a_number_is_used_once() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let gone = opened(&mut store, upload(1, Some(AccountId(77)), 1));
    assert_eq!(gone, Done::AccountGone);
    opened(&mut store, upload(1, None, 1));
    let (done, error) = store.perform(&[Job::OpenUpload(Arc::new(upload(1, None, 2)))], 1);
    assert!(done == [Done::Failed] && error.is_some(), "{done:?}");
    let gone = one(&mut store, Job::DropUpload { upload: MessageId(99) });
    assert_eq!(gone, Done::UploadDropped { upload: MessageId(99) });
}

/// One sweep at a moment.
fn sweep(store: &Store, days: u32, unix_micros: u64) {
    let now = clock::monotonic();
    let mut sweeper = AttachmentSweeper::new(days);
    while sweeper.is_due(now) {
        store.read(|connection| sweeper.step(connection, now, unix_micros)).unwrap();
    }
}

#[test]
fn an_upload_has_a_day() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    for (id, later) in [(1, 0), (2, DAY / 2), (3, 0)] {
        let created_unix_micros = 1000 * DAY + later;
        opened(&mut store, Upload { created_unix_micros, ..upload(id, None, 1) });
    }
    announced(&mut store, announcement(9, 3, Sha256([1; 32])));
    sweep(&store, 0, 1001 * DAY);
    assert_eq!(ids(&store), [1, 2, 3]);
    sweep(&store, 0, 1001 * DAY + 1);
    assert_eq!(ids(&store), [2, 3]);
    let late = announced(&mut store, announcement(10, 1, Sha256([1; 32])));
    assert!(matches!(late, Done::NotStored(_)), "{late:?}");
}

#[test]
fn a_file_goes_with_its_message_or_its_days() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    for id in 1..=4_i64 {
        let created_unix_micros = (1000 + id.unsigned_abs()) * DAY;
        opened(&mut store, Upload { created_unix_micros, ..upload(id, None, 1) });
        let message = announcement(10 + id, id, Sha256([id as u8; 32]));
        announced(&mut store, StoredMessage { in_history: id != 4, ..message });
    }
    sql(&mut store, "DELETE FROM messages WHERE id = 12");
    sweep(&store, 0, 2000 * DAY);
    assert_eq!(ids(&store), [1, 3, 4]);
    sweep(&store, 10, 1012 * DAY);
    assert_eq!(ids(&store), [3, 4]);
    // A clock that jumps takes a day's files at a time.
    sweep(&store, 10, 9000 * DAY);
    assert_eq!(ids(&store), [3, 4]);
    sweep(&store, 10, 9000 * DAY);
    assert_eq!(ids(&store), [4]);
}

#[test]
fn a_file_goes_with_its_room_or_account() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let [ann, bob] = ["ann", "bob"].map(|name| add_account(&mut store, name));
    sql(&mut store, "INSERT INTO rooms (id, name, created) VALUES (1, '#a', 1)");
    let places = [COMMON, Conversation::Room(RoomId(1)), Conversation::direct(ann, bob)];
    for (id, conversation) in (1..).zip(places) {
        opened(&mut store, Upload { conversation, ..upload(id, None, 1) });
        let sum = Sha256([1; 32]);
        let message = StoredMessage {
            mark: Mark { id: MessageId(10 + id), unix_micros: 1 },
            in_history: false,
            ..announcement(10 + id, id, sum)
        };
        announced(&mut store, message);
    }
    sweep(&store, 0, 2000 * DAY);
    assert_eq!(ids(&store), [1, 2, 3]);
    sql(&mut store, "DELETE FROM rooms; DELETE FROM accounts WHERE name = 'bob'");
    sweep(&store, 0, 2000 * DAY);
    assert_eq!(ids(&store), [1]);
}

#[test]
fn a_sweep_goes_through_any_number_of_rows_in_steps() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let jobs: Vec<Job> =
        (1..=450).map(|id| Job::OpenUpload(Arc::new(upload(id, None, 1)))).collect();
    let (done, error) = store.perform(&jobs, 1);
    assert!(error.is_none() && done.iter().all(|done| matches!(done, Done::UploadOpened { .. })));
    let (mut sweeper, now) = (AttachmentSweeper::new(0), clock::monotonic());
    let mut left = Vec::new();
    while sweeper.is_due(now) {
        store.read(|connection| sweeper.step(connection, now, 2000 * DAY)).unwrap();
        left.push(ids(&store).len());
    }
    assert_eq!(left, [250, 50, 0]);
}
