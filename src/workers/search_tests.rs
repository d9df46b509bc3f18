use super::super::reader::MARK_BYTES;
use super::*;
use crate::message::{AccountId, Conversation, Place, RoomId, StoredMessage};
use crate::workers::reader::tests::{Dice, ids, keep, message};
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, sql};

const ROOM: Conversation = Conversation::Room(RoomId(7));

fn everywhere(query: &str) -> SearchQuery {
    let place = |conversation| Place { conversation, floor: MessageId::ZERO };
    SearchQuery {
        query: query.to_owned(),
        scope: vec![place(Conversation::Common), place(ROOM)],
        direct_of: None,
        before: None,
        limit: 200,
        bytes: 1 << 20,
    }
}

/// A reader whose searches are not cut short on a slow machine.
fn patient(scratch: &Scratch) -> Reader {
    let mut reader = Reader::open(&scratch.folder).unwrap();
    reader.search_time = Duration::from_secs(600);
    reader
}

fn index_all(store: &mut Store) {
    while store.read(indexer::step).unwrap() > 0 {}
}

/// A store with these texts as messages 1, 2, ..., of which so many are in the index.
fn store_with(texts: &[&str], indexed: usize) -> (Scratch, Store, Reader) {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let messages: Vec<StoredMessage> =
        (1..).zip(texts).map(|(id, text)| message(id, ROOM, text)).collect();
    keep(&mut store, &messages[..indexed]);
    index_all(&mut store);
    keep(&mut store, &messages[indexed..]);
    let reader = patient(&scratch);
    (scratch, store, reader)
}

const TEXTS: [&str; 12] = [
    "Привет, мир",
    "ПРИВЕТ всем, машина уехала",
    "ёлка зелёная",
    "ЕЛКА и чай",
    "чаи\u{306} горячий",
    "чаи остыли",
    "е\u{308}лка колючая",
    "one two three",
    "two one",
    "'; DROP TABLE messages; --",
    "OR and NEAR NOT",
    "😀 emoji 5\" disk r7 c",
];

const CASES: [(&str, &[i64]); 34] = [
    ("привет", &[2, 1]),
    ("ПРИВЕТ", &[2, 1]),
    ("приве", &[]),
    ("приве*", &[2, 1]),
    ("маш*", &[2]),
    ("мир привет", &[1]),
    ("елка", &[7, 4, 3]),
    ("Ёлка", &[7, 4, 3]),
    ("е\u{308}лка", &[7, 4, 3]),
    ("чай", &[5, 4]),
    ("чаи\u{306}", &[5, 4]),
    ("чаи", &[6]),
    ("one two", &[9, 8]),
    ("\"one two\"", &[8]),
    ("\"one tw\"*", &[8]),
    ("\"two one\"", &[9]),
    ("\"one three\"", &[]),
    ("\"one two", &[9, 8]),
    ("one\"", &[9, 8]),
    ("one ! -- \"\" \"?\" * ^", &[9, 8]),
    ("'; DROP TABLE messages; --", &[10]),
    ("drop-table", &[10]),
    ("or", &[11]),
    ("one OR drop", &[]),
    ("one AND two", &[]),
    ("one NOT two", &[]),
    ("NEAR(one two)", &[]),
    ("text:one", &[]),
    ("-one", &[9, 8]),
    ("^two", &[9, 8]),
    ("{place} : r7", &[]),
    ("r7", &[12]),
    ("5\" disk", &[12]),
    ("😀", &[]),
];

const NOTHING: [&str; 14] =
    ["", " ", "\"", "\"\"", "\"\"\"", "*", "\"*\"", "!!!", "()", "{}:", "\0", "Ⓐ", "\u{301}", "-"];

#[test]
fn words_are_found_as_people_spell_them() {
    for indexed in [0, 5, TEXTS.len()] {
        let (_scratch, _store, mut reader) = store_with(&TEXTS, indexed);
        for (query, expected) in CASES {
            let page = reader.search(&everywhere(query)).unwrap();
            assert_eq!((&ids(&page)[..], page.more), (expected, false), "{query}, {indexed}");
        }
        for query in NOTHING {
            let page = reader.search(&everywhere(query)).unwrap();
            assert_eq!(page, Page::default(), "{query:?}");
        }
    }
}

