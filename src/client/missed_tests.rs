use super::*;
use crate::client::listing::RoomRow;

const KEPT: Kept = Kept { common: false, rooms: true, direct: true, days: 0, messages: 0 };

fn message(from: &str, to: &str, id: i64) -> Message {
    Message {
        from: from.into(),
        to: Some(to.into()),
        id: Some(MessageId(id)),
        ..Message::default()
    }
}

fn ids(messages: &[Message]) -> Vec<i64> {
    messages.iter().filter_map(|message| Some(message.id?.0)).collect()
}

fn listed(listing: Listing, more: bool) -> Answer {
    Answer { code: 200, listing: Some(listing), more, ..Answer::default() }
}

fn page(messages: Vec<Message>, more: bool) -> Answer {
    listed(Listing::Messages(messages), more)
}

fn rooms(names: &[(&str, bool)]) -> Listing {
    let row = |(name, is_member): &(&str, bool)| RoomRow {
        name: (*name).into(),
        topic: String::new(),
        members: 0,
        online: 0,
        is_member: *is_member,
    };
    Listing::Rooms(names.iter().map(row).collect())
}

fn refused(code: u16) -> Answer {
    Answer { code, ..Answer::default() }
}

/// One that was in at a moment whose first number is 2^20.
fn started() -> Missed {
    let mut missed = Missed::default();
    missed.start(KEPT, 1000);
    missed
}

/// What is asked for now: the action, the conversation and the position.
fn asked(missed: &Missed) -> (What, String, String) {
    let ask = missed.ask().expect("something is asked for");
    (ask.what, ask.with.unwrap_or_default(), ask.after.unwrap_or_default())
}

fn history(with: &str, after: i64) -> (What, String, String) {
    (What::History, with.into(), MessageId(after).to_string())
}

/// Answers the lists of rooms and contacts.
fn answer_lists(missed: &mut Missed, names: &[(&str, bool)], contacts: &[&str]) {
    assert_eq!(asked(missed).0, What::Rooms);
    missed.handle_answer(listed(rooms(names), false));
    assert_eq!(asked(missed).0, What::GetContacts);
    let contacts = contacts.iter().map(|name| (*name).to_owned()).collect();
    missed.handle_answer(listed(Listing::Names(contacts), false));
}

#[test]
fn each_conversation_is_read_on_from_what_was_shown() {
    const START: i64 = (1 << 20) - 1;
    let mut missed = started();
    assert!(missed.handle_live(message("bob", "#tea", 5), "ann").is_some());
    assert!(missed.handle_live(message("bob", "ann", 7), "ann").is_some());
    assert!(missed.handle_live(message("ann", "carl", 8), "ann").is_some());
    missed.handle_own("#tea", MessageId(6));
    assert!(missed.begin("ann").is_empty());
    // It arrives before what was missed is there.
    assert!(missed.handle_live(message("bob", "#tea", 12), "ann").is_none());
    answer_lists(&mut missed, &[("#tea", true), ("#milk", true), ("#none", false)], &["dora"]);
    for (with, after) in [("#tea", 6), ("bob", 7), ("carl", 8), ("#milk", START), ("dora", START)] {
        assert_eq!(asked(&missed), history(with, after));
        let found = missed.handle_answer(match with {
            "#tea" => page(vec![message("bob", "#tea", 6), message("bob", "#tea", 11)], false),
            "#milk" => page(vec![message("bob", "#milk", START + 9)], false),
            _ => page(Vec::new(), false),
        });
        let expected: &[i64] = match with {
            "#tea" => &[11, 12],
            "#milk" => &[START + 9],
            _ => &[],
        };
        assert_eq!((found.with.as_str(), ids(&found.messages).as_slice()), (with, expected));
    }
    assert!(!missed.is_reading() && missed.ask().is_none());
    assert!(missed.handle_live(message("bob", "#tea", 12), "ann").is_none());
    assert!(missed.handle_live(message("bob", "#tea", 13), "ann").is_some());
}

#[test]
fn a_conversation_that_begins_meanwhile_is_read_too() {
    let mut missed = started();
    assert!(missed.begin("ann").is_empty());
    let first = 1 << 21;
    assert!(missed.handle_live(message("eve", "ann", first + 1), "ann").is_none());
    answer_lists(&mut missed, &[], &[]);
    assert_eq!(asked(&missed), history("eve", (1 << 20) - 1));
    let found = missed.handle_answer(page(vec![message("eve", "ann", first)], true));
    assert_eq!(ids(&found.messages), [first]);
    assert_eq!(asked(&missed), history("eve", first));
    let found = missed.handle_answer(page(Vec::new(), false));
    assert_eq!(ids(&found.messages), [first + 1]);
    assert!(!missed.is_reading());
}

