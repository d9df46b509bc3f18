//! What the server sends, read with as few demands as possible: what others put into their
//! messages must never end this client.

use super::cutter::sample;
use super::event::Event;
use super::fault::Fault;
use super::listing::{Listing, array, integer, micros};
use super::transfer::{Attachment, FileAnswer};
use crate::message::{Features, Kept, MessageId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The three digits.
    pub code: u16,
    /// The text for people, as it came.
    pub text: String,
    /// The slug for programs.
    pub reason: String,
    /// The limit that was hit; for a 429 that says when to try again, in how many seconds.
    pub limit: Option<u64>,
    /// The server's time, in microseconds since 1970.
    pub unix_micros: Option<u64>,
    /// The features that are granted, where the answer says so.
    pub features: Option<Features>,
    /// What was asked for, where that is a list.
    pub listing: Option<Listing>,
    /// Whether there is more than the list shows.
    pub more: bool,
    /// A room's topic.
    pub topic: Option<String>,
    /// The position behind which an answer without messages goes on.
    pub next: Option<MessageId>,
    /// The number of the message that was sent.
    pub id: Option<MessageId>,
    /// What the server keeps of messages, where the answer says so.
    pub kept: Option<Kept>,
    /// What only answers about files say.
    pub file: Option<Box<FileAnswer>>,
}

impl Answer {
    /// Whether the server does not know what was asked for.
    #[must_use]
    pub fn is_unknown_action(&self) -> bool {
        self.code == 400 && self.reason == "unknown_action"
    }

    /// Whether the request was refused, or answered with what is no code.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        is_error(self.code)
    }
}

/// Whether a code says that a request was refused, or is none.
#[must_use]
pub const fn is_error(code: u16) -> bool {
    !matches!(code, 100..400)
}

/// A message from someone else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Who sent it, as it came.
    pub from: String,
    /// To a user, a room or the common chat; `None` where its sender named nobody.
    pub to: Option<String>,
    /// The text, as it came.
    pub text: String,
    /// The server's number of it.
    pub id: Option<MessageId>,
    /// When the server took it, in microseconds since 1970.
    pub unix_micros: Option<u64>,
    /// The file that it announces.
    pub attachment: Option<Box<Attachment>>,
    /// The whole object, as it came.
    pub raw: Vec<u8>,
}

/// One object of the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// An answer.
    Answer(Answer),
    /// A message.
    Message(Message),
    /// The server asks whether we are there.
    Probe,
    /// The server tells of a user or a room.
    Event(Event),
    /// Something that this client does not know; its `action`, if it has one.
    Unknown(String),
}

