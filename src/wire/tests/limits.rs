//! The limits, each at its last good and its first bad length, in every spelling of a character.

use super::{all_spellings, request};
use crate::message::Phrase;

/// A way to put a text into an object, and the field that is named when it is too long.
type Row = (&'static str, &'static str, usize);

const FIELDS: [Row; 16] = [
    (r#"{"to":"@"}"#, "to", 25),
    (r##"{"to":"#@"}"##, "to", 25),
    (r#"{"to":"\u0023@"}"#, "to", 25),
    (r#"{"recipient":"@"}"#, "recipient", 25),
    (r#"{"from":"@"}"#, "from", 25),
    (r#"{"sender":"@"}"#, "sender", 25),
    (r##"{"room":"#@"}"##, "room", 25),
    (r#"{"message":"@"}"#, "message", 500),
    (r#"{"mess_text":"@"}"#, "mess_text", 500),
    (r#"{"encoding":"@"}"#, "encoding", 64),
    (r#"{"id":"@"}"#, "id", 64),
    (r#"{"user":"@"}"#, "user", 25),
    (r#"{"account_name":"@"}"#, "account_name", 25),
    (r#"{"user":{"account_name":"@"}}"#, "user.account_name", 25),
    (r#"{"user":{"status":"@"}}"#, "user.status", 100),
    (r#"{"user":{"password":"@"}}"#, "user.password", 128),
];

/// The same of the fields that only added actions read.
const ADDED: [Row; 12] = [
    (r#"{"user_id":"@"}"#, "user_id", 25),
    (r#"{"contact":"@"}"#, "contact", 25),
    (r#"{"target":"@"}"#, "target", 25),
    (r#"{"with":"@"}"#, "with", 25),
    (r##"{"with":"#@"}"##, "with", 25),
    (r#"{"with":"\u0023@"}"#, "with", 25),
    (r#"{"topic":"@"}"#, "topic", 100),
    (r#"{"before":"@"}"#, "before", 64),
    (r#"{"after":"@"}"#, "after", 64),
    (r#"{"query":"@"}"#, "query", 500),
    (r#"{"command":"@"}"#, "command", 64),
    (r#"{"msg_id":"@"}"#, "msg_id", 64),
];

#[test]
fn a_field_of_added_actions_has_its_limit_and_other_actions_do_not_see_it() {
    for (template, field, limit) in ADDED {
        for text in all_spellings(limit) {
            let object = template.replace('@', &text);
            assert_eq!(request(&object).rare().added_fault, None, "{object}");
        }
        for text in all_spellings(limit + 1) {
            let object = template.replace('@', &text);
            let fault = Phrase::FieldTooLong { field, limit, got: limit + 1 };
            let request = request(&object);
            assert_eq!(
                (&request.rare().fault, &request.rare().added_fault),
                (&None, &Some(fault)),
                "{object}"
            );
        }
    }
}

#[test]
fn a_field_has_its_limit_in_characters_however_they_are_written() {
    for (template, field, limit) in FIELDS {
        for text in all_spellings(limit) {
            let object = template.replace('@', &text);
            assert_eq!(request(&object).rare().fault, None, "{object}");
        }
        for text in all_spellings(limit + 1) {
            let object = template.replace('@', &text);
            let fault = Phrase::FieldTooLong { field, limit, got: limit + 1 };
            assert_eq!(request(&object).rare().fault, Some(fault), "{object}");
        }
    }
}

#[test]
fn action_and_time_have_faults_of_their_own() {
    for (text, longer) in all_spellings(15).into_iter().zip(all_spellings(16)) {
        let fits = format!(r#"{{"action":"{text}"}}"#);
        assert_eq!(request(&fits).action.unwrap().text.chars().count(), 15);
        let object = format!(r#"{{"action":"{longer}"}}"#);
        let request = request(&object);
        let fault = Phrase::FieldTooLong { field: "action", limit: 15, got: 16 };
        assert_eq!((&request.action, &request.rare().action_fault), (&None, &Some(fault)));
        assert_eq!(request.rare().fault, None);
    }
    for (text, longer) in all_spellings(64).into_iter().zip(all_spellings(65)) {
        let fits = format!(r#"{{"time":"{text}"}}"#);
        assert!(request(&fits).time.is_some());
        let object = format!(r#"{{"time":"{longer}"}}"#);
        let request = request(&object);
        let fault = Phrase::FieldTooLong { field: "time", limit: 64, got: 65 };
        assert_eq!((request.time, &request.rare().time_fault), (None, &Some(fault)));
    }
}

#[test]
fn a_whole_object_is_counted_in_characters_white_space_included() {
    for chars in [640, 641] {
        for text in all_spellings(chars - 23) {
            let object = format!("{{ \"x\" : \"{text}\" , \"y\" : 1 \n}}");
            assert_eq!(request(&object).chars, chars, "{object}");
        }
    }
    assert_eq!(request(r#"{"\u043f\n":"\ud83d\ude00\"\\"}"#).chars, 12);
}

#[test]
fn a_full_message_of_escaped_emoji_is_held() {
    let text = &all_spellings(500)[5];
    let name = &all_spellings(25)[5];
    let object = format!(
        r##"{{"action": "msg", "time": 1700000000.123456, "to": "#{name}", "from": "{name}", "message": "{text}", "encoding": "utf-8"}}"##
    );
    let request = request(&object);
    assert_eq!(request.rare().fault, None);
    assert_eq!(request.message_chars, Some(500));
    assert!(request.only_seed_fields);
    assert_eq!(request.to.as_ref().unwrap().text.chars().count(), 26);
    assert!((641..=720).contains(&request.chars), "{}", request.chars);
}

#[test]
fn a_long_number_is_no_id() {
    let number = "1".repeat(64);
    assert_eq!(request(&format!("{{\"id\":{number}}}")).rare().fault, None);
    let fault = Phrase::FieldTooLong { field: "id", limit: 64, got: 65 };
    assert_eq!(request(&format!("{{\"id\":{number}1}}")).rare().fault, Some(fault));
}
