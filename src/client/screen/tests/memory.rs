//! What is known at the next start: lines typed, and up to where conversations were read.

use super::*;
use std::path::Path;

const ROOMS: &str = "\"rooms\":[{\"room\":\"#tea\",\"member\":true}]";

/// A user's client with this memory, that was let in and is asked for nothing any more but what was
/// written since.
fn start(folder: &Path) -> Stage {
    let who = Who::User { name: "anna".into(), password: Secret::new("secret") };
    let mut stage = Stage::of(who, "#all", Language::English);
    stage.chat = stage.chat.remembering(folder);
    stage.size(90, 12);
    stage.enter_with(ROOMS);
    stage.expect("get_contacts");
    stage.answer("\"data_list\":[]");
    stage
}

fn end(mut stage: Stage) {
    let screen = &mut stage.screen;
    stage.chat.handle_ended(screen);
}

fn look_at_tea(stage: &mut Stage) {
    assert!(stage.key(KeyCode::Char('2'), KeyModifiers::ALT).is_continue());
}

#[test]
fn lines_typed_are_found_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = start(folder.path());
    for line in ["привет", "/login boris"] {
        assert!(stage.line(line).is_continue());
    }
    let mut other = start(folder.path());
    assert!(other.press(KeyCode::Up).is_continue());
    assert!(other.shows("#all> привет"), "{}", other.draw());
    for name in std::fs::read_dir(folder.path()).unwrap() {
        let path = name.unwrap().path();
        let text = std::fs::read_to_string(path).unwrap_or_default();
        assert!(!text.contains("boris"), "{text}");
    }
}

#[test]
fn lines_that_cannot_be_kept_are_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("typed")).unwrap();
    let mut stage = start(folder.path());
    for line in ["one", "two"] {
        assert!(stage.line(line).is_continue());
    }
    assert_eq!(stage.draw().matches("lines typed are not kept").count(), 1, "{}", stage.draw());
}

#[test]
fn what_is_new_since_the_last_time_is_counted_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = start(folder.path());
    look_at_tea(&mut stage);
    stage.session.wrote(usize::MAX);
    stage.answer("\"users\":[]");
    stage.answer(&(page("#tea", 1..10) + ",\"more\":false"));
    assert!(stage.shows("line 9.") && !stage.shows(" new "), "{}", stage.draw());
    end(stage);
    let mut stage = start(folder.path());
    stage.expect("\"who\"");
    let read = MessageId::at(PAST + 9 * 60_000_000);
    let request = stage.expect("\"history\"");
    assert!(request.contains(&format!("\"after\":\"{read}\"")), "{request}");
    // One of them arrives before the answer, and one that is in it behind it.
    let at = |minute: u64| message("boris", "#tea", "live", PAST + minute * 60_000_000);
    assert!(stage.receive(&at(11)).is_continue());
    stage.answer("\"users\":[]");
    stage.answer(&(page("#tea", 10..13) + ",\"more\":false"));
    assert!(stage.receive(&at(12)).is_continue());
    assert_eq!(stage.chat.model.find("#tea").unwrap().unread, 3);
    assert!(stage.draw().lines().any(|row| row.starts_with(" #tea            3│")));
    look_at_tea(&mut stage);
    stage.expect("\"history\"");
    stage.answer(&(page("#tea", 1..13) + ",\"more\":false"));
    let text = stage.draw();
    let place = |text_of: &str| text.find(text_of).unwrap_or_else(|| panic!("{text_of}: {text}"));
    assert!(place("line 9.") < place(" new ") && place(" new ") < place("line 10."), "{text}");
    end(stage);
    let mut stage = start(folder.path());
    stage.expect("\"who\"");
    let read = MessageId::at(PAST + 12 * 60_000_000);
    assert!(stage.expect("\"history\"").contains(&format!("\"after\":\"{read}\"")));
}

