//! Who may do what in a room: every action, by everyone, to everyone.

use super::world::World;
use crate::chat::ACTIONS;
use crate::message::{ConnectionId, Reply};
use std::collections::BTreeSet;

/// Who asks, in the order of a row's columns.
const ACTORS: [&str; 5] = ["owner", "op", "member", "outsider", "guest"];

/// Whom it is done to: another than who asks, but the owner, of whom there is one.
const TARGETS: [&str; 6] =
    ["owner", "other op", "other member", "other outsider", "banned", "nobody"];

/// What is done to another, and what is not.
const DEEDS: [&str; 6] = ["invite", "kick", "ban", "unban", "op", "deop"];
const OTHERS: [&str; 8] =
    ["members", "topic", "topic=", "hide", "show", "destroy", "join", "leave"];

/// Of a row: the action (`topic=` changes it), the target, what the owner, an operator and a member
/// are answered, hidden room or not, then an outsider and a guest, and the same two of a hidden
/// room.
type Row = (&'static str, &'static str, [&'static str; 3], [&'static str; 4]);

const OK: [&str; 3] = ["200"; 3];
const OPS: [&str; 3] = ["200", "200", "403 not_op"];
const OWNERS: [&str; 3] = ["200", "403 not_owner", "403 not_owner"];
const NOT_THE_OWNER: [&str; 3] = ["403 is_owner", "403 is_owner", "403 not_op"];
const NO_MEMBER: [&str; 3] = ["404 no_such_member", "404 no_such_member", "403 not_op"];
const NO_USER: [&str; 3] = ["404 no_such_user", "404 no_such_user", "403 not_op"];
const OUT: [&str; 4] =
    ["403 not_a_member", "401 not_authenticated", "404 no_such_room", "401 not_authenticated"];

#[rustfmt::skip]
const MATRIX: [Row; 44] = [
    ("invite", "owner",          OK, OUT),
    ("invite", "other op",       OK, OUT),
    ("invite", "other member",   OK, OUT),
    ("invite", "other outsider", OK, OUT),
    ("invite", "banned",         ["403 banned"; 3], OUT),
    ("invite", "nobody",         ["404 no_such_user"; 3], OUT),
    ("kick",   "owner",          NOT_THE_OWNER, OUT),
    ("kick",   "other op",       OPS, OUT),
    ("kick",   "other member",   OPS, OUT),
    ("kick",   "other outsider", NO_MEMBER, OUT),
    ("kick",   "banned",         NO_MEMBER, OUT),
    ("kick",   "nobody",         NO_USER, OUT),
    ("ban",    "owner",          NOT_THE_OWNER, OUT),
    ("ban",    "other op",       OPS, OUT),
    ("ban",    "other member",   OPS, OUT),
    ("ban",    "other outsider", OPS, OUT),
    ("ban",    "banned",         OPS, OUT),
    ("ban",    "nobody",         NO_USER, OUT),
    ("unban",  "owner",          NOT_THE_OWNER, OUT),
    ("unban",  "other op",       OPS, OUT),
    ("unban",  "other member",   OPS, OUT),
    ("unban",  "other outsider", OPS, OUT),
    ("unban",  "banned",         OPS, OUT),
    ("unban",  "nobody",         NO_USER, OUT),
    ("op",     "owner",          NOT_THE_OWNER, OUT),
    ("op",     "other op",       OPS, OUT),
    ("op",     "other member",   OPS, OUT),
    ("op",     "other outsider", NO_MEMBER, OUT),
    ("op",     "banned",         NO_MEMBER, OUT),
    ("op",     "nobody",         NO_USER, OUT),
    ("deop",   "owner",          NOT_THE_OWNER, OUT),
    ("deop",   "other op",       OPS, OUT),
    ("deop",   "other member",   OPS, OUT),
    ("deop",   "other outsider", NO_MEMBER, OUT),
    ("deop",   "banned",         NO_MEMBER, OUT),
    ("deop",   "nobody",         NO_USER, OUT),
    ("members", "", OK, OUT),
    ("topic",   "", OK, ["200", "401 not_authenticated", "404 no_such_room", "401 not_authenticated"]),
    ("topic=",  "", OPS, OUT),
    ("hide",    "", OWNERS, OUT),
    ("show",    "", OWNERS, OUT),
    ("destroy", "", OWNERS, OUT),
    ("join",    "", OK, ["200", "401 not_authenticated", "403 invite_only", "401 not_authenticated"]),
    ("leave",   "", OK, ["403 not_a_member", "403 not_a_member", "400 no_such_room", "400 no_such_room"]),
];

