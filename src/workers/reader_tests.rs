use super::*;
use crate::message::{Conversation, Mark, RoomId, StoredMessage};
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, add_account, sql};

const COMMON: Conversation = Conversation::Common;
const ROOM: Conversation = Conversation::Room(RoomId(7));

/// A message of a conversation whose text is this one.
pub(crate) fn message(id: i64, conversation: Conversation, text: &str) -> StoredMessage {
    let text = serde_json::to_string(text).unwrap();
    let object = format!(r#"{{"action":"msg","message":{text}}}"#);
    let end = u32::try_from(object.len()).unwrap() - 1;
    StoredMessage {
        mark: Mark { id: MessageId(id), unix_micros: id.unsigned_abs() },
        conversation,
        sender: None,
        object: object.into_bytes().into(),
        text: 26..end,
        in_history: true,
        waits_for: None,
        attachment: None,
    }
}

/// Stores messages in one transaction.
pub(crate) fn keep(store: &mut Store, messages: &[StoredMessage]) {
    let insert = |connection: &Connection| {
        for message in messages {
            message_table::insert(connection, message)?;
        }
        Ok(Ok::<_, StoreError>(()))
    };
    store.change(insert).unwrap();
}

pub(crate) fn ids(page: &Page) -> Vec<i64> {
    page.messages.iter().map(|message| message.mark.id.0).collect()
}

/// Small numbers in no order, the same at each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

fn all(conversation: Conversation) -> HistoryQuery {
    let (before, after, floor) = (None, None, MessageId::ZERO);
    HistoryQuery { conversation, before, after, floor, limit: 200, bytes: 1 << 20 }
}

/// What history answers, by the plainest means.
fn expected(messages: &[StoredMessage], query: &HistoryQuery) -> Page {
    let after = query.after.unwrap_or_default().max(query.floor);
    let before = query.before.unwrap_or(MessageId::MAX);
    let mut found: Vec<PageMessage> = messages
        .iter()
        .filter(|m| m.conversation == query.conversation && m.in_history)
        .filter(|m| m.mark.id > after && m.mark.id < before)
        .map(|m| PageMessage { mark: m.mark, object: m.object.clone() })
        .collect();
    let is_newest_first = query.after.is_none();
    if is_newest_first {
        found.reverse();
    }
    let fits = |count: usize| {
        let bytes: usize = found[..count].iter().map(|m| m.object.len() + MARK_BYTES).sum();
        count <= 1 || (count <= query.limit && bytes <= query.bytes)
    };
    let count = (0..=found.len()).take_while(|count| fits(*count)).last().unwrap();
    let more = count < found.len();
    found.truncate(count);
    if is_newest_first {
        found.reverse();
    }
    Page { messages: found, more, next: None }
}

#[test]
fn any_part_of_a_conversation_is_what_a_plain_list_holds() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let mut dice = Dice(1);
    let direct = Conversation::direct(AccountId(2), AccountId(1));
    let places = [COMMON, ROOM, Conversation::Room(RoomId(8)), direct];
    let messages: Vec<StoredMessage> = (1..300)
        .map(|n| {
            let text = "ы".repeat(dice.roll(100));
            let in_history = dice.roll(10) > 0;
            StoredMessage { in_history, ..message(n * 3, dice.choose(&places), &text) }
        })
        .collect();
    keep(&mut store, &messages);
    let mut reader = Reader::open(&scratch.folder).unwrap();
    for _ in 0..3000 {
        let mut bound = || {
            let id = MessageId(i64::try_from(dice.roll(1000)).unwrap());
            (dice.roll(2) > 0).then_some(id)
        };
        let (before, after, floor) = (bound(), bound(), bound().unwrap_or_default());
        let (limit, bytes) = (1 + dice.roll(60), 1 + dice.roll(5000));
        let conversation = dice.choose(&places);
        let query = HistoryQuery { conversation, before, after, floor, limit, bytes };
        assert_eq!(reader.history(&query).unwrap(), expected(&messages, &query), "{query:?}");
    }
}

