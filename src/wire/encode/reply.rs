//! Answers.

use super::file::file;
use super::json::{boolean, cleaned, key, number, string, text, time};
use super::listing::{Room, listing, position};
use crate::limits::ANSWER_BYTES;
use crate::message::{Extra, Facts, Features, Kept, Language, Listing, Reply};
use crate::wire::attachment::FileWords;
use std::fmt::Write;

/// The most bytes of an answer's text. What else an answer holds fits into the rest of
/// [`ANSWER_BYTES`]; a longer text, which only names that grow in NFC can make, is cut.
const TEXT_BYTES: usize = 440;

/// The most bytes that `msg_id` takes with its key.
const MSG_ID_BYTES: usize = 30;

/// The same of `recipients`.
const RECIPIENTS_BYTES: usize = 35;

/// The same of what is kept.
const KEPT_BYTES: usize = 100;

/// The same of a file, and of a piece of it where the answer must stay short.
const FILE_BYTES: usize = 170;
const PIECE_BYTES: usize = 200;

/// The same of the features that are granted.
const FEATURES_BYTES: usize = 70;

/// What a listing without an entry takes at its longest.
const EMPTY_LISTING: &str = ",\"messages\":[],\"more\":false,\"next\":\"0000000000000000\"";

/// A position, and the end behind it.
const NEXT: &str = ",\"next\":\"0123456789abcdef\"}\n";

/// How a listing ends at its longest.
const LISTING_END: &str = "],\"more\":false}\n";

/// Writes an answer and its line end.
pub fn reply(out: &mut Vec<u8>, reply: &Reply, language: Language, unix_micros: u64) {
    let start = out.len();
    out.extend_from_slice(b"{\"response\":");
    number(out, u64::from(reply.code.number()));
    time(out, unix_micros);
    key(out, if reply.code.is_error() { "error" } else { "alert" });
    let spoken = reply.phrase.in_language(language);
    text(out, text_bytes(reply), |quoted| write!(quoted, "{spoken}"));
    if reply.code.is_error() {
        facts(out, &reply.phrase.facts());
    }
    if let Some(features) = reply.features {
        key(out, "features");
        names(out, features);
    }
    if let Some(extra) = &reply.extra {
        self::extra(out, extra, start, language);
    }
    out.extend_from_slice(b"}\n");
}

/// The most bytes of an answer's text: in a short answer what stands behind it takes its part, but
/// for a topic and a listing, which are cut.
fn text_bytes(reply: &Reply) -> usize {
    let Some(extra) = reply.extra.as_deref().filter(|extra| extra.is_brief) else {
        return TEXT_BYTES;
    };
    let id = extra.id.as_deref().map_or(0, |id| cleaned(id).len());
    let others = [
        (extra.msg_id.is_some(), MSG_ID_BYTES),
        (extra.recipients.is_some(), RECIPIENTS_BYTES),
        (extra.kept.is_some(), KEPT_BYTES),
        (extra.file.is_some(), FILE_BYTES),
        (extra.file.as_ref().is_some_and(|file| file.data.is_some()), PIECE_BYTES),
        (reply.features.is_some(), FEATURES_BYTES),
    ];
    let others: usize = others.iter().filter(|(is_there, _)| *is_there).map(|other| other.1).sum();
    TEXT_BYTES.saturating_sub(id + others)
}

/// What a program can branch on.
fn facts(out: &mut Vec<u8>, facts: &Facts) {
    for (name, fact) in [("reason", Some(facts.reason)), ("field", facts.field)] {
        if let Some(fact) = fact {
            key(out, name);
            string(out, fact);
        }
    }
    for (name, fact) in [("limit", facts.limit), ("got", facts.got), ("at", facts.at)] {
        if let Some(fact) = fact {
            key(out, name);
            number(out, fact as u64);
        }
    }
    if let Some(seconds) = facts.retry_after {
        key(out, "retry_after");
        number(out, u64::from(seconds));
    }
}

fn names(out: &mut Vec<u8>, features: Features) {
    out.push(b'[');
    for (place, name) in features.names().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        string(out, name);
    }
    out.push(b']');
}

/// What only some answers say; the answer began at `start`.
fn extra(out: &mut Vec<u8>, extra: &Extra, start: usize, language: Language) {
    if let Some(id) = &extra.id {
        key(out, "id");
        out.extend_from_slice(cleaned(id).as_bytes());
    }
    if let Some(facts) = &extra.file {
        file(out, facts, extra.id.is_none(), extra.is_brief);
    }
    if let Some(msg_id) = extra.msg_id {
        key(out, "msg_id");
        text(out, usize::MAX, |quoted| write!(quoted, "{msg_id}"));
    }
    if let Some(recipients) = extra.recipients {
        key(out, "recipients");
        number(out, recipients as u64);
    }
    if let Some(kept) = extra.kept {
        self::kept(out, kept);
    }
    let end = if extra.is_brief { start + ANSWER_BYTES - 1 } else { usize::MAX };
    if let Some(topic) = &extra.topic {
        key(out, "topic");
        let listing = extra.listing.as_ref().map_or(0, |_| EMPTY_LISTING.len());
        let room = end.saturating_sub(out.len() + listing + "\"\"}\n".len());
        text(out, room, |quoted| quoted.write_str(topic));
    }
    if let Some(listing) = &extra.listing {
        let words = extra.file_words_chars.map(|chars| FileWords { language, chars });
        self::entries(out, listing, extra, end, words);
    }
}

/// A listing, and whether there is more: of names only where there is.
fn entries(
    out: &mut Vec<u8>,
    listing: &Listing,
    extra: &Extra,
    end: usize,
    words: Option<FileWords>,
) {
    let room = if extra.is_brief {
        Room::up_to(end.saturating_sub(LISTING_END.len()))
    } else {
        Room::ENDLESS
    };
    let room = Room { words, ..room };
    let is_cut = self::listing(out, listing, room);
    let is_empty = out.ends_with(b"[]");
    let more = is_cut || extra.more;
    if more || !matches!(listing, Listing::Names(_)) {
        key(out, "more");
        boolean(out, more);
    }
    if let Listing::Messages(page) = listing
        && is_empty
        && out.len() + NEXT.len() <= end
        && let Some(next) = position(page)
    {
        key(out, "next");
        text(out, usize::MAX, |quoted| write!(quoted, "{next}"));
    }
}

fn kept(out: &mut Vec<u8>, kept: Kept) {
    key(out, "history");
    for (place, (name, is_kept)) in
        [("common", kept.common), ("rooms", kept.rooms), ("direct", kept.direct)]
            .into_iter()
            .enumerate()
    {
        out.extend_from_slice(if place == 0 { b"{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        boolean(out, is_kept);
    }
    for (name, count) in [("days", kept.days), ("messages", kept.messages)] {
        key(out, name);
        number(out, u64::from(count));
    }
    out.push(b'}');
}