/// A room with one of each, and the connection of who asks.
fn scene(actor: &str, is_hidden: bool) -> (World, ConnectionId) {
    let accounts = [
        "owner",
        "op",
        "other op",
        "member",
        "other member",
        "outsider",
        "other outsider",
        "banned",
    ];
    let mut world = World::new(&accounts);
    let room = ("room", "#room");
    let owner = world.log_in("owner");
    world.ok(owner, "join", &[room]);
    for name in ["op", "other op", "member", "other member"] {
        let member = world.log_in(name);
        world.ok(member, "join", &[room]);
        world.gone(member);
    }
    for name in ["op", "other op"] {
        world.ok(owner, "op", &[room, ("target", name)]);
    }
    world.ok(owner, "ban", &[room, ("target", "banned")]);
    if is_hidden {
        world.ok(owner, "hide", &[room]);
    }
    let asker = match actor {
        "owner" => owner,
        "guest" => world.guest("guest"),
        account => world.log_in(account),
    };
    (world, asker)
}

fn answer(actor: &str, is_hidden: bool, action: &str, target: &str) -> String {
    let (mut world, asker) = scene(actor, is_hidden);
    let mut fields = vec![("room", "#room")];
    if !target.is_empty() {
        fields.push(("target", target));
    }
    if action == "topic=" {
        fields.push(("topic", "new"));
    }
    world.verdict(asker, action.trim_end_matches('='), &fields)
}

#[test]
fn everyone_is_answered_as_the_matrix_has_it() {
    for (action, target, inside, outside) in MATRIX {
        for is_hidden in [false, true] {
            let [outsider, guest, hidden_outsider, hidden_guest] = outside;
            let outside =
                if is_hidden { [hidden_outsider, hidden_guest] } else { [outsider, guest] };
            for (actor, expected) in ACTORS.iter().zip(inside.iter().chain(&outside)) {
                let got = answer(actor, is_hidden, action, target);
                assert_eq!(got, *expected, "{actor}: {action} {target} (hidden: {is_hidden})");
            }
        }
    }
}

#[test]
fn the_matrix_has_every_action_and_every_target_once() {
    let deeds = DEEDS.iter().flat_map(|deed| TARGETS.iter().map(|target| (*deed, *target)));
    let expected: BTreeSet<_> = deeds.chain(OTHERS.iter().map(|action| (*action, ""))).collect();
    let rows: BTreeSet<_> = MATRIX.iter().map(|(action, target, ..)| (*action, *target)).collect();
    assert_eq!(rows, expected);
    assert_eq!(rows.len(), MATRIX.len(), "no row twice");
}

#[test]
fn every_action_that_names_a_room_is_in_the_matrix() {
    let mut asked = BTreeSet::new();
    for action in &ACTIONS {
        let (mut world, owner) = scene("owner", false);
        let reply = world.ask(owner, action.name, &[]);
        let facts = reply.phrase.facts();
        if (facts.reason, facts.field) == ("missing_field", Some("room")) {
            asked.insert(action.name);
        }
    }
    let rows: BTreeSet<_> = MATRIX.iter().map(|row| row.0.trim_end_matches('=')).collect();
    assert_eq!(asked, rows);
}

#[test]
fn what_is_missing_is_told_before_what_is_not_allowed() {
    for action in DEEDS {
        let (mut world, outsider) = scene("outsider", true);
        let facts = |reply: Reply| reply.phrase.facts();
        let missing = facts(world.ask(outsider, action, &[("target", "member")]));
        assert_eq!((missing.reason, missing.field), ("missing_field", Some("room")), "{action}");
        let missing = facts(world.ask(outsider, action, &[("room", "#room")]));
        assert_eq!((missing.reason, missing.field), ("missing_field", Some("target")), "{action}");
        let room = ("room", "room");
        let verdict = world.verdict(outsider, action, &[room, ("target", "member")]);
        assert_eq!(verdict, "400 bad_name", "{action}");
    }
}

#[test]
fn who_asks_cannot_speak_for_another() {
    for row in MATRIX {
        let (mut world, owner) = scene("owner", false);
        let mut fields = vec![("room", "#room"), ("user.account_name", "member")];
        if !row.1.is_empty() {
            fields.push(("target", row.1));
        }
        let verdict = world.verdict(owner, row.0.trim_end_matches('='), &fields);
        assert_eq!(verdict, "403 not_you", "{}", row.0);
    }
}
