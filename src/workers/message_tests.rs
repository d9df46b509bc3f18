use super::*;
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, sql};
use crate::workers::store_error::StoreError;

/// A message of the common chat; its text stands in quotes in the object.
fn message(number: i64) -> StoredMessage {
    let object = format!(r#"{{"action":"msg","message":"привет {number}"}}"#).into_bytes();
    let end = u32::try_from(object.len()).unwrap() - 1;
    StoredMessage {
        mark: Mark { id: MessageId(number), unix_micros: 1_700_000_000_000_000 },
        conversation: Conversation::Common,
        sender: None,
        object: object.into(),
        text: 26..end,
        in_history: true,
        waits_for: None,
        attachment: None,
    }
}

fn stored_rows(store: &mut Store) -> Vec<Result<StoredMessage, MessageId>> {
    let sql = format!("SELECT {COLUMNS} FROM messages ORDER BY id");
    store.read(|connection| connection.prepare(&sql)?.query_map([], read)?.collect()).unwrap()
}

fn keep(store: &mut Store, message: &StoredMessage) {
    store.change(|connection| insert(connection, message).map(Ok::<_, StoreError>)).unwrap();
}

#[test]
fn a_message_reads_back_as_it_was_stored() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let conversations = [
        Conversation::Common,
        Conversation::Room(RoomId(7)),
        Conversation::direct(AccountId(9), AccountId(3)),
        Conversation::direct(AccountId(3), AccountId(3)),
    ];
    let mut messages: Vec<StoredMessage> = (1..)
        .zip(conversations)
        .map(|(n, conversation)| StoredMessage {
            conversation,
            sender: Some(AccountId(n)),
            ..message(n)
        })
        .collect();
    messages[1].in_history = false;
    messages.push(message(i64::MAX));
    for message in &messages {
        keep(&mut store, message);
    }
    drop(store);
    let read: Vec<_> = stored_rows(&mut scratch.open()).into_iter().map(Result::unwrap).collect();
    assert_eq!(read, messages);
}

#[test]
fn a_place_is_one_conversation_s_and_the_way_back_leads_there() {
    let (ann, bob) = (AccountId(1), AccountId(i64::MAX));
    let all = [
        (Conversation::Common, (0, 0)),
        (Conversation::Room(RoomId(1)), (1, 0)),
        (Conversation::direct(bob, ann), (-1, i64::MAX)),
        (Conversation::direct(bob, bob), (-i64::MAX, i64::MAX)),
    ];
    for (conversation, (place, peer)) in all {
        assert_eq!(place_of(conversation), (place, peer));
        assert_eq!(conversation_at(place, peer), Some(conversation));
    }
    for (place, peer) in [(0, 1), (1, 1), (1, -1), (-1, 0), (-1, -1)] {
        assert_eq!(conversation_at(place, peer), None, "{place} {peer}");
    }
}

/// The form is read by later versions: it never changes.
#[test]
fn the_checksum_is_over_the_bytes_that_are_documented() {
    let mut bytes = Vec::new();
    for number in [5, 0, 0] {
        bytes.extend(i64::to_le_bytes(number));
    }
    bytes.push(1);
    bytes.extend(3_i64.to_le_bytes());
    bytes.extend(1_700_000_000_000_000_i64.to_le_bytes());
    bytes.push(1);
    let message = StoredMessage { sender: Some(AccountId(3)), ..message(5) };
    bytes.extend(26_i64.to_le_bytes());
    bytes.extend(i64::from(message.text.end).to_le_bytes());
    bytes.extend(&*message.object);
    assert_eq!(Head::of(&message).checksum(&message.object), crc32fast::hash(&bytes));
}

#[test]
fn a_change_anywhere_in_a_row_is_found() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let changes = [
        "id = id + 100",
        "place = 1",
        "place = -1, peer = 1",
        "sender = NULL",
        "sender = 0",
        "time = time + 1",
        "in_history = 0",
        "text_start = 0",
        "text_end = text_end - 1",
        "checksum = checksum + 1",
        "checksum = -1",
        "object = CAST(replace(CAST(object AS TEXT), 'msg', 'mug') AS BLOB)",
        "object = x''",
    ];
    for (number, change) in (1..).zip(changes) {
        keep(&mut store, &StoredMessage { sender: Some(AccountId(1)), ..message(number) });
        assert!(stored_rows(&mut store).iter().all(Result::is_ok), "{change}");
        sql(&mut store, &format!("UPDATE messages SET {change}"));
        let damaged = stored_rows(&mut store).remove(0).unwrap_err();
        assert!(damaged == MessageId(number) || change.starts_with("id"), "{change}");
        sql(&mut store, "DELETE FROM messages");
    }
}

#[test]
fn a_message_of_no_conversation_is_damaged_whatever_its_checksum() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    keep(&mut store, &message(5));
    let mut head = Head::of(&message(5));
    head.peer = 4;
    let sum = head.checksum(&message(5).object);
    sql(&mut store, &format!("UPDATE messages SET peer = 4, checksum = {sum}"));
    assert_eq!(stored_rows(&mut store), [Err(MessageId(5))]);
}
