//! What is added to objects that are handed on.

use crate::message::{Mark, MessageId};
use crate::wire::encode;
use proptest::prelude::*;
use serde_json::{Value, json};

const MARK: Mark = Mark { id: MessageId(0x1f), unix_micros: 1_700_000_000_123_456 };

const MEMBERS: &str = r#""msg_id":"000000000000001f","server_time":1700000000.123456"#;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_sender_is_spliced_in_before_the_closing_brace() {
    let rows = [
        (r#"{}"#, r#"{"sender":"a\"й"}"#),
        (r#"{ }"#, r#"{"sender":"a\"й" }"#),
        (r#"{"x":1}"#, r#"{"x":1,"sender":"a\"й"}"#),
        ("{\"x\": {} \r\n\t}", "{\"x\": {},\"sender\":\"a\\\"й\" \r\n\t}"),
        (r#"{"x":"}"}"#, r#"{"x":"}","sender":"a\"й"}"#),
        (r#"{"x":"{"}"#, r#"{"x":"{","sender":"a\"й"}"#),
    ];
    for (raw, expected) in rows {
        let mut out = Vec::new();
        encode::push_with_sender(&mut out, raw.as_bytes(), "a\"й");
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, expected);
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value["sender"], "a\"й");
    }
}

#[test]
fn a_mark_is_spliced_in_before_the_closing_brace() {
    let rows = [
        ("{}", format!("{{{MEMBERS}}}")),
        ("{ }", format!("{{{MEMBERS} }}")),
        (r#"{"x":1}"#, format!(r#"{{"x":1,{MEMBERS}}}"#)),
        (r#"{"x": {} , "y":[] }"#, format!(r#"{{"x": {{}} , "y":[],{MEMBERS} }}"#)),
        ("{\"x\":\"}\u{1b}\" \r\n\t}", format!("{{\"x\":\"}}\u{1b}\",{MEMBERS} \r\n\t}}")),
    ];
    for (object, expected) in rows {
        assert_eq!(written(|out| encode::marked(out, object.as_bytes(), MARK)), expected);
    }
}

#[test]
fn a_mark_is_spliced_in_behind_a_sender() {
    let sent = written(|out| encode::push_with_sender(out, b"{\"x\":1 }", "a\"\u{9b}"));
    let out = written(|out| encode::marked(out, sent.as_bytes(), MARK));
    assert_eq!(out, format!(r#"{{"x":1,"sender":"a\"\u009b",{MEMBERS} }}"#));
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["sender"], json!("a\"\u{9b}"));
}

/// An object as a client may write it: members, and white space wherever JSON allows it.
fn object() -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", " ", "\n", "\r\n\t "]);
    let value = prop_oneof![
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|n| json!(n)),
        any::<String>().prop_map(|text| json!(text)),
        Just(json!({})),
        Just(json!([{}, "}"])),
    ];
    let member = (any::<String>(), space(), value)
        .prop_map(|(key, space, value)| format!("{}{space}:{space}{value}", json!(key)));
    (prop::collection::vec(member, 0..4), space())
        .prop_map(|(members, space)| format!("{{{space}{}{space}}}", members.join(",")))
}

proptest! {
    #[test]
    fn all_other_bytes_stay(object in object(), id in 0..i64::MAX, unix_micros: u64) {
        let mark = Mark { id: MessageId(id), unix_micros };
        let marked = written(|out| encode::marked(out, object.as_bytes(), mark));
        let value: Value = serde_json::from_str(&marked).unwrap();
        prop_assert_eq!(&value["msg_id"], &json!(mark.id.to_string()));
        let (seconds, micros) = (unix_micros / 1_000_000, unix_micros % 1_000_000);
        let time = format!("\"server_time\":{seconds}.{micros:06}");
        prop_assert!(marked.contains(&time));
        let at = marked.rfind("\"msg_id\"").unwrap();
        let end = marked.trim_end_matches('}').trim_end().len();
        let head = marked[..at].strip_suffix(',').unwrap_or(&marked[..at]);
        prop_assert_eq!(format!("{head}{}", &marked[end..]), object.clone());
    }

    #[test]
    fn a_sender_stands_behind_all_other_bytes(object in object(), sender in any::<String>()) {
        let sent = written(|out| encode::push_with_sender(out, object.as_bytes(), &sender));
        let value: Value = serde_json::from_str(&sent).unwrap();
        prop_assert_eq!(&value["sender"], &json!(sender));
        let at = sent.rfind("\"sender\"").unwrap();
        let head = sent[..at].strip_suffix(',').unwrap_or(&sent[..at]);
        let end = object.trim_end_matches('}').trim_end().len();
        prop_assert!(object.starts_with(head) && head.len() <= object.len(), "{}", sent);
        prop_assert!(sent.ends_with(&object[end.max(head.len())..]), "{}", sent);
    }
}
