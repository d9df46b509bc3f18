use crate::message::{AccountId, Change, Done, Job, Role, RoomId, Snapshot};
use crate::workers::store::Store;
use crate::workers::store::tests::{Scratch, add_account, join, joined, one};

/// A store with a room of ann's that bob is in and cat is not.
struct Stage {
    _scratch: Scratch,
    store: Store,
    room: RoomId,
    ann: AccountId,
    bob: AccountId,
    cat: AccountId,
}

impl Stage {
    fn new() -> Self {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let [ann, bob, cat] = ["ann", "bob", "cat"].map(|name| add_account(&mut store, name));
        let room = joined(&mut store, ann, "#a").0.id;
        joined(&mut store, bob, "#a");
        Self { _scratch: scratch, store, room, ann, bob, cat }
    }

    /// Carries a change out, asked for by ann, and shows what it made.
    fn change(&mut self, change: Change) -> Snapshot {
        let done = one(&mut self.store, Job::Change { by: self.ann, change: change.clone() });
        assert_eq!(done, Done::Changed { by: self.ann, change });
        self.store.snapshot().unwrap()
    }

    fn enters(&mut self, account: AccountId) -> bool {
        match one(&mut self.store, join(account, "#a")) {
            Done::Joined { .. } => true,
            Done::MayNotJoin => false,
            other => panic!("{other:?}"),
        }
    }
}

fn members(snapshot: &Snapshot) -> Vec<AccountId> {
    snapshot.memberships.iter().map(|membership| membership.account).collect()
}

#[test]
fn a_topic_and_a_role_are_kept() {
    let mut stage = Stage::new();
    let (room, bob) = (stage.room, stage.bob);
    let snapshot = stage.change(Change::Topic { room, topic: "чай".into() });
    assert_eq!(&*snapshot.rooms[0].topic, "чай");
    for role in [Role::Op, Role::Member] {
        let snapshot = stage.change(Change::Role { room, target: bob, role });
        assert_eq!(snapshot.memberships[1].role, role);
        assert_eq!(snapshot.memberships[0].role, Role::Member);
    }
}

#[test]
fn a_hidden_room_is_entered_once_by_who_is_invited() {
    let mut stage = Stage::new();
    let (room, bob, cat) = (stage.room, stage.bob, stage.cat);
    assert!(stage.change(Change::Hidden { room, hidden: true }).rooms[0].hidden);
    assert!(!stage.enters(cat));
    assert!(stage.enters(bob), "who is in may join again");
    for _ in 0..2 {
        let invite = Change::Invite { room, target: cat };
        assert_eq!(stage.change(invite).invited, [(room, cat)], "twice is once");
    }
    assert!(stage.enters(cat));
    assert_eq!(stage.store.snapshot().unwrap().invited, [], "it is used up");
    assert_eq!(members(&stage.change(Change::Kick { room, target: cat })).len(), 2);
    assert!(!stage.enters(cat));
    stage.change(Change::Hidden { room, hidden: false });
    assert!(stage.enters(cat));
}

#[test]
fn a_ban_puts_out_keeps_out_and_can_be_taken_back() {
    let mut stage = Stage::new();
    let (room, ann, bob, cat) = (stage.room, stage.ann, stage.bob, stage.cat);
    stage.change(Change::Invite { room, target: cat });
    stage.change(Change::Ban { room, target: cat });
    for _ in 0..2 {
        let snapshot = stage.change(Change::Ban { room, target: bob });
        assert_eq!(members(&snapshot), [ann]);
        assert_eq!(snapshot.bans, [(room, bob), (room, cat)]);
        assert_eq!(snapshot.invited, [], "the invitation is void");
    }
    assert!(!stage.enters(bob) && !stage.enters(cat));
    stage.change(Change::Invite { room, target: cat });
    assert!(!stage.enters(cat), "an invitation is no pardon");
    assert_eq!(stage.change(Change::Unban { room, target: bob }).bans, [(room, cat)]);
    assert!(stage.enters(bob));
}

#[test]
fn the_owner_is_neither_kicked_nor_banned() {
    let mut stage = Stage::new();
    let (room, ann) = (stage.room, stage.ann);
    let before = stage.store.snapshot().unwrap();
    assert_eq!(stage.change(Change::Kick { room, target: ann }), before);
    assert_eq!(stage.change(Change::Ban { room, target: ann }), before);
}

#[test]
fn a_room_is_destroyed_with_all_that_refers_to_it_and_its_number_is_not_used_again() {
    let mut stage = Stage::new();
    let (room, ann, bob, cat) = (stage.room, stage.ann, stage.bob, stage.cat);
    stage.change(Change::Ban { room, target: bob });
    stage.change(Change::Invite { room, target: cat });
    let snapshot = stage.change(Change::Destroy { room });
    assert_eq!((snapshot.rooms, snapshot.memberships), (vec![], vec![]));
    assert_eq!((snapshot.bans, snapshot.invited), (vec![], vec![]));
    let (new, _) = joined(&mut stage.store, bob, "#a");
    assert!(new.id > room && new.owner == Some(bob), "{new:?}");
    assert_eq!(members(&stage.change(Change::Kick { room: new.id, target: ann })), [bob]);
}

#[test]
fn contacts_are_a_list_without_doubles() {
    let mut stage = Stage::new();
    let (ann, bob, cat) = (stage.ann, stage.bob, stage.cat);
    let contact = |contact, listed| Change::Contact { account: ann, contact, listed };
    stage.change(contact(cat, true));
    stage.change(contact(cat, true));
    assert_eq!(stage.change(contact(bob, true)).contacts, [(ann, bob), (ann, cat)]);
    stage.change(contact(bob, false));
    assert_eq!(stage.change(contact(bob, false)).contacts, [(ann, cat)]);
}

#[test]
fn what_is_not_there_any_more_is_left_alone() {
    let mut stage = Stage::new();
    let before = stage.store.snapshot().unwrap();
    let (room, ann, cat) = (stage.room, stage.ann, stage.cat);
    let (no_room, nobody) = (RoomId(99), AccountId(99));
    let changes = [
        Change::Topic { room: no_room, topic: "x".into() },
        Change::Hidden { room: no_room, hidden: true },
        Change::Invite { room: no_room, target: cat },
        Change::Invite { room, target: nobody },
        Change::Kick { room, target: cat },
        Change::Kick { room: no_room, target: ann },
        Change::Ban { room: no_room, target: cat },
        Change::Ban { room, target: nobody },
        Change::Unban { room, target: cat },
        Change::Role { room, target: cat, role: Role::Op },
        Change::Destroy { room: no_room },
        Change::Contact { account: ann, contact: nobody, listed: true },
        Change::Contact { account: nobody, contact: ann, listed: true },
    ];
    for change in changes {
        assert_eq!(stage.change(change.clone()), before, "{change:?}");
    }
    let change = Change::Topic { room, topic: "x".into() };
    let by_nobody = one(&mut stage.store, Job::Change { by: nobody, change });
    assert_eq!(by_nobody, Done::AccountGone);
    assert_eq!(stage.store.snapshot().unwrap(), before);
}
