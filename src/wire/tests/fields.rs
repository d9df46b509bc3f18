//! What a request's fields become: synonyms, types, disagreement, times.

use super::request;
use crate::message::{Features, Field, Phrase, Rare, Request, Time};
use std::borrow::Cow;

fn text<'a>(field: &'a Option<Field<'_>>) -> Option<(&'static str, &'a str)> {
    field.as_ref().map(|field| (field.key, field.text.as_ref()))
}

#[test]
fn a_message_is_read_and_borrowed() {
    let object = r##"{"action": "msg", "time": 1700000000.5, "to": "#room", "from": "user", "message": "hello", "encoding": "utf-8"}"##;
    let request = request(object);
    assert_eq!(text(&request.action), Some(("action", "msg")));
    assert_eq!(text(&request.to), Some(("to", "#room")));
    assert_eq!(text(&request.from), Some(("from", "user")));
    assert_eq!((request.message_key, request.message_chars), ("message", Some(5)));
    assert_eq!(request.time, Some(Time::Number));
    assert_eq!(request.chars, object.len());
    assert!(request.only_seed_fields);
    for field in [request.action, request.to, request.from] {
        assert!(matches!(field.unwrap().text, Cow::Borrowed(_)));
    }
}

#[test]
fn an_empty_object_has_no_field() {
    let request = request("{}");
    assert!(request.rest.is_none() && *request.rare() == Rare::NONE);
    assert_eq!((request.chars, request.action, request.time), (2, None, None));
    assert_eq!((request.message_chars, request.message_key), (None, ""));
    assert_eq!((request.features, request.id, request.message_at), (None, None, 0..0));
}

#[test]
fn keys_are_matched_by_what_they_mean() {
    let object =
        r#"{"\u0061ction":"qu\u0069t","\u0074o":"\u043f","us\u0065r":{"account\u005fname":"x"}}"#;
    let request = request(object);
    assert_eq!(text(&request.action), Some(("action", "quit")));
    assert_eq!(text(&request.to), Some(("to", "п")));
    assert_eq!(text(&request.account_name), Some(("user.account_name", "x")));
}

