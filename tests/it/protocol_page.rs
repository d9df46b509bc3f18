//! PROTOCOL.md says what the code says: its tables are those that the code gives, its
//! transcripts are played against a server. With `JIM_UPDATE_GOLDEN=1` both are written anew (one
//! test at a time: `--test-threads 1`).

use super::support::Server;
use super::transcript::play;
use jim::chat::{ACTIONS, Needs, Policy};
use jim::limits::{
    ANSWER_BYTES, BEGINNER_REQUESTS, KEEPALIVE_IDLE, LINGER, LINGER_BYTES, Limits,
    OBJECT_HELD_BYTES, OBJECT_OPEN_BYTES, PACE_BACKLOG, PACE_GAP, PIECE_BYTES, PUT_HELD_BYTES,
    PUT_OPEN_BYTES, TCP_USER_TIMEOUT, UNREAD_ANSWER_BYTES, UPLOAD_TIME,
};
use jim::message::{
    Code, Deed, Facts, JsonFault, Junk, Language, Listed, Name, NameFault, Phrase, RoomState, Told,
};
use jim::server::Settings;
use jim::wire::exchange::FRAME_BYTES;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("PROTOCOL.md")
}

fn page() -> String {
    fs::read_to_string(path()).unwrap()
}

/// The table that follows this heading must be this one.
fn check_table(page: &str, first_row: &str, expected: &str) -> String {
    let start = page.find(first_row).unwrap_or_else(|| panic!("no table {first_row}"));
    let rest = &page[start..];
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_none() {
        assert_eq!(&rest[..end], expected, "PROTOCOL.md has another table than the code");
    }
    format!("{}{expected}{}", &page[..start], &rest[end..])
}

const ACTIONS_HEAD: &str = "| action | also | needs | what it does |";

fn actions_table() -> String {
    let mut table = format!("{ACTIONS_HEAD}\n| --- | --- | --- | --- |\n");
    for action in &ACTIONS {
        let synonyms: Vec<_> = action.synonyms.iter().map(|name| format!("`{name}`")).collect();
        let needs = match action.needs {
            Needs::Nothing => "",
            Needs::Presence => "presence or log-in",
            Needs::Authentication => "log-in",
        };
        let row = [&format!("`{}`", action.name), &synonyms.join(", "), needs, action.help];
        writeln!(table, "| {} |", row.join(" | ")).unwrap();
    }
    table
}

const LIMITS_HEAD: &str = "| what | limit | setting |";

fn limits_table() -> String {
    // All fields are named, so that a new limit is missed here.
    let Limits {
        action_chars,
        name_chars,
        message_chars,
        object_chars,
        msg_object_chars,
        tag_chars,
        status_chars,
        password_chars,
        time_text_chars,
        object_members,
        object_depth,
        bad_requests,
    } = Limits::default();
    let rows = [
        ("`action`", action_chars, "action_chars"),
        ("account name; room name without its `#`", name_chars, "name_chars"),
        ("`message`", message_chars, "message_chars"),
        ("a whole object", object_chars, "object_chars"),
        ("a whole `msg` of the plain fields (see below)", msg_object_chars, "msg_object_chars"),
        ("`encoding`, `id`, `invite`", tag_chars, "tag_chars"),
        ("`user.status`", status_chars, "status_chars"),
        ("`user.password`, `user.new_password`", password_chars, "password_chars"),
        ("a `time` that is a text", time_text_chars, "time_text_chars"),
        ("members of one object", object_members, "object_members"),
        ("nesting of objects and lists", object_depth, "object_depth"),
        ("answers of 400 in a row", bad_requests as usize, "bad_requests"),
    ];
    let mut table = format!("{LIMITS_HEAD}\n| --- | --- | --- |\n");
    for (what, limit, setting) in rows {
        writeln!(table, "| {what} | {limit} | `limits.{setting}` |").unwrap();
    }
    table
}