#[test]
fn nothing_that_is_typed_is_an_error() {
    let (_scratch, _store, mut reader) = store_with(&TEXTS, 6);
    let pieces = ["\"", "*", "one", " ", "AND", "(", ")", ":", "-", "^", "{", "\\", "'", "ё", "\0"];
    let mut dice = Dice(3);
    for _ in 0..2000 {
        let count = dice.roll(9);
        let query: String = (0..count).map(|_| dice.choose(&pieces)).collect();
        let page = reader.search(&everywhere(&query));
        assert!(page.is_ok(), "{query:?}: {page:?}");
    }
}

#[test]
fn a_long_query_is_no_error() {
    let (_scratch, _store, mut reader) = store_with(&["w0 w1 w2"], 1);
    let many: String = (0..160).map(|n| format!("w{n} ")).collect();
    assert_eq!(reader.search(&everywhere(&many)).unwrap(), Page::default());
    assert_eq!(ids(&reader.search(&everywhere(&"w1 ".repeat(200))).unwrap()), [1]);
    assert_eq!(reader.search(&everywhere(&"w".repeat(600))).unwrap(), Page::default());
}

/// What a search for one word answers, by the plainest means.
fn expected(messages: &[StoredMessage], query: &SearchQuery) -> (Vec<i64>, bool) {
    let may_read = |message: &StoredMessage| {
        let in_scope = query.scope.iter().any(|place| {
            place.conversation == message.conversation && message.mark.id > place.floor
        });
        let is_own = match message.conversation {
            Conversation::Direct(one, other) => [Some(one), Some(other)].contains(&query.direct_of),
            _ => false,
        };
        message.in_history && (in_scope || is_own)
    };
    let says = |message: &StoredMessage| {
        let object = std::str::from_utf8(&message.object).unwrap();
        object.split(['"', ' ']).any(|word| word == query.query)
    };
    let before = query.before.unwrap_or(MessageId::MAX);
    let found = messages.iter().rev().filter(|m| m.mark.id < before && may_read(m) && says(m));
    let (mut ids, mut bytes) = (Vec::new(), 0);
    for message in found {
        bytes += message.object.len() + MARK_BYTES;
        if !ids.is_empty() && (ids.len() >= query.limit || bytes > query.bytes) {
            return (ids, true);
        }
        ids.push(message.mark.id.0);
    }
    (ids, false)
}

fn random_messages(dice: &mut Dice, places: &[Conversation]) -> Vec<StoredMessage> {
    (1..400)
        .map(|id| {
            let count = dice.roll(6);
            let words: Vec<&str> =
                (0..count).map(|_| dice.choose(&["aa", "bb", "cc", "dd"])).collect();
            let in_history = dice.roll(10) > 0;
            StoredMessage { in_history, ..message(id * 2, dice.choose(places), &words.join(" ")) }
        })
        .collect()
}

#[test]
fn only_what_may_be_read_is_found_whatever_is_indexed() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let mut dice = Dice(5);
    let direct = |one, other| Conversation::direct(AccountId(one), AccountId(other));
    let places = [
        Conversation::Common,
        ROOM,
        Conversation::Room(RoomId(1)),
        direct(1, 2),
        direct(1, 3),
        direct(2, 3),
        direct(3, 3),
    ];
    let messages = random_messages(&mut dice, &places);
    let mut reader = patient(&scratch);
    for part in messages.chunks(100) {
        index_all(&mut store);
        keep(&mut store, part);
        let so_far = part.last().unwrap().mark.id;
        let stored: Vec<_> = messages.iter().filter(|m| m.mark.id <= so_far).cloned().collect();
        for _ in 0..300 {
            let mut id = || MessageId(i64::try_from(dice.roll(900)).unwrap());
            let (before, floors) = (id(), [id(), id(), id(), id(), id(), id(), id()]);
            let scope =
                places.iter().zip(floors).map(|(p, floor)| Place { conversation: *p, floor });
            let query = SearchQuery {
                query: dice.choose(&["aa", "bb", "cc", "dd", "ee"]).to_owned(),
                scope: scope.filter(|_| dice.roll(2) > 0).collect(),
                direct_of: [None, Some(AccountId(1)), Some(AccountId(3))][dice.roll(3)],
                before: (dice.roll(2) > 0).then_some(before),
                limit: 1 + dice.roll(30),
                bytes: 1 + dice.roll(4000),
            };
            let page = reader.search(&query).unwrap();
            assert_eq!((ids(&page), page.more), expected(&stored, &query), "{query:?}");
        }
    }
}

