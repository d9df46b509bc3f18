//! Where objects begin and end, and what is said of bytes that are none.

use super::{Outcome, bad_json, junk, malformed, request, results};
use crate::limits::{Limits, OBJECT_HELD_BYTES, OBJECT_OPEN_BYTES};
use crate::message::{JsonFault, Junk, Phrase};
use crate::wire::{Decoded, Decoder};

fn ok(object: &str) -> Outcome {
    Ok(object.as_bytes().to_vec())
}

fn bad(fault: JsonFault, at: usize) -> Outcome {
    Err(bad_json(fault, at))
}

#[test]
fn many_objects_come_with_and_without_white_space() {
    let rows: [(&[u8], &[&str]); 6] = [
        (b"{}{}{}", &["{}", "{}", "{}"]),
        (b" {} \t\r\n{}\n", &["{}", "{}"]),
        (br#"{"a":"}"}{"b":"{"}"#, &[r#"{"a":"}"}"#, r#"{"b":"{"}"#]),
        (br#"{"a":"\"}"}{}"#, &[r#"{"a":"\"}"}"#, "{}"]),
        (br#"{"a":"\\"}{}"#, &[r#"{"a":"\\"}"#, "{}"]),
        (br#"{"a":{"b":{}}}{}"#, &[r#"{"a":{"b":{}}}"#, "{}"]),
    ];
    for (stream, objects) in rows {
        let expected: Vec<_> = objects.iter().map(|object| ok(object)).collect();
        assert_eq!(results(stream), expected, "{stream:?}");
    }
}

#[test]
fn a_run_of_garbage_is_answered_once_and_ends_at_an_object_or_a_line() {
    let rows: [(&[u8], Vec<Outcome>); 17] = [
        (b"hello", vec![junk(Junk::Word)]),
        (b"hello world\nagain\n", vec![junk(Junk::Word), junk(Junk::Word)]),
        (b"null{}", vec![junk(Junk::Word), ok("{}")]),
        (b"[1]{}", vec![junk(Junk::Array), ok("{}")]),
        (b"[{}]\n{}", vec![junk(Junk::Array), ok("{}"), junk(Junk::Bytes), ok("{}")]),
        (b"42", vec![junk(Junk::Number)]),
        (b"-1\n\"x\"", vec![junk(Junk::Number), junk(Junk::Text)]),
        (b"}}}\n{}", vec![junk(Junk::Bytes), ok("{}")]),
        ("привет".as_bytes(), vec![junk(Junk::Word)]),
        (b"\xFF\xFE{\0}\0", vec![junk(Junk::Bytes), bad(KEY, 1), junk(Junk::Bytes)]),
        (b"\xEF\xBB\xBF{}", vec![ok("{}")]),
        (b"\xEF\xBB\xBF\xEF\xBB\xBF{}", vec![junk(Junk::Word), ok("{}")]),
        (b" \xEF\xBB\xBF{}", vec![junk(Junk::Word), ok("{}")]),
        (b"\x80\x03}q\x00\n.\n{}", vec![junk(Junk::Pickle), ok("{}")]),
        (b"\x80\x04a.\x80\x04b.", vec![junk(Junk::Pickle), junk(Junk::Pickle)]),
        (b"\x80\x04a\x80b.c\x80", vec![junk(Junk::Pickle)]),
        (b"{}\x80\x04x", vec![ok("{}"), junk(Junk::Pickle)]),
    ];
    for (stream, expected) in rows {
        assert_eq!(results(stream), expected, "{stream:?}");
    }
}

#[test]
fn garbage_is_answered_at_its_first_byte() {
    let mut decoder = Decoder::default();
    let expected = Decoded::Malformed {
        phrase: Phrase::NotAnObject { junk: Junk::Word },
        consumed: 1,
        fatal: false,
    };
    assert_eq!(decoder.decode(b"h", &Limits::default()), expected);
    assert!(!decoder.is_inside_object());
    for rest in [&b"ello"[..], b" world"] {
        let consumed = rest.len();
        assert_eq!(decoder.decode(rest, &Limits::default()), Decoded::Incomplete { consumed });
    }
}

const KEY: JsonFault = JsonFault::Expected("a key in double quotes");

#[test]
fn an_invalid_object_is_answered_with_the_position_and_the_next_one_works() {
    let value = JsonFault::Expected("a value");
    let number = JsonFault::Expected("a number");
    let brace = JsonFault::Expected("a , or a }");
    let bracket = JsonFault::Expected("a , or a ]");
    let word = JsonFault::Expected("true, false or null");
    let rows: [(&[u8], JsonFault, usize); 36] = [
        (b"{'a':1}", KEY, 1),
        (b"{a:1}", KEY, 1),
        (br#"{"a":1,}"#, KEY, 7),
        (br#"{,"a":1}"#, KEY, 1),
        (b"{{}}", KEY, 1),
        (br#"{"a" 1}"#, JsonFault::Expected("a : behind the key"), 5),
        (br#"{"a"}"#, JsonFault::Expected("a : behind the key"), 4),
        (br#"{"a":}"#, value, 5),
        (br#"{"a":None}"#, value, 5),
        (br#"{"a":NaN}"#, value, 5),
        (br#"{"a":+1}"#, value, 5),
        (br#"{"a":'x'}"#, value, 5),
        (br#"{"a":nul}"#, word, 5),
        (br#"{"a":truE}"#, word, 5),
        (br#"{"a":1 "b":2}"#, brace, 7),
        (br#"{"a":01}"#, brace, 6),
        (br#"{"a":nullx}"#, brace, 9),
        (br#"{"a":[1}"#, bracket, 7),
        (br#"{"a":[1 2]}"#, bracket, 8),
        (br#"{"a":[1,]}"#, value, 8),
        (br#"{"a":-}"#, number, 6),
        (br#"{"a":1.}"#, number, 7),
        (br#"{"a":1e}"#, number, 7),
        (br#"{"a":1e999}"#, JsonFault::Expected("a finite number"), 5),
        (b"{\"a\":\"\xFF\"}", JsonFault::NotUtf8, 6),
        (b"{\"a\":\"x\xD0\"}", JsonFault::NotUtf8, 7),
        (b"{\"a\":\"\xED\xA0\x80\"}", JsonFault::NotUtf8, 6),
        (b"{\"a\":\"\xFF\n\"}", JsonFault::NotUtf8, 6),
        (b"{\"\xC0\x80\":1}", JsonFault::NotUtf8, 2),
        (b"{\"a\":\xFF}", JsonFault::NotUtf8, 5),
        (b"{\"a\":\"x\ny\"}", JsonFault::ControlCharacter, 7),
        (b"{\"a\":\"\0\"}", JsonFault::ControlCharacter, 6),
        (br#"{"a":"x\ud800"}"#, JsonFault::LoneSurrogate, 7),
        (br#"{"a":"\ud800\u0041"}"#, JsonFault::LoneSurrogate, 6),
        (br#"{"a":"\x"}"#, JsonFault::BadEscape, 6),
        (br#"{"a":"\u12"}"#, JsonFault::BadEscape, 6),
    ];
    for (object, fault, at) in rows {
        assert_eq!(malformed(object), bad_json(fault, at), "{}", object.escape_ascii());
        let stream = [object, b"{}"].concat();
        assert_eq!(results(&stream), [bad(fault, at), ok("{}")], "{}", object.escape_ascii());
    }
}

#[test]
fn a_lone_low_surrogate_is_one_too() {
    assert_eq!(malformed(br#"{"a":"\udc00"}"#), bad_json(JsonFault::LoneSurrogate, 6));
    assert_eq!(malformed(br#"{"a":["\uD83D"]}"#), bad_json(JsonFault::LoneSurrogate, 7));
    assert_eq!(malformed(br#"{"a":"\ud800\ud800"}"#), bad_json(JsonFault::LoneSurrogate, 6));
}

#[test]
fn no_key_comes_twice_at_any_depth_in_any_spelling() {
    let rows: [(&str, usize); 11] = [
        (r#"{"action":"a","action":"b"}"#, 14),
        (r#"{"action":"a","\u0061ction":"b"}"#, 14),
        (r#"{"\u0061ction":"a","action":"a"}"#, 19),
        (r#"{"x":1,"x":1}"#, 7),
        (r#"{"x":1,"\u0078":1}"#, 7),
        (r#"{"\u0078":1,"x":1}"#, 12),
        (r#"{"user":{"status":"a","st\u0061tus":"b"}}"#, 22),
        (r#"{"user":{"x":1,"x":1}}"#, 15),
        (r#"{"a":{"action":1,"action":1}}"#, 17),
        (r#"{"a":[[{"x":{},"x":1}]]}"#, 15),
        (r#"{"":1,"":2}"#, 6),
    ];
    for (object, at) in rows {
        let expected = bad_json(JsonFault::DuplicateKey, at);
        assert_eq!(malformed(object.as_bytes()), expected, "{object}");
    }
    request(r#"{"a":{"x":1},"b":{"x":1},"x":1,"X":1}"#);
    request(r#"{"status":"a","password":"","user":{"status":"b"}}"#);
}

#[test]
fn members_are_bounded() {
    let members = |count: usize| {
        let members: Vec<_> = (0..count).map(|number| format!("\"k{number}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    request(&members(64));
    request(&format!(r#"{{"a":[{}],"b":{}}}"#, members(64), members(64)));
    let at = members(64).len();
    let fault = |at| bad_json(JsonFault::TooManyMembers { limit: 64 }, at);
    assert_eq!(malformed(members(65).as_bytes()), fault(at));
    let nested = format!(r#"{{"a":[{}]}}"#, members(65));
    assert_eq!(malformed(nested.as_bytes()), fault(at + 6));
    assert_eq!(malformed(members(800).as_bytes()), fault(at));
}

#[test]
fn known_keys_count_as_members_too() {
    let limits = Limits { object_members: 2, ..Limits::default() };
    let decoded = |object: &'static [u8]| Decoder::default().decode(object, &limits);
    assert!(matches!(decoded(br#"{"to":"","from":""}"#), Decoded::Request { .. }));
    let phrase = bad_json(JsonFault::TooManyMembers { limit: 2 }, 19);
    let expected = Decoded::Malformed { phrase, consumed: 29, fatal: false };
    assert_eq!(decoded(br#"{"to":"","from":"","room":""}"#), expected);
}

#[test]
fn nesting_is_bounded() {
    let arrays = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let fault = |at| bad_json(JsonFault::TooDeep { limit: 32 }, at);
    request(&arrays(31));
    request(&objects(32));
    request(&format!("{{\"a\":[{}]}}", "[{}],".repeat(100).trim_end_matches(',')));
    assert_eq!(malformed(arrays(32).as_bytes()), fault(36));
    assert_eq!(malformed(objects(33).as_bytes()), fault(160));
    assert_eq!(malformed(arrays(4000).as_bytes()), fault(36));
}

#[test]
fn an_object_too_long_to_be_held_is_counted_and_answered() {
    let object = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    let limit = Limits::default().object_chars;
    assert_eq!(request(&object(OBJECT_HELD_BYTES)).chars, OBJECT_HELD_BYTES);
    for got in [OBJECT_HELD_BYTES + 1, 16_384, 20_000, OBJECT_OPEN_BYTES] {
        let stream = [object(got).as_bytes(), b"{}"].concat();
        let expected = [Err(Phrase::ObjectTooBig { limit, got }), ok("{}")];
        assert_eq!(results(&stream), expected, "{got}");
    }
}

#[test]
fn an_object_that_never_closes_is_fatal_and_nothing_is_read_behind_it() {
    let limits = Limits::default();
    for byte in *b"x[{\"" {
        let mut stream = vec![b'{'];
        stream.resize(OBJECT_OPEN_BYTES, byte);
        stream.extend_from_slice(b"}\"}{}");
        let phrase = Phrase::NeverCloses { limit: OBJECT_OPEN_BYTES };
        let mut decoder = Decoder::default();
        let expected = Decoded::Malformed { phrase, consumed: OBJECT_OPEN_BYTES, fatal: true };
        assert_eq!(decoder.decode(&stream, &limits), expected);
        assert!(!decoder.is_inside_object());
        assert_eq!(decoder.decode(b"{}{}", &limits), Decoded::Incomplete { consumed: 4 });
    }
}

#[test]
fn half_an_object_is_known_to_be_half() {
    let limits = Limits::default();
    let mut decoder = Decoder::default();
    let inside = |input: &[u8], decoder: &mut Decoder| {
        decoder.decode(input, &limits);
        decoder.is_inside_object()
    };
    assert!(!inside(b"", &mut decoder));
    assert!(!inside(b" \n", &mut decoder));
    assert!(inside(b"{", &mut decoder));
    assert!(inside(br#"{"a":1"#, &mut decoder));
    assert!(!inside(br#"{"a":1}"#, &mut decoder));
    assert!(inside(&[b'{'; OBJECT_HELD_BYTES], &mut decoder));
    assert!(inside(b"}", &mut decoder));
}

#[test]
fn white_space_counts_once_an_object_has_ended() {
    let rows: [(&[u8], bool); 10] = [
        (b"", false),
        (b"\n  ", false),
        (b" {}", false),
        (b"{}{}", false),
        (b"{ }", false),
        (b"hello\n", false),
        (b"{}\n", true),
        (b"{} {}", true),
        (b"{x}\r", true),
        (b"{}x\n", true),
    ];
    for (stream, spacing) in rows {
        let mut decoder = Decoder::default();
        let mut rest = stream;
        let limits = Limits::default();
        loop {
            rest = match decoder.decode(rest, &limits) {
                Decoded::Incomplete { .. } => break,
                Decoded::Request { consumed, .. } | Decoded::Malformed { consumed, .. } => {
                    &rest[consumed..]
                }
            };
        }
        assert_eq!(decoder.saw_spacing(), spacing, "{stream:?}");
    }
}

#[test]
fn floods_of_brackets_and_keys_are_one_answer() {
    let never = Err(Phrase::NeverCloses { limit: OBJECT_OPEN_BYTES });
    let keys: Vec<_> = (0..10_000).map(|number| format!("\"k{number}\":0")).collect();
    let rows = [
        ("[".repeat(100_000), junk(Junk::Array)),
        ("{".repeat(100_000), never.clone()),
        (format!("{{\"a\":{}", "[".repeat(100_000)), never.clone()),
        (format!("{{{}}}", keys.join(",")), never),
        ("x".repeat(1 << 20), junk(Junk::Word)),
        ("}".repeat(1 << 20), junk(Junk::Bytes)),
    ];
    for (stream, outcome) in rows {
        assert_eq!(results(stream.as_bytes()), [outcome], "{}", &stream[..20]);
    }
}