const ANSWERS_HEAD: &str = "| code | reason | more | English | Russian |";

fn answers_table() -> String {
    let mut table = format!("{ANSWERS_HEAD}\n| --- | --- | --- | --- | --- |\n");
    for (code, phrase) in answers() {
        let facts = phrase.facts();
        let reason =
            if facts.reason.is_empty() { String::new() } else { format!("`{}`", facts.reason) };
        let texts = [Language::English, Language::Russian]
            .map(|language| phrase.in_language(language).to_string().replace('|', "\\|"));
        let [english, russian] = texts;
        let number = code.number();
        writeln!(table, "| {number} | {reason} | {} | {english} | {russian} |", more(facts))
            .unwrap();
    }
    table
}

fn more(facts: Facts) -> String {
    let field = facts.field.map(|field| format!("`field` `{field}`"));
    let numbers = [("limit", facts.limit), ("got", facts.got), ("at", facts.at)];
    let numbers =
        numbers.into_iter().filter_map(|(name, value)| Some(format!("`{name}` {}", value?)));
    let seconds = facts.retry_after.map(|seconds| format!("`retry_after` {seconds}"));
    field.into_iter().chain(numbers).chain(seconds).collect::<Vec<_>>().join(", ")
}

/// Every answer that there is, with something in its places.
fn answers() -> Vec<(Code, Phrase)> {
    let bad = json_faults().into_iter().chain(field_faults()).chain(name_faults());
    let bad = bad.chain(file_faults());
    let bad = bad.map(|phrase| (Code::BadRequest, phrase));
    done().into_iter().chain(bad).chain(refusals()).collect()
}

fn ann() -> Name {
    Name::shown("ann")
}

fn bob() -> Name {
    Name::shown("bob")
}

fn room() -> Name {
    Name::shown("#room")
}

fn done() -> [(Code, Phrase); 35] {
    use Phrase as P;
    [
        (Code::Accepted, P::Authenticated { user: ann() }),
        (Code::Ok, P::AlreadyAuthenticated { user: ann() }),
        (Code::Created, P::Registered { user: ann() }),
        (Code::Ok, P::PasswordChanged { user: ann() }),
        (Code::Ok, P::Present { user: Some(ann()) }),
        (Code::Ok, P::Joined { user: ann(), room: room() }),
        (Code::Ok, P::Left { user: ann(), room: room() }),
        (Code::Ok, P::Delivered { from: ann(), to: room() }),
        (Code::Accepted, P::Waits { from: ann(), to: bob() }),
        (Code::Ok, P::Listed { what: Listed::Users, count: 2 }),
        (Code::Ok, P::Listed { what: Listed::Rooms, count: 2 }),
        (Code::Ok, P::Listed { what: Listed::Members, count: 2 }),
        (Code::Accepted, P::Listed { what: Listed::Contacts, count: 2 }),
        (Code::Ok, P::Listed { what: Listed::Messages, count: 2 }),
        (Code::Ok, P::TopicOf { room: room() }),
        (Code::Ok, P::RoomIs { room: room(), state: RoomState::Hidden }),
        (Code::Ok, P::RoomIs { room: room(), state: RoomState::Shown }),
        (Code::Ok, P::RoomIs { room: room(), state: RoomState::Destroyed }),
        did(Deed::Invited),
        did(Deed::Kicked),
        did(Deed::Banned),
        did(Deed::Unbanned),
        did(Deed::Opped),
        did(Deed::Deopped),
        (Code::Ok, P::ContactAdded { user: bob() }),
        (Code::Ok, P::ContactRemoved { user: bob() }),
        (Code::Ok, P::Acknowledged),
        (Code::Ok, P::UploadOpened { size: 100_000 }),
        (Code::Ok, P::PieceTaken { next: 49_152, size: 100_000 }),
        (Code::Ok, P::FileWhole { size: 100_000 }),
        (Code::Ok, P::FileDelivered { from: ann(), to: room() }),
        (Code::Ok, P::FileWaits { from: ann(), to: bob() }),
        (Code::Ok, P::PieceGiven { offset: 49_152, size: 100_000 }),
        (Code::Ok, P::Told(Told::Participants { count: 2 })),
        (Code::Ok, P::Goodbye),
    ]
}

