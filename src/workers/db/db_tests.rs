use super::*;
use crate::limits::Limits;
use crate::message::Secret;
use crate::message::{
    AccountId, Change, Conversation, Done, Job, Mark, MessageId, Role, StoredMessage,
};
use crate::workers::reader::tests::keep;
use crate::workers::store::tests::{Scratch, join, joined, one, sql};
use crate::workers::{Accounts, InvitationTerms, Invitations, StoreError};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

fn add(scratch: &Scratch, name: &str) -> AccountId {
    let mut accounts = Accounts::open(&scratch.folder, &Limits::default()).unwrap();
    accounts.add(name, &Secret::new("secret")).unwrap()
}

fn message(number: i64, conversation: Conversation, sender: Option<AccountId>) -> StoredMessage {
    let object = "{\n \"message\":\"чай\\n\" }".as_bytes();
    StoredMessage {
        mark: Mark { id: MessageId(number), unix_micros: 1_700_000_000_000_000 },
        conversation,
        sender,
        object: object.into(),
        text: 13..23,
        in_history: true,
        waits_for: None,
        attachment: None,
    }
}

fn invite(scratch: &Scratch) {
    let terms =
        InvitationTerms { room: Some("#a".to_owned()), uses: 3, lasts: Duration::from_secs(60) };
    Invitations::open(&scratch.folder, 25).unwrap().add(&terms).unwrap();
}

/// A store with something of everything, and numbers that an import gives anew.
fn full() -> Scratch {
    let scratch = Scratch::new();
    let [gone, ann, bob, cat] = ["gone", "ann", "Вася", "cat"].map(|name| add(&scratch, name));
    invite(&scratch);
    let mut store = scratch.open();
    store.start_at(3_600_000_000).unwrap();
    let lost = joined(&mut store, gone, "#lost").0.id;
    let room = joined(&mut store, ann, "#a").0.id;
    let hidden = joined(&mut store, bob, "#тайна").0.id;
    joined(&mut store, bob, "#a");
    let changes = [
        Change::Topic { room, topic: "чай и \"сушки\"".into() },
        Change::Role { room, target: bob, role: Role::Op },
        Change::Hidden { room: hidden, hidden: true },
        Change::Invite { room: hidden, target: ann },
        Change::Invite { room: hidden, target: cat },
        Change::Ban { room, target: cat },
        Change::Contact { account: bob, contact: cat, listed: true },
        Change::Contact { account: ann, contact: bob, listed: true },
    ];
    let jobs = changes.map(|change| Job::Change { by: ann, change });
    let (done, _) = store.perform(&jobs, 1);
    assert!(done.iter().all(|done| matches!(done, Done::Changed { .. })), "{done:?}");
    let waiting = message(5, Conversation::direct(cat, ann), Some(cat));
    keep(
        &mut store,
        &[
            message(1, Conversation::Common, None),
            message(2, Conversation::Room(room), Some(gone)),
            message(3, Conversation::Room(lost), Some(gone)),
            message(4, Conversation::direct(gone, ann), Some(ann)),
            StoredMessage { waits_for: Some(ann), in_history: false, ..waiting },
            message(6, Conversation::direct(ann, ann), Some(ann)),
        ],
    );
    one(
        &mut store,
        Job::Change { by: cat, change: Change::Await { account: cat, id: MessageId(5) } },
    );
    one(&mut store, Job::Change { by: ann, change: Change::Destroy { room: lost } });
    drop(store);
    Accounts::open(&scratch.folder, &Limits::default()).unwrap().remove("gone").unwrap();
    scratch
}

