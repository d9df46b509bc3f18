use super::*;
use crate::message::{Mark, Name, RoomKept, StoredMessage};
use crate::workers::reader::tests::{keep, message};
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, add_account, sql};
use crate::workers::{clock, indexer};

const COMMON: Conversation = Conversation::Common;
const ROOM: Conversation = Conversation::Room(RoomId(1));
const DAY_0: u64 = 20_000 * DAY_MICROS;

fn kept(days: u32, messages: u32) -> Kept {
    Kept { days, messages, ..Kept::default() }
}

#[test]
fn a_room_may_keep_more_or_fewer_and_for_longer_or_not() {
    let (_scratch, mut store) = store();
    sql(&mut store, "INSERT INTO rooms (id, name, created) VALUES (2, '#b', 1), (3, '#c', 1)");
    let of_day = |day: u64, place: i64| {
        let unix_micros = DAY_0 + day * DAY_MICROS;
        let id = MessageId(MessageId::at(unix_micros).0 + place);
        let conversation = if place == 0 { COMMON } else { Conversation::Room(RoomId(place)) };
        StoredMessage { mark: Mark { id, unix_micros }, ..message(id.0, conversation, "word") }
    };
    let messages: Vec<_> = (0..4).flat_map(|p| (0..10).map(move |day| of_day(day, p))).collect();
    keep(&mut store, &messages);
    let own = |days, messages| RoomKept { days, messages };
    let rooms =
        [("#a", own(Some(0), Some(3))), ("#b", own(None, Some(2))), ("#x", own(Some(1), None))];
    let rooms = rooms.map(|(name, own)| (Name::shown(name), own)).into();
    let mut sweeper = Sweeper::new(Retention { kept: kept(6, 0), rooms, ..Retention::default() });
    sweep(&mut store, &mut sweeper, DAY_0 + 9 * DAY_MICROS);
    let left = |store: &mut Store, place| {
        numbers(store, &format!("SELECT count(*) FROM messages WHERE place = {place}"))[0]
    };
    // Of six days and the present one; three, whenever they came; two of those six days; six days.
    assert_eq!([0, 1, 2, 3].map(|place| left(&mut store, place)), [7, 3, 2, 7]);
    let rooms = [(Name::shown("#c"), own(Some(2), None))].into();
    let mut sweeper = Sweeper::new(Retention { kept: kept(0, 0), rooms, ..Retention::default() });
    sweep(&mut store, &mut sweeper, DAY_0 + 9 * DAY_MICROS);
    assert_eq!([0, 1, 2, 3].map(|place| left(&mut store, place)), [7, 3, 2, 3]);
}

/// A store with a room.
fn store() -> (Scratch, Store) {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    sql(&mut store, "INSERT INTO rooms (id, name, created) VALUES (1, '#a', 1)");
    (scratch, store)
}

/// One sweep; says in how many steps.
fn sweep(store: &mut Store, sweeper: &mut Sweeper, unix_micros: u64) -> usize {
    let now = clock::monotonic();
    sweeper.due = None;
    let mut steps = 0;
    while sweeper.is_due(now) {
        store.read(|connection| sweeper.step(connection, now, unix_micros)).unwrap();
        steps += 1;
        assert!(steps < 1000, "it ends");
    }
    steps
}

fn swept(store: &mut Store, kept: Kept, unix_micros: u64) -> Vec<i64> {
    sweep(store, &mut Sweeper::new(kept), unix_micros);
    all(store)
}