fn did(deed: Deed) -> (Code, Phrase) {
    (Code::Ok, Phrase::Did { deed, target: bob(), room: room() })
}

fn json_faults() -> Vec<Phrase> {
    let junk = [Junk::Pickle, Junk::Array, Junk::Text, Junk::Number, Junk::Word, Junk::Bytes];
    let json = [
        JsonFault::Expected("a , or a }"),
        JsonFault::ControlCharacter,
        JsonFault::LoneSurrogate,
        JsonFault::BadEscape,
        JsonFault::NotUtf8,
        JsonFault::DuplicateKey,
        JsonFault::TooDeep { limit: 32 },
        JsonFault::TooManyMembers { limit: 64 },
    ];
    let junk = junk.map(|junk| Phrase::NotAnObject { junk });
    junk.into_iter().chain(json.map(|fault| Phrase::BadJson { fault, at: 17 })).collect()
}

fn field_faults() -> [Phrase; 24] {
    use Phrase as P;
    let (action, meant) = (Name::shown("prоbe"), ('о', "probe"));
    [
        P::ObjectTooLong { limit: 640, got: 700 },
        P::ObjectTooBig { limit: 640, got: 10_000 },
        P::FieldTooLong { field: "message", limit: 500, got: 501 },
        P::NeverCloses { limit: OBJECT_OPEN_BYTES },
        P::CutShort,
        P::MissingField { field: "time" },
        P::NoRoomGiven,
        P::NoSenderOrAddressee,
        P::BadPassword { field: "user.new_password" },
        P::WrongType { field: "time", expected: "a number" },
        P::TimeNotFinite,
        P::UnknownAction { action: Name::shown("dance"), odd: None },
        P::UnknownAction { action, odd: Some(meant) },
        P::ServerOnly { field: "response" },
        P::ProbeFromClient,
        P::Reserved { field: "msg_id" },
        P::BadMessageId { field: "before" },
        P::UnknownCommand { command: Name::shown("dance") },
        P::BadHand,
        P::BadFrame { fault: JsonFault::Expected("an object in { }"), at: 0 },
        P::FrameTooLong { limit: FRAME_BYTES, got: 1_048_576 },
        P::EmptyFrame,
        P::NoFiles,
        P::Disagree { field: "to", other: "destination" },
    ]
}

fn name_faults() -> Vec<Phrase> {
    let faults = [
        NameFault::Empty,
        NameFault::TooLong { limit: 25, got: 26 },
        NameFault::Hidden('\u{200b}'),
        NameFault::Backslash,
        NameFault::EdgeSpace,
        NameFault::Hash,
        NameFault::Marks,
        NameFault::Reserved,
        NameFault::Directions,
        NameFault::NotAName,
    ];
    let bad = faults.map(|fault| Phrase::BadName { field: "user.account_name", fault });
    let rooms = [
        Phrase::NotARoom { room: Name::shown("room") },
        Phrase::CommonChat { room: Name::shown("#all") },
        Phrase::NoSuchRoom { room: room() },
    ];
    bad.into_iter().chain(rooms).collect()
}

fn file_faults() -> [Phrase; 8] {
    use Phrase as P;
    let limit = 16 << 20;
    [
        P::BadFileName { field: "name" },
        P::FileTooLarge { limit, got: limit + 1 },
        P::QuotaExceeded { limit: limit * 16, used: 260_000_000, is_own: true },
        P::QuotaExceeded { limit: limit * 256, used: 4_290_000_000, is_own: false },
        P::BadFileId { field: "upload" },
        P::WrongOffset { next: 49_152 },
        P::BadBase64,
        P::LongerThanClaimed { size: 100_000 },
    ]
}