/// The known fields, whatever they hold: a wrong type is as if the field were absent.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    alert: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    limit: Option<&'a RawValue>,
    #[serde(borrow)]
    retry_after: Option<&'a RawValue>,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    sender: Option<&'a RawValue>,
    #[serde(borrow)]
    send_from: Option<&'a RawValue>,
    #[serde(borrow)]
    account_name: Option<&'a RawValue>,
    #[serde(borrow)]
    to: Option<&'a RawValue>,
    #[serde(borrow)]
    destination: Option<&'a RawValue>,
    #[serde(borrow)]
    send_to: Option<&'a RawValue>,
    #[serde(borrow)]
    recipient: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    mess_text: Option<&'a RawValue>,
    #[serde(borrow)]
    message_text: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    features: Option<&'a RawValue>,
    #[serde(borrow)]
    users: Option<&'a RawValue>,
    #[serde(borrow)]
    rooms: Option<&'a RawValue>,
    #[serde(borrow)]
    members: Option<&'a RawValue>,
    #[serde(borrow)]
    data_list: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    more: Option<&'a RawValue>,
    #[serde(borrow)]
    next: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    msg_id: Option<&'a RawValue>,
    #[serde(borrow)]
    server_time: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    user: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    history: Option<&'a RawValue>,
    #[serde(borrow)]
    by: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    upload: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    size: Option<&'a RawValue>,
    #[serde(borrow)]
    sha256: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl Incoming {
    /// Reads an object that was cut out of the stream.
    ///
    /// # Errors
    /// What closes its braces and is not valid JSON.
    pub fn decode(raw: Vec<u8>) -> Result<Self, Fault> {
        let fields = std::str::from_utf8(&raw)
            .ok()
            .and_then(|text| serde_json::from_str::<Fields<'_>>(text).ok());
        let Some(fields) = fields else {
            return Err(Fault::BadObject { sample: sample(&raw) });
        };
        if let Some(response) = fields.response {
            return Ok(Self::Answer(fields.answer(response)));
        }
        match first_text(&[fields.action]).unwrap_or_default().as_str() {
            "msg" | "message" | "attachment" => {
                let message = fields.message();
                Ok(Self::Message(Message { raw, ..message }))
            }
            "probe" => Ok(Self::Probe),
            "notice" => {
                Ok(fields.event().map_or_else(|| Self::Unknown("notice".into()), Self::Event))
            }
            other => Ok(Self::Unknown(other.into())),
        }
    }
}

impl Fields<'_> {
    fn answer(&self, response: &RawValue) -> Answer {
        Answer {
            code: code(response),
            text: first_text(&[self.error, self.alert]).unwrap_or_default(),
            reason: first_text(&[self.reason]).unwrap_or_default(),
            limit: self.retry_after.or(self.limit).and_then(integer),
            unix_micros: self.time.and_then(micros),
            features: self.features.map(features),
            listing: self.listing(),
            more: self.more.is_some_and(|raw| raw.get() == "true"),
            topic: first_text(&[self.topic]),
            next: number(&[self.next]),
            id: number(&[self.msg_id]),
            kept: self.history.and_then(kept),
            file: self.file(),
        }
    }

    fn file(&self) -> Option<Box<FileAnswer>> {
        let file = FileAnswer {
            // A request's own `id` may be repeated in `id`, so the number is looked for first in
            // `upload`.
            id: number(&[self.upload]).or_else(|| number(&[self.id])),
            next: self.next.and_then(integer),
            name: first_text(&[self.name]),
            size: self.size.and_then(integer),
            sha256: first_text(&[self.sha256]),
            data: first_text(&[self.data]),
        };
        (file != FileAnswer::default()).then(|| Box::new(file))
    }

    /// The file that an object of its own kind announces; without a number nobody can get it.
    fn attachment(&self) -> Option<Box<Attachment>> {
        if first_text(&[self.action])? != "attachment" {
            return None;
        }
        Some(Box::new(Attachment {
            id: number(&[self.id])?,
            name: first_text(&[self.name]).unwrap_or_default(),
            size: self.size.and_then(integer).unwrap_or_default(),
        }))
    }

    fn listing(&self) -> Option<Listing> {
        if let Some(raw) = self.messages {
            let objects = array(raw).into_iter();
            return Some(Listing::Messages(objects.filter_map(Message::stored).collect()));
        }
        Listing::decode(self.users, self.rooms, self.members, self.data_list)
    }

    fn event(&self) -> Option<Event> {
        let user = first_text(&[self.user, self.account_name]);
        let (room, by) = (first_text(&[self.room]), first_text(&[self.by]));
        let text = first_text(&[self.topic, self.status, self.reason]);
        Event::new(&first_text(&[self.event])?, user, room, by, text)
    }

    fn message(&self) -> Message {
        let from = [self.from, self.sender, self.send_from, self.account_name];
        let to = [self.to, self.destination, self.send_to, self.recipient];
        let text = [self.message, self.mess_text, self.message_text, self.text];
        Message {
            from: first_text(&from).unwrap_or_default(),
            to: first_text(&to),
            text: first_text(&text).unwrap_or_default(),
            id: number(&[self.msg_id]),
            unix_micros: self.server_time.and_then(micros),
            attachment: self.attachment(),
            raw: Vec::new(),
        }
    }
}

