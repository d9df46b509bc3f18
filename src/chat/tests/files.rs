//! `upload`, `put` and `get`: who may what, and what a file's announcement waits for.

use super::world::{SUM, World, verdict};
use crate::chat::{Policy, Sessions};
use crate::limits::UPLOAD_TIME;
use crate::message::{
    AttachmentBounds, ConnectionId, Conversation, Done, FileFacts, MessageId, Name, Phrase, Reply,
    Sha256,
};
use std::sync::Arc;

const FEATURES: (&str, &str) = ("features", "ids files offline");

fn world() -> World {
    World::new(&["ann", "bob", "cat"])
}

fn log_in(world: &mut World, name: &str) -> ConnectionId {
    let id = world.open();
    world.ok(id, "authenticate", &[("user.account_name", name), ("user.password", "p"), FEATURES]);
    id
}

fn facts(reply: &Reply) -> &FileFacts {
    reply.extra.as_ref().and_then(|extra| extra.file.as_deref()).unwrap()
}

/// Ann uploads a file of so many bytes; its number.
fn open(world: &mut World, ann: ConnectionId, to: &str, size: &str) -> String {
    let fields = [("to", to), ("from", "ann"), ("name", "a.txt"), ("size", size)];
    let reply = world.ok(ann, "upload", &fields);
    assert_eq!((facts(&reply).is_id, facts(&reply).next), (true, Some(0)));
    facts(&reply).upload.unwrap().to_string()
}

fn put(world: &mut World, by: ConnectionId, id: &str, offset: &str, data: &str) {
    world.send(by, "put", &[("upload", id), ("offset", offset), ("data", data)]);
}

/// The disk has the oldest message that it was given.
fn store(world: &mut World) -> Vec<(ConnectionId, Reply)> {
    let (id, message) = world.stores.remove(0);
    let attachment = message.attachment.as_ref().unwrap();
    world.files.get_mut(&attachment.upload).unwrap().0.sha256 = Some(attachment.sha256);
    world.done(id, Done::Stored(Arc::clone(&message)))
}

/// Ann has sent a whole file of five bytes.
fn send(world: &mut World, ann: ConnectionId, to: &str) -> String {
    let id = open(world, ann, to, "5");
    put(world, ann, &id, "0", "hello");
    assert_eq!(store(world).len(), 1);
    id
}

#[test]
fn a_file_is_answered_for_and_announced_when_the_disk_has_it() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    let bob = log_in(&mut world, "bob");
    let id = open(&mut world, ann, "bob", "8");
    let reply = world.ok(ann, "put", &[("upload", &id), ("offset", "0"), ("data", "hello")]);
    assert_eq!(
        (reply.phrase.clone(), facts(&reply).next),
        (Phrase::PieceTaken { next: 5, size: 8 }, Some(5))
    );
    put(&mut world, ann, &id, "5", "you");
    assert_eq!(world.announced.len(), 1, "it is on its way to the disk");
    assert!(!world.chat.is_busy(ann), "other requests are handled meanwhile");
    let message = Arc::clone(&world.stores[0].1);
    assert!(message.in_history && message.waits_for.is_none());
    let replies = store(&mut world);
    let (from, to) = (Name::shown("ann"), Name::shown("bob"));
    assert_eq!(replies[0].1.phrase, Phrase::FileDelivered { from, to });
    let expected = FileFacts {
        upload: MessageId::parse(&id),
        next: Some(8),
        sha256: Some(SUM),
        ..FileFacts::default()
    };
    assert_eq!(facts(&replies[0].1), &expected);
    let reply = world.ok(bob, "get", &[("id", &format!("\"{id}\"")), ("offset", "3")]);
    let facts = facts(&reply);
    assert_eq!(
        (facts.data.as_deref(), facts.next, facts.size),
        (Some(&b"loyou"[..]), Some(8), Some(8))
    );
    assert_eq!((facts.name.as_deref(), facts.sha256), (Some("a.txt"), Some(SUM)));
}

