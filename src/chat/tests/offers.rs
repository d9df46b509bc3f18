//! Files of the exchange: which may come, and what holds up their sender.

use super::world::{SUM, World, verdict};
use crate::chat::{Guests, Offered, Policy};
use crate::message::{AttachmentBounds, ConnectionId, Dialect, Done, Kept, MessageId, Reply};
use std::sync::Arc;

const CAT: Offered<'_> = Offered { text: "see", name: "../cat.jpg", size: 5 };

/// A client of the exchange that is in.
fn ivan(world: &mut World) -> ConnectionId {
    let id = world.open();
    world.chat.set_dialect(id, Dialect::Exchange);
    world.ok(id, "presence", &[("user.account_name", "ivan")]);
    id
}

fn only(replies: &[(ConnectionId, Reply)]) -> String {
    let [(_, reply)] = replies else { panic!("{replies:?}") };
    verdict(reply)
}

#[test]
fn a_file_is_announced_when_it_is_whole_and_its_sender_waits_for_that() {
    let kept = Kept { common: true, ..Policy::default().kept };
    let mut world = World::with(Policy { kept, ..Policy::default() }, &[]);
    let ivan = ivan(&mut world);
    assert!(world.offer(ivan, CAT).is_empty(), "nothing is answered");
    assert!(!world.chat.is_busy(ivan), "its bytes are read");
    assert!(world.announced.is_empty() && world.stores.is_empty());
    assert!(world.done(ivan, Done::PutWhole { sha256: SUM }).is_empty());
    assert!(world.chat.is_busy(ivan), "its next text would overtake the file");
    let [notice] = &world.announced[..] else { panic!("{:?}", world.announced) };
    let said = (notice.from.as_str(), notice.to.as_str(), &*notice.name, &*notice.text);
    assert_eq!(said, ("ivan", "#all", "cat.jpg", "see"));
    assert_eq!((notice.size, notice.sha256), (5, SUM));
    let (_, message) = world.stores.remove(0);
    assert_eq!((message.sender, message.in_history), (None, false), "nothing of it is kept");
    assert_eq!(only(&world.done(ivan, Done::Stored(message))), "200");
    assert!(!world.chat.is_busy(ivan));
}

#[test]
fn what_may_not_come_is_answered_before_anything_is_asked() {
    let bounds = AttachmentBounds { max_bytes: 10, ..AttachmentBounds::default() };
    let mut world = World::with(Policy { attachments: bounds, ..Policy::default() }, &[]);
    let ivan = ivan(&mut world);
    let (long, longest) = ("я".repeat(501), "я".repeat(500));
    let rows = [
        (Offered { size: 11, ..CAT }, "400 too_large"),
        (Offered { text: &long, ..CAT }, "400 too_long"),
        (Offered { name: &long, ..CAT }, "400 too_long"),
        (Offered { name: "a/..", ..CAT }, "400 bad_name"),
        (Offered { name: "a\nb", ..CAT }, "400 bad_name"),
    ];
    for (file, expected) in rows {
        assert_eq!(only(&world.offer(ivan, file)), expected, "{file:?}");
        assert!(!world.chat.is_busy(ivan) && world.files.is_empty());
    }
    assert!(world.offer(ivan, Offered { text: &longest, name: &longest, size: 10 }).is_empty());
    assert_eq!(world.files.len(), 1);
}

#[test]
fn guests_who_may_only_read_send_none() {
    let mut world = World::with(Policy { guests: Guests::Read, ..Policy::default() }, &[]);
    let ivan = ivan(&mut world);
    assert_eq!(only(&world.offer(ivan, CAT)), "401 guests_may_not");
}

#[test]
fn what_fails_on_the_way_is_told_once_and_forgotten() {
    let mut world = World::new(&[]);
    let ivan = ivan(&mut world);
    // The store.
    world.is_full = true;
    assert_eq!(only(&world.offer(ivan, CAT)), "500 server_failed");
    world.is_full = false;
    // A piece.
    world.offer(ivan, CAT);
    assert_eq!(only(&world.done(ivan, Done::Failed)), "500 server_failed");
    assert!(world.done(ivan, Done::Failed).is_empty(), "the piece behind it");
    // The announcement: the upload goes, since nobody can go on with it.
    world.offer(ivan, CAT);
    assert_eq!(world.files.len(), 2);
    let last: MessageId = *world.files.keys().next_back().unwrap();
    world.done(ivan, Done::PutWhole { sha256: SUM });
    let (_, message) = world.stores.remove(0);
    let replies = world.done(ivan, Done::NotStored(Some(Arc::clone(&message))));
    assert_eq!(only(&replies), "500 server_failed");
    assert!(!world.files.contains_key(&last));
    // And a good one behind all that.
    world.offer(ivan, CAT);
    world.done(ivan, Done::PutWhole { sha256: SUM });
    assert_eq!(world.stores.len(), 1);
}

#[test]
fn who_is_gone_announces_nothing() {
    let mut world = World::new(&[]);
    let ivan = ivan(&mut world);
    world.offer(ivan, CAT);
    world.gone(ivan);
    assert!(world.done(ivan, Done::PutWhole { sha256: SUM }).is_empty());
    assert!(world.announced.is_empty() && world.stores.is_empty());
}
