//! What the server adds to an object that it hands on: all other bytes stay as they were sent.

use super::json::{key, seconds, string, text};
use crate::message::Mark;
use std::fmt::Write;

/// Writes a client's valid object with a `sender` more, before its closing brace.
pub fn push_with_sender(out: &mut Vec<u8>, raw: &[u8], sender: &str) {
    splice(out, raw, |out| add_sender(out, sender));
}

/// Writes a valid object with its `msg_id` and `server_time` before its closing brace.
pub fn marked(out: &mut Vec<u8>, object: &[u8], mark: Mark) {
    splice(out, object, |out| add_mark(out, mark));
}

/// Writes an object with members more, behind its last one.
fn splice(out: &mut Vec<u8>, object: &[u8], add: impl FnOnce(&mut Vec<u8>)) {
    let Some((b'}', members)) = object.split_last() else {
        return out.extend_from_slice(object);
    };
    let (head, space) = members.split_at(members.trim_ascii_end().len());
    out.extend_from_slice(head);
    if !head.ends_with(b"{") {
        out.push(b',');
    }
    add(out);
    out.extend_from_slice(space);
    out.push(b'}');
}

fn add_sender(out: &mut Vec<u8>, sender: &str) {
    out.extend_from_slice(b"\"sender\":");
    string(out, sender);
}

fn add_mark(out: &mut Vec<u8>, mark: Mark) {
    out.extend_from_slice(b"\"msg_id\":");
    text(out, usize::MAX, |quoted| write!(quoted, "{}", mark.id));
    key(out, "server_time");
    seconds(out, mark.unix_micros);
}
