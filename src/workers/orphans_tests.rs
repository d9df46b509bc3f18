use super::super::attachment_sweeper::AttachmentSweeper;
use super::super::attachment_table::tests::{announced, announcement, opened, upload};
use super::super::clock;
use super::super::store::Store;
use super::super::store::tests::Scratch;
use super::*;
use crate::message::{AttachmentBounds, Done, Job, MessageId, StoredMessage};
use std::sync::Arc;

const SUMS: [Sha256; 2] = [Sha256([1; 32]), Sha256([2; 32])];

fn all(orphans: &Orphans) -> Vec<Sha256> {
    std::iter::from_fn(|| orphans.next()).collect()
}

/// A store with two files of guests that no history has; for a third there is no room.
fn full(scratch: &Scratch) -> (Store, Orphans) {
    let mut store = scratch.open();
    let orphans = store.orphans().unwrap();
    store.set_bounds(AttachmentBounds { quota_user_bytes: 10_000, ..Default::default() });
    for (id, sum) in (1..).zip(SUMS) {
        opened(&mut store, upload(id, None, 5000));
        let message = StoredMessage { in_history: false, ..announcement(100 + id, id, sum) };
        announced(&mut store, message);
    }
    (store, orphans)
}

#[test]
fn what_makes_room_is_named() {
    let scratch = Scratch::new();
    let (mut store, orphans) = full(&scratch);
    assert_eq!(all(&orphans), []);
    let done = opened(&mut store, upload(3, None, 5000));
    assert_eq!(done, Done::UploadOpened { upload: MessageId(3) });
    assert_eq!(all(&orphans), [SUMS[0]]);
    assert_eq!(all(&orphans), [], "once");
}

#[test]
fn what_comes_back_is_not_named() {
    let scratch = Scratch::new();
    let (mut store, orphans) = full(&scratch);
    // A number that is taken: the room is not needed.
    let (done, error) = store.perform(&[Job::OpenUpload(Arc::new(upload(2, None, 5000)))], 1);
    assert!(done == [Done::Failed] && error.is_some(), "{done:?}");
    assert_eq!(all(&orphans), []);
}

#[test]
fn what_is_swept_is_named() {
    let scratch = Scratch::new();
    let (store, orphans) = full(&scratch);
    let (mut sweeper, now) = (AttachmentSweeper::new(1), clock::monotonic());
    store.at_leisure(|connection| sweeper.step(connection, now, u64::MAX >> 2)).unwrap();
    assert_eq!(all(&orphans), SUMS);
}

#[test]
fn a_list_that_is_too_long_is_cut_and_says_so() {
    let orphans = Orphans::default();
    (0..WAITING).for_each(|_| orphans.add(SUMS[0]));
    assert!(!orphans.was_cut());
    orphans.clone().add(SUMS[1]);
    assert!(orphans.was_cut() && !orphans.was_cut());
    assert_eq!(all(&orphans).len(), WAITING);
    assert!(orphans.is_empty());
}
