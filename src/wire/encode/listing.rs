//! The entries of an answer. A short answer is cut at whole entries.

use super::json::{boolean, cleaned, key, number, seconds, string, text};
use super::splice::marked;
use crate::message::{
    Listing, MemberEntry, MessageId, Name, Page, PageMessage, Role, RoomEntry, UserEntry,
};
use crate::wire::attachment::{FileWords, is_attachment, write_file_in_words};
use std::borrow::Cow;
use std::fmt::Write;

/// The most bytes of a topic or status in a short answer, so that the first entry always fits.
const BRIEF_TEXT_BYTES: usize = 60;

/// How long an answer may get.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// The length of the output that no entry may reach beyond.
    pub end: usize,
    /// The most bytes of a text in an entry.
    pub text: usize,
    /// How files are told of, to a client that does not know them.
    pub words: Option<FileWords>,
}

impl Room {
    /// All that there is.
    pub(super) const ENDLESS: Self = Self { end: usize::MAX, text: usize::MAX, words: None };

    /// A short answer's: entries end where the output is this long.
    pub(super) const fn up_to(end: usize) -> Self {
        Self { end, text: BRIEF_TEXT_BYTES, words: None }
    }
}

/// Writes a listing's key and its entries; whether some had to be left off.
pub(super) fn listing(out: &mut Vec<u8>, listing: &Listing, room: Room) -> bool {
    match listing {
        Listing::Users(users) => {
            key(out, "users");
            entries(out, users, room, user)
        }
        Listing::Rooms(rooms) => {
            key(out, "rooms");
            entries(out, rooms, room, room_entry)
        }
        Listing::Members(members) => {
            key(out, "members");
            entries(out, members, room, member)
        }
        Listing::Names(names) => {
            key(out, "data_list");
            entries(out, names, room, |out, name: &Name, _| string(out, name.as_str()))
        }
        Listing::Messages(page) => {
            key(out, "messages");
            messages(out, page, room)
        }
    }
}

/// Writes a list of as many entries as there is room for; whether that was not all.
fn entries<'a, T: 'a>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = &'a T>,
    room: Room,
    write: impl Fn(&mut Vec<u8>, &'a T, Room),
) -> bool {
    let mut is_cut = false;
    out.push(b'[');
    for (place, item) in items.into_iter().enumerate() {
        let before = out.len();
        if place > 0 {
            out.push(b',');
        }
        write(out, item, room);
        if out.len() > room.end {
            out.truncate(before);
            is_cut = true;
            break;
        }
    }
    out.push(b']');
    is_cut
}

fn user(out: &mut Vec<u8>, user: &UserEntry, room: Room) {
    out.extend_from_slice(b"{\"account_name\":");
    string(out, user.name.as_str());
    key(out, "status");
    match &user.status {
        Some(status) => text(out, room.text, |quoted| quoted.write_str(status)),
        None => out.extend_from_slice(b"null"),
    }
    key(out, "guest");
    boolean(out, user.is_guest);
    key(out, "since");
    seconds(out, user.since_unix_micros);
    out.push(b'}');
}

fn room_entry(out: &mut Vec<u8>, entry: &RoomEntry, room: Room) {
    out.extend_from_slice(b"{\"room\":");
    string(out, entry.name.as_str());
    key(out, "topic");
    text(out, room.text, |quoted| quoted.write_str(&entry.topic));
    for (name, count) in [("members", entry.members), ("online", entry.online)] {
        key(out, name);
        number(out, count as u64);
    }
    key(out, "member");
    boolean(out, entry.is_member);
    out.push(b'}');
}

fn member(out: &mut Vec<u8>, member: &MemberEntry, _: Room) {
    out.extend_from_slice(b"{\"account_name\":");
    string(out, member.name.as_str());
    key(out, "online");
    boolean(out, member.is_online);
    key(out, "role");
    string(out, role(member));
    out.push(b'}');
}

const fn role(member: &MemberEntry) -> &'static str {
    match member.role {
        _ if member.is_owner => "owner",
        Role::Op => "op",
        Role::Member => "member",
    }
}

/// Of messages the older ones are left off, which are first in a part of a conversation and last
/// in what was found by a search.
fn messages(out: &mut Vec<u8>, page: &Page, room: Room) -> bool {
    let all = page.messages.as_slice();
    let fit = if is_newest_first(all) { all } else { newest_that_fit(all, room, out.len()) };
    entries(out, fit, room, message) || fit.len() < all.len()
}

fn is_newest_first(messages: &[PageMessage]) -> bool {
    match (messages.first(), messages.last()) {
        (Some(first), Some(last)) => first.mark.id > last.mark.id,
        _ => false,
    }
}

/// The position behind a page that no message of is shown: the message that had no room, or the
/// place that was reached.
pub(super) fn position(page: &Page) -> Option<MessageId> {
    let all = page.messages.as_slice();
    let left_off = if is_newest_first(all) { all.first() } else { all.last() };
    left_off.map(|message| message.mark.id).or(page.next)
}

/// The last messages that there is room for where a list of them begins `at` a place.
fn newest_that_fit(all: &[PageMessage], room: Room, at: usize) -> &[PageMessage] {
    if room.end == usize::MAX {
        return all;
    }
    let mut end = at;
    let mut written = Vec::new();
    let fit = all.iter().rev().take_while(|entry| {
        written.clear();
        message(&mut written, entry, room);
        // A bracket or comma is before each.
        end += 1 + written.len();
        end <= room.end
    });
    let left_off = all.len() - fit.count();
    all.get(left_off..).unwrap_or_default()
}

fn message(out: &mut Vec<u8>, message: &PageMessage, room: Room) {
    if let Some(words) = room.words.filter(|_| is_attachment(&message.object)) {
        return write_file_in_words(out, &message.object, message.mark, true, words);
    }
    let object = String::from_utf8_lossy(&message.object);
    let clean = match &object {
        Cow::Borrowed(object) => cleaned(object),
        Cow::Owned(object) => cleaned(object),
    };
    marked(out, clean.as_bytes(), message.mark);
}