#[test]
fn what_is_no_upload_is_refused_before_anything_is_stored() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    log_in(&mut world, "bob");
    world.guest("guest");
    let good = [("to", "bob"), ("from", "ann"), ("name", "a"), ("size", "1")];
    let rows = [
        ("to", None, "400 missing_field"),
        ("from", None, "400 missing_field"),
        ("name", None, "400 missing_field"),
        ("size", None, "400 missing_field"),
        ("to", Some(""), "400 missing_field"),
        ("name", Some(""), "400 missing_field"),
        ("name", Some(".."), "400 bad_name"),
        ("name", Some("a\nb"), "400 bad_name"),
        ("size", Some("16777217"), "400 too_large"),
        ("size", Some("5368709120"), "400 too_large"),
        ("from", Some("bob"), "403 not_you"),
        ("to", Some("nobody"), "404 no_such_user"),
        ("to", Some("guest"), "403 guest_addressee"),
        ("to", Some("#room"), "404 no_such_room"),
    ];
    for (field, value, expected) in rows {
        let mut fields = good.to_vec();
        fields.retain(|(key, _)| *key != field);
        fields.extend(value.map(|value| (field, value)));
        assert_eq!(world.verdict(ann, "upload", &fields), expected, "{field} {value:?}");
        assert!(world.files.is_empty());
        // Three 400 less in a row than would end the connection.
        world.ok(ann, "presence", &[]);
    }
    assert_eq!(world.verdict(ann, "upload", &good), "200");
}

#[test]
fn an_upload_waits_for_who_is_offline_only_where_that_was_asked_for() {
    let mut world = world();
    let plain = world.log_in("ann");
    let fields = [("to", "bob"), ("from", "ann"), ("name", "a"), ("size", "5")];
    assert_eq!(world.verdict(plain, "upload", &fields), "410 offline");
    world.gone(plain);
    let ann = log_in(&mut world, "ann");
    let id = open(&mut world, ann, "bob", "5");
    put(&mut world, ann, &id, "0", "hello");
    assert!(world.stores[0].1.waits_for.is_some());
    let (from, to) = (Name::shown("ann"), Name::shown("bob"));
    assert_eq!(store(&mut world)[0].1.phrase, Phrase::FileWaits { from, to });
}

#[test]
fn only_its_own_account_goes_on_with_an_upload_and_only_for_a_day() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    let bob = log_in(&mut world, "bob");
    let id = open(&mut world, ann, "bob", "9");
    let piece = [("upload", &*id), ("offset", "0"), ("data", "hello")];
    assert_eq!(world.verdict(bob, "put", &piece), "404 no_such_upload");
    world.gone(ann);
    let ann = log_in(&mut world, "ann");
    assert_eq!(world.verdict(ann, "put", &piece), "200", "another connection goes on");
    let again = world.ask(ann, "put", &piece);
    assert_eq!((verdict(&again), facts(&again).next), ("400 wrong_offset".into(), Some(5)));
    let longer = [("upload", &*id), ("offset", "5"), ("data", "hello")];
    assert_eq!(world.verdict(ann, "put", &longer), "400 too_long");
    assert_eq!(
        world.verdict(ann, "put", &[("upload", "x"), ("offset", "0"), ("data", "")]),
        "400 bad_id"
    );
    let other = [("upload", "0000000000000001"), ("offset", "0"), ("data", "")];
    assert_eq!(world.verdict(ann, "put", &other), "404 no_such_upload");
    world.now.unix_micros += UPLOAD_TIME.as_micros() as u64;
    assert_eq!(world.verdict(ann, "put", &longer), "404 no_such_upload");
}

#[test]
fn the_answer_to_the_last_piece_is_had_again_without_a_second_announcement() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    log_in(&mut world, "bob");
    let id = send(&mut world, ann, "bob");
    let reply = world.ok(ann, "put", &[("upload", &id), ("offset", "0"), ("data", "hello")]);
    assert_eq!((facts(&reply).sha256, facts(&reply).next), (Some(SUM), Some(5)));
    assert_eq!(world.announced.len(), 1);
}