impl Message {
    /// A message of a list; `None` for what is no object.
    fn stored(raw: &RawValue) -> Option<Self> {
        let text = raw.get();
        let fields =
            serde_json::from_str::<Fields<'_>>(text).ok().filter(|_| text.starts_with('{'))?;
        Some(Self { raw: text.as_bytes().to_vec(), ..fields.message() })
    }
}

/// What is kept; `None` for what does not say so.
fn kept(raw: &RawValue) -> Option<Kept> {
    #[derive(Deserialize)]
    struct Fields {
        common: bool,
        rooms: bool,
        direct: bool,
        days: u32,
        messages: u32,
    }
    let Fields { common, rooms, direct, days, messages } = serde_json::from_str(raw.get()).ok()?;
    Some(Kept { common, rooms, direct, days, messages })
}

/// Those of the features that this client knows.
fn features(raw: &RawValue) -> Features {
    let names = array(raw).into_iter().filter_map(|name| first_text(&[Some(name)]));
    names.fold(Features::NONE, |all, name| all.with(Features::named(&name)))
}

/// Whether it is a code: three digits.
#[must_use]
pub const fn is_code(code: u16) -> bool {
    matches!(code, 100..1000)
}

/// The code; some course servers send it as a text. 0 for what is no code.
fn code(raw: &RawValue) -> u16 {
    serde_json::from_str(raw.get().trim_matches('"')).unwrap_or_default()
}

/// A message's or a file's number.
fn number(fields: &[Option<&RawValue>]) -> Option<MessageId> {
    first_text(fields).and_then(|id| MessageId::parse(&id))
}

pub(super) fn first_text(fields: &[Option<&RawValue>]) -> Option<String> {
    fields.iter().flatten().find_map(|raw| serde_json::from_str(raw.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Incoming {
        Incoming::decode(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn answers() {
        let answer = |code, text: &str| Answer { code, text: text.into(), ..Answer::default() };
        assert_eq!(
            decode(r#"{"response":200,"time":1,"alert":"д\u0430"}"#),
            Incoming::Answer(Answer { unix_micros: Some(1_000_000), ..answer(200, "да") })
        );
        assert_eq!(
            decode(r#"{"response":"402","error":"no","x":{"alert":1}}"#),
            Incoming::Answer(answer(402, "no"))
        );
        assert_eq!(
            decode(r#"{"response":429,"error":"later","reason":"busy","retry_after":3}"#),
            Incoming::Answer(Answer {
                reason: "busy".into(),
                limit: Some(3),
                ..answer(429, "later")
            })
        );
        assert_eq!(decode(r#"{"response":null}"#), Incoming::Unknown(String::new()));
        assert_eq!(decode(r#"{"response":{}}"#), Incoming::Answer(answer(0, "")));
        assert_eq!(decode(r#"{"response":70000}"#), Incoming::Answer(answer(0, "")));
    }

    #[test]
    fn only_a_code_below_400_accepts() {
        for (code, is_error) in
            [(0, true), (99, true), (100, false), (202, false), (400, true), (600, true)]
        {
            let answer = Answer { code, ..Answer::default() };
            assert_eq!(answer.is_error(), is_error, "{code}");
        }
    }

    #[test]
    fn messages_in_every_spelling() {
        for text in [
            r##"{"action":"msg","from":"a","to":"#all","message":"t"}"##,
            r##"{"action":"message","sender":"a","destination":"#all","mess_text":"t"}"##,
            r##"{"action":"msg","send_from":"a","send_to":"#all","message_text":"t"}"##,
            r##"{"action":"message","account_name":"a","recipient":"#all","text":"t","z":1e999}"##,
        ] {
            let expected = Message {
                from: "a".into(),
                to: Some("#all".into()),
                text: "t".into(),
                raw: text.as_bytes().to_vec(),
                ..Message::default()
            };
            assert_eq!(decode(text), Incoming::Message(expected), "{text}");
        }
    }

    #[test]
    fn what_only_some_answers_say() {
        let Incoming::Answer(answer) = decode(
            r##"{"response":200,"time":1.5,"history":{"common":false,"rooms":true,"direct":false,
                "days":9,"messages":0},"features":["ids",7,"x","history"],"more":true,
                "topic":"t","messages":[7,[],{"action":"msg","from":"a","to":"#r","message":"m",
                "msg_id":"00000000000000ab","server_time":2.25},{"msg_id":"ab"}]}"##,
        ) else {
            panic!("no answer");
        };
        assert_eq!(answer.features, Some(Features::IDS.with(Features::HISTORY)));
        assert_eq!((answer.more, answer.topic.as_deref()), (true, Some("t")));
        assert_eq!(answer.unix_micros, Some(1_500_000));
        assert_eq!(answer.kept, Some(Kept { rooms: true, days: 9, ..Kept::default() }));
        let Some(Listing::Messages(messages)) = answer.listing else { panic!("no messages") };
        let marks: Vec<_> = messages.iter().map(|it| (it.id, it.unix_micros)).collect();
        assert_eq!(marks, [(Some(MessageId(0xab)), Some(2_250_000)), (None, None)]);
        assert!(messages[0].raw.starts_with(b"{\"action\"") && messages[0].raw.ends_with(b"}"));
    }

    #[test]
    fn files_are_announced() {
        let text = r##"{"action":"attachment","time":1,"from":"a","to":"#r","name":"x.jpg",
            "size":12345,"sha256":"00","id":"00000000000000ab","message":"look",
            "msg_id":"00000000000000ac","server_time":2}"##;
        let Incoming::Message(message) = decode(text) else { panic!("no message") };
        let name = "x.jpg".to_owned();
        let expected = Attachment { id: MessageId(0xab), name, size: 12_345 };
        assert_eq!(message.attachment, Some(Box::new(expected)));
        assert_eq!((message.text.as_str(), message.id), ("look", Some(MessageId(0xac))));
        // Who cannot get it is told of the message all the same.
        let Incoming::Message(message) = decode(r#"{"action":"attachment","id":7,"size":-1}"#)
        else {
            panic!("no message")
        };
        assert_eq!(message.attachment, None);
    }

    #[test]
    fn answers_about_files() {
        let file = |text: &str| match decode(text) {
            Incoming::Answer(answer) => answer.file,
            other => panic!("no answer: {other:?}"),
        };
        assert_eq!(file(r#"{"response":200,"next":"00000000000000ab"}"#), None);
        let opened = file(r#"{"response":200,"id":"mine","upload":"00000000000000ab","next":0}"#);
        let opened = opened.unwrap();
        assert_eq!((opened.id, opened.next), (Some(MessageId(0xab)), Some(0)));
        let piece = file(
            r#"{"response":200,"next":2,"name":"x","size":2,"sha256":"0f","data":"YWI=","id":"y"}"#,
        );
        let expected = FileAnswer {
            id: None,
            next: Some(2),
            name: Some("x".into()),
            size: Some(2),
            sha256: Some("0f".into()),
            data: Some("YWI=".into()),
        };
        assert_eq!(piece, Some(Box::new(expected)));
    }

    #[test]
    fn odd_types_do_not_end_the_client() {
        let Incoming::Message(message) = decode(r#"{"action":"msg","from":5,"message":[]}"#) else {
            panic!("no message");
        };
        assert_eq!((message.from.as_str(), message.to, message.text.as_str()), ("", None, ""));
        assert_eq!(decode(r#"{"action":"probe"}"#), Incoming::Probe);
        assert_eq!(decode(r#"{"action":"notice"}"#), Incoming::Unknown("notice".into()));
        assert_eq!(decode("{}"), Incoming::Unknown(String::new()));
    }

    #[test]
    fn what_is_not_json_is_shown() {
        for text in [&b"{oops}"[..], b"{\"a\":\"\xff\"}", b"{]"] {
            let fault = Incoming::decode(text.to_vec()).unwrap_err();
            assert!(matches!(fault, Fault::BadObject { .. }), "{fault:?}");
        }
    }
}
