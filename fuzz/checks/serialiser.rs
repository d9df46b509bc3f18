//! Whatever stands in names and texts, what the server says is one line of JSON that no terminal
//! obeys, within its bound where it has one; and what is added to an object leaves it as it was.

use super::input::Input;
use jim::limits::{ANSWER_BYTES, Limits};
use jim::message::{
    Code, Extra, Features, FileFacts, Kept, Language, Listing, Mark, MemberEntry, MessageId, Name,
    Notice, Page, PageMessage, Phrase, Reply, Role, RoomEntry, Sha256, UserEntry, visible,
};
use jim::wire::{Decoded, Decoder, encode, relayed};
use serde_json::Value;

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let language = if input.is() { Language::Russian } else { Language::English };
    let micros = input.number();
    let reply = reply(&mut input);
    let mut out = Vec::new();
    encode::reply(&mut out, &reply, language, micros);
    let is_brief = reply.extra.as_ref().is_none_or(|extra| extra.is_brief);
    assert!(!is_brief || out.len() <= ANSWER_BYTES, "{} bytes", out.len());
    let has_page = matches!(
        reply.extra.as_ref().and_then(|extra| extra.listing.as_ref()),
        Some(Listing::Messages(_))
    );
    let said = one_line(&out, has_page);
    assert_eq!(said["response"], reply.code.number());
    assert!(said["error"].is_string() == reply.code.is_error());
    out.clear();
    encode::notice(&mut out, &notice(&mut input), micros);
    assert_eq!(one_line(&out, false)["action"], "notice");
    additions(&mut input, micros);
}

/// The object of one line; what others sent is in it as they sent it.
fn one_line(out: &[u8], has_objects: bool) -> Value {
    let line = std::str::from_utf8(out).expect("UTF-8");
    let line = line.strip_suffix('\n').expect("a line end");
    if !has_objects {
        assert_eq!(visible(line).to_string(), line);
    }
    serde_json::from_str(line).expect("JSON")
}

fn name(input: &mut Input<'_>) -> Name {
    Name::shown(&input.text())
}

fn phrase(input: &mut Input<'_>) -> Phrase {
    let field = "user.account_name";
    let (user, room) = (name(input), name(input));
    match input.below(14) {
        0 => Phrase::Authenticated { user },
        1 => Phrase::Delivered { from: user, to: room },
        2 => Phrase::UnknownAction { action: user, odd: Some(('о', "probe")) },
        3 => Phrase::NotYou { field, claimed: user, user: room },
        4 => Phrase::NameOfAccount { user, account: room },
        5 => Phrase::NeedsRole { user, room, is_owner: true },
        6 => Phrase::NotInvited { user, room },
        7 => Phrase::OfflineFull { user, limit: usize::MAX },
        8 => Phrase::FieldTooLong { field, limit: 1, got: usize::MAX },
        9 => Phrase::UnknownCommand { command: user },
        10 => Phrase::NotAMember { user: Some(user), room },
        11 => Phrase::TopicOf { room },
        12 => Phrase::NameTaken { user, account: room },
        _ => Phrase::ServerFailed,
    }
}

fn reply(input: &mut Input<'_>) -> Reply {
    let codes = [Code::Ok, Code::Accepted, Code::BadRequest, Code::Forbidden, Code::ServerError];
    let mut reply = Reply::new(codes[input.below(codes.len())], phrase(input));
    reply.features = input.is().then_some(Features::NONE);
    if input.is() {
        reply.extra = Some(Box::new(extra(input)));
    }
    reply
}

fn extra(input: &mut Input<'_>) -> Extra {
    let limits = Limits::default();
    // As a decoder would have let it in: a whole number, or a text of so many characters.
    let text: String = input.text().chars().take(limits.tag_chars).collect();
    let id = if input.is() { "-12".to_owned() } else { Value::from(text).to_string() };
    let topic: String = input.text().chars().take(limits.status_chars).collect();
    let mut extra = Extra {
        id: input.is().then(|| id.into()),
        msg_id: input.is().then(|| MessageId(input.number() as i64)),
        recipients: input.is().then_some(usize::MAX),
        topic: input.is().then(|| topic.into()),
        kept: input.is().then_some(Kept { days: u32::MAX, messages: u32::MAX, ..Kept::default() }),
        listing: input.is().then(|| listing(input)),
        more: input.is(),
        is_brief: input.is(),
        file_words_chars: input.is().then_some(limits.message_chars),
        file: None,
    };
    // An answer of a file has nothing else but its number.
    if input.is() {
        let file = Some(Box::new(file(input, extra.is_brief)));
        extra = Extra { id: extra.id, is_brief: extra.is_brief, file, ..Extra::default() };
    }
    extra
}

