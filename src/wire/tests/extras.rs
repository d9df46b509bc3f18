//! What only some answers say, and how a short answer stays short.

use crate::limits::{ANSWER_BYTES, BRIEF_PIECE_BYTES};
use crate::message::{
    Code, Extra, Features, FileFacts, Kept, Language, Listed, Listing, Mark, MemberEntry,
    MessageId, Name, Page, PageMessage, Phrase, Reply, Role, RoomEntry, Sha256, UserEntry,
};
use crate::wire::encode;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: u64 = 1_700_000_000_123_456;

const LISTINGS: [&str; 5] = ["users", "rooms", "members", "data_list", "messages"];

fn written(phrase: Phrase, extra: Extra) -> String {
    let mut reply = Reply::new(Code::Ok, phrase);
    reply.extra = Some(Box::new(extra));
    // An answer is also written behind others.
    let mut out = b"before\n".to_vec();
    encode::reply(&mut out, &reply, Language::Russian, NOW);
    String::from_utf8(out.split_off("before\n".len())).unwrap()
}

/// What stands behind the text.
fn rest(extra: Extra) -> String {
    let line = written(Phrase::Acknowledged, extra);
    let text = Phrase::Acknowledged.in_language(Language::Russian);
    let head = format!("{{\"response\":200,\"time\":1700000000.123456,\"alert\":\"{text}\"");
    line.strip_prefix(&head).unwrap_or_else(|| panic!("{line}")).to_owned()
}

fn listed(listing: Listing, more: bool) -> String {
    rest(Extra { listing: Some(listing), more, ..Extra::default() })
}

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|name| Name::shown(name)).collect()
}

fn message(id: i64, object: &str) -> PageMessage {
    let mark = Mark { id: MessageId(id), unix_micros: 1_000_001 };
    PageMessage { mark, object: object.as_bytes().into() }
}

fn page(messages: Vec<PageMessage>) -> Listing {
    Listing::Messages(Page { messages, ..Page::default() })
}

#[test]
fn an_answer_says_what_else_there_is_in_a_fixed_order() {
    assert_eq!(rest(Extra::default()), "}\n");
    let kept = Kept { rooms: true, direct: true, ..Kept::default() };
    let file = FileFacts { upload: Some(MessageId(0xcd)), is_id: true, ..FileFacts::default() };
    let extra = Extra {
        id: Some("7".into()),
        file: Some(Box::new(file)),
        msg_id: Some(MessageId(0xab)),
        recipients: Some(2),
        topic: Some("tea\n".into()),
        kept: Some(kept),
        listing: Some(Listing::Names(names(&["ann"]))),
        more: true,
        file_words_chars: None,
        is_brief: false,
    };
    assert_eq!(
        rest(extra),
        ",\"id\":7,\"upload\":\"00000000000000cd\",\"msg_id\":\"00000000000000ab\",\"recipients\":2,\
         \"history\":{\"common\":false,\"rooms\":true,\"direct\":true,\"days\":0,\"messages\":0},\
         \"topic\":\"tea\\n\",\"data_list\":[\"ann\"],\"more\":true}\n"
    );
}

#[test]
fn what_is_said_of_a_file_stands_in_a_fixed_order() {
    let file = FileFacts {
        upload: Some(MessageId(0xcd)),
        is_id: true,
        data: Some(b"hello".as_slice().into()),
        next: Some(5),
        name: Some("\"a\".txt".into()),
        size: Some(5),
        sha256: Some(Sha256([0xab; 32])),
    };
    let sum = "ab".repeat(32);
    assert_eq!(
        rest(Extra { file: Some(Box::new(file)), ..Extra::default() }),
        format!(
            ",\"id\":\"00000000000000cd\",\"upload\":\"00000000000000cd\",\"data\":\"aGVsbG8=\",\
             \"next\":5,\"name\":\"\\\"a\\\".txt\",\"size\":5,\"sha256\":\"{sum}\"}}\n"
        )
    );
    let empty = FileFacts { data: Some(Box::default()), ..FileFacts::default() };
    assert_eq!(
        rest(Extra { file: Some(Box::new(empty)), ..Extra::default() }),
        ",\"data\":\"\"}\n"
    );
}