fn numbers(store: &mut Store, sql: &str) -> Vec<i64> {
    let read = |connection: &Connection| {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    store.read(read).unwrap()
}

fn all(store: &mut Store) -> Vec<i64> {
    numbers(store, "SELECT id FROM messages ORDER BY id")
}

/// A message of a day.
fn of_day(day: u64) -> StoredMessage {
    let unix_micros = DAY_0 + day * DAY_MICROS;
    let id = MessageId::at(unix_micros);
    StoredMessage { mark: Mark { id, unix_micros }, ..message(id.0, COMMON, "word") }
}

fn days(ids: Vec<i64>) -> Vec<u64> {
    let day = |id: i64| ((id.unsigned_abs() >> 20) * 1000 - DAY_0) / DAY_MICROS;
    ids.into_iter().map(day).collect()
}

#[test]
fn the_newest_of_each_conversation_stay_and_the_words_go_with_the_others() {
    let (_scratch, mut store) = store();
    let messages: Vec<StoredMessage> =
        (1..=30).map(|id| message(id, [COMMON, ROOM, ROOM][id as usize % 3], "word")).collect();
    keep(&mut store, &messages);
    store.read(indexer::step).unwrap();
    assert_eq!(swept(&mut store, kept(0, 0), DAY_0).len(), 30, "all are kept");
    let left = [15, 18, 21, 23, 24, 25, 26, 27, 28, 29, 30];
    let expected: Vec<i64> = left
        .into_iter()
        .filter(|id| id % 3 == 0 && *id >= 18 || id % 3 != 0 && *id >= 23)
        .collect();
    assert_eq!(swept(&mut store, kept(0, 5), DAY_0), expected);
    let words = "SELECT rowid FROM message_words WHERE message_words MATCH 'word' ORDER BY rowid";
    assert_eq!(numbers(&mut store, words), expected);
}

#[test]
fn a_long_conversation_is_counted_and_shortened_in_steps() {
    let (_scratch, mut store) = store();
    let fill = "INSERT INTO messages
        WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 45000)
        SELECT i, 0, 0, NULL, 1, 1, 0, 0, 0, x'' FROM n";
    sql(&mut store, fill);
    let mut sweeper = Sweeper::new(kept(0, 43_210));
    let steps = sweep(&mut store, &mut sweeper, DAY_0);
    assert_eq!(all(&mut store), Vec::from_iter(1791..=45_000));
    // The start, the conversation, three counts, 18 removals, the end.
    assert_eq!(steps, 24);
    assert_eq!(sweep(&mut store, &mut sweeper, DAY_0), 4, "nothing new is not counted again");
    keep(&mut store, &[message(50_000, COMMON, "x")]);
    sweep(&mut store, &mut sweeper, DAY_0);
    assert_eq!(all(&mut store).len(), 43_210);
}

#[test]
fn what_is_too_old_goes() {
    let (_scratch, mut store) = store();
    keep(&mut store, &[0, 1, 2, 10, 11].map(of_day));
    let at = |day: u64| DAY_0 + day * DAY_MICROS;
    assert_eq!(days(swept(&mut store, kept(10, 0), at(11))), [1, 2, 10, 11]);
    assert_eq!(days(swept(&mut store, kept(10, 2), at(11))), [10, 11]);
    assert_eq!(days(swept(&mut store, kept(0, 0), at(900))), [10, 11]);
}

#[test]
fn a_clock_that_jumps_takes_a_day_at_a_time() {
    let (_scratch, mut store) = store();
    keep(&mut store, &[0, 1, 2, 3, 4].map(of_day));
    let at = |day: u64| DAY_0 + day * DAY_MICROS;
    assert_eq!(days(swept(&mut store, kept(4, 0), at(4))), [0, 1, 2, 3, 4]);
    assert_eq!(days(swept(&mut store, kept(4, 0), at(900))), [1, 2, 3, 4]);
    assert_eq!(days(swept(&mut store, kept(4, 0), at(900))), [2, 3, 4]);
    // It goes back with the machine's clock.
    assert_eq!(days(swept(&mut store, kept(4, 0), at(4))), [2, 3, 4]);
    assert_eq!(days(swept(&mut store, kept(4, 0), at(900))), [2, 3, 4]);
    assert_eq!(days(swept(&mut store, kept(4, 0), at(900))), [2, 3, 4]);
    assert_eq!(days(swept(&mut store, kept(4, 0), at(900))), [3, 4]);
}

