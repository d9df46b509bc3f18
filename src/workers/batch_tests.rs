use crate::message::{
    AccountId, Change, Conversation, Done, Durability, Job, Mark, MessageId, StoredMessage,
};
use crate::workers::message_table::{COLUMNS, read};
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, add_account, join, one, sql};
use crate::workers::store_error::StoreError;
use std::sync::Arc;

fn message(number: i64, waits_for: Option<AccountId>) -> Arc<StoredMessage> {
    Arc::new(StoredMessage {
        mark: Mark { id: MessageId(number), unix_micros: 5 },
        conversation: Conversation::Common,
        sender: None,
        object: br#"{"message":"hi"}"#.as_slice().into(),
        text: 11..15,
        in_history: true,
        waits_for,
        attachment: None,
    })
}

fn store_job(number: i64) -> Job {
    Job::Store(message(number, None))
}

/// What is kept only until its addressee has it.
fn passing(number: i64, waits_for: AccountId) -> Job {
    Job::Store(Arc::new(StoredMessage {
        in_history: false,
        ..StoredMessage::clone(&message(number, Some(waits_for)))
    }))
}

fn ids(store: &Store) -> Vec<i64> {
    let sql = format!("SELECT {COLUMNS} FROM messages ORDER BY id");
    let read = |connection: &rusqlite::Connection| -> rusqlite::Result<Vec<i64>> {
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok(read(row)?.unwrap().mark.id.0))?;
        rows.collect()
    };
    store.read(read).unwrap()
}

fn waiting(store: &mut Store) -> Vec<(AccountId, usize)> {
    store.snapshot().unwrap().waiting
}

#[test]
fn what_is_answered_as_stored_is_there_after_a_restart() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let messages = [message(3, None), message(1, Some(ann)), message(2, None)];
    let jobs = messages.clone().map(Job::Store);
    let (done, error) = store.perform(&jobs, 1);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(done, messages.map(Done::Stored), "in the order of the jobs");
    drop(store);
    let mut store = scratch.open();
    assert_eq!(ids(&store), [1, 2, 3]);
    assert_eq!(waiting(&mut store), [(ann, 1)]);
}

#[test]
fn jobs_are_done_in_their_order() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let change = |change| Job::Change { by: ann, change };
    let acknowledge = |up_to| Job::Acknowledge { account: ann, up_to: MessageId(up_to) };
    let jobs = [
        change(Change::Await { account: ann, id: MessageId(1) }),
        passing(1, ann),
        acknowledge(1),
        passing(2, ann),
        acknowledge(1),
        join(ann, "#a"),
        Job::Leave { account: ann, room: crate::message::RoomId(1) },
    ];
    let (done, _) = store.perform(&jobs, 1);
    assert_eq!(done[2], Done::Acknowledged { account: ann, waiting: 0 });
    assert_eq!(done[4], Done::Acknowledged { account: ann, waiting: 1 });
    assert_eq!(ids(&store), [2]);
    assert_eq!(store.snapshot().unwrap().memberships, []);
}

#[test]
fn a_message_that_cannot_be_stored_fails_alone_and_wholly() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let gone = AccountId(ann.0 + 1);
    let jobs = [store_job(1), store_job(1), Job::Store(message(2, Some(gone))), passing(3, ann)];
    let (done, error) = store.perform(&jobs, 1);
    assert!(matches!(error, Some(StoreError::Failed { .. })), "{error:?}");
    assert!(matches!(&done[0], Done::Stored(_)), "{done:?}");
    assert_eq!(done[1], Done::NotStored(Some(message(1, None))), "the number is taken");
    assert_eq!(done[2], Done::Unreachable(message(2, Some(gone))), "nobody can wait for it");
    assert!(matches!(&done[3], Done::Stored(_)), "{done:?}");
    assert_eq!(ids(&store), [1, 3], "nothing of the refused ones stays");
}