#[test]
fn the_newest_are_given_and_after_a_place_the_oldest() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let messages: Vec<StoredMessage> = (1..=9).map(|n| message(n, ROOM, "x")).collect();
    keep(&mut store, &messages);
    let mut reader = Reader::open(&scratch.folder).unwrap();
    let mut read = |query: HistoryQuery| {
        let page = reader.history(&query).unwrap();
        (ids(&page), page.more)
    };
    let id = |number| Some(MessageId(number));
    let two = HistoryQuery { limit: 2, ..all(ROOM) };
    assert_eq!(read(two.clone()), (vec![8, 9], true));
    assert_eq!(read(HistoryQuery { before: id(3), ..two.clone() }), (vec![1, 2], false));
    assert_eq!(read(HistoryQuery { after: id(0), ..two.clone() }), (vec![1, 2], true));
    assert_eq!(
        read(HistoryQuery { after: id(2), before: id(7), ..two.clone() }),
        (vec![3, 4], true)
    );
    assert_eq!(read(HistoryQuery { floor: MessageId(7), ..two }), (vec![8, 9], false));
    assert_eq!(read(HistoryQuery { bytes: 1, ..all(ROOM) }), (vec![9], true));
    assert_eq!(read(all(COMMON)), (vec![], false));
}

#[test]
fn what_is_stored_later_is_read_without_opening_anew() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let mut reader = Reader::open(&scratch.folder).unwrap();
    for id in 1..4 {
        keep(&mut store, &[message(id, ROOM, "x")]);
        assert_eq!(ids(&reader.history(&all(ROOM)).unwrap()), Vec::from_iter(1..=id));
    }
}

#[test]
fn a_damaged_message_is_left_out_and_named() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let waiting = |id| StoredMessage { waits_for: Some(ann), ..message(id, ROOM, "привет") };
    keep(&mut store, &[waiting(1), waiting(2), waiting(3)]);
    sql(&mut store, "UPDATE messages SET time = time + 1 WHERE id = 2");
    let mut reader = Reader::open(&scratch.folder).unwrap();
    assert_eq!(reader.take_damaged(), None);
    assert_eq!(ids(&reader.history(&all(ROOM)).unwrap()), [1, 3]);
    assert_eq!(reader.take_damaged(), Some(MessageId(2)));
    assert_eq!(reader.take_damaged(), None);
    let page = reader.waiting(ann, MessageId::ZERO, 2).unwrap();
    assert_eq!((ids(&page), page.more), (vec![1, 3], false));
    assert_eq!(reader.take_damaged(), Some(MessageId(2)));
}

#[test]
fn what_waits_is_each_accounts_own_oldest_first() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let (ann, bob) = (add_account(&mut store, "ann"), add_account(&mut store, "bob"));
    let messages: Vec<StoredMessage> = (1..=10)
        .map(|id| StoredMessage {
            waits_for: [None, Some(ann), Some(bob)][usize::try_from(id % 3).unwrap()],
            in_history: id % 2 == 0,
            ..message(id, COMMON, "x")
        })
        .collect();
    keep(&mut store, &messages);
    let mut reader = Reader::open(&scratch.folder).unwrap();
    let mut read = |account, after, limit| {
        let page = reader.waiting(account, MessageId(after), limit).unwrap();
        (ids(&page), page.more)
    };
    assert_eq!(read(ann, 0, 10), (vec![1, 4, 7, 10], false));
    assert_eq!(read(ann, 1, 2), (vec![4, 7], true));
    assert_eq!(read(ann, 4, 2), (vec![7, 10], false));
    assert_eq!(read(bob, 5, 10), (vec![8], false));
    assert_eq!(read(AccountId(99), 0, 10), (vec![], false));
}

#[test]
fn a_page_is_found_by_the_index_and_never_sorted() {
    let scratch = Scratch::new();
    let _store = scratch.open();
    let reader = Reader::open(&scratch.folder).unwrap();
    for is_forward in [false, true] {
        let sql = format!("EXPLAIN QUERY PLAN {}", history_sql(is_forward));
        let mut statement = reader.connection.prepare(&sql).unwrap();
        let steps = statement.query_map([1, 2, 3, 4], |row| row.get(3)).unwrap();
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        let [step] = &steps[..] else { panic!("{steps:?}") };
        assert!(step.starts_with("SEARCH messages USING INDEX messages_by_conversation"), "{step}");
        for bound in ["place=?", "peer=?", "id>?", "id<?"] {
            assert!(step.contains(bound), "{step}");
        }
    }
}

#[test]
fn a_reader_writes_nothing_and_makes_nothing() {
    let scratch = Scratch::new();
    let missing = Reader::open(&scratch.folder).unwrap_err();
    assert!(matches!(missing, StoreError::Unwritable { .. }), "{missing}");
    assert!(!scratch.file().exists());
    let _store = scratch.open();
    let reader = Reader::open(&scratch.folder).unwrap();
    let refused = reader.connection.execute("DELETE FROM messages", []).unwrap_err();
    let code = refused.sqlite_error_code();
    assert_eq!(code, Some(rusqlite::ErrorCode::ReadOnly), "{refused}");
}
