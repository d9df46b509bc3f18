//! The wire as a client meets it: tables of inputs and outcomes, and properties of any input.

mod bytes;
mod checks;
mod extras;
mod fields;
mod files;
mod json_rules;
mod limits;
mod notices;
mod properties;
mod replies;
mod rfc8259;
mod splices;

use super::jim::{Bounds, Decoded, Decoder};
use crate::limits::Limits;
use crate::message::{JsonFault, Junk, Phrase, Request};

/// What a stream gives: an object's bytes, or a 400.
type Outcome = Result<Vec<u8>, Phrase>;

/// Decodes bytes that are one object and no more.
fn request(object: &str) -> Request<'_> {
    match Decoder::default().decode(object.as_bytes(), &Limits::default()) {
        Decoded::Request { request, consumed } => {
            assert_eq!(consumed, object.len(), "{object}");
            assert_eq!(request.raw, object.as_bytes(), "{object}");
            request
        }
        other => panic!("{object}: {other:?}"),
    }
}

/// The 400 that bytes are answered, which are one object and no more.
fn malformed(object: &[u8]) -> Phrase {
    match Decoder::default().decode(object, &Limits::default()) {
        Decoded::Malformed { phrase, consumed, fatal: false } => {
            assert_eq!(consumed, object.len(), "{object:?}");
            phrase
        }
        other => panic!("{object:?}: {other:?}"),
    }
}

/// All results of a stream that comes in one piece.
fn results(stream: &[u8]) -> Vec<Outcome> {
    let mut decoder = Decoder::default();
    let mut rest = stream;
    let mut results = Vec::new();
    loop {
        let consumed = match decoder.decode(rest, &Limits::default()) {
            Decoded::Incomplete { .. } => return results,
            Decoded::Request { request, consumed } => {
                results.push(Ok(request.raw.to_vec()));
                consumed
            }
            Decoded::Malformed { phrase, consumed, .. } => {
                results.push(Err(phrase));
                consumed
            }
        };
        rest = &rest[consumed..];
    }
}

fn bad_json(fault: JsonFault, at: usize) -> Phrase {
    Phrase::BadJson { fault, at }
}

fn junk(junk: Junk) -> Outcome {
    Err(Phrase::NotAnObject { junk })
}

/// A text of so many characters that are all one, raw and as escapes.
fn spellings(character: char, chars: usize) -> [String; 2] {
    let mut units = [0; 2];
    let escape: String =
        character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    [character.to_string().repeat(chars), escape.repeat(chars)]
}

/// ASCII, Cyrillic and an emoji, raw and escaped.
fn all_spellings(chars: usize) -> Vec<String> {
    ['a', 'п', '😀'].into_iter().flat_map(|character| spellings(character, chars)).collect()
}
