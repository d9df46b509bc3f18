//! The object that announces a file: the server's own, and so the only one that begins as it does.

use super::encode::{json, marked};
use crate::message::{FileNotice, Language, Mark, Sha256, file_in_words};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// How it begins. No action of a client's has this name, so no message that is kept begins so.
const BEGINNING: &[u8] = b"{\"action\":\"attachment\",";

/// Whether an object that is kept announces a file.
#[must_use]
pub fn is_attachment(object: &[u8]) -> bool {
    object.starts_with(BEGINNING)
}

/// Writes it, without a line end; says where its `message` is, with its quotes.
pub fn write_attachment(out: &mut Vec<u8>, notice: &FileNotice) -> Range<u32> {
    let start = out.len();
    out.extend_from_slice(b"{\"action\":\"attachment\"");
    json::time(out, notice.unix_micros);
    for (name, value) in
        [("from", notice.from.as_str()), ("to", notice.to.as_str()), ("name", &*notice.name)]
    {
        json::key(out, name);
        json::string(out, value);
    }
    json::key(out, "size");
    json::number(out, notice.size);
    json::key(out, "sha256");
    json::text(out, usize::MAX, |quoted| write!(quoted, "{}", notice.sha256));
    json::key(out, "id");
    json::text(out, usize::MAX, |quoted| write!(quoted, "{}", notice.id));
    json::key(out, "message");
    let message = place(out.len() - start);
    json::string(out, &notice.text);
    let end = place(out.len() - start);
    out.push(b'}');
    message..end
}

/// A place in an object, which has a few texts of bounded length.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What an object that announces a file says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attachment<'a> {
    /// Who sent it.
    #[serde(borrow)]
    pub from: Cow<'a, str>,
    /// To whom or where.
    #[serde(borrow)]
    pub to: Cow<'a, str>,
    /// What it is called.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// How many bytes it has.
    pub size: u64,
    /// Its content's sum, in digits.
    #[serde(borrow)]
    pub sha256: Cow<'a, str>,
    /// What is said with it.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// How a file is told of in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileWords {
    /// In which language.
    pub language: Language,
    /// In so many characters at most.
    pub chars: usize,
}

impl<'a> Attachment<'a> {
    /// Reads what [`write_attachment`] wrote.
    #[must_use]
    pub fn read(object: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(object).ok()
    }

    /// Its content.
    #[must_use]
    pub fn content(&self) -> Option<Sha256> {
        Sha256::parse(&self.sha256)
    }

    /// What it says, in words.
    #[must_use]
    pub fn in_words(&self, words: FileWords) -> String {
        let FileWords { language, chars } = words;
        file_in_words(&self.message, &self.name, self.size, language, chars)
    }
}

/// Writes, instead of an object that announces a file, the `msg` that tells of it in words, without a
/// line end; `mark` is added where that is asked for.
pub fn write_file_in_words(
    out: &mut Vec<u8>,
    object: &[u8],
    mark: Mark,
    is_marked: bool,
    words: FileWords,
) {
    let Some(file) = Attachment::read(object) else { return };
    let mut msg = Vec::new();
    json::write_msg(&mut msg, &file.to, &file.from, &file.in_words(words), mark.unix_micros);
    if is_marked {
        marked(out, &msg, mark);
    } else {
        out.extend_from_slice(&msg);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{MessageId, Name};
    use serde_json::json;

    const MARK: Mark = Mark { id: MessageId(0x12), unix_micros: 5_000_000 };
    const WORDS: FileWords = FileWords { language: Language::English, chars: 500 };

    fn notice(text: &str) -> FileNotice {
        FileNotice {
            id: MessageId(0xAB),
            unix_micros: 5_000_000,
            from: Name::shown("ann"),
            to: Name::shown("#room"),
            name: "отчёт \"1\".pdf".into(),
            size: 12_600,
            sha256: Sha256([7; 32]),
            text: text.into(),
        }
    }

    #[test]
    fn it_is_written_recognised_and_read_back() {
        let mut object = b"before".to_vec();
        let at = write_attachment(&mut object, &notice("look\n\u{1b}[2J"));
        let object = &object["before".len()..];
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(object).unwrap(),
            json!({
                "action": "attachment", "time": 5.0, "from": "ann", "to": "#room",
                "name": "отчёт \"1\".pdf", "size": 12_600, "sha256": "07".repeat(32),
                "id": "00000000000000ab", "message": "look\n\u{1b}[2J",
            })
        );
        assert!(is_attachment(object) && !object.contains(&0x1b));
        assert_eq!(&object[at.start as usize..at.end as usize], br#""look\n\u001b[2J""#);
        let file = Attachment::read(object).unwrap();
        assert_eq!((&*file.from, &*file.to, file.size), ("ann", "#room", 12_600));
        assert_eq!(file.content(), Some(Sha256([7; 32])));
        assert_eq!((&*file.name, &*file.message), ("отчёт \"1\".pdf", "look\n\u{1b}[2J"));
    }

    #[test]
    fn a_message_tells_of_it_in_words() {
        let mut object = Vec::new();
        write_attachment(&mut object, &notice("look:"));
        let mut out = Vec::new();
        write_file_in_words(&mut out, &object, MARK, false, WORDS);
        let expected = json!({
            "action": "msg", "time": 5.0, "to": "#room", "from": "ann",
            "message": "look: [file отчёт \"1\".pdf, 12.3 KiB]",
        });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).unwrap(), expected);
        out.clear();
        write_file_in_words(&mut out, &object, MARK, true, WORDS);
        let marked: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            (&marked["msg_id"], &marked["server_time"]),
            (&json!("0000000000000012"), &json!(5.0))
        );
    }

    #[test]
    fn what_a_client_can_send_does_not_look_like_it() {
        for object in [
            r#"{"action":"msg","time":1}"#,
            r#"{"action": "attachment","time":1}"#,
            r#"{"action":"attachments","time":1}"#,
            "",
        ] {
            assert!(!is_attachment(object.as_bytes()), "{object}");
        }
    }
}
