//! Every limit of the protocol at its edge: counted in characters, however they are written.

use super::process::while_it_lingers;
use super::support::{Client, Server};
use serde_json::Value;
use std::io::{Read, Write};

/// Letters of one, two and four bytes, each in its ways to be written.
const LETTERS: [&str; 6] = ["a", r"\u0061", "я", r"\u044f", "😀", r"\ud83d\ude00"];

/// What a plain client may be asked to read at once.
const ANSWER_BYTES: usize = 640;

/// Asks, and holds the answer to its own limit.
fn ask(client: &mut Client, request: &str) -> Value {
    client.send(request);
    client.send("\n");
    let line = client.line();
    assert!(line.len() + 1 < ANSWER_BYTES, "an answer of {} bytes: {line}", line.len());
    serde_json::from_str(&line).unwrap()
}

fn assert_code(answer: &Value, code: u16, about: &str) {
    assert_eq!(answer["response"], code, "{about}: {answer}");
}

/// A refusal that says what was counted, against which limit, in which field.
fn assert_too_long(answer: &Value, field: Option<&str>, limit: usize, got: usize) {
    assert_code(answer, 400, "too long");
    assert_eq!(answer["reason"], "too_long", "{answer}");
    assert_eq!(answer["field"].as_str(), field, "{answer}");
    assert_eq!(answer["limit"], limit, "{answer}");
    assert_eq!(answer["got"], got, "{answer}");
    let text = answer["error"].as_str().unwrap();
    assert!(text.contains(&limit.to_string()) && text.contains(&got.to_string()), "{text}");
}

/// How many characters an object has, an escape counting as one.
fn chars(object: &str) -> usize {
    let pairs = object.matches(r"\ud83d").count();
    let units = object.matches(r"\u").count() - 2 * pairs;
    object.chars().count() - 11 * pairs - 5 * units
}

/// `before`, as many letters as make it so many characters in all, and `after`.
fn filled(before: &str, letter: &str, after: &str, total: usize) -> String {
    let given = chars(before) + chars(after);
    let object = format!("{before}{}{after}", letter.repeat(total - given));
    assert_eq!(chars(&object), total);
    object
}