#[test]
fn synonyms_are_the_field_that_they_mean() {
    let to = |key| text(&request(&format!(r#"{{"{key}":"a"}}"#)).to).map(|(key, _)| key.to_owned());
    for key in ["to", "destination", "send_to", "recipient"] {
        assert_eq!(to(key).as_deref(), Some(key));
    }
    let from =
        |key| text(&request(&format!(r#"{{"{key}":"a"}}"#)).from).map(|(key, _)| key.to_owned());
    for key in ["from", "sender", "send_from"] {
        assert_eq!(from(key).as_deref(), Some(key));
    }
    for key in ["message", "mess_text", "message_text", "text"] {
        let object = format!(r#"{{"{key}":"abc"}}"#);
        let request = request(&object);
        assert_eq!((request.message_key, request.message_chars), (key, Some(3)));
        assert!(request.only_seed_fields);
    }
    let names = [
        (r#"{"account_name":"a"}"#, "account_name"),
        (r#"{"user":{"account_name":"a"}}"#, "user.account_name"),
        (r#"{"user":{"accaunt_name":"a"}}"#, "user.accaunt_name"),
    ];
    for (object, key) in names {
        assert_eq!(text(&request(object).account_name), Some((key, "a")));
    }
}

#[test]
fn two_spellings_of_one_field_must_agree() {
    let rows = [
        (r#"{"to":"a","recipient":"a"}"#, None),
        (r#"{"to":"a","recipient":"\u0061"}"#, None),
        (r#"{"to":"a","recipient":"b"}"#, Some(("to", "recipient"))),
        (r#"{"sender":"a","from":"b"}"#, Some(("sender", "from"))),
        (r#"{"message":"a","text":"\u0061"}"#, None),
        (r#"{"message":"a","text":"b"}"#, Some(("message", "text"))),
        (r#"{"mess_text":"","message_text":"b"}"#, Some(("mess_text", "message_text"))),
        (r#"{"account_name":"a","user":{"account_name":"a","accaunt_name":"a"}}"#, None),
        (
            r#"{"account_name":"a","user":{"account_name":"b"}}"#,
            Some(("account_name", "user.account_name")),
        ),
        (
            r#"{"user":{"account_name":"a","accaunt_name":"b"}}"#,
            Some(("user.account_name", "user.accaunt_name")),
        ),
    ];
    for (object, disagree) in rows {
        let fault = disagree.map(|(field, other)| Phrase::Disagree { field, other });
        assert_eq!(request(object).rare().fault, fault, "{object}");
    }
}

#[test]
fn a_field_of_the_wrong_type_is_named() {
    let list = "a list of texts";
    let rows = [
        (r#"{"to":1}"#, Some(("to", "a text"))),
        (r#"{"to":null}"#, Some(("to", "a text"))),
        (r#"{"from":["a"]}"#, Some(("from", "a text"))),
        (r#"{"send_from":{}}"#, Some(("send_from", "a text"))),
        (r#"{"message":true}"#, Some(("message", "a text"))),
        (r#"{"text":null}"#, Some(("text", "a text"))),
        (r#"{"room":7}"#, Some(("room", "a text"))),
        (r#"{"account_name":7}"#, Some(("account_name", "a text"))),
        (r#"{"user":"me"}"#, None),
        (r#"{"user":null}"#, Some(("user", "an object"))),
        (r#"{"user":[{}]}"#, Some(("user", "an object"))),
        (r#"{"user":{"account_name":null}}"#, Some(("user.account_name", "a text"))),
        (r#"{"user":{"password":1}}"#, Some(("user.password", "a text"))),
        (r#"{"user":{"status":1}}"#, Some(("user.status", "a text or null"))),
        (r#"{"user":{"status":null}}"#, None),
        (r#"{"encoding":1}"#, Some(("encoding", "a text or null"))),
        (r#"{"encoding":null}"#, None),
        (r#"{"type":1}"#, Some(("type", "a text or null"))),
        (r#"{"type":null}"#, None),
        (r#"{"type":"status"}"#, None),
        (r#"{"id":1.5}"#, Some(("id", "a text or an integer"))),
        (r#"{"id":1e3}"#, Some(("id", "a text or an integer"))),
        (r#"{"id":null}"#, Some(("id", "a text or an integer"))),
        (r#"{"id":-12}"#, None),
        (r#"{"features":"ids"}"#, Some(("features", list))),
        (r#"{"features":["ids",1]}"#, Some(("features", list))),
        (r#"{"features":[["ids"]]}"#, Some(("features", list))),
        (r#"{"features":null}"#, Some(("features", list))),
        (r#"{"features":["ids","notices"]}"#, None),
        (r#"{"x":[1,{"to":2}],"status":3}"#, None),
        (r#"{"limit":"","query":1,"user_id":2,"before":3}"#, None),
        (r#"{"to":1,"from":2}"#, Some(("to", "a text"))),
    ];
    for (object, wrong) in rows {
        let fault = wrong.map(|(field, expected)| Phrase::WrongType { field, expected });
        assert_eq!(request(object).rare().fault, fault, "{object}");
    }
}

#[test]
fn action_of_the_wrong_type_is_its_own_fault() {
    for value in ["1", "null", "[]", "{}", "true"] {
        let object = format!(r#"{{"action":{value}}}"#);
        let fault = Phrase::WrongType { field: "action", expected: "a text" };
        assert_eq!(request(&object).rare().action_fault, Some(fault), "{object}");
    }
}

#[test]
fn time_is_a_finite_number_or_a_short_text() {
    let digits = |count| "9".repeat(count);
    let number = |text: &str| (text.to_owned(), Ok(Time::Number));
    let not_finite = |text: &str| (text.to_owned(), Err(Phrase::TimeNotFinite));
    let wrong = |text: &str| {
        let phrase = Phrase::WrongType { field: "time", expected: "a number" };
        (text.to_owned(), Err(phrase))
    };
    let short_text = |text: &str| (text.to_owned(), Ok(Time::Text));
    let rows = [
        number("0"),
        number("-0"),
        number("-1.5"),
        number("1700000000.123456"),
        number("10413792000"),
        number("1e3"),
        number(&digits(300)),
        number(&digits(308)),
        not_finite(&digits(309)),
        not_finite(&digits(600)),
        not_finite("1e999"),
        not_finite("-1e999"),
        number("1e-999"),
        number("0e999"),
        short_text(r#""""#),
        short_text(r#""Mon Nov  2 10:00:00 2026""#),
        wrong("null"),
        wrong("true"),
        wrong("[1]"),
        wrong("{}"),
    ];
    for (value, expected) in rows {
        let object = format!(r#"{{"time":{value}}}"#);
        let request = request(&object);
        let got =
            request.rare().time_fault.clone().map_or(request.time.ok_or(Phrase::CutShort), Err);
        assert_eq!(got, expected, "{value}");
        assert_eq!(request.rare().fault, None, "{value}");
    }
}

#[test]
fn what_only_a_server_says_is_noticed_at_the_top() {
    for key in ["response", "alert", "error"] {
        assert_eq!(request(&format!(r#"{{"{key}":null}}"#)).rare().server_only, Some(key));
        assert_eq!(request(&format!(r#"{{"x":{{"{key}":1}}}}"#)).rare().server_only, None);
    }
    assert_eq!(request(r#"{"respons\u0065":1}"#).rare().server_only, Some("response"));
}

#[test]
fn features_are_asked_for_by_a_list() {
    let some = Features::IDS.with(Features::HISTORY);
    let rows = [
        (r#"{"features":["history","ids"]}"#, Some(some)),
        (r#"{"features":["ids","hist\u006fry","ids"]}"#, Some(some)),
        (
            r#"{"features":["ids","history","Notices","a name that nobody knows","й😀"]}"#,
            Some(some),
        ),
        (r#"{"features":["i\ud83d\ude00ds", "id\u0000"]}"#, Some(Features::NONE)),
        (r#"{"features":[]}"#, Some(Features::NONE)),
        (r#"{"features": [ ] }"#, Some(Features::NONE)),
        (r#"{"features":["ids",null]}"#, None),
        (r#"{"features":["ids",["history"]]}"#, None),
        (r#"{"features":"ids"}"#, None),
        (r#"{"features":{"ids":true}}"#, None),
        (r#"{"user":{"features":["ids"]}}"#, None),
    ];
    for (object, features) in rows {
        assert_eq!(request(object).features, features, "{object}");
    }
}

#[test]
fn an_id_is_kept_as_it_was_sent() {
    for literal in
        ["7", "-0", "0", "-12", "12345678901234567890123", r#""""#, r#""a""#, r#""\u0061\"й""#]
    {
        for object in
            [format!(r#"{{"id":{literal}}}"#), format!(r#"{{ "id" : {literal} , "x":1}}"#)]
        {
            assert_eq!(request(&object).id, Some(literal), "{object}");
        }
    }
    for literal in ["1.5", "1e3", "null", "[1]"] {
        assert_eq!(request(&format!(r#"{{"id":{literal}}}"#)).id, None, "{literal}");
    }
}

#[test]
fn a_message_says_where_it_stands() {
    let rows = [
        (r#"{"message":"hello"}"#, r#""hello""#),
        (r#"{"x":1, "text" : "\u043f\"й"  }"#, r#""\u043f\"й""#),
        (r#"{"message":""}"#, r#""""#),
        (r#"{"message":"a","text":"\u0061"}"#, r#""a""#),
        (r#"{"message":1}"#, ""),
        (r#"{"x":{"message":"a"}}"#, ""),
    ];
    for (object, literal) in rows {
        let at = request(object).message_at;
        assert_eq!(&object[at.start as usize..at.end as usize], literal, "{object}");
    }
}

#[test]
fn user_may_be_a_text() {
    let object = r#"{"user":"m\u0065"}"#;
    let request = request(object);
    assert_eq!(text(&request.rare().user_text), Some(("user", "me")));
    assert_eq!((&request.rare().fault, &request.account_name), (&None, &None));
}

#[test]
fn the_fields_of_added_actions_are_read() {
    type Read = fn(Request<'_>) -> Option<Field<'_>>;
    let rows: [(&str, Read); 11] = [
        ("user_id", |request| request.rare().contact.clone()),
        ("contact", |request| request.rare().contact.clone()),
        ("target", |request| request.rare().target.clone()),
        ("topic", |request| request.rare().topic.clone()),
        ("with", |request| request.rare().with.clone()),
        ("before", |request| request.rare().before.clone()),
        ("after", |request| request.rare().after.clone()),
        ("query", |request| request.rare().query.clone()),
        ("command", |request| request.rare().command.clone()),
        ("msg_id", |request| request.rare().msg_id.clone()),
        ("room", |request| request.rare().room.clone()),
    ];
    for (key, read) in rows {
        for value in ["", "#a", r"\u0061b"] {
            let object = format!(r#"{{"{key}":"{value}"}}"#);
            let request = request(&object);
            assert_eq!(
                (&request.rare().fault, &request.rare().added_fault),
                (&None, &None),
                "{object}"
            );
            assert!(!request.only_seed_fields, "{object}");
            let meant = value.replace(r"\u0061", "a");
            assert_eq!(text(&read(request)), Some((key, meant.as_str())), "{object}");
        }
    }
}

#[test]
fn the_fields_of_added_actions_have_a_fault_of_their_own() {
    let rows = [
        (r#"{"target":1}"#, Some(("target", "a text"))),
        (r#"{"user_id":1}"#, Some(("user_id", "a text"))),
        (r#"{"contact":null}"#, Some(("contact", "a text"))),
        (r#"{"topic":null}"#, Some(("topic", "a text"))),
        (r#"{"with":["a"]}"#, Some(("with", "a text"))),
        (r#"{"before":7,"after":8}"#, Some(("before", "a text"))),
        (r#"{"after":8}"#, Some(("after", "a text"))),
        (r#"{"query":{}}"#, Some(("query", "a text"))),
        (r#"{"command":1}"#, Some(("command", "a text"))),
        (r#"{"msg_id":12}"#, Some(("msg_id", "a text"))),
        (r#"{"limit":"7"}"#, Some(("limit", "a whole number, at least 1"))),
        (r#"{"server_time":[]}"#, None),
    ];
    for (object, wrong) in rows {
        let fault = wrong.map(|(field, expected)| Phrase::WrongType { field, expected });
        let request = request(object);
        assert_eq!(
            (&request.rare().fault, &request.rare().added_fault),
            (&None, &fault),
            "{object}"
        );
        assert!(!request.only_seed_fields, "{object}");
    }
    let disagree = Phrase::Disagree { field: "user_id", other: "contact" };
    assert_eq!(request(r#"{"user_id":"a","contact":"b"}"#).rare().added_fault, Some(disagree));
    assert_eq!(request(r#"{"user_id":"a","contact":"\u0061"}"#).rare().added_fault, None);
}

#[test]
fn a_limit_is_a_whole_number_and_never_none() {
    let rows = [
        ("1", Some(1)),
        ("200", Some(200)),
        ("18446744073709551616", Some(usize::MAX)),
        ("123456789012345678901234567890", Some(usize::MAX)),
        ("0", None),
        ("-0", None),
        ("-5", None),
        ("1.0", None),
        ("1e2", None),
        ("true", None),
        ("null", None),
    ];
    for (value, limit) in rows {
        let object = format!(r#"{{"limit":{value}}}"#);
        let request = request(&object);
        assert_eq!(request.rare().limit, limit, "{value}");
        assert_eq!(request.rare().added_fault.is_some(), limit.is_none(), "{value}");
    }
}

#[test]
fn what_the_server_adds_to_a_message_is_noticed_at_the_top() {
    let rows = [
        (r#"{"msg_id":"a"}"#, Some("msg_id")),
        (r#"{"msg_id":1}"#, Some("msg_id")),
        (r#"{"server_time":null}"#, Some("server_time")),
        (r#"{"server_\u0074ime":1,"msg_id":"a"}"#, Some("server_time")),
        (r#"{"x":{"msg_id":"a"},"user":{"server_time":1}}"#, None),
    ];
    for (object, reserved) in rows {
        assert_eq!(request(object).rare().reserved, reserved, "{object}");
    }
}

#[test]
fn seed_fields_are_those_of_a_message_and_user() {
    let only = |object: &str| request(object).only_seed_fields;
    assert!(only("{}"));
    assert!(only(r#"{"action":"","time":0,"to":"","from":"","encoding":"","message":""}"#));
    assert!(only(r#"{"user":{"account_name":"a"},"account_name":"a","sender":"","send_to":""}"#));
    for key in ["room", "features", "id", "type", "response", "x", "status", "server_time", "limit"]
    {
        assert!(!only(&format!(r#"{{"{key}":""}}"#)), "{key}");
    }
}

#[test]
fn empty_and_odd_texts_are_left_to_the_chat() {
    let request = request(r#"{"to":"","from":"","user":{"account_name":"a\u0000"},"message":""}"#);
    assert_eq!(text(&request.to), Some(("to", "")));
    assert_eq!(text(&request.from), Some(("from", "")));
    assert_eq!(text(&request.account_name), Some(("user.account_name", "a\0")));
    assert_eq!((request.message_chars, request.rest.is_none()), (Some(0), true));
}

#[test]
fn controls_and_separators_in_a_text_are_legal() {
    let object = "{\"message\":\"\\u0000\\u001b\u{2028}\u{2029}\u{85}\u{7f}\\u2028\"}";
    let Request { message_chars, rest, raw, .. } = request(object);
    assert_eq!((message_chars, rest.is_none()), (Some(7), true));
    assert_eq!(raw, object.as_bytes());
}
