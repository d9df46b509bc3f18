//! The fields of a file's transfer, and the longer objects of connections with `files`.

use super::request;
use crate::limits::{
    Limits, OBJECT_OPEN_BYTES, PIECE_BYTES, PIECE_CHARS, PUT_HELD_BYTES, PUT_OPEN_BYTES,
};
use crate::message::Phrase;
use crate::wire::jim::{Bounds, Decoded, Decoder};

/// A `put` with so many characters of `data`.
fn put(chars: usize) -> String {
    format!(r#"{{"action":"put","time":1,"upload":"x","offset":7,"data":"{}"}}"#, "A".repeat(chars))
}

#[test]
fn the_fields_of_a_transfer_are_read() {
    let object = r#"{"upload":"1","name":"a.b","size":5,"offset":18446744073709551616,"data":"aGk\/","message":"\u0061b"}"#;
    let request = request(object);
    let rare = request.rare();
    assert_eq!(rare.upload.as_ref().unwrap().text, "1");
    assert_eq!(rare.name.as_ref().unwrap().text, "a.b");
    assert_eq!((rare.size, rare.offset), (Some(5), Some(u64::MAX)));
    assert_eq!((&*rare.data.as_ref().unwrap().text, rare.data_chars), ("aGk/", 4));
    assert_eq!(rare.message.as_deref(), Some("ab"));
    assert_eq!(super::request(r#"{"name":"a","message":"b"}"#).rare().message, None);
}

#[test]
fn sizes_and_places_are_whole_numbers_from_0_on() {
    for field in ["size", "offset"] {
        let fault = |value: &str| {
            let object = format!("{{\"{field}\":{value}}}");
            let request = request(&object);
            assert_eq!(request.rare().fault, None);
            request.rare().added_fault.clone()
        };
        for good in ["0", "1", "5368709120", "99999999999999999999999"] {
            assert_eq!(fault(good), None, "{good}");
        }
        let expected = "a whole number, at least 0";
        for bad in ["-1", "-0", "1.0", "1e3", "\"1\"", "null", "true", "[]", "{}"] {
            assert_eq!(fault(bad), Some(Phrase::WrongType { field, expected }), "{bad}");
        }
    }
}

#[test]
fn a_whole_piece_is_read_in_any_cuts_on_a_connection_with_files() {
    assert_eq!(PIECE_CHARS, PIECE_BYTES * 4 / 3);
    let object = put(PIECE_CHARS);
    let limits = Limits::default();
    for step in [1, 1000, 16 * 1024, object.len()] {
        let mut decoder = Decoder::default();
        let mut held = 0;
        loop {
            held = (held + step).min(object.len());
            let input = &object.as_bytes()[..held];
            match decoder.decode_within(input, &limits, Bounds::FILES) {
                Decoded::Incomplete { consumed } => assert_eq!(consumed, 0),
                Decoded::Request { request, consumed } => {
                    assert_eq!((consumed, request.rare().data_chars), (object.len(), PIECE_CHARS));
                    assert_eq!(request.rare().added_fault, None);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn the_same_is_only_counted_on_any_other() {
    let object = put(PIECE_CHARS - 1000);
    assert!(object.len() < OBJECT_OPEN_BYTES);
    let phrase = super::malformed(object.as_bytes());
    assert_eq!(phrase, Phrase::ObjectTooBig { limit: 640, got: object.len() });
}

#[test]
fn a_piece_is_a_character_too_long_and_an_object_a_byte() {
    let limits = Limits::default();
    let object = put(PIECE_CHARS + 1);
    let mut decoder = Decoder::default();
    match decoder.decode_within(object.as_bytes(), &limits, Bounds::FILES) {
        Decoded::Request { request, .. } => {
            let (field, limit, got) = ("data", PIECE_CHARS, PIECE_CHARS + 1);
            let fault = Phrase::FieldTooLong { field, limit, got };
            assert_eq!(request.rare().added_fault, Some(fault));
        }
        other => panic!("{other:?}"),
    }
    let bytes = |count: usize| put(count - put(0).len());
    for (count, is_held) in [(PUT_HELD_BYTES, true), (PUT_HELD_BYTES + 1, false)] {
        let object = bytes(count);
        assert_eq!(object.len(), count);
        let decoded = Decoder::default().decode_within(object.as_bytes(), &limits, Bounds::FILES);
        assert_eq!(matches!(decoded, Decoded::Request { .. }), is_held);
    }
    let object = bytes(PUT_OPEN_BYTES + 1);
    let decoded = Decoder::default().decode_within(object.as_bytes(), &limits, Bounds::FILES);
    let phrase = Phrase::NeverCloses { limit: PUT_OPEN_BYTES };
    assert_eq!(decoded, Decoded::Malformed { phrase, consumed: PUT_OPEN_BYTES, fatal: true });
}

#[test]
fn a_key_is_found_twice_wherever_in_a_long_object_it_stands() {
    let twice = put(PIECE_CHARS).replace("\"data\":", "\"x1\":1,\"data\":");
    let twice = format!("{},\"x2\":1,\"x1\":2}}", &twice[..twice.len() - 1]);
    let late = put(PIECE_CHARS + 2000);
    let late = format!("{},\"y\":1,\"\\u0079\":2}}", &late[..late.len() - 1]);
    for object in [twice, late] {
        let limits = Limits::default();
        let decoded = Decoder::default().decode_within(object.as_bytes(), &limits, Bounds::FILES);
        match decoded {
            Decoded::Malformed { phrase: Phrase::BadJson { fault, .. }, .. } => {
                assert_eq!(fault, crate::message::JsonFault::DuplicateKey);
            }
            other => panic!("{other:?}"),
        }
    }
}