#[test]
fn an_object_has_640_characters() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let before = r#"{"action":"presence","time":1,"x":""#;
    for letter in LETTERS {
        let good = ask(&mut client, &filled(before, letter, "\"}", 640));
        assert_code(&good, 200, letter);
        let long = ask(&mut client, &filled(before, letter, "\"}", 641));
        assert_too_long(&long, None, 640, 641);
    }
    // White space inside counts, outside it does not.
    let spaces = filled(r#"{"action":"presence","time":1"#, " ", "}", 640);
    assert_code(&ask(&mut client, &format!("  {spaces}  ")), 200, "spaces");
    let spaces = filled(r#"{"action":"presence","time":1"#, " ", "}", 641);
    assert_too_long(&ask(&mut client, &spaces), None, 640, 641);
}

/// A `msg` with seed 001's fields and `user` alone, all of them full.
fn full_msg(letter: &str, total: usize) -> String {
    let before = format!(
        r##"{{"action":"msg","time":1,"to":"#all","from":"g","encoding":"{}","message":"{}","user":{{"status":""##,
        letter.repeat(25),
        letter.repeat(500)
    );
    filled(&before, letter, "\"}}", total)
}

#[test]
fn a_msg_whose_fields_are_each_within_their_limits_has_720_characters() {
    let server = Server::start(&[]);
    let (mut writer, mut reader) = (server.connect(), server.connect());
    writer.presence("g");
    reader.presence("r");
    for letter in LETTERS {
        let longest = full_msg(letter, 720);
        assert_code(&ask(&mut writer, &longest), 200, letter);
        assert_eq!(reader.line(), longest, "it is relayed as it was sent");
        assert_too_long(&ask(&mut writer, &full_msg(letter, 721)), None, 720, 721);
        // One field more, and it is an object like any other.
        let other = full_msg(letter, 641).replacen(r#""time":1"#, r#""x":1,"time":1"#, 1);
        assert_too_long(&ask(&mut writer, &other), None, 640, 647);
    }
    reader.assert_nothing_came();
}

#[test]
fn the_longer_msg_is_for_every_spelling() {
    let server = Server::start(&[]);
    let mut writer = server.connect();
    writer.presence("g");
    let spellings = [
        [r#""msg""#, r#""message""#],
        [r#""to""#, r#""destination""#],
        [r#""from""#, r#""sender""#],
        [r#""message":""#, r#""mess_text":""#],
    ];
    for [plain, other] in spellings {
        let spelled = full_msg("я", 700).replacen(plain, other, 1);
        assert!(chars(&spelled) > 640);
        assert_code(&ask(&mut writer, &spelled), 200, other);
    }
}

/// Requests with one field that is as long as asked for, the limit, the field, and the code at it.
type Row = (fn(&str) -> String, usize, &'static str, u16);

const FIELDS: [Row; 8] = [
    (|text| format!(r#"{{"action":"{text}","time":1}}"#), 15, "action", 400),
    (
        |text| format!(r#"{{"action":"msg","time":1,"to":"g","from":"g","message":"{text}"}}"#),
        500,
        "message",
        200,
    ),
    (
        |text| format!(r#"{{"action":"msg","time":1,"to":"{text}","from":"g","message":"m"}}"#),
        25,
        "to",
        404,
    ),
    (
        |text| format!(r#"{{"action":"msg","time":1,"to":"g","from":"{text}","message":"m"}}"#),
        25,
        "from",
        403,
    ),
    (
        |text| {
            format!(
                r#"{{"action":"msg","time":1,"to":"g","from":"g","message":"m","encoding":"{text}"}}"#
            )
        },
        64,
        "encoding",
        200,
    ),
    (|text| format!(r#"{{"action":"leave","time":1,"room":"{text}"}}"#), 25, "room", 400),
    (|text| format!(r#"{{"action":"presence","time":1,"id":"{text}"}}"#), 64, "id", 200),
    (|text| format!(r#"{{"action":"presence","time":"{text}"}}"#), 64, "time", 200),
];

#[test]
fn each_field_has_its_limit_and_the_connection_lives() {
    let server = Server::start(&[]);
    for letter in LETTERS {
        for (request, limit, field, code) in FIELDS {
            let mut client = server.connect();
            client.presence("g");
            let good = ask(&mut client, &request(&letter.repeat(limit)));
            assert_code(&good, code, field);
            assert_ne!(good["reason"], "too_long", "{good}");
            if (field, code) == ("message", 200) || field == "encoding" {
                // It was to oneself.
                client.line();
            }
            let long = ask(&mut client, &request(&letter.repeat(limit + 1)));
            assert_too_long(&long, Some(field), limit, limit + 1);
            client.presence("g");
        }
    }
}

#[test]
fn a_member_of_user_has_its_limit() {
    let server = Server::start(&[]);
    for letter in LETTERS {
        let mut client = server.connect();
        let rows = [
            ("presence", "account_name", 25, 200),
            ("presence", "status", 100, 200),
            ("authenticate", "password", 128, 402),
        ];
        for (action, field, limit, code) in rows {
            let rest = if field == "password" { r#""account_name":"x","# } else { "" };
            let request = |count: usize| {
                let text = letter.repeat(count);
                format!(r#"{{"action":"{action}","time":1,"user":{{{rest}"{field}":"{text}"}}}}"#)
            };
            assert_code(&ask(&mut client, &request(limit)), code, field);
            let long = ask(&mut client, &request(limit + 1));
            assert_too_long(&long, Some(&format!("user.{field}")), limit, limit + 1);
        }
    }
}

#[test]
fn a_rooms_name_has_25_characters_without_its_hash() {
    let server = Server::with_users(&["ann"], &[]);
    let mut client = server.connect();
    client.log_in("ann", "secret");
    for letter in LETTERS {
        let room = |count| {
            let name = letter.repeat(count);
            format!(r##"{{"action":"join","time":1,"room":"#{name}"}}"##)
        };
        assert_code(&ask(&mut client, &room(25)), 200, letter);
        assert_too_long(&ask(&mut client, &room(26)), Some("room"), 25, 26);
    }
}

#[test]
fn an_object_has_64_members() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let with_members = |count: usize| {
        let others: String = (2..count).map(|place| format!(r#","k{place}":0"#)).collect();
        format!(r#"{{"action":"presence","time":1{others}}}"#)
    };
    assert_code(&ask(&mut client, &with_members(64)), 200, "64 members");
    let many = ask(&mut client, &with_members(65));
    assert_eq!((&many["reason"], &many["limit"]), (&"too_many_members".into(), &64.into()));
}

#[test]
fn an_object_is_held_up_to_9_kib_and_then_only_counted() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for bytes in [9_000, 9 * 1024 + 1, 20_000, 65_000] {
        let object = filled(r#"{"action":"presence","time":1,"x":""#, "a", "\"}", bytes);
        let long = ask(&mut client, &object);
        assert_too_long(&long, None, 640, bytes);
    }
    client.presence("g");
    // Also where it is no JSON inside.
    let object = format!("{{{}}}", "?".repeat(20_000));
    assert_too_long(&ask(&mut client, &object), None, 640, 20_002);
    client.presence("g");
}

#[test]
fn an_object_that_does_not_close_is_answered_and_the_connection_closed() {
    let server = Server::start(&[]);
    // A megabyte with no end: what is not read is dropped, and eats no answer.
    let answer = while_it_lingers(|| {
        let mut client = server.connect();
        client.send(r#"{"action":"presence","time":1,"x":""#);
        for _ in 0..63 {
            client.stream.write_all(&[b'a'; 16 * 1024])?;
        }
        let mut all = String::new();
        client.stream.read_to_string(&mut all).map(|_| all)
    });
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["reason"], "never_closes", "{answer}");
    assert_eq!(answer["limit"], 65_536);
}

#[test]
fn answers_stay_under_640_bytes_with_the_longest_names() {
    let server = Server::with_users(&["ann", &"🥰".repeat(25)], &["--lang", "ru"]);
    let (name, other) = ("😀".repeat(25), "🥰".repeat(25));
    let mut guest = server.connect();
    let send = |client: &mut Client, to: &str, from: &str| {
        let request =
            format!(r#"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"m"}}"#);
        ask(client, &request)["response"].as_u64().unwrap()
    };
    guest.presence(&name);
    assert_eq!(send(&mut guest, &name, &other), 403);
    assert_eq!(send(&mut guest, &name, &name), 200);
    guest.line();
    assert_eq!(send(&mut guest, &other, &name), 410);
    assert_eq!(send(&mut guest, &format!("#{other}"), &name), 401);
    let mut user = server.connect();
    let other_log_in = |name: &str| {
        format!(
            r#"{{"action":"authenticate","time":1,"user":{{"account_name":"{name}","password":"secret"}}}}"#
        )
    };
    assert_code(&ask(&mut user, &other_log_in(&other)), 202, "log-in");
    assert_code(&ask(&mut user, &other_log_in(&name)), 403, "another user");
    let join = format!(r##"{{"action":"join","time":1,"room":"#{name}"}}"##);
    assert_code(&ask(&mut user, &join), 200, "join");
    let leave = format!(r##"{{"action":"leave","time":1,"room":"#{name}"}}"##);
    assert_code(&ask(&mut guest, &leave), 403, "leave");
    // What is escaped in an answer is longest: a control character in a name that is none.
    let odd = r"\u0001".repeat(25);
    assert_eq!(send(&mut user, &odd, &other), 404);
    assert_eq!(send(&mut user, &other, &odd), 403);
    let action = format!(r#"{{"action":"{}","time":1}}"#, r"\u2028".repeat(15));
    assert_code(&ask(&mut user, &action), 400, "action");
}

#[test]
fn limits_are_settings() {
    let settings = "strict = true\n[limits]\nmessage_chars = 5\nbad_requests = 2\n";
    let server = Server::with_settings(settings);
    let mut client = server.connect();
    client.presence("g");
    let send = |text: &str| {
        format!(r#"{{"action":"msg","time":1,"to":"nobody","from":"g","message":"{text}"}}"#)
    };
    assert_code(&ask(&mut client, &send("12345")), 404, "five characters");
    assert_too_long(&ask(&mut client, &send("123456")), Some("message"), 5, 6);
    let strict = ask(&mut client, r#"{"action":"presence","time":"Sat Nov 21"}"#);
    assert_eq!(strict["reason"], "wrong_type", "{strict}");
    client.assert_closed();
}