fn refusals() -> [(Code, Phrase); 42] {
    use Code as C;
    use Phrase as P;
    [
        (C::Unauthorized, P::NotAuthenticated { user: Some(ann()) }),
        (C::Unauthorized, P::NotPresent { user: Some(ann()) }),
        (C::Unauthorized, P::GuestsMayNot),
        (C::Unauthorized, P::NameOfAccount { user: ann(), account: ann() }),
        (C::Unauthorized, P::NameOfAccount { user: Name::shown("аnn"), account: ann() }),
        (C::WrongLogin, P::WrongLogin { user: ann() }),
        (C::Forbidden, P::Blocked { user: ann() }),
        (C::Forbidden, P::AddressBanned),
        (C::Forbidden, P::NotAMember { user: Some(ann()), room: room() }),
        (C::Forbidden, P::NotYou { field: "from", claimed: bob(), user: ann() }),
        (C::Forbidden, P::AlreadyOther { user: ann(), other: bob() }),
        (C::Forbidden, P::AlreadyOther { user: ann(), other: ann() }),
        (C::Forbidden, P::NotEncrypted),
        (C::Forbidden, P::RegistrationClosed),
        (C::Forbidden, P::BadInvite),
        (C::Forbidden, P::NeedsRole { user: ann(), room: room(), is_owner: false }),
        (C::Forbidden, P::NeedsRole { user: ann(), room: room(), is_owner: true }),
        (C::Forbidden, P::IsOwner { target: bob(), room: room() }),
        (C::Forbidden, P::Banned { user: ann(), room: room() }),
        (C::Forbidden, P::NotInvited { user: ann(), room: room() }),
        (C::Forbidden, P::TooManyRooms { limit: 250 }),
        (C::Forbidden, P::TooManyContacts { limit: 1000 }),
        (C::Forbidden, P::NoFilesHere),
        (C::Forbidden, P::GuestGetsNoFiles { user: Name::shown("guest") }),
        (C::NotFound, P::NoSuchUpload),
        (C::NotFound, P::NoSuchFile),
        (C::NotFound, P::NoSuchMember { target: bob(), room: room() }),
        (C::NotFound, P::NoSuchContact { user: bob() }),
        (C::NotFound, P::NoSuchRoom { room: room() }),
        (C::NotFound, P::NoSuchUser { user: bob() }),
        (C::Conflict, P::ConnectedElsewhere { user: ann() }),
        (C::Conflict, P::NameTaken { user: ann(), account: ann() }),
        (C::Conflict, P::NameTaken { user: Name::shown("Ann"), account: ann() }),
        (C::Conflict, P::NicknameTaken { user: ann() }),
        (C::Gone, P::Offline { user: bob() }),
        (C::Gone, P::OfflineFull { user: bob(), limit: 1000 }),
        (C::TooMany, P::Busy { seconds: 5 }),
        (C::TooMany, P::FilesBusy { seconds: 1 }),
        (C::TooMany, P::TooManyConnections { limit: 20_000 }),
        (C::TooMany, P::TooManyLogins { seconds: 30 }),
        (C::TooMany, P::TooOften { seconds: 5 }),
        (C::ServerError, P::ServerFailed),
    ]
}

