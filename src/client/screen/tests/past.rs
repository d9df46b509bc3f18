//! `/history`: what was written before is read until there is so much of it.

use super::*;

fn top(stage: &mut Stage) -> String {
    stage.draw().lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn so_many_messages_are_read_and_shown_from_the_first() {
    let mut stage = Stage::user();
    stage.size(80, 12);
    stage.open_room(100..120);
    assert!(stage.line("/history 15").is_continue());
    assert!(!stage.asked_for("history"), "they are there already");
    assert!(top(&mut stage).ends_with("boris │ line 105."), "{}", stage.draw());
    assert!(stage.line("/history 150").is_continue());
    assert!(stage.shows("loading..."), "{}", stage.draw());
    stage.expect(&format!("\"before\":\"{}\"", MessageId::at(PAST + 100 * 60_000_000)));
    stage.answer(&(page("#tea", 60..100) + ",\"more\":true"));
    stage.expect(&format!("\"before\":\"{}\"", MessageId::at(PAST + 60 * 60_000_000)));
    stage.answer(&(page("#tea", 10..60) + ",\"more\":false"));
    assert!(!stage.asked_for("history"), "the beginning is there");
    let text = stage.draw();
    assert!(text.contains(" the beginning ") && text.contains("│ line 10."), "{text}");
    assert!(stage.press(KeyCode::Esc).is_continue());
    assert!(stage.shows("above are the newest messages of #tea: 15"), "{}", stage.draw());
    let said = "above are all messages of #tea that you may read: 110";
    assert!(stage.shows(said), "{}", stage.draw());
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut stage = Stage::user();
    stage.size(80, 12);
    stage.open_room(1..3);
    assert!(stage.line("/history #club").is_continue());
    stage.expect("\"with\":\"#club\"");
    let refusal =
        "{\"response\":403,\"time\":1,\"error\":\"not a member\",\"reason\":\"not_a_member\"}";
    assert!(stage.receive(refusal).is_continue());
    stage.size(120, 12);
    assert!(stage.shows("403 not a member") && !stage.shows("the beginning"), "{}", stage.draw());
    assert!(!stage.shows("loading"), "{}", stage.draw());
    assert!(stage.line("/history boris").is_continue());
    stage.expect("\"with\":\"boris\"");
    stage.answer("\"messages\":[],\"more\":false");
    assert!(stage.shows("boris has no messages that you may read"), "{}", stage.draw());
}

#[test]
fn a_server_that_gives_nothing_is_asked_once() {
    let mut stage = Stage::user();
    stage.size(80, 12);
    stage.open_room(100..120);
    assert!(stage.line("/history 50").is_continue());
    stage.expect("\"before\"");
    stage.answer("\"messages\":[],\"more\":true");
    assert!(!stage.asked_for("history"));
    assert!(stage.press(KeyCode::Esc).is_continue());
    assert!(stage.shows("above are the newest messages of #tea: 20"), "{}", stage.draw());
}

#[test]
fn a_lost_connection_and_another_conversation_end_it() {
    let mut stage = Stage::user();
    stage.open_room(100..120);
    assert!(stage.line("/history 500").is_continue());
    stage.expect("\"before\"");
    assert!(stage.key(KeyCode::Char('1'), KeyModifiers::ALT).is_continue());
    stage.answer(&(page("#tea", 60..100) + ",\"more\":true"));
    assert!(!stage.asked_for("history"));
}
