//! A message that is handed on, read once more for those who get it in another form than JIM's.

use super::envelope;
use super::lexer::{Lexer, Value};
use crate::limits::Limits;
use std::borrow::Cow;

/// What the other forms say of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed<'a> {
    /// Who wrote it.
    pub sender: Cow<'a, str>,
    /// What.
    pub text: Cow<'a, str>,
}

/// Reads a JIM object that was found to be a good message before, a sender in it.
#[must_use]
pub fn relayed(object: &[u8]) -> Option<Relayed<'_>> {
    // The limits that counted when it came may have been others.
    let limits = &Limits { name_chars: usize::MAX, message_chars: usize::MAX, ..Limits::default() };
    let request = envelope::read(object, limits).ok()?;
    let at = request.message_at.start as usize..request.message_at.end as usize;
    let token = object.get(at)?;
    let Ok(Value::Text(text)) = Lexer::new(token, limits).any_value() else { return None };
    Some(Relayed { sender: request.from?.text, text: text.resolve() })
}

#[cfg(test)]
mod tests {
    use super::{Relayed, relayed};

    #[test]
    fn sender_and_text_are_found_in_any_spelling() {
        let rows = [
            (r##"{"action":"msg","time":1,"to":"#all","from":"ann","message":"hi"}"##, "ann", "hi"),
            (
                r#"{"action":"message","time":1,"mess_text":"\u043f\n\"","sender":"b"}"#,
                "b",
                "п\n\"",
            ),
            (r#"{ "text" : "" , "send_from" : "\u0430" }"#, "а", ""),
        ];
        for (object, sender, text) in rows {
            let expected = Relayed { sender: sender.into(), text: text.into() };
            assert_eq!(relayed(object.as_bytes()), Some(expected));
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        for object in
            ["", "{}", r#"{"from":"a"}"#, r#"{"message":"a"}"#, r#"{"message":1,"from":"a"}"#]
        {
            assert_eq!(relayed(object.as_bytes()), None, "{object}");
        }
    }
}
