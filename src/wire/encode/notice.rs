//! What the server says unasked.

use super::json::{key, string, time};
use crate::message::{Name, Notice};

/// Writes an event and its line end.
pub fn notice(out: &mut Vec<u8>, notice: &Notice, unix_micros: u64) {
    out.extend_from_slice(b"{\"action\":\"notice\"");
    time(out, unix_micros);
    member(out, "event", Some(event(notice)));
    let fields = Fields::of(notice);
    member(out, "account_name", fields.user.map(Name::as_str));
    member(out, "room", fields.room.map(Name::as_str));
    member(out, "status", fields.status);
    member(out, "topic", fields.topic);
    member(out, "by", fields.by.map(Name::as_str));
    member(out, "reason", fields.reason);
    out.extend_from_slice(b"}\n");
}

/// Writes the server's `probe` and its line end.
pub fn probe(out: &mut Vec<u8>, unix_micros: u64) {
    out.extend_from_slice(b"{\"action\":\"probe\"");
    time(out, unix_micros);
    out.extend_from_slice(b"}\n");
}

fn member(out: &mut Vec<u8>, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        key(out, name);
        string(out, value);
    }
}

const fn event(notice: &Notice) -> &'static str {
    match notice {
        Notice::Online { .. } => "online",
        Notice::Offline { .. } => "offline",
        Notice::Status { .. } => "status",
        Notice::Join { .. } => "join",
        Notice::Leave { .. } => "leave",
        Notice::Topic { .. } => "topic",
        Notice::Kick { .. } | Notice::Parted { .. } => "kick",
        Notice::Invite { .. } => "invite",
        Notice::Destroy { .. } => "destroy",
        Notice::Shutdown => "shutdown",
    }
}

/// What an event is about.
#[derive(Default)]
struct Fields<'a> {
    user: Option<&'a Name>,
    room: Option<&'a Name>,
    status: Option<&'a str>,
    topic: Option<&'a str>,
    by: Option<&'a Name>,
    reason: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(notice: &'a Notice) -> Self {
        let nothing = Self::default();
        match notice {
            Notice::Online { user } | Notice::Offline { user } => {
                Self { user: Some(user), ..nothing }
            }
            Notice::Status { user, status } => {
                Self { user: Some(user), status: Some(status), ..nothing }
            }
            Notice::Join { room, user } | Notice::Leave { room, user } => {
                Self { user: Some(user), room: Some(room), ..nothing }
            }
            Notice::Topic { room, user, topic } => {
                Self { user: Some(user), room: Some(room), topic: Some(topic), ..nothing }
            }
            Notice::Kick { room, user, by } | Notice::Invite { room, user, by } => {
                Self { user: Some(user), room: Some(room), by: Some(by), ..nothing }
            }
            Notice::Destroy { room, by } => Self { room: Some(room), by: Some(by), ..nothing },
            Notice::Parted { user, reason } => {
                Self { user: Some(user), reason: Some(reason), ..nothing }
            }
            Notice::Shutdown => nothing,
        }
    }
}