/// A number for every phrase: without a wildcard, so that a new one does not compile until it has
/// its number and so its place in [`answers`].
fn number(phrase: &Phrase) -> usize {
    use Phrase as P;
    match phrase {
        P::Authenticated { .. } => 0,
        P::AlreadyAuthenticated { .. } => 1,
        P::Present { .. } => 2,
        P::Joined { .. } => 3,
        P::Left { .. } => 4,
        P::Delivered { .. } => 5,
        P::Goodbye => 6,
        P::NotAnObject { .. } => 7,
        P::BadJson { .. } => 8,
        P::ObjectTooLong { .. } => 9,
        P::ObjectTooBig { .. } => 10,
        P::NeverCloses { .. } => 11,
        P::CutShort => 12,
        P::MissingField { .. } => 13,
        P::WrongType { .. } => 14,
        P::FieldTooLong { .. } => 15,
        P::TimeNotFinite => 16,
        P::UnknownAction { .. } => 17,
        P::ServerOnly { .. } => 18,
        P::ProbeFromClient => 19,
        P::Disagree { .. } => 20,
        P::BadName { .. } => 21,
        P::NoRoomGiven => 22,
        P::NoSenderOrAddressee => 23,
        P::NotARoom { .. } => 24,
        P::CommonChat { .. } => 25,
        P::NotAuthenticated { .. } => 26,
        P::NotPresent { .. } => 27,
        P::GuestsMayNot => 28,
        P::NameOfAccount { .. } => 29,
        P::WrongLogin { .. } => 30,
        P::Blocked { .. } => 31,
        P::NotAMember { .. } => 32,
        P::NotYou { .. } => 33,
        P::AlreadyOther { .. } => 34,
        P::NoSuchRoom { .. } => 35,
        P::NoSuchUser { .. } => 36,
        P::ConnectedElsewhere { .. } => 37,
        P::Offline { .. } => 38,
        P::Busy { .. } => 39,
        P::TooManyConnections { .. } => 40,
        P::AddressBanned => 93,
        P::TooManyLogins { .. } => 94,
        P::TooOften { .. } => 95,
        P::ServerFailed => 41,
        P::Registered { .. } => 42,
        P::PasswordChanged { .. } => 43,
        P::BadPassword { .. } => 44,
        P::RegistrationClosed => 45,
        P::BadInvite => 46,
        P::NameTaken { .. } => 47,
        P::Waits { .. } => 48,
        P::Listed { .. } => 49,
        P::TopicOf { .. } => 50,
        P::RoomIs { .. } => 51,
        P::Did { .. } => 52,
        P::ContactAdded { .. } => 53,
        P::ContactRemoved { .. } => 54,
        P::Acknowledged => 55,
        P::Reserved { .. } => 56,
        P::BadMessageId { .. } => 57,
        P::NeedsRole { .. } => 58,
        P::IsOwner { .. } => 59,
        P::Banned { .. } => 60,
        P::NotInvited { .. } => 61,
        P::TooManyRooms { .. } => 62,
        P::TooManyContacts { .. } => 63,
        P::NoSuchMember { .. } => 64,
        P::NoSuchContact { .. } => 65,
        P::OfflineFull { .. } => 66,
        P::Told(_) => 67,
        P::UnknownCommand { .. } => 68,
        P::BadHand => 69,
        P::BadFrame { .. } => 70,
        P::FrameTooLong { .. } => 71,
        P::EmptyFrame => 72,
        P::NoFiles => 73,
        P::NicknameTaken { .. } => 74,
        P::UploadOpened { .. } => 75,
        P::PieceTaken { .. } => 76,
        P::FileWhole { .. } => 77,
        P::FileDelivered { .. } => 78,
        P::FileWaits { .. } => 79,
        P::PieceGiven { .. } => 80,
        P::FileTooLarge { .. } => 81,
        P::BadFileName { .. } => 82,
        P::QuotaExceeded { .. } => 83,
        P::WrongOffset { .. } => 84,
        P::BadBase64 => 85,
        P::LongerThanClaimed { .. } => 86,
        P::BadFileId { .. } => 87,
        P::NoFilesHere => 88,
        P::GuestGetsNoFiles { .. } => 89,
        P::NoSuchUpload => 90,
        P::NoSuchFile => 91,
        P::FilesBusy { .. } => 92,
        P::NotEncrypted => 96,
    }
}

#[test]
fn every_phrase_is_among_the_answers() {
    let mut numbers: Vec<usize> = answers().iter().map(|(_, phrase)| number(phrase)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..=96).collect::<Vec<_>>());
}

