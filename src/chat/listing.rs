//! Lists in answers: the part behind a name, in the order of the names.

use super::session::Session;
use crate::limits::LISTING_ENTRIES;
use crate::message::{Code, Listed, Listing, Name, Phrase, Reply, Request};

/// The entries of one answer.
pub(super) struct Slice<T> {
    pub(super) entries: Vec<T>,
    /// How long the whole list is.
    pub(super) of: usize,
    /// Whether there are more behind these.
    pub(super) more: bool,
}

/// Takes the first entries behind the name that the request gives, as many as it asks for. Only
/// they are sorted: of a long list, each entry is looked at once.
pub(super) fn slice<T>(
    all: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &Name,
    request: &Request<'_>,
) -> Slice<T> {
    let limit = request.rare().limit.unwrap_or(LISTING_ENTRIES).min(LISTING_ENTRIES);
    let after = request.rare().after.as_ref().map(|field| Name::nfc(&field.text));
    let is_behind = |entry: &T| after.as_deref().is_none_or(|after| name(entry).as_str() > after);
    let mut of = 0;
    let mut entries: Vec<T> = all.inspect(|_| of += 1).filter(is_behind).collect();
    let by_name = |one: &T, other: &T| name(one).cmp(name(other));
    let more = entries.len() > limit;
    if more {
        entries.select_nth_unstable_by(limit, by_name);
        entries.truncate(limit);
    }
    entries.sort_unstable_by(by_name);
    Slice { entries, of, more }
}

/// An answer with a part of a list, which is kept short for who asked for no feature.
pub(super) fn reply(
    session: &Session,
    code: Code,
    (what, count): (Listed, usize),
    listing: Listing,
    more: bool,
) -> Reply {
    let mut reply = Reply::new(code, Phrase::Listed { what, count });
    let extra = reply.extra_mut();
    extra.listing = Some(listing);
    extra.more = more;
    extra.is_brief = session.features.is_empty();
    reply
}