#[test]
fn a_file_in_a_list_of_messages_is_told_of_in_words_to_who_knows_none() {
    let object = r#"{"action":"attachment","time":1.5,"from":"a","to":"b","name":"x","size":2048,"sha256":"","id":"","message":""}"#;
    let words = |file_words_chars| {
        let listing = Some(page(vec![message(1, object)]));
        rest(Extra { listing, file_words_chars, ..Extra::default() })
    };
    assert!(words(None).contains(r#"[{"action":"attachment","time":1.5,"#));
    assert_eq!(
        words(Some(500)),
        ",\"messages\":[{\"action\":\"msg\",\"time\":1.000001,\"to\":\"b\",\"from\":\"a\",\
         \"message\":\"[файл x, 2,0 КиБ]\",\"msg_id\":\"0000000000000001\",\
         \"server_time\":1.000001}],\"more\":false}\n"
    );
}

#[test]
fn an_id_is_repeated_as_it_was_sent_but_drives_no_terminal() {
    let rows = [
        ("-0", "-0"),
        (r#""\u0061\"\\й😀""#, r#""\u0061\"\\й😀""#),
        ("\"\u{7f}\u{9b}\u{2028}\u{202e}a\"", r#""\u007f\u009b\u2028\u202ea""#),
    ];
    for (id, expected) in rows {
        let extra = Extra { id: Some(id.into()), ..Extra::default() };
        assert_eq!(rest(extra), format!(",\"id\":{expected}}}\n"));
    }
}

#[test]
fn users_and_rooms_and_members_are_listed() {
    let users = vec![
        UserEntry {
            name: Name::shown("ann"),
            status: Some("\"away\"".into()),
            is_guest: false,
            since_unix_micros: NOW,
        },
        UserEntry { name: Name::shown("g"), status: None, is_guest: true, since_unix_micros: 7 },
    ];
    assert_eq!(
        listed(Listing::Users(users), false),
        ",\"users\":[{\"account_name\":\"ann\",\"status\":\"\\\"away\\\"\",\"guest\":false,\
         \"since\":1700000000.123456},{\"account_name\":\"g\",\"status\":null,\"guest\":true,\
         \"since\":0.000007}],\"more\":false}\n"
    );
    let room = RoomEntry {
        name: Name::shown("#чай"),
        topic: "".into(),
        members: 3,
        online: 0,
        is_member: true,
    };
    assert_eq!(
        listed(Listing::Rooms(vec![room]), true),
        ",\"rooms\":[{\"room\":\"#чай\",\"topic\":\"\",\"members\":3,\"online\":0,\
         \"member\":true}],\"more\":true}\n"
    );
    let entry = |name, is_owner, role| MemberEntry {
        name: Name::shown(name),
        is_online: is_owner,
        is_owner,
        role,
    };
    let members = vec![
        entry("a", true, Role::Member),
        entry("b", true, Role::Op),
        entry("c", false, Role::Op),
        entry("d", false, Role::Member),
    ];
    assert_eq!(
        listed(Listing::Members(members), false),
        ",\"members\":[{\"account_name\":\"a\",\"online\":true,\"role\":\"owner\"},\
         {\"account_name\":\"b\",\"online\":true,\"role\":\"owner\"},\
         {\"account_name\":\"c\",\"online\":false,\"role\":\"op\"},\
         {\"account_name\":\"d\",\"online\":false,\"role\":\"member\"}],\"more\":false}\n"
    );
}

#[test]
fn names_say_that_there_are_more_only_where_there_are() {
    assert_eq!(listed(Listing::Names(names(&[])), false), ",\"data_list\":[]}\n");
    assert_eq!(
        listed(Listing::Names(names(&["a", "b"])), false),
        ",\"data_list\":[\"a\",\"b\"]}\n"
    );
    let more = listed(Listing::Names(names(&["a"])), true);
    assert_eq!(more, ",\"data_list\":[\"a\"],\"more\":true}\n");
}

#[test]
fn messages_are_listed_with_their_marks_on_one_line() {
    let messages = vec![message(1, "{}"), message(2, "{\n\"x\":\t\"\u{9b}\\n\u{2028}й\" }")];
    assert_eq!(
        listed(page(messages), false),
        ",\"messages\":[{\"msg_id\":\"0000000000000001\",\"server_time\":1.000001},\
         { \"x\": \"\\u009b\\n\\u2028й\",\"msg_id\":\"0000000000000002\",\"server_time\":1.000001 }],\
         \"more\":false}\n"
    );
    assert_eq!(listed(page(Vec::new()), true), ",\"messages\":[],\"more\":true}\n");
}

/// The numbers of the messages in a short answer, and its `more`.
fn brief_numbers(numbers: impl Iterator<Item = i64>) -> (Vec<i64>, bool) {
    let object = format!(r#"{{"message":"{}"}}"#, "x".repeat(50));
    let listing = page(numbers.map(|number| message(number, &object)).collect());
    let extra = Extra { listing: Some(listing), is_brief: true, ..Extra::default() };
    let line = written(Phrase::Acknowledged, extra);
    assert!(line.len() < ANSWER_BYTES, "{line}");
    let value: Value = serde_json::from_str(&line).unwrap();
    let numbers = value["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| MessageId::parse(message["msg_id"].as_str().unwrap()).unwrap().0);
    (numbers.collect(), value["more"].as_bool().unwrap())
}

#[test]
fn of_messages_a_short_answer_has_the_newest() {
    assert_eq!(brief_numbers(1..=9), (vec![6, 7, 8, 9], true));
    assert_eq!(brief_numbers((1..=9).rev()), (vec![9, 8, 7, 6], true));
    assert_eq!(brief_numbers(6..=9), (vec![6, 7, 8, 9], false));
    assert_eq!(brief_numbers(std::iter::empty()), (vec![], false));
}

#[test]
fn where_no_message_is_shown_there_is_a_position_to_go_on_from() {
    let long = format!("{{\"message\":\"{}\"}}", "x".repeat(600));
    let extra = |page| {
        let listing = Some(Listing::Messages(page));
        rest(Extra { listing, more: true, is_brief: true, ..Extra::default() })
    };
    let expected = ",\"messages\":[],\"more\":true,\"next\":\"00000000000000ab\"}\n";
    let too_long = Page { messages: vec![message(0xab, &long)], ..Page::default() };
    assert_eq!(extra(too_long), expected);
    assert_eq!(extra(Page { next: Some(MessageId(0xab)), ..Page::default() }), expected);
    assert_eq!(extra(Page::default()), ",\"messages\":[],\"more\":true}\n");
}

/// A text as long as a client may send, of characters that are short, long or have to be escaped.
fn text(chars: usize) -> impl Strategy<Value = String> {
    let character = prop::sample::select(vec!['a', 'п', '😀', '"', '\u{202e}', '\n', '\u{1d160}']);
    (character, 0..=chars).prop_map(|(character, chars)| character.to_string().repeat(chars))
}

fn name() -> impl Strategy<Value = Name> {
    let character = prop::sample::select(vec!['a', 'п', '😀', '\u{1d160}']);
    (character, 1..=25_usize)
        .prop_map(|(character, chars)| Name::shown(&character.to_string().repeat(chars)))
}

fn user() -> impl Strategy<Value = UserEntry> {
    (name(), prop::option::of(text(100)), any::<bool>(), any::<u64>()).prop_map(
        |(name, status, is_guest, since_unix_micros)| UserEntry {
            name,
            status: status.map(String::into_boxed_str),
            is_guest,
            since_unix_micros,
        },
    )
}

fn room() -> impl Strategy<Value = RoomEntry> {
    (name(), text(100), any::<usize>(), any::<usize>(), any::<bool>()).prop_map(
        |(name, topic, members, online, is_member)| RoomEntry {
            name,
            topic: topic.into_boxed_str(),
            members,
            online,
            is_member,
        },
    )
}

fn member() -> impl Strategy<Value = MemberEntry> {
    (name(), any::<bool>(), any::<bool>()).prop_map(|(name, is_online, is_owner)| MemberEntry {
        name,
        is_online,
        is_owner,
        role: Role::Op,
    })
}

fn stored() -> impl Strategy<Value = PageMessage> {
    (any::<i64>(), text(500))
        .prop_map(|(id, text)| message(id & i64::MAX, &json!({ "message": text }).to_string()))
}

fn listing() -> impl Strategy<Value = Listing> {
    prop_oneof![
        vec(user(), 0..30).prop_map(Listing::Users),
        vec(room(), 0..30).prop_map(Listing::Rooms),
        vec(member(), 0..30).prop_map(Listing::Members),
        vec(name(), 0..200).prop_map(Listing::Names),
        vec(stored(), 0..30).prop_map(page),
    ]
}

fn len(listing: &Listing) -> usize {
    match listing {
        Listing::Users(entries) => entries.len(),
        Listing::Rooms(entries) => entries.len(),
        Listing::Members(entries) => entries.len(),
        Listing::Names(entries) => entries.len(),
        Listing::Messages(page) => page.messages.len(),
    }
}

fn id() -> impl Strategy<Value = Option<Box<str>>> {
    let literal = text(64).prop_map(|text| json!(text).to_string().into_boxed_str());
    prop::option::of(literal)
}

/// What stands under the key of the listing, and `more`.
fn entries(line: &str) -> (usize, bool) {
    let value: Value = serde_json::from_str(line).unwrap();
    let entries = LISTINGS.iter().find_map(|key| value[*key].as_array()).unwrap();
    (entries.len(), value["more"].as_bool().unwrap_or_default())
}

fn is_safe(line: &str) -> bool {
    let line = line.strip_suffix('\n').unwrap();
    !line.contains(|c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}'))
}

fn kept() -> impl Strategy<Value = Option<Kept>> {
    let kept = (any::<[bool; 3]>(), any::<u32>(), any::<u32>());
    prop::option::of(kept.prop_map(|([common, rooms, direct], days, messages)| Kept {
        common,
        rooms,
        direct,
        days,
        messages,
    }))
}

/// All that an answer to `get` says.
fn file(name: String, data: Vec<u8>) -> FileFacts {
    FileFacts {
        data: Some(data.into()),
        next: Some(u64::MAX),
        name: Some(name.into()),
        size: Some(u64::MAX),
        sha256: Some(Sha256([0xff; 32])),
        ..FileFacts::default()
    }
}

proptest! {
    #[test]
    fn a_short_answer_is_short_whatever_it_says(
        names in [name(), name()],
        (id, kind) in (id(), 0..5),
        (file_name, piece) in (text(500), prop::collection::vec(any::<u8>(), 0..=BRIEF_PIECE_BYTES)),
        features in prop::option::of(prop::sample::select(vec![Features::NONE, Features::GRANTED])),
        (msg_id, recipients) in (any::<bool>(), prop::option::of(any::<usize>())),
        kept in kept(),
        topic in text(100),
        listing in listing(),
    ) {
        let extra = Extra { id, is_brief: true, ..Extra::default() };
        let msg_id = msg_id.then_some(MessageId::MAX);
        // What a message, a log-in, a topic and a list are answered.
        let (features, extra) = match kind {
            0 => (None, Extra { msg_id, recipients, ..extra }),
            1 => (features, Extra { kept, ..extra }),
            // An `id` is repeated only to who asked for a feature.
            4 => {
                let file = Some(Box::new(file(file_name, piece)));
                (None, Extra { id: None, file, ..extra })
            }
            2 => (None, Extra { topic: Some(topic.into()), ..extra }),
            _ => (None, Extra { listing: Some(listing), ..extra }),
        };
        let [from, to] = names;
        let mut reply = Reply::new(Code::Ok, Phrase::Delivered { from, to });
        reply.features = features;
        reply.extra = Some(Box::new(extra));
        for language in [Language::Russian, Language::English] {
            let mut out = Vec::new();
            encode::reply(&mut out, &reply, language, u64::MAX);
            let line = String::from_utf8(out).unwrap();
            prop_assert!(line.len() < ANSWER_BYTES, "{} bytes: {}", line.len(), line);
            prop_assert!(serde_json::from_str::<Value>(&line).is_ok() && is_safe(&line), "{}", line);
        }
    }

    #[test]
    fn a_short_answer_is_cut_at_whole_entries(
        listing in listing(), id in id(), msg_id in prop::option::of(any::<i64>()), more: bool,
    ) {
        let count = len(&listing);
        let is_progress = !matches!(listing, Listing::Messages(_)) && id.is_none() && count > 0;
        let msg_id = msg_id.map(|id| MessageId(id & i64::MAX));
        let phrase = Phrase::Listed { what: Listed::Contacts, count };
        let listing = Some(listing);
        let extra = Extra { id, msg_id, listing, more, is_brief: true, ..Extra::default() };
        let line = written(phrase.clone(), extra.clone());
        prop_assert!(line.len() < ANSWER_BYTES, "{} bytes: {}", line.len(), line);
        prop_assert!(is_safe(&line), "{}", line);
        let (written_entries, says_more) = entries(&line);
        prop_assert_eq!(says_more, more || written_entries < count);
        prop_assert!(!is_progress || written_entries > 0, "{}", line);

        let whole = written(phrase, Extra { is_brief: false, ..extra });
        prop_assert!(is_safe(&whole), "{}", whole);
        prop_assert_eq!(entries(&whole), (count, more));
    }

    #[test]
    fn a_short_answer_cuts_a_topic_that_is_too_long(room in name(), topic in text(100), id in id()) {
        let extra = Extra { id, topic: Some(topic.clone().into()), is_brief: true, ..Extra::default() };
        let line = written(Phrase::TopicOf { room }, extra);
        prop_assert!(line.len() < ANSWER_BYTES, "{} bytes: {}", line.len(), line);
        prop_assert!(is_safe(&line), "{}", line);
        let value: Value = serde_json::from_str(&line).unwrap();
        let shown = value["topic"].as_str().unwrap();
        prop_assert!(topic.starts_with(shown.trim_end_matches('…')));
        prop_assert!(!value["alert"].as_str().unwrap().is_empty());
    }
}