#[test]
fn what_was_never_looked_at_is_new_from_the_first_start_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = start(folder.path());
    stage.pass(Duration::from_secs(3));
    stage.message("boris", "#tea", "unread");
    let due = stage.chat.poll_timeout(stage.now).unwrap();
    stage.pass(due - stage.now.uptime);
    // Without an end: what was due was saved.
    stage.act(|chat, turn| chat.handle_timeout(turn));
    drop(stage);
    let mut stage = start(folder.path());
    stage.expect("\"who\"");
    let request = stage.expect("\"history\"");
    let start = MessageId::at(START);
    assert!(request.contains(&format!("\"after\":\"{start}\"")), "{request}");
    stage.answer("\"users\":[]");
    let many: String = (1..=200)
        .map(|number| message("boris", "#tea", "x", START + number * 1_000_000) + ",")
        .collect();
    let many = many.trim_end_matches(',');
    stage.answer(&format!("\"messages\":[{many}],\"more\":true"));
    assert!(
        stage.draw().lines().any(|row| row.starts_with(" #tea         200+│")),
        "{}",
        stage.draw()
    );
}

#[test]
fn a_guest_and_a_room_that_is_left_have_no_marks() {
    let folder = tempfile::tempdir().unwrap();
    end(start(folder.path()));
    let mut stage = start(folder.path());
    stage.expect("\"who\"");
    stage.expect("\"history\"");
    stage.answer("\"users\":[]");
    let gone = "{\"response\":404,\"time\":1,\"error\":\"none\",\"reason\":\"no_such_room\"}";
    assert!(stage.receive(gone).is_continue());
    assert!(!stage.shows("none"), "{}", stage.draw());
    let mut guest = Stage::guest();
    guest.chat = guest.chat.remembering(folder.path());
    guest.act(|chat, turn| chat.begin(turn, ([127, 0, 0, 1], 7777).into()));
    guest.answer(&format!("\"features\":{ALL}"));
    assert!(!guest.asked_for("\"action\":\"history\""));
    assert!(!guest.chat.marks.are_kept());
}

/// The client of someone whose mark in the room is its first message, with these messages behind it.
fn start_behind_a_mark(folder: &Path, messages: &[(&str, &str)]) -> Stage {
    let mut stage = start(folder);
    look_at_tea(&mut stage);
    for ask in ["\"who\"", "\"history\""] {
        stage.expect(ask);
        stage.answer("\"users\":[],\"messages\":[],\"more\":false");
    }
    stage.message("boris", "#tea", "old");
    end(stage);
    let mut stage = start(folder);
    stage.expect("\"who\"");
    stage.answer("\"users\":[]");
    stage.expect("\"after\"");
    let lines = messages
        .iter()
        .zip(1..)
        .map(|((from, text), number)| message(from, "#tea", text, START + number * 1_000_000));
    let new = lines.collect::<Vec<_>>().join(",");
    stage.answer(&format!("\"messages\":[{new}],\"more\":false"));
    look_at_tea(&mut stage);
    stage.session.wrote(usize::MAX);
    let old = message("boris", "#tea", "old", START);
    stage.answer(&format!("\"messages\":[{old},{new}],\"more\":false"));
    stage
}

#[test]
fn what_is_new_begins_behind_our_own_messages() {
    let folder = tempfile::tempdir().unwrap();
    let messages = [("anna", "mine"), ("anna", "mine too"), ("boris", "news"), ("boris", "more")];
    let mut stage = start_behind_a_mark(folder.path(), &messages);
    let text = stage.draw();
    let place = |text_of: &str| text.find(text_of).unwrap_or_else(|| panic!("{text_of}: {text}"));
    assert!(place("mine too") < place(" new ") && place(" new ") < place("news"), "{text}");
    assert_eq!(text.matches(" new ").count(), 1, "{text}");
}

#[test]
fn our_own_messages_alone_are_nothing_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = start_behind_a_mark(folder.path(), &[("anna", "mine")]);
    assert!(!stage.shows(" new "), "{}", stage.draw());
}