#[test]
fn a_connection_lost_again_loses_nothing_that_was_held() {
    let mut missed = started();
    missed.handle_live(message("bob", "#tea", 5), "ann");
    assert!(missed.begin("ann").is_empty());
    missed.handle_live(message("bob", "#tea", 9), "ann");
    assert!(missed.begin("ann").is_empty());
    answer_lists(&mut missed, &[], &[]);
    assert_eq!(asked(&missed), history("#tea", 5));
    let found = missed.handle_answer(page(vec![message("bob", "#tea", 8)], false));
    assert_eq!(ids(&found.messages), [8, 9]);
}

#[test]
fn refusals_end_nothing_but_themselves() {
    let mut missed = started();
    for with in ["#gone", "#tea"] {
        missed.handle_live(message("bob", with, 5), "ann");
    }
    missed.handle_live(message("guest", "ann", 5), "ann");
    assert!(missed.begin("ann").is_empty());
    missed.handle_live(message("guest", "ann", 6), "ann");
    missed.handle_answer(refused(400));
    missed.handle_answer(refused(400));
    assert_eq!(asked(&missed), history("#gone", 5));
    assert_eq!(missed.handle_answer(refused(403)).refusal, Some((403, String::new())));
    assert_eq!(asked(&missed), history("#tea", 5));
    missed.handle_live(message("bob", "#tea", 7), "ann");
    let found = missed.handle_answer(refused(500));
    assert_eq!((found.refusal, ids(&found.messages)), (Some((500, String::new())), vec![7]));
    let found = missed.handle_answer(refused(404));
    assert_eq!((found.refusal, ids(&found.messages)), (None, vec![6]));
    assert!(missed.begin("ann").is_empty());
    answer_lists(&mut missed, &[], &[]);
    assert_eq!(asked(&missed), history("#tea", 7));
}

#[test]
fn lists_are_read_to_a_bound() {
    let mut missed = started();
    assert!(missed.begin("ann").is_empty());
    let endless = || listed(rooms(&[("#a", false)]), true);
    let pages = (0..).take_while(|_| {
        let is_rooms = asked(&missed).0 == What::Rooms;
        if is_rooms {
            missed.handle_answer(endless());
        }
        is_rooms
    });
    assert_eq!(pages.count(), ROOM_PAGES as usize);
    let endless = || listed(Listing::Names(vec!["bob".into()]), true);
    missed.handle_answer(endless());
    assert_eq!(missed.ask().unwrap().after.as_deref(), Some("bob"));
    missed.handle_answer(endless());
    assert_eq!(asked(&missed), history("bob", (1 << 20) - 1));
    for number in 0..FOLLOWED_CONVERSATIONS * 2 {
        missed.handle_live(message("x", &format!("#r{number}"), 5), "ann");
    }
    assert_eq!(missed.followed.len(), FOLLOWED_CONVERSATIONS);
}

#[test]
fn what_is_not_kept_is_not_asked_for_and_not_shown_twice() {
    let mut missed = Missed::default();
    assert!(missed.handle_live(message("bob", "#tea", 5), "ann").is_some());
    assert!(missed.begin("ann").is_empty());
    assert!(!missed.is_reading());
    assert!(missed.handle_live(message("bob", "#tea", 5), "ann").is_none());
    missed.start(Kept { rooms: true, ..Kept::default() }, 1000);
    assert!(missed.begin("ann").is_empty());
    assert!(missed.handle_live(message("bob", "ann", 6), "ann").is_some());
    assert!(missed.handle_live(message("bob", "#all", 7), "ann").is_some());
    missed.handle_answer(listed(rooms(&[]), false));
    assert!(!missed.is_reading());
}

#[test]
fn what_arrives_before_the_pages_are_asked_for_hides_nothing_before_it() {
    let mut missed = started();
    assert!(missed.handle_live(message("bob", "#tea", 5), "ann").is_some());
    missed.lose();
    // We are logged in again, and not yet present.
    assert!(missed.handle_live(message("bob", "#tea", 12), "ann").is_none());
    let unkept = Message { id: None, ..message("bob", "#all", 0) };
    assert!(missed.handle_live(unkept, "ann").is_some(), "nobody asks for it");
    assert!(missed.begin("ann").is_empty());
    answer_lists(&mut missed, &[("#tea", true)], &[]);
    assert_eq!(asked(&missed), history("#tea", 5));
    let found = missed.handle_answer(page(vec![message("bob", "#tea", 9)], false));
    assert_eq!(ids(&found.messages), [9, 12]);
}

#[test]
fn what_arrived_early_is_shown_where_no_page_will_come() {
    let mut missed = started();
    missed.lose();
    assert!(missed.handle_live(message("bob", "#tea", 12), "ann").is_none());
    assert_eq!(ids(&missed.give_up()), [12]);
    assert!(missed.handle_live(message("bob", "#tea", 13), "ann").is_some());
}