#[test]
fn its_tables_are_those_of_the_code() {
    let page = page();
    let page = check_table(&page, ACTIONS_HEAD, &actions_table());
    let page = check_table(&page, LIMITS_HEAD, &limits_table());
    let page = check_table(&page, ANSWERS_HEAD, &answers_table());
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
        fs::write(path(), &page).unwrap();
    }
    for name in Policy::default().common {
        assert!(page.contains(&format!("`{name}`")), "{name} is a name of the common chat");
    }
}

/// The numbers that stand in its sentences.
#[test]
fn its_numbers_are_those_of_the_code() {
    let page = page().split_whitespace().collect::<Vec<_>>().join(" ");
    let Settings {
        policy, output, first_object, first_object_when_full, half_object, listen, ..
    } = Settings::default();
    let sentences = [
        format!("TCP, port {}", listen[0].port()),
        format!("`probe_after` ({} minutes)", policy.probe_after.as_secs() / 60),
        format!("`probe_timeout` ({} s)", policy.probe_timeout.as_secs()),
        format!("An answer is under {ANSWER_BYTES} bytes"),
        format!("up to {} KiB are looked at", OBJECT_HELD_BYTES / 1024),
        format!("has not closed after {} KiB", OBJECT_OPEN_BYTES / 1024),
        format!("at least {} ms apart", PACE_GAP.as_millis()),
        format!("objects waiting, {} ms divided", PACE_BACKLOG.as_millis()),
        format!("never had more than {BEGINNER_REQUESTS} answers waiting"),
        format!("While {} KiB of answers", UNREAD_ANSWER_BYTES / 1024),
        format!("more than {} MiB wait for you", output.soft_bytes >> 20),
        format!("for over {} s", output.soft_for.as_secs()),
        format!("more than {} MiB at all", output.hard_bytes >> 20),
        format!("leave more than {} MiB", output.total_bytes >> 20),
        format!("must come within {} s", first_object.as_secs()),
        format!("({} s when the server is over 80 % full)", first_object_when_full.as_secs()),
        format!("may stay half for {} s", half_object.as_secs()),
        format!("TCP keepalive after {} s", KEEPALIVE_IDLE.as_secs()),
        format!("unacknowledged for {} s", TCP_USER_TIMEOUT.as_secs()),
        format!("for up to {} s or {} MiB, then closes", LINGER.as_secs(), LINGER_BYTES >> 20),
        format!("(with `files` {} KiB)", PUT_OPEN_BYTES / 1024),
        format!("`attachment_max` ({} MiB", policy.attachments.max_bytes >> 20),
        format!("The next piece, up to {} KiB", PIECE_BYTES / 1024),
        format!("a `put` may have {} KiB", PUT_HELD_BYTES / 1024),
        format!("on others {} KiB", OBJECT_HELD_BYTES / 1024),
        format!("for {} hours", UPLOAD_TIME.as_secs() / 3600),
    ];
    for sentence in sentences {
        assert!(page.contains(&sentence), "PROTOCOL.md does not say: {sentence}");
    }
}

#[test]
fn its_transcripts_are_what_happens() {
    let page = page();
    let server = Server::with_users(&["ann", "bob"], &["--lang", "en"]);
    let mut played = String::new();
    let mut blocks = 0;
    let mut rest = page.as_str();
    while let Some(start) = rest.find("```jim\n") {
        let start = start + "```jim\n".len();
        let end = start + rest[start..].find("```").expect("the block ends");
        played.push_str(&rest[..start]);
        played.push_str(&play(&server, &rest[start..end]));
        rest = &rest[end..];
        blocks += 1;
    }
    played.push_str(rest);
    assert!(blocks >= 5, "the transcripts are there");
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
        fs::write(path(), played).unwrap();
    } else {
        assert_eq!(played, page, "PROTOCOL.md shows another conversation than what happens");
    }
}