fn file(input: &mut Input<'_>, is_brief: bool) -> FileFacts {
    let data = input.bytes(64);
    FileFacts {
        upload: input.is().then(|| MessageId(input.number() as i64)),
        is_id: input.is(),
        data: (!is_brief).then(|| data.into()),
        next: input.is().then(|| input.number()),
        name: input.is().then(|| input.text().into()),
        size: input.is().then(|| input.number()),
        sha256: input.is().then_some(Sha256([7; 32])),
    }
}

fn listing(input: &mut Input<'_>) -> Listing {
    let kind = input.below(5);
    let count = input.below(20);
    let mut list = |entry: &mut dyn FnMut(&mut Input<'_>)| (0..count).for_each(|_| entry(input));
    let (mut users, mut rooms, mut members, mut names, mut messages) =
        (vec![], vec![], vec![], vec![], vec![]);
    list(&mut |input| match kind {
        0 => users.push(UserEntry {
            name: name(input),
            status: input.is().then(|| input.text().into()),
            is_guest: input.is(),
            since_unix_micros: input.number(),
        }),
        1 => rooms.push(RoomEntry {
            name: name(input),
            topic: input.text().into(),
            members: usize::MAX,
            online: input.below(9),
            is_member: input.is(),
        }),
        2 => members.push(MemberEntry {
            name: name(input),
            is_online: input.is(),
            is_owner: input.is(),
            role: Role::Member,
        }),
        3 => names.push(name(input)),
        _ => messages.push(PageMessage {
            mark: Mark { id: MessageId(input.number() as i64), unix_micros: input.number() },
            object: serde_json::json!({"x": input.text()}).to_string().into_bytes().into(),
        }),
    });
    match kind {
        0 => Listing::Users(users),
        1 => Listing::Rooms(rooms),
        2 => Listing::Members(members),
        3 => Listing::Names(names),
        _ => Listing::Messages(Page { messages, ..Page::default() }),
    }
}

fn notice(input: &mut Input<'_>) -> Notice {
    let (user, room, by) = (name(input), name(input), name(input));
    match input.below(6) {
        0 => Notice::Online { user },
        1 => Notice::Status { user, status: input.text().into() },
        2 => Notice::Topic { room, user, topic: input.text().into() },
        3 => Notice::Kick { room, user, by },
        4 => Notice::Destroy { room, by },
        _ => Notice::Shutdown,
    }
}

/// What is added to an object that a decoder took.
fn additions(input: &mut Input<'_>, micros: u64) {
    let (sender, object) = (input.text(), input.0);
    let Decoded::Request { request, .. } = Decoder::default().decode(object, &Limits::default())
    else {
        return;
    };
    let raw = request.raw;
    let before: Value = serde_json::from_slice(raw).expect("it was taken");
    let id = MessageId(micros as i64);
    let has_mark = before.get("msg_id").is_some() || before.get("server_time").is_some();
    let mut out = Vec::new();
    encode::marked(&mut out, raw, Mark { id, unix_micros: micros });
    let marked: Value = serde_json::from_slice(&out).expect("JSON");
    assert!(has_mark || marked["msg_id"] == id.to_string());
    out.clear();
    encode::push_with_sender(&mut out, raw, &sender);
    let sent: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(sent["sender"], sender);
    for (key, value) in before.as_object().expect("an object") {
        assert!(has_mark || &marked[key] == value, "{key}");
        assert!(key == "sender" || &sent[key] == value, "{key}");
    }
    if let Some(relayed) = relayed(raw) {
        let text = request.message_key;
        assert_eq!(before[text], *relayed.text);
    }
}
