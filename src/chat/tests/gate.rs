//! Messages on their way to the disk, while things change that they depend on.

use super::world::{World, verdict};
use crate::message::{
    AccountList, Change, ConnectionId, Done, Job, Mark, MessageId, Page, PageMessage, Reply,
    StoredMessage,
};
use std::sync::Arc;

type Replies = Vec<(ConnectionId, Reply)>;

fn send(world: &mut World, from: (ConnectionId, &str), to: &str) -> Arc<StoredMessage> {
    world.send(from.0, "msg", &[("from", from.1), ("to", to), ("message", "hi")]);
    Arc::clone(&world.stores.last().expect("a message").1)
}

/// What the disk says of the oldest message that is on its way.
fn reach_disk(world: &mut World, done: fn(Arc<StoredMessage>) -> Done) -> Replies {
    let (sender, message) = world.stores.remove(0);
    world.done(sender, done(message))
}

fn with_offline(world: &mut World, name: &str) -> ConnectionId {
    let id = world.log_in(name);
    world.ok(id, "presence", &[("features", "offline")]);
    id
}

fn one(replies: &Replies, to: ConnectionId) -> String {
    let [(who, reply)] = replies.as_slice() else { panic!("{replies:?}") };
    assert_eq!(*who, to);
    verdict(reply)
}

fn page(ids: &[MessageId]) -> Done {
    let message = |id: &MessageId| PageMessage {
        mark: Mark { id: *id, unix_micros: 1 },
        object: Box::new([]),
    };
    Done::Waiting(Some(Page { messages: ids.iter().map(message).collect(), ..Page::default() }))
}

/// The first found its addressee gone only when it was on disk, the second was sent to wait.
#[test]
fn what_missed_its_addressee_is_not_overtaken_by_what_was_to_wait() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = with_offline(&mut world, "ann");
    let bob = world.log_in("bob");
    let first = send(&mut world, (ann, "ann"), "bob");
    world.gone(bob);
    let second = send(&mut world, (ann, "ann"), "bob");
    assert_eq!((first.waits_for.is_some(), second.waits_for.is_some()), (false, true));
    world.held = Some(Vec::new());
    assert_eq!(one(&reach_disk(&mut world, Done::Stored), ann), "200");
    assert_eq!(one(&reach_disk(&mut world, Done::Stored), ann), "202");
    let bob = world.log_in("bob");
    world.ok(bob, "presence", &[]);
    let held = world.held.take().unwrap();
    let [(nobody, Job::Change { by, change })] = held.as_slice() else {
        panic!("nothing is read before it: {held:?}")
    };
    let awaited = Change::Await { account: *by, id: first.mark.id };
    assert_eq!((*nobody, change), (ConnectionId::NONE, &awaited));
    world.held = Some(Vec::new());
    world.done(ConnectionId::NONE, Done::Changed { by: *by, change: awaited });
    let held = world.held.take().unwrap();
    assert!(matches!(held[..], [(_, Job::Waiting { after: MessageId::ZERO, .. })]), "{held:?}");
    world.done(bob, page(&[first.mark.id, second.mark.id]));
    assert_eq!(world.handed, [(bob, first.mark.id), (bob, second.mark.id)]);
}

#[test]
fn a_disk_that_lets_it_not_wait_holds_up_nothing_else() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = with_offline(&mut world, "ann");
    let bob = world.log_in("bob");
    send(&mut world, (ann, "ann"), "bob");
    world.gone(bob);
    let second = send(&mut world, (ann, "ann"), "bob");
    world.held = Some(Vec::new());
    reach_disk(&mut world, Done::Stored);
    reach_disk(&mut world, Done::Stored);
    let bob = world.log_in("bob");
    world.ok(bob, "presence", &[]);
    let account = second.waits_for.unwrap();
    world.held = Some(Vec::new());
    world.done(ConnectionId::NONE, Done::NotAwaited { account });
    let held = world.held.take().unwrap();
    assert!(matches!(held[..], [(_, Job::Waiting { .. })]), "{held:?}");
}

#[test]
fn what_waits_comes_behind_the_answer_to_presence() {
    let mut world = World::new(&["ann", "bob", "cat"]);
    let ann = with_offline(&mut world, "ann");
    let waits = send(&mut world, (ann, "ann"), "bob");
    assert_eq!(one(&reach_disk(&mut world, Done::Stored), ann), "202");
    let bob = world.log_in("bob");
    world.log_in("cat");
    world.held = Some(Vec::new());
    send(&mut world, (bob, "bob"), "cat");
    world.send(bob, "presence", &[]);
    let other = send(&mut world, (ann, "ann"), "cat");
    assert!(other.waits_for.is_none());
    assert_eq!(world.held, Some(Vec::new()), "the answer waits for the disk");
    let replies = reach_disk(&mut world, Done::Stored);
    assert_eq!(replies.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [bob, bob]);
    let held = world.held.take().unwrap();
    assert!(matches!(held[..], [(_, Job::Waiting { .. })]), "{held:?}");
    world.done(bob, page(&[waits.mark.id]));
    assert_eq!(world.handed, [(bob, waits.mark.id)]);
}

#[test]
fn a_way_that_was_closed_before_the_disk_is_answered_as_closed() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = world.log_in("ann");
    let bob = world.log_in("bob");
    let room = [("room", "#tea")];
    world.ok(ann, "join", &room);
    world.ok(bob, "join", &room);
    for (deed, expected) in [("kick", "403 not_a_member"), ("destroy", "404 no_such_room")] {
        send(&mut world, (bob, "bob"), "#tea");
        world.ok(ann, deed, &[room[0], ("target", "bob")]);
        assert_eq!(one(&reach_disk(&mut world, Done::Unreachable), bob), expected);
        world.ok(bob, "join", &room);
    }
    send(&mut world, (ann, "ann"), "bob");
    let accounts = world.chat.users.accounts().map(|account| account.record.clone());
    let accounts = accounts.filter(|account| account.name.as_str() == "ann").collect();
    world.chat.handle_accounts(AccountList { version: 2, accounts, owners: Vec::new() });
    assert_eq!(one(&reach_disk(&mut world, Done::Unreachable), ann), "404 no_such_user");
}

#[test]
fn what_cannot_reach_its_account_takes_none_of_its_room() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = with_offline(&mut world, "ann");
    for _ in 0..2000 {
        send(&mut world, (ann, "ann"), "bob");
        reach_disk(&mut world, Done::Unreachable);
    }
}

#[test]
fn the_heir_of_a_removed_owner_has_its_rights_at_once() {
    let mut world = World::new(&["ann", "bob", "cat"]);
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(|name| world.log_in(name));
    let room = ("room", "#tea");
    for id in [ann, bob, cat] {
        world.ok(id, "join", &[room]);
    }
    assert_eq!(world.verdict(cat, "kick", &[room, ("target", "bob")]), "403 not_op");
    let accounts = world.chat.users.accounts().map(|account| account.record.clone());
    let accounts: Vec<_> = accounts.filter(|account| account.name.as_str() != "ann").collect();
    let heir = accounts.iter().find(|account| account.name.as_str() == "cat").map(|cat| cat.id);
    let owners = vec![(world.chat.rooms.named("#tea").unwrap().record.id, heir)];
    world.chat.handle_accounts(AccountList { version: 2, accounts, owners });
    world.ok(cat, "kick", &[room, ("target", "bob")]);
}
