use super::*;
use crate::message::{Conversation, RoomId, StoredMessage};
use crate::workers::reader::tests::{keep, message};
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, sql};

const ROOM: Conversation = Conversation::Room(RoomId(7));

fn one_step(store: &mut Store) -> usize {
    store.read(step).unwrap()
}

fn found(store: &mut Store, word: &str) -> Vec<i64> {
    let sql = "SELECT rowid FROM message_words WHERE message_words MATCH ?1 ORDER BY rowid";
    let read = |connection: &Connection| {
        connection.prepare(sql)?.query_map([word], |row| row.get(0))?.collect()
    };
    store.read(read).unwrap()
}

#[test]
fn steps_go_on_where_the_last_one_ended() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    assert_eq!(one_step(&mut store), 0);
    let messages: Vec<StoredMessage> =
        (1..=2500).map(|id| message(id, ROOM, &format!("word n{id}"))).collect();
    keep(&mut store, &messages);
    let steps = [(); 4].map(|()| one_step(&mut store));
    assert_eq!(steps, [1024, 1024, 452, 0]);
    assert_eq!(found(&mut store, "word"), Vec::from_iter(1..=2500));
    assert_eq!(found(&mut store, "n1025"), [1025]);
    keep(&mut store, &[message(2501, ROOM, "word")]);
    assert_eq!((one_step(&mut store), one_step(&mut store)), (1, 0));
    assert_eq!(found(&mut store, "word").len(), 2501);
}

#[test]
fn what_a_crash_left_out_is_indexed_by_the_next_server() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    keep(&mut store, &[message(1, ROOM, "word")]);
    one_step(&mut store);
    keep(&mut store, &[message(2, ROOM, "word"), message(3, ROOM, "word")]);
    drop(store);
    let mut store = scratch.open();
    assert_eq!(found(&mut store, "word"), [1]);
    assert_eq!(one_step(&mut store), 2);
    assert_eq!(found(&mut store, "word"), [1, 2, 3]);
}

#[test]
fn a_failed_step_moves_nothing() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    keep(&mut store, &[message(1, ROOM, "word"), message(2, ROOM, "word")]);
    sql(
        &mut store,
        "CREATE TEMP TRIGGER broken BEFORE UPDATE ON numbers BEGIN
            SELECT raise(ABORT, 'no space'); END",
    );
    let modes = |store: &mut Store| -> i64 {
        store.read(|c| c.pragma_query_value(None, "synchronous", |row| row.get(0))).unwrap()
    };
    sql(&mut store, "PRAGMA synchronous = FULL");
    assert!(store.read(step).is_err());
    assert_eq!(modes(&mut store), 2, "answers wait for the disk again");
    assert!(found(&mut store, "word").is_empty());
    sql(&mut store, "DROP TRIGGER broken");
    assert_eq!(one_step(&mut store), 2);
    assert_eq!(modes(&mut store), 2);
    assert_eq!(found(&mut store, "word"), [1, 2]);
}

#[test]
fn only_what_belongs_to_the_history_and_has_a_text_is_found() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let text = |id| message(id, ROOM, "word");
    let messages = [
        StoredMessage { in_history: false, ..text(1) },
        StoredMessage { text: 0..0, ..text(2) },
        StoredMessage { text: 5..900, ..text(3) },
        StoredMessage { text: 1..9, ..text(4) },
        text(5),
    ];
    keep(&mut store, &messages);
    assert_eq!(one_step(&mut store), 4);
    assert_eq!(found(&mut store, "word"), [5]);
    assert_eq!(one_step(&mut store), 0);
}
