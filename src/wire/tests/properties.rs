//! Properties of any stream, tried on streams that look like what people send, whole and damaged.

use super::checks;
use proptest::collection::vec;
use proptest::prelude::*;

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "action", "time", "user", "account_name", "to", "destination", "from", "sender",
            "message", "mess_text", "text", "encoding", "room", "features", "id", "type", "status",
            "password", "accaunt_name", "response", "x", "y", "user_id", "contact", "target",
            "topic", "with", "before", "after", "limit", "query", "command", "msg_id", "server_time",
        ]).prop_map(String::from),
        1 => prop::sample::select(vec![r"\u0061ction", r"t\u006f", r"\u0078", r"us\u0065r"])
            .prop_map(String::from),
        1 => "[a-zп😀]{0,14}",
    ]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -!#-\\[\\]-~]{1,12}",
        2 => "[а-яё]{1,20}",
        1 => Just("😀".to_owned()),
        2 => prop::sample::select(vec![
            r"\u043f", r"\ud83d\ude00", r"\n", r#"\""#, r"\\", r"\/", r"\u0000", "{", "}", "]",
            r"\u2028", "\u{2028}", "\u{7f}", "ids", r"hist\u006fry",
        ]).prop_map(String::from),
        1 => Just("#".to_owned()),
    ];
    vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => string(),
        2 => prop::sample::select(vec![
            "0", "-0", "1700000000.123456", "1e3", "1E-7", "true", "false", "null", "1e999",
            "12345678901234567890123",
        ]).prop_map(String::from),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            object_of(inner),
        ]
    })
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (key(), prop::sample::select(vec!["\":", "\": ", "\" :\n"]), value)
        .prop_map(|(key, colon, value)| format!("\"{key}{colon}{value}"));
    (vec(member, 0..8), prop::sample::select(vec![",", ", ", "\t,\r\n"]))
        .prop_map(|(members, comma)| format!("{{{}}}", members.join(comma)))
}

fn object() -> impl Strategy<Value = Vec<u8>> {
    object_of(value()).prop_map(String::into_bytes)
}

/// An object with one byte changed, added or lost.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\\x80\xff.u1".to_vec())];
    (object(), any::<prop::sample::Index>(), byte, 0..3).prop_map(|(mut bytes, at, byte, how)| {
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => {
                bytes.remove(at);
            }
        }
        bytes
    })
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![
            &b"hello"[..],
            b"\n",
            b" ",
            b"\r\n",
            b"\t",
            b"[1]",
            b"42",
            b"\"x\"",
            b"null",
            b"}",
            b"\xEF\xBB\xBF",
            b"\xEF",
            b"\x80\x04\x95}\n.",
            b"\x80\x03}q\x00.",
            b"\x80.",
            b"\xD0\xBF",
            b"\x00",
        ])
        .prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..12),
    ]
}

/// An object about as long as may be held, and about as long as may be open.
fn long() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![9_180_usize..9_240, 65_510_usize..65_560, 100_usize..20_000,];
    (len, any::<bool>()).prop_map(|(len, closes)| {
        let end: &[u8] = if closes { b"\"}" } else { b"\"" };
        [b"{\"a\":\"", &vec![b'a'; len][..], end].concat()
    })
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => object(),
        8 => damaged(),
        8 => garbage(),
        1 => long(),
    ];
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_split_gives_the_same_results(stream in stream(), pieces in vec(1_usize..400, 1..8)) {
        let whole = checks::hear(&stream, &[]);
        prop_assert_eq!(checks::hear(&stream, &pieces), whole);
    }

    #[test]
    fn byte_by_byte_gives_the_same_results(stream in stream()) {
        prop_assert_eq!(checks::hear(&stream, &[1]), checks::hear(&stream, &[]));
    }

    #[test]
    fn any_bytes_are_read_in_bounds(stream in vec(any::<u8>(), 0..4000)) {
        checks::any_cut_is_as_good(&stream);
    }

    #[test]
    fn what_serde_takes_is_taken(object in object()) {
        checks::agrees_with_serde(&object);
    }

    #[test]
    fn what_serde_refuses_is_refused(object in damaged()) {
        checks::agrees_with_serde(&object);
    }

    #[test]
    fn an_object_ends_where_its_braces_say(object in object(), behind in garbage()) {
        checks::agrees_with_serde(&[object, behind].concat());
    }
}
