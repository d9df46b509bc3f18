//! What was missed while a connection was lost, for a client that shows all its conversations:
//! each is read on from the last message that was shown, and what arrives meanwhile is held back.
//!
//! The conversations are those that were seen, and those that the server names: the rooms that
//! we are in and our contacts.

use super::ask::{Ask, What};
use super::bounds::{FOLLOWED_CONVERSATIONS, FOLLOWED_HELD_MESSAGES, PAGE_MESSAGES, ROOM_PAGES};
use super::incoming::{Answer, Message};
use super::listing::Listing;
use super::reader::{COMMON_NAMES, Shown};
use super::seen::Seen;
use super::timeline::{PageAsk, Start, Timeline};
use crate::message::{Kept, MessageId, Name};
use std::collections::{BTreeMap, VecDeque};

/// One conversation.
#[derive(Debug)]
struct Followed {
    /// As the server is asked for it.
    with: String,
    timeline: Timeline,
}

/// Something that the server has to be asked for.
#[derive(Debug)]
enum Step {
    Rooms { after: Option<String>, pages: u32 },
    Contacts { after: Option<String> },
    Page { key: Name, page: PageAsk },
}

/// What came of an answer.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The conversation that the messages are of.
    pub(super) with: String,
    /// What is to be shown, in order.
    pub(super) messages: Vec<Message>,
    /// Why a room's past cannot be read.
    pub(super) refusal: Option<(u16, String)>,
}

/// All conversations, over all connections.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// What the server keeps; `None` where nothing can be read.
    kept: Option<Kept>,
    /// What was written before is not missed.
    start: Option<MessageId>,
    followed: BTreeMap<Name, Followed>,
    /// What was shown of other conversations.
    others: Seen,
    /// What is asked for, the first of them now.
    steps: VecDeque<Step>,
    /// What arrived on a new connection before anything was asked for, while there is none or it
    /// is that new.
    early: Option<Vec<Message>>,
}

impl Missed {
    /// We are in for the first time, at this time of the server's clock.
    pub(super) fn start(&mut self, kept: Kept, unix_micros: u64) {
        self.kept = Some(kept);
        let first = MessageId::at(unix_micros);
        self.start.get_or_insert(MessageId(first.0.saturating_sub(1).max(0)));
    }

    /// The connection is lost. What arrives on the next one before [`Self::begin`] waits: shown at
    /// once, it would hide that something before it was missed.
    pub(super) fn lose(&mut self) {
        self.early.get_or_insert_default();
    }

    /// We are in again; what was missed is asked for. Without `start` before, nothing is. Gives what
    /// arrived already and need not wait.
    pub(super) fn begin(&mut self, me: &str) -> Vec<Message> {
        self.steps.clear();
        let early = self.early.take().unwrap_or_default();
        if let Some(kept) = self.kept {
            self.ask_for(kept);
        }
        early.into_iter().filter_map(|message| self.handle_live(message, me)).collect()
    }

    fn ask_for(&mut self, kept: Kept) {
        if kept.rooms {
            self.steps.push_back(Step::Rooms { after: None, pages: ROOM_PAGES });
        }
        if kept.direct {
            self.steps.push_back(Step::Contacts { after: None });
        }
        if kept.common {
            let [common, ..] = COMMON_NAMES;
            self.follow(common);
        }
        for (key, followed) in &mut self.followed {
            if let Some(page) = followed.timeline.begin() {
                self.steps.push_back(Step::Page { key: key.clone(), page });
            }
        }
    }

    /// Whether something is asked for.
    pub(super) fn is_reading(&self) -> bool {
        !self.steps.is_empty()
    }

    /// What has to be sent now.
    pub(super) fn ask(&self) -> Option<Ask> {
        let list = |what, after: &Option<String>| Ask {
            after: after.clone(),
            limit: Some(PAGE_MESSAGES),
            ..Ask::new(what)
        };
        Some(match self.steps.front()? {
            Step::Rooms { after, .. } => list(What::Rooms, after),
            Step::Contacts { after } => list(What::GetContacts, after),
            Step::Page { key, page } => Ask {
                with: self.followed.get(key).map(|followed| followed.with.clone()),
                before: page.before.map(|id| id.to_string()),
                after: page.after.map(|id| id.to_string()),
                limit: Some(page.limit),
                ..Ask::new(What::History)
            },
        })
    }

    /// Takes the answer to that.
    pub(super) fn handle_answer(&mut self, answer: Answer) -> Found {
        match self.steps.pop_front() {
            Some(Step::Rooms { pages, .. }) => self.handle_rooms(answer, pages),
            Some(Step::Contacts { .. }) => self.handle_contacts(answer),
            Some(Step::Page { key, .. }) => return self.handle_page(&key, answer),
            None => {}
        }
        Found::default()
    }

