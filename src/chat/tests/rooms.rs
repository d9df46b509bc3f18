//! What becomes of a room when something is done in it.

use super::world::{World, is_listed, names, verdict};
use crate::chat::Policy;
use crate::limits::Limits;
use crate::message::{
    Code, ConnectionId, Kept, Listing, MemberEntry, Name, Notice, Reply, Role, RoomEntry, RoomKept,
};

const ROOM: (&str, &str) = ("room", "#room");

/// `ann` owns `#room`, `bob` is in it, `cat` is not; all are connected.
fn scene() -> (World, [ConnectionId; 3]) {
    let mut world = World::new(&["ann", "bob", "cat"]);
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(|name| world.log_in(name));
    world.ok(ann, "join", &[ROOM]);
    world.ok(bob, "join", &[ROOM]);
    world.notices.clear();
    (world, [ann, bob, cat])
}

fn members(reply: &Reply) -> Vec<(String, bool, &'static str)> {
    let Some(Listing::Members(members)) = reply.extra.as_ref().unwrap().listing.clone() else {
        panic!("{reply:?}");
    };
    let role = |member: &MemberEntry| match (member.is_owner, member.role) {
        (true, _) => "owner",
        (_, Role::Op) => "op",
        _ => "member",
    };
    let entry = |member: MemberEntry| (member.name.to_string(), member.is_online, role(&member));
    members.into_iter().map(entry).collect()
}

fn rooms(reply: &Reply) -> Vec<RoomEntry> {
    match reply.extra.as_ref().unwrap().listing.clone() {
        Some(Listing::Rooms(rooms)) => rooms,
        other => panic!("{other:?}"),
    }
}

fn topic(reply: &Reply) -> &str {
    reply.extra.as_ref().unwrap().topic.as_deref().unwrap()
}

#[test]
fn a_room_with_bounds_of_its_own_tells_them_to_those_who_know_of_history() {
    let own = RoomKept { days: Some(30), messages: None };
    let mut policy = Policy::default();
    policy.kept.messages = 7;
    policy.kept_rooms = [(Name::shown("#tea"), own)].into();
    let expected = Kept { days: 30, ..policy.kept };
    let mut world = World::with(policy, &["ann", "bob"]);
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    world.ok(ann, "presence", &[("features", "history")]);
    let mut told = |id, room| {
        let reply = world.ok(id, "join", &[("room", room)]);
        reply.extra.and_then(|extra| extra.kept)
    };
    assert_eq!([told(ann, "#tea"), told(ann, "#tea")], [Some(expected); 2], "also the second time");
    assert_eq!((told(ann, "#books"), told(bob, "#tea")), (None, None));
}

#[test]
fn who_is_kicked_is_out_at_once_and_may_come_back() {
    let (mut world, [ann, bob, _]) = scene();
    assert!(world.hears(bob, "#room"));
    world.ok(ann, "kick", &[ROOM, ("target", "bob")]);
    assert!(!world.hears(bob, "#room"));
    assert!(matches!(&world.notices[..], [Notice::Kick { user, by, .. }]
        if user.as_str() == "bob" && by.as_str() == "ann"));
    assert_eq!(world.verdict(bob, "members", &[ROOM]), "403 not_a_member");
    is_listed(&world.ok(ann, "members", &[ROOM]), Code::Ok, &["ann"]);
    world.ok(bob, "join", &[ROOM]);
    assert!(world.hears(bob, "#room"));
}

#[test]
fn who_is_banned_stays_out_until_unbanned() {
    let (mut world, [ann, bob, cat]) = scene();
    for target in ["bob", "cat"] {
        world.ok(ann, "ban", &[ROOM, ("target", target)]);
    }
    assert!(!world.hears(bob, "#room"));
    for banned in [bob, cat] {
        assert_eq!(world.verdict(banned, "join", &[ROOM]), "403 banned");
    }
    world.ok(ann, "unban", &[ROOM, ("target", "bob")]);
    world.ok(bob, "join", &[ROOM]);
    assert_eq!(world.verdict(cat, "join", &[ROOM]), "403 banned");
}