#[test]
fn a_full_disk_stores_nothing_of_a_batch_and_says_so_for_each() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    sql(&mut store, "PRAGMA max_page_count = 1");
    let jobs: Vec<Job> = (1..=500)
        .flat_map(|number| [store_job(2 * number), passing(2 * number + 1, ann)])
        .chain([Job::Acknowledge { account: ann, up_to: MessageId(1) }])
        .collect();
    let (done, error) = store.perform(&jobs, 1);
    assert!(matches!(error, Some(StoreError::Full { .. })), "{error:?}");
    for (job, done) in jobs.iter().zip(&done) {
        match (job, done) {
            (Job::Store(message), Done::NotStored(Some(same))) => assert_eq!(message, same),
            (Job::Acknowledge { .. }, Done::Failed) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((ids(&store), waiting(&mut store)), (vec![], vec![]));
    sql(&mut store, "PRAGMA max_page_count = 100000");
    assert!(matches!(one(&mut store, jobs[0].clone()), Done::Stored(_)));
}

#[test]
fn what_is_acknowledged_is_gone_unless_it_is_history_or_others_wait() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let [ann, bob] = ["ann", "bob"].map(|name| add_account(&mut store, name));
    let also = Job::Change { by: bob, change: Change::Await { account: bob, id: MessageId(2) } };
    let kept = Job::Store(message(3, Some(ann)));
    let jobs = [passing(1, ann), passing(2, ann), kept, passing(4, ann), also];
    store.perform(&jobs, 1);
    assert_eq!(waiting(&mut store), [(ann, 4), (bob, 1)]);
    let acknowledge = |account, up_to| Job::Acknowledge { account, up_to: MessageId(up_to) };
    let done = one(&mut store, acknowledge(ann, 3));
    assert_eq!(done, Done::Acknowledged { account: ann, waiting: 1 });
    assert_eq!(ids(&store), [2, 3, 4]);
    let done = one(&mut store, acknowledge(bob, 9));
    assert_eq!(done, Done::Acknowledged { account: bob, waiting: 0 });
    assert_eq!(ids(&store), [3, 4]);
    assert_eq!(
        one(&mut store, acknowledge(ann, 3)),
        Done::Acknowledged { account: ann, waiting: 1 }
    );
}

#[test]
fn a_message_may_come_to_wait_later_and_once() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    store.perform(&[store_job(1)], 1);
    for id in [1, 1, 2] {
        let change = Change::Await { account: ann, id: MessageId(id) };
        let done = one(&mut store, Job::Change { by: ann, change: change.clone() });
        assert_eq!(done, Done::Changed { by: ann, change });
    }
    assert_eq!(waiting(&mut store), [(ann, 1)]);
}

#[test]
fn numbers_go_on_behind_all_that_were_given_whatever_the_clock_says() {
    let scratch = Scratch::new();
    let hour = 3_600_000_000;
    let minute = MessageId::at(60_000_000).0;
    let mut store = scratch.open();
    let first = store.start_at(hour).unwrap();
    assert_eq!(first.next_id, MessageId(1));
    assert_eq!(first.ceiling.0, MessageId::at(hour).0 + minute);
    let raised = Job::RaiseCeiling { ceiling: MessageId::at(2 * hour) };
    let done = one(&mut store, raised.clone());
    assert_eq!(done, Done::CeilingRaised { ceiling: MessageId::at(2 * hour) });
    let low = Job::RaiseCeiling { ceiling: MessageId(1) };
    assert_eq!(one(&mut store, low), Done::CeilingRaised { ceiling: MessageId(1) });
    drop(store);

    let mut store = scratch.open();
    let second = store.start_at(1).unwrap();
    assert_eq!(second.next_id, MessageId::at(2 * hour), "the clock went back");
    assert_eq!(second.ceiling.0, second.next_id.0 + minute);
    one(&mut store, store_job(second.ceiling.0 + 7));
    drop(store);
    let third = scratch.open().start_at(1).unwrap();
    assert_eq!(third.next_id.0, second.ceiling.0 + 8, "whatever is there is not used again");
}

#[test]
fn a_start_leaves_the_durability_as_it_was_and_operators_leave_the_numbers() {
    let scratch = Scratch::new();
    for (durability, expected) in
        [(Durability::None, 0_i64), (Durability::Os, 1), (Durability::Fsync, 2)]
    {
        let mut store = Store::open(&scratch.folder, durability).unwrap();
        let ceiling = store.start_at(5).unwrap().ceiling;
        let pragma = "PRAGMA synchronous";
        let found: i64 =
            store.read(|connection| connection.query_row(pragma, [], |row| row.get(0))).unwrap();
        assert_eq!(found, expected);
        drop(store);
        assert_eq!(scratch.open().snapshot().unwrap().ceiling, ceiling);
    }
}

#[test]
fn what_waited_for_a_removed_account_goes_with_it() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let [ann, bob] = ["ann", "bob"].map(|name| add_account(&mut store, name));
    store.perform(&[passing(1, ann), passing(2, bob), Job::Store(message(3, Some(ann)))], 1);
    let remove = |connection: &rusqlite::Connection| {
        crate::workers::account_table::remove(connection, ann).map(Ok::<_, StoreError>)
    };
    store.change(remove).unwrap();
    assert_eq!((ids(&store), waiting(&mut store)), (vec![2, 3], vec![(bob, 1)]));
}
