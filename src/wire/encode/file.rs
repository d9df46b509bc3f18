//! What an answer says of a file.

use super::json::{key, number, text};
use crate::message::FileFacts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// The most bytes of a name in a short answer.
const BRIEF_NAME_BYTES: usize = 60;

/// Writes what there is; the number is also the answer's `id`, where that is free and it says so.
pub(super) fn file(out: &mut Vec<u8>, facts: &FileFacts, id_is_free: bool, is_brief: bool) {
    if let Some(upload) = facts.upload {
        let keys = ["id", "upload"];
        let keys = if facts.is_id && id_is_free { &keys[..] } else { &keys[1..] };
        for name in keys {
            key(out, name);
            text(out, usize::MAX, |quoted| write!(quoted, "{upload}"));
        }
    }
    if let Some(data) = &facts.data {
        key(out, "data");
        base64(out, data);
    }
    if let Some(next) = facts.next {
        key(out, "next");
        number(out, next);
    }
    if let Some(name) = &facts.name {
        key(out, "name");
        let room = if is_brief { BRIEF_NAME_BYTES } else { usize::MAX };
        text(out, room, |quoted| quoted.write_str(name));
    }
    if let Some(size) = facts.size {
        key(out, "size");
        number(out, size);
    }
    if let Some(sha256) = facts.sha256 {
        key(out, "sha256");
        text(out, usize::MAX, |quoted| write!(quoted, "{sha256}"));
    }
}

/// Writes bytes as a JSON string in base64, with padding.
fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = out.get_mut(start..).map(|room| STANDARD.encode_slice(bytes, room));
    debug_assert!(written.is_some_and(|written| written.is_ok()), "the room is what is needed");
    out.push(b'"');
}