#[test]
fn a_hidden_room_is_entered_with_an_invitation_that_is_used_up_or_void() {
    let (mut world, [ann, bob, cat]) = scene();
    world.ok(ann, "hide", &[ROOM]);
    assert_eq!(world.verdict(cat, "join", &[ROOM]), "403 invite_only");
    is_listed(&world.ok(cat, "rooms", &[]), Code::Ok, &[]);
    is_listed(&world.ok(bob, "rooms", &[]), Code::Ok, &["#room"]);
    let invite = [ROOM, ("target", "cat")];
    world.ok(bob, "invite", &invite);
    assert_eq!(world.verdict(cat, "topic", &[ROOM]), "404 no_such_room", "not in it yet");
    world.ok(cat, "join", &[ROOM]);
    world.ok(cat, "leave", &[ROOM]);
    assert_eq!(world.verdict(cat, "join", &[ROOM]), "403 invite_only", "used up");
    world.ok(bob, "invite", &invite);
    world.ok(ann, "ban", &invite);
    world.ok(ann, "unban", &invite);
    assert_eq!(world.verdict(cat, "join", &[ROOM]), "403 invite_only", "void");
    world.ok(ann, "show", &[ROOM]);
    world.ok(cat, "join", &[ROOM]);
}

#[test]
fn a_member_is_not_invited_for_later() {
    let (mut world, [ann, bob, _]) = scene();
    world.ok(ann, "hide", &[ROOM]);
    world.ok(ann, "invite", &[ROOM, ("target", "bob")]);
    world.ok(bob, "leave", &[ROOM]);
    assert_eq!(world.verdict(bob, "join", &[ROOM]), "403 invite_only");
}

#[test]
fn an_operator_may_what_a_member_may_not_until_it_is_none() {
    let (mut world, [ann, bob, _]) = scene();
    let change = [ROOM, ("topic", "tea")];
    assert_eq!(world.verdict(bob, "topic", &change), "403 not_op");
    world.ok(ann, "op", &[ROOM, ("target", "bob")]);
    assert_eq!(topic(&world.ok(bob, "topic", &change)), "tea");
    let expected = [("ann".to_owned(), true, "owner"), ("bob".to_owned(), true, "op")];
    assert_eq!(members(&world.ok(bob, "members", &[ROOM])), expected);
    world.ok(bob, "deop", &[ROOM, ("target", "bob")]);
    assert_eq!(world.verdict(bob, "topic", &change), "403 not_op");
}

#[test]
fn a_topic_is_told_read_and_emptied() {
    let (mut world, [ann, _, cat]) = scene();
    assert_eq!(topic(&world.ok(cat, "topic", &[ROOM])), "");
    world.ok(ann, "topic", &[ROOM, ("topic", "чай")]);
    assert!(matches!(&world.notices[..], [Notice::Topic { topic, .. }] if &**topic == "чай"));
    assert_eq!(topic(&world.ok(cat, "topic", &[ROOM])), "чай");
    assert_eq!(&*rooms(&world.ok(cat, "rooms", &[]))[0].topic, "чай");
    world.ok(ann, "topic", &[ROOM, ("topic", "")]);
    assert_eq!(topic(&world.ok(cat, "topic", &[ROOM])), "");
}

#[test]
fn who_is_invited_hears_of_it_and_nobody_else() {
    let (mut world, [ann, ..]) = scene();
    world.notices.clear();
    world.ok(ann, "invite", &[ROOM, ("target", "cat")]);
    let [Notice::Invite { room, user, by }] = &world.notices[..] else {
        panic!("{:?}", world.notices)
    };
    assert_eq!((room.as_str(), user.as_str(), by.as_str()), ("#room", "cat", "ann"));
    world.notices.clear();
    world.ok(ann, "invite", &[ROOM, ("target", "bob")]);
    assert!(world.notices.is_empty(), "bob is a member already");
}

