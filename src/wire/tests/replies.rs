//! What the server says: valid JSON in one line, short enough, safe for a terminal.

use crate::limits::ANSWER_BYTES;
use crate::message::{Code, Features, JsonFault, Junk, Language, Name, NameFault, Phrase, Reply};
use crate::wire::encode;
use serde_json::{Value, json};

const NOW: u64 = 1_700_000_000_123_456;

const LANGUAGES: [Language; 2] = [Language::Russian, Language::English];

fn written(reply: &Reply, language: Language) -> String {
    let mut out = Vec::new();
    encode::reply(&mut out, reply, language, NOW);
    String::from_utf8(out).unwrap()
}

#[test]
fn an_answer_is_one_compact_line() {
    let user = Name::shown("user");
    let reply = Reply::new(Code::Accepted, Phrase::Authenticated { user: user.clone() });
    assert_eq!(
        written(&reply, Language::Russian),
        "{\"response\":202,\"time\":1700000000.123456,\"alert\":\"Пользователь user аутентифицирован\"}\n"
    );
    let phrase = Phrase::FieldTooLong { field: "message", limit: 500, got: 501 };
    assert_eq!(
        written(&Reply::bad(phrase), Language::English),
        "{\"response\":400,\"time\":1700000000.123456,\"error\":\"The field message has 501 \
         characters, at most 500 are allowed\",\"reason\":\"too_long\",\"field\":\"message\",\
         \"limit\":500,\"got\":501}\n"
    );
    let phrase = Phrase::BadJson { fault: JsonFault::NotUtf8, at: 0 };
    assert!(written(&Reply::bad(phrase), Language::English).ends_with(",\"at\":0}\n"));
    let mut granted = Reply::new(Code::Ok, Phrase::Present { user: Some(user) });
    granted.features = Some(Features::IDS.with(Features::NOTICES));
    assert!(
        written(&granted, Language::English).ends_with(",\"features\":[\"ids\",\"notices\"]}\n")
    );
    granted.features = Some(Features::NONE);
    assert!(written(&granted, Language::English).ends_with(",\"features\":[]}\n"));
}