    fn handle_rooms(&mut self, answer: Answer, pages: u32) {
        let Some(listing) = answer.listing else { return };
        let after = listing.last_name().map(str::to_owned);
        let Listing::Rooms(rooms) = listing else { return };
        for room in rooms.iter().filter(|room| room.is_member) {
            self.discover(&room.name);
        }
        if answer.more && after.is_some() && pages > 1 {
            self.steps.push_front(Step::Rooms { after, pages: pages - 1 });
        }
    }

    fn handle_contacts(&mut self, answer: Answer) {
        let Some(listing) = answer.listing else { return };
        let after = listing.last_name().map(str::to_owned);
        let Listing::Names(names) = listing else { return };
        let followed = self.followed.len();
        for name in &names {
            self.discover(name);
        }
        // A list that leads to nobody new would be asked for again for ever.
        if answer.more && after.is_some() && self.followed.len() > followed {
            self.steps.push_front(Step::Contacts { after });
        }
    }

    /// Reads a conversation from the start on, unless it is read already.
    fn discover(&mut self, with: &str) {
        let key = Name::shown(with);
        if self.followed.contains_key(&key) {
            return;
        }
        let page = self.follow(with).and_then(|followed| followed.timeline.begin());
        self.steps.extend(page.map(|page| Step::Page { key, page }));
    }

    fn handle_page(&mut self, key: &Name, answer: Answer) -> Found {
        let Some(followed) = self.followed.get_mut(key) else { return Found::default() };
        let with = followed.with.clone();
        if answer.is_error() {
            let messages = followed.timeline.give_up();
            if matches!(answer.code, 403 | 404) {
                self.followed.remove(key);
            }
            // Guests and former users among those who wrote have no past to be read.
            let told = with.starts_with('#') || answer.code != 404;
            let refusal = told.then_some((answer.code, answer.text));
            return Found { with, messages, refusal };
        }
        let page = match answer.listing {
            Some(Listing::Messages(messages)) => messages,
            _ => Vec::new(),
        };
        let (messages, next) = followed.timeline.handle_page(page, answer.more);
        if let Some(page) = next {
            self.steps.push_front(Step::Page { key: key.clone(), page });
        }
        Found { with, messages, refusal: None }
    }

    /// Takes a message that arrived for `me`; gives it back where it is to be shown now.
    pub(super) fn handle_live(&mut self, message: Message, me: &str) -> Option<Message> {
        let with = conversation(&message, me);
        let is_kept = message.id.is_some() && self.is_kept(with);
        if let Some(early) = self.early.as_mut().filter(|_| is_kept) {
            // What does not fit is in the pages that will be asked for.
            if early.len() < FOLLOWED_HELD_MESSAGES {
                early.push(message);
            }
            return None;
        }
        if self.is_reading() && self.is_kept(with) {
            self.discover(with);
        }
        match self.follow(with) {
            Some(followed) => followed.timeline.handle_live(message),
            None => message.id.is_none_or(|id| self.others.insert(id)).then_some(message),
        }
    }

    /// Notes a message of our own, which is not shown again.
    pub(super) fn handle_own(&mut self, to: &str, id: MessageId) {
        match self.follow(to) {
            Some(followed) => followed.timeline.handle_own(id),
            None => drop(self.others.insert(id)),
        }
    }

    /// We left a room.
    pub(super) fn forget(&mut self, room: &str) {
        self.followed.remove(&Name::shown(room));
    }

    /// Stops asking; gives what was held back.
    pub(super) fn give_up(&mut self) -> Vec<Message> {
        self.steps.clear();
        let followed = self.followed.values_mut();
        let mut held: Vec<_> = followed.flat_map(|followed| followed.timeline.give_up()).collect();
        held.extend(self.early.take().unwrap_or_default());
        held
    }

    /// A conversation as it is followed from now on, where it is kept and there is room for it.
    fn follow(&mut self, with: &str) -> Option<&mut Followed> {
        if !self.is_kept(with) {
            return None;
        }
        let key = Name::shown(with);
        let is_full = self.followed.len() >= FOLLOWED_CONVERSATIONS;
        if is_full && !self.followed.contains_key(&key) {
            return None;
        }
        let start = self.start.map(Start::After);
        let new = || Followed { with: with.to_owned(), timeline: Timeline::small(start) };
        Some(self.followed.entry(key).or_insert_with(new))
    }

    fn is_kept(&self, with: &str) -> bool {
        self.kept.is_some_and(|kept| match Shown::of(Some(with)) {
            Shown::Common => kept.common,
            Shown::Room(_) => kept.rooms,
            Shown::User(_) => kept.direct,
        })
    }
}

/// The conversation that a message is of, as the server is asked for it.
pub(super) fn conversation<'a>(message: &'a Message, me: &str) -> &'a str {
    let [common, ..] = COMMON_NAMES;
    match (Shown::of(message.to.as_deref()), &message.to) {
        (Shown::Room(_), Some(to)) => to,
        (Shown::User(_), Some(to)) if Name::shown(&message.from) == Name::shown(me) => to,
        (Shown::User(_), _) => &message.from,
        _ => common,
    }
}

#[cfg(test)]
#[path = "missed_tests.rs"]
mod tests;