#[test]
fn a_destroyed_room_is_no_more_and_its_name_is_free() {
    let (mut world, [ann, bob, cat]) = scene();
    world.ok(ann, "ban", &[ROOM, ("target", "cat")]);
    world.notices.clear();
    world.ok(ann, "destroy", &[ROOM]);
    assert!(matches!(&world.notices[..], [Notice::Destroy { by, .. }] if by.as_str() == "ann"));
    for user in [ann, bob, cat] {
        assert_eq!(world.verdict(user, "topic", &[ROOM]), "404 no_such_room");
        is_listed(&world.ok(user, "rooms", &[]), Code::Ok, &[]);
    }
    world.ok(cat, "join", &[ROOM]);
    assert!(world.hears(cat, "#room"));
    assert!(!world.hears(ann, "#room"), "the new room is another one");
    let expected = [("cat".to_owned(), true, "owner")];
    assert_eq!(members(&world.ok(cat, "members", &[ROOM])), expected);
}

#[test]
fn the_count_of_who_is_online_follows_everything() {
    let (mut world, [ann, bob, cat]) = scene();
    let counts = |world: &mut World| {
        let room = rooms(&world.ok(ann, "rooms", &[])).remove(0);
        (room.members, room.online)
    };
    assert_eq!(counts(&mut world), (2, 2));
    world.gone(bob);
    assert_eq!(counts(&mut world), (2, 1));
    let bob = world.log_in("bob");
    assert_eq!(counts(&mut world), (2, 2));
    world.ok(cat, "join", &[ROOM]);
    assert_eq!(counts(&mut world), (3, 3));
    world.ok(bob, "leave", &[ROOM]);
    assert_eq!(counts(&mut world), (2, 2));
    world.gone(cat);
    world.ok(ann, "kick", &[ROOM, ("target", "cat")]);
    assert_eq!(counts(&mut world), (1, 1));
}

#[test]
fn nothing_changes_before_the_disk_has_it() {
    let (mut world, [ann, bob, cat]) = scene();
    world.held = Some(Vec::new());
    world.send(ann, "kick", &[ROOM, ("target", "bob")]);
    assert!(world.hears(bob, "#room") && world.notices.is_empty());
    assert_eq!(names(&world.ask(bob, "members", &[ROOM])), ["ann", "bob"]);
    assert!(world.chat.is_busy(ann) && !world.chat.is_busy(cat));
    let replies = world.release();
    assert_eq!(
        replies.iter().map(|(to, reply)| (*to, verdict(reply))).collect::<Vec<_>>(),
        [(ann, "200".to_owned())]
    );
    assert!(!world.hears(bob, "#room"));
}

#[test]
fn a_change_that_is_not_stored_is_none() {
    let (mut world, [ann, bob, _]) = scene();
    world.is_full = true;
    for action in ["kick", "ban", "op"] {
        let verdict = world.verdict(ann, action, &[ROOM, ("target", "bob")]);
        assert_eq!(verdict, "500 server_failed", "{action}");
    }
    for action in ["hide", "destroy"] {
        assert_eq!(world.verdict(ann, action, &[ROOM]), "500 server_failed", "{action}");
    }
    assert!(world.hears(bob, "#room") && world.notices.is_empty());
    let expected = [("ann".to_owned(), true, "owner"), ("bob".to_owned(), true, "member")];
    assert_eq!(members(&world.ok(bob, "members", &[ROOM])), expected);
}

#[test]
fn a_change_counts_also_where_who_asked_has_gone() {
    let (mut world, [ann, bob, _]) = scene();
    world.held = Some(Vec::new());
    world.send(ann, "ban", &[ROOM, ("target", "bob")]);
    world.gone(ann);
    assert!(world.release().is_empty());
    assert_eq!(world.verdict(bob, "join", &[ROOM]), "403 banned");
}

#[test]
fn names_at_their_longest_are_still_names() {
    let longest = format!("#{}", "я".repeat(Limits::default().name_chars));
    let mut world = World::new(&["ann"]);
    let ann = world.log_in("ann");
    world.ok(ann, "join", &[("room", &longest)]);
    is_listed(&world.ok(ann, "rooms", &[]), Code::Ok, &[&longest]);
    let over = format!("{longest}я");
    assert_eq!(world.verdict(ann, "members", &[("room", &over)]), "400 too_long");
}