#[test]
fn a_long_tail_is_looked_through_part_by_part() {
    let texts: Vec<String> = (1..=5000).map(|n| format!("n{} all", n % 1000)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (_scratch, _store, mut reader) = store_with(&texts, 500);
    let page = reader.search(&everywhere("n7")).unwrap();
    assert_eq!((ids(&page), page.more), (vec![4007, 3007, 2007, 1007, 7], false));
    reader.search_time = Duration::ZERO;
    let page = reader.search(&everywhere("n7")).unwrap();
    assert_eq!((ids(&page), page.more), (vec![4007, 3007], true), "one part is looked through");
}

#[test]
fn a_search_that_matches_much_elsewhere_ends_and_says_so() {
    let (_scratch, _store, mut reader) = store_with(&["word"; 30], 20);
    for (matches_left, expected) in [(5, 5), (10, 10), (25, 25), (29, 29)] {
        let query = everywhere("word");
        let search = Search {
            connection: &reader.connection,
            expression: query::expression(&query).unwrap(),
            scope: Scope::of(&query),
            damaged: &mut None,
            filling: Filling::new(200, 1 << 20),
            matches_left,
            until: clock::monotonic() + reader.search_time,
        };
        let page = search.run(i64::MAX).unwrap();
        assert_eq!((page.messages.len(), page.more), (expected, true));
    }
    assert_eq!(reader.search(&everywhere("word")).unwrap().messages.len(), 30);
}

#[test]
fn a_search_that_is_late_at_its_start_still_gets_on() {
    let (_scratch, _store, mut reader) = store_with(&["word"; 600], 600);
    reader.search_time = Duration::ZERO;
    let page = reader.search(&everywhere("w*")).unwrap();
    assert_eq!((page.messages.len(), page.more), (200, true));
    let (_scratch, mut store, mut reader) = store_with(&["word"; 600], 600);
    sql(&mut store, "UPDATE messages SET place = 3 WHERE id > 10");
    reader.search_time = Duration::ZERO;
    let page = reader.search(&everywhere("w*")).unwrap();
    assert_eq!((ids(&page), page.more), (vec![], true), "250 were enough");
    let mut found = page;
    while let Some(next) = found.next {
        found = reader.search(&SearchQuery { before: Some(next), ..everywhere("w*") }).unwrap();
    }
    let expected: Vec<i64> = (1..=10).rev().collect();
    assert_eq!((ids(&found), found.more), (expected, false), "it got there, step by step");
}

#[test]
fn a_search_of_what_is_not_indexed_goes_on_where_it_stopped() {
    let (_scratch, mut store, mut reader) = store_with(&["word"; 6000], 0);
    sql(&mut store, "UPDATE messages SET place = 3 WHERE id > 10");
    reader.search_time = Duration::ZERO;
    let mut found = reader.search(&everywhere("word")).unwrap();
    let mut steps = 0;
    while let Some(next) = found.next {
        found = reader.search(&SearchQuery { before: Some(next), ..everywhere("word") }).unwrap();
        steps += 1;
    }
    assert_eq!((steps, ids(&found).len()), (2, 10));
}

#[test]
fn a_damaged_message_is_left_out_of_what_is_found() {
    let (_scratch, mut store, mut reader) = store_with(&["word"; 6], 3);
    sql(&mut store, "UPDATE messages SET time = time + 1 WHERE id IN (2, 5)");
    assert_eq!(ids(&reader.search(&everywhere("word")).unwrap()), [6, 4, 3, 1]);
    assert_eq!(reader.take_damaged(), Some(MessageId(2)));
}

#[test]
fn what_is_gone_is_not_found() {
    let (_scratch, mut store, mut reader) = store_with(&["word"; 6], 4);
    sql(
        &mut store,
        "DELETE FROM messages WHERE id IN (2, 5); DELETE FROM message_words WHERE rowid IN (2, 5);
         DELETE FROM messages WHERE id = 3;",
    );
    assert_eq!(ids(&reader.search(&everywhere("word")).unwrap()), [6, 4, 1]);
}

#[test]
fn matches_stream_in_order_without_being_sorted() {
    let (_scratch, _store, reader) = store_with(&[], 0);
    make_tail_table(&reader.connection).unwrap();
    for table in ["message_words", TAIL_WORDS] {
        let sql = format!("EXPLAIN QUERY PLAN {}", search_sql(table));
        let mut statement = reader.connection.prepare(&sql).unwrap();
        let steps = statement.query_map(params!["a", 1, 2], |row| row.get(3)).unwrap();
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        let [words, messages] = &steps[..] else { panic!("{steps:?}") };
        assert!(words.contains("VIRTUAL TABLE INDEX"), "{words}");
        assert!(messages.starts_with("SEARCH messages USING INTEGER PRIMARY KEY"), "{messages}");
    }
}