#[test]
fn rooms_and_accounts_that_are_gone_take_their_messages_along() {
    let (_scratch, mut store) = store();
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(|name| add_account(&mut store, name));
    let places = [
        COMMON,
        ROOM,
        Conversation::Room(RoomId(2)),
        Conversation::direct(ann, bob),
        Conversation::direct(bob, cat),
        Conversation::direct(ann, cat),
    ];
    let messages: Vec<StoredMessage> =
        (1..).zip(places).map(|(id, place)| message(id, place, "word")).collect();
    keep(&mut store, &messages);
    assert_eq!(swept(&mut store, kept(0, 0), DAY_0), [1, 2, 4, 5, 6], "no such room");
    sql(&mut store, &format!("DELETE FROM accounts WHERE id = {}", bob.0));
    assert_eq!(swept(&mut store, kept(0, 0), DAY_0), [1, 2, 6]);
    sql(&mut store, "DELETE FROM rooms");
    assert_eq!(swept(&mut store, kept(0, 0), DAY_0), [1, 6]);
}

#[test]
fn what_somebody_waits_for_stays_until_it_was_received() {
    let (_scratch, mut store) = store();
    let (ann, bob) = (add_account(&mut store, "ann"), add_account(&mut store, "bob"));
    let direct = |id| message(id, Conversation::direct(ann, bob), "word");
    let waiting = |id| StoredMessage { waits_for: Some(bob), ..direct(id) };
    keep(&mut store, &[direct(1), waiting(2), direct(3), waiting(4), direct(5)]);
    sql(&mut store, &format!("DELETE FROM accounts WHERE id = {}", ann.0));
    assert_eq!(swept(&mut store, kept(0, 1), DAY_0), [2, 4]);
    store.read(|connection| message_table::acknowledge(connection, bob, MessageId(2))).unwrap();
    assert_eq!(swept(&mut store, kept(0, 1), DAY_0), [4]);
}

#[test]
fn what_was_received_goes_though_nothing_new_has_come() {
    let (_scratch, mut store) = store();
    let (ann, bob) = (add_account(&mut store, "ann"), add_account(&mut store, "bob"));
    let place = Conversation::direct(ann, bob);
    let waiting = |id| StoredMessage { waits_for: Some(bob), ..message(id, place, "word") };
    keep(&mut store, &[1, 2, 3, 4].map(waiting));
    let mut sweeper = Sweeper::new(kept(0, 1));
    sweep(&mut store, &mut sweeper, DAY_0);
    assert_eq!(all(&mut store), [1, 2, 3, 4]);
    store.read(|connection| message_table::acknowledge(connection, bob, MessageId(3))).unwrap();
    sweep(&mut store, &mut sweeper, DAY_0);
    assert_eq!(all(&mut store), [4]);
    assert_eq!(sweep(&mut store, &mut sweeper, DAY_0), 4, "it is not counted again");
}

#[test]
fn a_sweep_that_fails_is_tried_again_later() {
    let (_scratch, mut store) = store();
    keep(&mut store, &[message(1, Conversation::Room(RoomId(9)), "word")]);
    sql(
        &mut store,
        "CREATE TEMP TRIGGER broken BEFORE DELETE ON messages BEGIN
            SELECT raise(ABORT, 'no space'); END",
    );
    let mut sweeper = Sweeper::new(kept(0, 0));
    let now = clock::monotonic();
    let step = |store: &mut Store, sweeper: &mut Sweeper, now| {
        store.read(|connection| sweeper.step(connection, now, DAY_0)).is_ok()
    };
    let steps = [(); 3].map(|()| step(&mut store, &mut sweeper, now));
    assert_eq!(steps, [true, true, false]);
    assert!(!sweeper.is_due(now), "not at once");
    sql(&mut store, "DROP TRIGGER broken");
    assert!(sweeper.is_due(now + GAP));
    sweep(&mut store, &mut sweeper, DAY_0);
    assert!(all(&mut store).is_empty());
}

#[test]
fn the_next_conversation_is_a_step_in_the_index() {
    let (_scratch, store) = store();
    let sql = format!("EXPLAIN QUERY PLAN {NEXT}");
    let read = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        connection.prepare(&sql)?.query_map([1, 2], |row| row.get(3))?.collect()
    };
    let steps = store.read(read).unwrap();
    assert_eq!(
        steps,
        ["SEARCH messages USING COVERING INDEX messages_by_conversation ((place,peer)>(?,?))"]
    );
}