fn exported(scratch: &Scratch) -> String {
    let mut text = Vec::new();
    export(scratch.folder.path(), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn import_text(scratch: &Scratch, text: &str) -> Result<Imported, DbError> {
    let file = scratch.temp.path().join("export");
    fs::write(&file, text).unwrap();
    import(scratch.folder.path(), &file, &Limits::default())
}

#[test]
fn an_import_brings_back_all_that_was_exported() {
    let scratch = full();
    let first = exported(&scratch);
    let other = Scratch::new();
    let imported = import_text(&other, &first).unwrap();
    let expected = Imported { accounts: 3, rooms: 2, memberships: 3, messages: 4, attachments: 0 };
    assert_eq!(imported, expected, "without what no room or account is left of");
    assert_eq!(exported(&other), first);

    let mut store = other.open();
    let snapshot = store.snapshot().unwrap();
    let ids: Vec<AccountId> = snapshot.accounts.iter().map(|account| account.id).collect();
    let [ann, cat, bob] = [ids[0], ids[1], ids[2]];
    let [room, hidden] = [snapshot.rooms[0].id, snapshot.rooms[1].id];
    assert_eq!((&*snapshot.rooms[0].topic, snapshot.rooms[1].hidden), ("чай и \"сушки\"", true));
    assert_eq!(snapshot.memberships[2].role, Role::Op);
    assert_eq!(snapshot.memberships[2].position, MessageId(70));
    assert_eq!(snapshot.bans, [(room, cat)]);
    assert_eq!(snapshot.invited, [(hidden, ann), (hidden, cat)]);
    assert_eq!(snapshot.contacts, [(ann, bob), (bob, cat)]);
    assert_eq!(snapshot.waiting, [(ann, 1), (cat, 1)]);
    let ceiling = MessageId::at(3_660_000_000);
    assert_eq!((snapshot.next_id, snapshot.ceiling), (ceiling, ceiling));
    assert_eq!(one(&mut store, join(cat, "#a")), Done::MayNotJoin);
    drop(store);
    let summary = check(other.folder.path()).unwrap();
    let counts = (summary.bans, summary.contacts, summary.messages, summary.waiting);
    assert_eq!(counts, (1, 2, 4, 2));
}

#[test]
fn an_export_of_the_first_version_is_still_imported() {
    let phc = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
               J0WnHN9cYdPqYvDGkTJw0Z0d1XlTn4J7C2ZbQ9v7m4A";
    let text = format!(
        r##"{{"type":"jim-export","version":1,"accounts":1,"rooms":1,"memberships":1}}
{{"type":"account","name":"ann","phc":"{phc}","blocked":false,"created":5}}
{{"type":"room","name":"#a","owner":"ann","topic":"t","hidden":false,"created":5}}
{{"type":"membership","room":"#a","account":"ann","role":"member","since":5}}
"##
    );
    let scratch = Scratch::new();
    let imported = import_text(&scratch, &text).unwrap();
    assert_eq!(
        imported,
        Imported { accounts: 1, rooms: 1, memberships: 1, messages: 0, attachments: 0 }
    );
    assert_eq!(scratch.open().snapshot().unwrap().memberships[0].position, MessageId::ZERO);
}

/// A line of the full export, broken, is refused with this sentence.
#[test]
fn a_wrong_line_is_named_and_nothing_is_imported() {
    let text = exported(&full());
    let rows = [
        (r#""used":0"#, r#""used":4"#, "at least one use, and was not used more often"),
        (r#""code_hash":""#, r#""code_hash":"00"#, "64 hexadecimal digits"),
        (r#""id":"0000000000000002""#, r#""id":"2""#, "16 digits"),
        (r#""id":"0000000000000002""#, r#""id":"0000000000000001""#, "0000000000000001 already"),
        (r#""direct":["#, r##""room":"#a","direct":["##, "not both"),
        (r#""text":[13,23]"#, r#""text":[13,22]"#, "no JSON object with a string"),
        (r#""text":[13,23]"#, r#""text":[23,13]"#, "no JSON object with a string"),
        (r#""text":[13,23]"#, r#""text":[13,4000000000]"#, "no JSON object with a string"),
        (r#""object":"{"#, r#""object":"x{"#, "no JSON object with a string"),
        (r#""sender":"cat""#, r#""sender":"dan""#, "no line before has the account dan"),
        (r#""waits_for":["ann""#, r#""waits_for":["dan""#, "no line before has the account dan"),
        (r#""contact":"cat""#, r#""contact":"dan""#, "no line before has the account dan"),
        (r#""contact":"cat""#, r#""contact":"Вася","x":1"#, "unknown field `x`"),
        (r##""type":"ban","room":"#a""##, r##""type":"ban","room":"#b""##, "the room #b"),
        (r#""messages":4"#, r#""messages":5"#, "announces 5 messages and has 4"),
        (r#""bans":1"#, r#""bans":2"#, "announces 2 bans and has 1"),
    ];
    for (from, to, expected) in rows {
        let scratch = Scratch::new();
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from}");
        let error = import_text(&scratch, &broken).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
        assert!(scratch.open().snapshot().unwrap().accounts.is_empty());
    }
    let twice: String = text
        .lines()
        .map(|line| format!("{line}\n").repeat(if line.contains("\"contact\"") { 2 } else { 1 }))
        .collect();
    let error = import_text(&Scratch::new(), &twice).unwrap_err().to_string();
    assert!(error.ends_with("that stands on a line before"), "{error}");
}

#[test]
fn an_import_is_refused_where_there_is_something() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    keep(&mut store, &[message(1, Conversation::Common, None)]);
    drop(store);
    let error = import_text(&scratch, "").unwrap_err();
    assert!(matches!(error, DbError::NotEmpty { messages: 1, .. }), "{error:?}");
    // What the export says of its own invitations would not hold.
    let scratch = Scratch::new();
    invite(&scratch);
    let error = import_text(&scratch, "").unwrap_err();
    assert!(matches!(error, DbError::NotEmpty { invitations: 1, .. }), "{error:?}");
}

fn damage(scratch: &Scratch, change: &str) -> String {
    let mut store = scratch.open();
    sql(&mut store, change);
    drop(store);
    let error = check(scratch.folder.path()).unwrap_err();
    assert!(matches!(error, DbError::Store(StoreError::Damaged { .. })), "{error:?}");
    error.to_string()
}

#[test]
fn damaged_messages_are_named_five_at_most() {
    let scratch = full();
    let error = damage(&scratch, "UPDATE messages SET time = time + 1 WHERE id = 2");
    let expected = "damaged: the message 0000000000000002 is not as it was stored";
    assert!(error.ends_with(expected), "{error}");
    let mut text = Vec::new();
    let refused = export(scratch.folder.path(), &mut text).unwrap_err().to_string();
    assert!(refused.ends_with(expected), "{refused}");
    let error = damage(&scratch, "UPDATE messages SET object = x'7b7d'");
    assert_eq!(error.matches("is not as it was stored").count(), 5, "{error}");
}

#[test]
fn missing_numbers_are_damage() {
    let error = damage(&full(), "DELETE FROM numbers WHERE what = 'ceiling'");
    assert!(error.ends_with("the number ceiling is missing or wrong"), "{error}");
    let error = damage(&full(), "UPDATE numbers SET value = -1 WHERE what = 'indexed'");
    assert!(error.ends_with("the number indexed is missing or wrong"), "{error}");
}

#[test]
fn a_text_that_is_no_utf_8_is_damage() {
    let change = "UPDATE rooms SET topic = CAST(x'74ff' AS TEXT)";
    let error = damage(&full(), change);
    assert!(error.ends_with("of rooms is no UTF-8"), "{error}");
    assert!(error.contains("the topic in row "), "{error}");
    let error = damage(&full(), "UPDATE accounts SET phc = CAST(x'ff' AS TEXT)");
    assert!(error.contains("the phc in row 2 of accounts is no UTF-8; "), "{error}");
}

#[test]
fn a_backup_carries_everything_the_index_for_searching_too() {
    let scratch = full();
    let mut store = scratch.open();
    sql(
        &mut store,
        "INSERT INTO message_words (rowid, text) VALUES (1, 'чай'), (2, 'сахар');
         DELETE FROM message_words WHERE rowid = 2; UPDATE numbers SET value = 2 WHERE what = 'indexed'",
    );
    let before = store.snapshot().unwrap();
    let file: PathBuf = scratch.temp.path().join("backup");
    let summary = backup(scratch.folder.path(), &file, false).unwrap();
    assert_eq!((summary.messages, summary.waiting), (6, 2));
    let other = Scratch::new();
    restore(other.folder.path(), &file, false, "").unwrap();
    check(other.folder.path()).unwrap();
    let mut restored = other.open();
    assert_eq!(restored.snapshot().unwrap(), before);
    let found = |word: &str| -> i64 {
        let sql = "SELECT count(*) FROM message_words WHERE message_words MATCH ?1";
        restored.read(|connection| connection.query_row(sql, [word], |row| row.get(0))).unwrap()
    };
    assert_eq!((found("ЧАЙ"), found("сахар")), (1, 0));
    drop(restored);
    assert_eq!(exported(&other), exported(&scratch));
}