#[test]
fn a_time_has_six_digits_behind_the_point() {
    let rows = [
        (0, "0.000000"),
        (1, "0.000001"),
        (999_999, "0.999999"),
        (10_000_000, "10.000000"),
        (u64::MAX, "18446744073709.551615"),
    ];
    for (micros, text) in rows {
        let mut out = Vec::new();
        encode::probe(&mut out, micros);
        let expected = format!("{{\"action\":\"probe\",\"time\":{text}}}\n");
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn nothing_in_a_name_can_drive_a_terminal_or_end_a_line() {
    let odd = "\"\\\n\r\t\0\u{1b}[2J\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\
               \u{202a}\u{202e}\u{2066}\u{2069}й😀";
    for language in LANGUAGES {
        let phrase = Phrase::UnknownAction { action: Name::shown(odd), odd: None };
        let line = written(&Reply::bad(phrase.clone()), language);
        let escaped = r#"\"\\\n\r\t\u0000\u001b[2J\u007f\u0085\u009b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069й😀"#;
        assert!(line.contains(escaped), "{line}");
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["error"], json!(phrase.in_language(language).to_string()));
    }
}

/// Every phrase, with its names as long as they can be.
#[allow(clippy::too_many_lines, reason = "a list of all phrases")]
fn phrases(name: &Name) -> Vec<Phrase> {
    use Phrase as P;
    let field = "user.account_name";
    let (user, room, action) = (name.clone(), name.clone(), name.clone());
    let some = Some(name.clone());
    let mut phrases = vec![
        P::Authenticated { user: user.clone() },
        P::AlreadyAuthenticated { user: user.clone() },
        P::Present { user: some.clone() },
        P::Present { user: None },
        P::Joined { user: user.clone(), room: room.clone() },
        P::Left { user: user.clone(), room: room.clone() },
        P::Delivered { from: user.clone(), to: room.clone() },
        P::Goodbye,
        P::ObjectTooLong { limit: usize::MAX, got: usize::MAX },
        P::ObjectTooBig { limit: usize::MAX, got: usize::MAX },
        P::NeverCloses { limit: usize::MAX },
        P::CutShort,
        P::MissingField { field },
        P::FieldTooLong { field, limit: usize::MAX, got: usize::MAX },
        P::TimeNotFinite,
        P::UnknownAction { action: action.clone(), odd: None },
        P::UnknownAction { action, odd: Some(('о', "authenticate")) },
        P::ServerOnly { field: "response" },
        P::ProbeFromClient,
        P::Disagree { field, other: "user.accaunt_name" },
        P::NoRoomGiven,
        P::NoSenderOrAddressee,
        P::NotARoom { room: room.clone() },
        P::CommonChat { room: room.clone() },
        P::NotAuthenticated { user: some.clone() },
        P::NotPresent { user: some.clone() },
        P::GuestsMayNot,
        P::NameOfAccount { user: user.clone(), account: user.clone() },
        P::NameOfAccount { user: user.clone(), account: Name::shown(&format!("{user}x")) },
        P::WrongLogin { user: user.clone() },
        P::Blocked { user: user.clone() },
        P::NotAMember { user: some, room: room.clone() },
        P::NotYou { field, claimed: user.clone(), user: user.clone() },
        P::AlreadyOther { user: user.clone(), other: user.clone() },
        P::NoSuchRoom { room },
        P::NoSuchUser { user: user.clone() },
        P::ConnectedElsewhere { user: user.clone() },
        P::Offline { user },
        P::Busy { seconds: u32::MAX },
        P::TooManyConnections { limit: usize::MAX },
        P::TooManyLogins { seconds: u32::MAX },
        P::TooOften { seconds: u32::MAX },
        P::AddressBanned,
        P::ServerFailed,
    ];
    let junk = [Junk::Pickle, Junk::Array, Junk::Text, Junk::Number, Junk::Word, Junk::Bytes];
    phrases.extend(junk.map(|junk| P::NotAnObject { junk }));
    let faults = [
        JsonFault::NotUtf8,
        JsonFault::ControlCharacter,
        JsonFault::LoneSurrogate,
        JsonFault::BadEscape,
        JsonFault::DuplicateKey,
        JsonFault::TooDeep { limit: usize::MAX },
        JsonFault::TooManyMembers { limit: usize::MAX },
        JsonFault::Expected("a key in double quotes"),
    ];
    phrases.extend(faults.map(|fault| P::BadJson { fault, at: usize::MAX }));
    let types = ["a text", "a text or null", "a list of texts", "a text or an integer"];
    phrases.extend(types.map(|expected| P::WrongType { field, expected }));
    let names = [
        NameFault::Empty,
        NameFault::TooLong { limit: usize::MAX, got: usize::MAX },
        NameFault::Hidden('\u{10ffff}'),
        NameFault::Backslash,
        NameFault::EdgeSpace,
        NameFault::Hash,
        NameFault::NoHash,
        NameFault::Marks,
        NameFault::Reserved,
        NameFault::Directions,
        NameFault::NotAName,
    ];
    phrases.extend(names.map(|fault| P::BadName { field, fault }));
    phrases
}

fn check_all(name: &str, complete: bool) {
    for phrase in phrases(&Name::shown(name)) {
        for (language, code) in
            LANGUAGES.into_iter().flat_map(|l| [(l, Code::Ok), (l, Code::BadRequest)])
        {
            let line = written(&Reply::new(code, phrase.clone()), language);
            assert!(line.len() < ANSWER_BYTES, "{} bytes: {line}", line.len());
            let value: Value = serde_json::from_str(&line).unwrap();
            let text = value[if code.is_error() { "error" } else { "alert" }].as_str().unwrap();
            assert!(!text.is_empty(), "{phrase:?}");
            let meant = phrase.in_language(language).to_string();
            assert!(text == meant || !complete && meant.starts_with(text.trim_end_matches('…')));
        }
    }
}

#[test]
fn every_answer_fits_into_the_smallest_read_with_the_longest_names() {
    check_all(&"😀".repeat(25), true);
    check_all(&format!("#{}", "😀".repeat(25)), true);
    check_all("user", true);
}

#[test]
fn a_name_that_grows_in_nfc_or_by_escapes_is_cut_and_not_the_answer() {
    check_all(&"\u{1d160}".repeat(25), false);
    check_all(&"\u{202e}".repeat(25), false);
    check_all(&"\0".repeat(1000), false);
    check_all(&"п".repeat(1000), false);
}
