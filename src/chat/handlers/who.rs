//! `who`: the names that are connected, guests' too.

use crate::chat::Chat;
use crate::chat::checks::check_own_name;
use crate::chat::listing::{self, Slice};
use crate::chat::outcome::Outcome;
use crate::chat::session::Session;
use crate::chat::users::Connected;
use crate::message::{Code, ConnectionId, Listed, Listing, Reply, Request, UserEntry};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match check_own_name(session, request) {
        Ok(()) => Outcome::Reply(list(chat, session, request)),
        Err(reply) => Outcome::Reply(reply),
    }
}

fn list(chat: &Chat, session: &Session, request: &Request<'_>) -> Reply {
    let Slice { entries, of, more } =
        listing::slice(chat.users.connected(), |user| user.name, request);
    let users = entries.iter().map(|user| entry(chat, session, user)).collect();
    listing::reply(session, Code::Ok, (Listed::Users, of), Listing::Users(users), more)
}

/// A name that several connections share has the status of the last presence, and is there since
/// the first of them.
fn entry(chat: &Chat, asker: &Session, user: &Connected<'_>) -> UserEntry {
    let sessions = || user.connections.iter().filter_map(|id| session_of(chat, asker, *id));
    let last = sessions().filter(|session| session.present).max_by_key(|s| (s.presence_at, s.id));
    let since = sessions().map(|session| session.since_unix_micros).min();
    UserEntry {
        name: user.name.clone(),
        status: last.and_then(|session| session.status().map(Box::from)),
        is_guest: user.is_guest,
        since_unix_micros: since.unwrap_or_default(),
    }
}

/// The asker's own session is out of its place while its request is handled.
fn session_of<'c>(chat: &'c Chat, asker: &'c Session, id: ConnectionId) -> Option<&'c Session> {
    if asker.id == id { Some(asker) } else { chat.sessions.get(id) }
}