#[test]
fn a_file_is_had_by_who_reads_its_conversation_and_is_none_to_others() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    let bob = log_in(&mut world, "bob");
    let cat = log_in(&mut world, "cat");
    for id in [ann, bob] {
        world.ok(id, "join", &[("room", "#room")]);
    }
    for (to, outcomes) in [
        ("bob", ["200", "200", "404 no_such_file"]),
        ("#room", ["200", "200", "404 no_such_file"]),
        ("#all", ["200", "200", "200"]),
    ] {
        world.files.clear();
        let id = send(&mut world, ann, to);
        let piece = [("upload", &*id), ("offset", "0")];
        let got = [ann, bob, cat].map(|asker| world.verdict(asker, "get", &piece));
        assert_eq!(got, outcomes, "{to}");
    }
    let guest = world.guest("guest");
    let piece = [("upload", "0000000000000001"), ("offset", "0")];
    assert_eq!(world.verdict(guest, "get", &piece), "401 not_authenticated");
}

#[test]
fn a_file_that_is_not_whole_is_none_and_behind_its_end_there_is_nothing() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    let id = open(&mut world, ann, "#all", "5");
    assert_eq!(world.verdict(ann, "get", &[("upload", &id), ("offset", "0")]), "404 no_such_file");
    put(&mut world, ann, &id, "0", "hello");
    assert_eq!(store(&mut world).len(), 1);
    let end = world.ok(ann, "get", &[("upload", &id), ("offset", "5")]);
    assert_eq!((facts(&end).data.as_deref(), facts(&end).next), (Some(&b""[..]), Some(5)));
    let behind = world.ask(ann, "get", &[("upload", &id), ("offset", "6")]);
    assert_eq!((verdict(&behind), facts(&behind).next), ("400 wrong_offset".into(), Some(5)));
}

#[test]
fn who_is_kicked_neither_goes_on_sending_nor_reading() {
    let mut world = world();
    let (bob, ann) = (log_in(&mut world, "bob"), log_in(&mut world, "ann"));
    for id in [bob, ann] {
        world.ok(id, "join", &[("room", "#room")]);
    }
    let whole = send(&mut world, ann, "#room");
    let half = open(&mut world, ann, "#room", "9");
    world.ok(ann, "put", &[("upload", &half), ("offset", "0"), ("data", "hello")]);
    world.ok(bob, "kick", &[("room", "#room"), ("target", "ann")]);
    let rest = [("upload", &*half), ("offset", "5"), ("data", "more")];
    assert_eq!(world.verdict(ann, "put", &rest), "403 not_a_member");
    let piece = [("upload", &*whole), ("offset", "0")];
    assert_eq!(world.verdict(ann, "get", &piece), "404 no_such_file");
    world.ok(ann, "join", &[("room", "#room")]);
    put(&mut world, ann, &half, "5", "more");
    let (id, message) = world.stores.remove(0);
    assert!(matches!(message.conversation, Conversation::Room(_)));
    let replies = world.done(id, Done::Unreachable(message));
    assert_eq!(verdict(&replies[0].1), "403 not_a_member", "the disk had the kick first");
}

#[test]
fn a_full_disk_and_full_quotas_are_told() {
    let mut world = world();
    let ann = log_in(&mut world, "ann");
    let id = open(&mut world, ann, "#all", "5");
    put(&mut world, ann, &id, "0", "hello");
    let (connection, message) = world.stores.remove(0);
    let replies = world.done(connection, Done::NotStored(Some(message)));
    assert_eq!(verdict(&replies[0].1), "500 server_failed");
    put(&mut world, ann, &id, "5", "");
    assert_eq!(world.stores.len(), 1, "an empty piece at the end tries once more");
}

#[test]
fn files_can_be_off() {
    let attachments = AttachmentBounds { max_bytes: 0, ..AttachmentBounds::default() };
    let mut world = World::with(Policy { attachments, ..Policy::default() }, &["ann"]);
    let ann = world.open();
    let fields = [("user.account_name", "ann"), ("user.password", "p"), FEATURES];
    let reply = world.ok(ann, "authenticate", &fields);
    let names: Vec<_> = reply.features.unwrap().names().collect();
    assert_eq!(names, ["ids", "offline"]);
    let upload = [("to", "#all"), ("from", "ann"), ("name", "a"), ("size", "1")];
    let file = [("upload", "0000000000000001"), ("offset", "0"), ("data", "")];
    for (action, fields) in [("upload", &upload[..]), ("put", &file), ("get", &file[..2])] {
        assert_eq!(world.verdict(ann, action, fields), "403 no_files", "{action}");
    }
}

