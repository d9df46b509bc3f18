//! A server that never stops.

use super::Stage;
use crate::client::bounds::CONVERSATION_LINES;
use crate::client::screen::conversation::Past;

/// Whether of so many of these objects the oldest are forgotten.
fn is_bounded(object: &str) -> bool {
    let mut stage = Stage::user();
    let flood = object.repeat(CONVERSATION_LINES * 5 / 4 + 100);
    assert!(stage.receive(&flood).is_continue());
    stage.chat.model.all().iter().any(|one| one.past == Past::More)
}

#[test]
fn messages_without_a_number_are_not_kept_for_ever() {
    assert!(is_bounded(r##"{"action":"msg","from":"m","to":"#all","message":"x"}"##));
}

#[test]
fn neither_is_what_else_is_told() {
    assert!(is_bounded(r#"{"response":500,"error":"x"}"#));
    assert!(is_bounded(r#"{"action":"notice","event":"shutdown"}"#));
}
