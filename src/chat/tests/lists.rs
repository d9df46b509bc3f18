//! `who`, `rooms`, `members` and `get_users`: what is listed, in which order and how much of it.

use super::world::{World, is_listed, names};
use crate::limits::LISTING_ENTRIES;
use crate::message::{Code, ConnectionId, Extra, Listing, Reply, UserEntry};

fn users(reply: &Reply) -> Vec<UserEntry> {
    match reply.extra.as_ref().unwrap().listing.clone() {
        Some(Listing::Users(users)) => users,
        other => panic!("{other:?}"),
    }
}

fn extra(reply: &Reply) -> &Extra {
    reply.extra.as_deref().unwrap()
}

#[test]
fn who_lists_every_name_that_is_connected_once() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = world.log_in("ann");
    let first = world.guest("zed");
    let second = world.guest("zed");
    let silent = world.open();
    let anonymous = world.open();
    world.ok(anonymous, "presence", &[]);
    world.ok(second, "presence", &[("user.account_name", "zed"), ("user.status", "old")]);
    world.ok(first, "presence", &[("user.account_name", "zed"), ("user.status", "new")]);
    for asker in [ann, first, anonymous] {
        let listed = users(&world.ok(asker, "who", &[]));
        let shown = |user: &UserEntry| {
            (user.name.to_string(), user.status.clone(), user.is_guest, user.since_unix_micros)
        };
        let expected = [
            ("ann".to_owned(), None, false, 2_000_000),
            ("zed".to_owned(), Some("new".into()), true, 3_000_000),
        ];
        assert_eq!(listed.iter().map(shown).collect::<Vec<_>>(), expected);
    }
    assert_eq!(world.verdict(silent, "who", &[]), "401 not_present");
    world.gone(first);
    let listed = users(&world.ok(ann, "who", &[]));
    assert_eq!(listed[1].status.as_deref(), Some("old"), "of who is still there");
}

#[test]
fn who_is_offline_is_not_listed() {
    let mut world = World::new(&["ann", "bob"]);
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    is_listed(&world.ok(ann, "who", &[]), Code::Ok, &["ann", "bob"]);
    world.gone(bob);
    is_listed(&world.ok(ann, "who", &[]), Code::Ok, &["ann"]);
    is_listed(&world.ok(ann, "get_users", &[]), Code::Accepted, &["ann"]);
}

/// A world with so many guests, and the connection of the first.
fn crowd(count: usize) -> (World, ConnectionId) {
    let mut world = World::new(&[]);
    // In no order.
    let names = (0..count).map(|place| format!("g{:04}", place * 7919 % count));
    let guests: Vec<_> = names.map(|name| world.guest(&name)).collect();
    (world, guests[0])
}

#[test]
fn a_long_list_is_read_in_parts_that_join_without_gap_or_double() {
    let count = 2 * LISTING_ENTRIES + 1;
    let (mut world, asker) = crowd(count);
    let expected: Vec<String> = (0..count).map(|place| format!("g{place:04}")).collect();
    for action in ["who", "get_users"] {
        for limit in ["1000000", "200", "7"] {
            let mut after = String::new();
            let mut seen: Vec<String> = Vec::new();
            loop {
                let reply = world.ok(asker, action, &[("limit", limit), ("after", &after)]);
                let page = names(&reply);
                let most = limit.parse::<usize>().unwrap().min(LISTING_ENTRIES);
                assert_eq!(page.len(), most.min(count - seen.len()), "{action} {limit}");
                seen.extend(page.iter().map(ToString::to_string));
                after = seen.last().unwrap().clone();
                if !extra(&reply).more {
                    break;
                }
            }
            assert_eq!(seen, expected, "{action} {limit}");
        }
    }
}

#[test]
fn a_list_that_fits_says_so() {
    let (mut world, asker) = crowd(3);
    let more = |reply: &Reply| extra(reply).more;
    assert!(!more(&world.ok(asker, "who", &[("limit", "3")])));
    assert!(more(&world.ok(asker, "who", &[("limit", "2")])));
    let last = world.ok(asker, "who", &[("limit", "2"), ("after", "g0001")]);
    assert!(!more(&last));
    assert_eq!(names(&last), ["g0002"]);
    // A place need not be a name that exists.
    assert_eq!(names(&world.ok(asker, "who", &[("after", "g0001x")])), ["g0002"]);
    assert_eq!(names(&world.ok(asker, "who", &[("after", "z")])), [""; 0]);
}

#[test]
fn a_place_is_found_in_any_spelling() {
    let mut world = World::new(&[]);
    let asker = world.guest("Йод");
    world.guest("Як");
    let reply = world.ok(asker, "who", &[("after", "И\u{306}од")]);
    assert_eq!(names(&reply), ["Як"]);
}

#[test]
fn the_answer_is_brief_for_who_asked_for_no_feature() {
    let mut world = World::new(&["ann"]);
    let ann = world.log_in("ann");
    world.ok(ann, "join", &[("room", "#room")]);
    let brief = |world: &mut World| {
        let room = ("room", "#room");
        let asked: [(&str, &[(&'static str, &str)]); 6] = [
            ("who", &[]),
            ("rooms", &[]),
            ("members", &[room]),
            ("topic", &[room]),
            ("get_users", &[]),
            ("get_contacts", &[]),
        ];
        asked.map(|(action, fields)| extra(&world.ok(ann, action, fields)).is_brief)
    };
    assert_eq!(brief(&mut world), [true; 6]);
    world.ok(ann, "presence", &[("features", "ids")]);
    assert_eq!(brief(&mut world), [false; 6]);
}

#[test]
fn guests_see_the_rooms_that_are_not_hidden() {
    let mut world = World::new(&["ann"]);
    let ann = world.log_in("ann");
    for room in ["#b", "#a", "#c"] {
        world.ok(ann, "join", &[("room", room)]);
    }
    world.ok(ann, "hide", &[("room", "#b")]);
    let guest = world.guest("guest");
    is_listed(&world.ok(guest, "rooms", &[]), Code::Ok, &["#a", "#c"]);
    is_listed(&world.ok(ann, "rooms", &[]), Code::Ok, &["#a", "#b", "#c"]);
    let mine = |reply: Reply| match reply.extra.unwrap().listing {
        Some(Listing::Rooms(rooms)) => rooms.iter().all(|room| room.is_member),
        other => panic!("{other:?}"),
    };
    assert!(mine(world.ok(ann, "rooms", &[])));
    assert!(!mine(world.ok(guest, "rooms", &[])));
}