/// Ann's upload to Bob, who is offline and for whom one more may wait, and her connections.
fn finished_at_once() -> (World, [ConnectionId; 3], String) {
    let policy = Policy { sessions: Sessions::Many, offline_messages: 1, ..Policy::default() };
    let mut world = World::with(policy, &["ann", "bob"]);
    let ann = [(); 3].map(|()| log_in(&mut world, "ann"));
    let id = open(&mut world, ann[0], "bob", "5");
    (world, ann, id)
}

fn sums(replies: &[(ConnectionId, Reply)]) -> Vec<(ConnectionId, Option<Sha256>)> {
    replies.iter().map(|(to, reply)| (*to, facts(reply).sha256)).collect()
}

#[test]
fn who_finishes_a_file_that_is_being_announced_hears_of_that_announcement() {
    let (mut world, ann, id) = finished_at_once();
    put(&mut world, ann[0], &id, "0", "hello");
    put(&mut world, ann[1], &id, "5", "");
    put(&mut world, ann[2], &id, "5", "");
    assert!(world.chat.is_busy(ann[1]) && world.chat.is_busy(ann[2]));
    assert_eq!(world.stores.len(), 1, "it is announced once");
    assert_eq!(sums(&store(&mut world)), ann.map(|to| (to, Some(SUM))));
    assert!(!world.chat.is_busy(ann[1]) && world.stores.is_empty());
}

#[test]
fn a_put_behind_the_announcement_by_its_own_connection_is_answered_behind_it() {
    let (mut world, ann, id) = finished_at_once();
    put(&mut world, ann[0], &id, "0", "hello");
    put(&mut world, ann[0], &id, "5", "");
    let replies = store(&mut world);
    assert_eq!(sums(&replies), [(ann[0], Some(SUM)); 2]);
    assert!(matches!(replies[0].1.phrase, Phrase::FileWaits { .. }));
    assert!(matches!(replies[1].1.phrase, Phrase::FileWhole { .. }));
}

#[test]
fn a_put_that_found_the_upload_before_its_announcement_looks_anew() {
    for step in 0..2 {
        let (mut world, ann, id) = finished_at_once();
        put(&mut world, ann[0], &id, "0", "hello");
        (world.held, world.holds_files) = (Some(Vec::new()), true);
        put(&mut world, ann[1], &id, "5", "");
        let record = world.files[&MessageId::parse(&id).unwrap()].0.clone();
        let mut late = Done::Attachment(Some(Box::new(record)));
        if step == 1 {
            assert!(world.done(ann[1], late).is_empty());
            late = Done::PutWhole { sha256: SUM };
        }
        world.held = Some(Vec::new());
        assert_eq!(sums(&store(&mut world)), [(ann[0], Some(SUM))]);
        assert!(world.done(ann[1], late).is_empty());
        assert_eq!(sums(&world.release()), [(ann[1], Some(SUM))]);
        assert!(world.stores.is_empty(), "{step}: nothing is announced twice");
    }
}

#[test]
fn who_waited_for_an_announcement_that_failed_tries_it_anew() {
    let (mut world, ann, id) = finished_at_once();
    put(&mut world, ann[0], &id, "0", "hello");
    put(&mut world, ann[1], &id, "5", "");
    put(&mut world, ann[2], &id, "5", "");
    world.gone(ann[1]);
    let (connection, message) = world.stores.remove(0);
    let replies = world.done(connection, Done::NotStored(Some(message)));
    assert_eq!((replies.len(), verdict(&replies[0].1)), (1, "500 server_failed".to_owned()));
    assert_eq!(sums(&store(&mut world)), [(ann[2], Some(SUM))]);
    put(&mut world, ann[0], &id, "5", "");
    assert!(!world.chat.is_busy(ann[0]) && world.stores.is_empty());
}
