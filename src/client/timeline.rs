//! One conversation's messages in order, each once: those of the past that are asked for page by
//! page, and those that arrive meanwhile.

use super::bounds::{
    FOLLOWED_HELD_BYTES, FOLLOWED_HELD_MESSAGES, FOLLOWED_SEEN_MESSAGES, HELD_BYTES, HELD_MESSAGES,
    PAGE_MESSAGES,
};
use super::incoming::Message;
use super::seen::Seen;
use crate::message::MessageId;
use std::collections::BTreeMap;
use std::mem::take;

/// Where a timeline begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With so many of the newest messages; 0: with those that come from now on.
    Newest(u64),
    /// With those after this one.
    After(MessageId),
}

/// A page that has to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageAsk {
    /// Only messages before this one.
    pub before: Option<MessageId>,
    /// Only messages after this one.
    pub after: Option<MessageId>,
    /// The most messages.
    pub limit: u64,
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// Nothing: what arrives is shown.
    #[default]
    Live,
    /// From the newest page back, until there are so many messages.
    Back { wanted: u64 },
    /// From the position on.
    Forward,
}

/// The state of one conversation, over all connections.
#[derive(Debug, Default)]
pub struct Timeline {
    start: Option<Start>,
    phase: Phase,
    /// Everything up to here was shown, or lies before the start.
    position: Option<MessageId>,
    seen: Seen,
    /// What arrived while pages were asked for.
    held: Held,
    /// The pages that were read on the way back.
    back: Held,
    /// Whether something arrived that could not be held, and has to be asked for.
    overflowed: bool,
}

/// Messages in order, within bounds.
#[derive(Debug)]
struct Held {
    messages: BTreeMap<MessageId, Message>,
    bytes: usize,
    most_messages: usize,
    most_bytes: usize,
}

impl Default for Held {
    fn default() -> Self {
        Self::within(HELD_MESSAGES, HELD_BYTES)
    }
}

impl Held {
    const fn within(most_messages: usize, most_bytes: usize) -> Self {
        Self { messages: BTreeMap::new(), bytes: 0, most_messages, most_bytes }
    }

    /// Takes a message in; false where there is no room.
    fn push(&mut self, id: MessageId, message: Message) -> bool {
        let is_full = self.messages.len() >= self.most_messages;
        if is_full || self.bytes + message.raw.len() > self.most_bytes {
            return false;
        }
        self.bytes += message.raw.len();
        self.messages.insert(id, message);
        true
    }

    /// All messages, in order, taken out.
    fn take_all(&mut self) -> BTreeMap<MessageId, Message> {
        self.bytes = 0;
        take(&mut self.messages)
    }

    /// The messages up to one, in order, taken out.
    fn take_up_to(&mut self, last: MessageId) -> BTreeMap<MessageId, Message> {
        let rest = self.messages.split_off(&last.next());
        let taken = std::mem::replace(&mut self.messages, rest);
        self.bytes -= taken.values().map(|message| message.raw.len()).sum::<usize>();
        taken
    }
}

impl Timeline {
    /// A timeline that asks for the past from `start` on, and again after each lost connection;
    /// without `start` it asks for nothing, and only leaves out what was shown before.
    #[must_use]
    pub fn new(start: Option<Start>) -> Self {
        Self { start, ..Self::default() }
    }

    /// One of many timelines, which holds less and need not go back.
    #[must_use]
    pub fn small(start: Option<Start>) -> Self {
        Self {
            start,
            seen: Seen::of(FOLLOWED_SEEN_MESSAGES),
            held: Held::within(FOLLOWED_HELD_MESSAGES, FOLLOWED_HELD_BYTES),
            ..Self::default()
        }
    }

    /// A connection stands; gives the page to ask for.
    pub fn begin(&mut self) -> Option<PageAsk> {
        self.back.take_all();
        self.phase = Phase::Live;
        let start = self.start?;
        // What is still held began to be followed on a connection before, whatever comes now.
        if let (Start::Newest(0), Some((first, _))) = (start, self.held.messages.first_key_value())
        {
            self.position = self.position.or(Some(MessageId(first.0.saturating_sub(1))));
        }
        match (self.position, start) {
            (Some(position), _) | (None, Start::After(position)) => Some(self.go_forward(position)),
            (None, Start::Newest(wanted)) => {
                self.phase = Phase::Back { wanted };
                Some(PageAsk { before: None, after: None, limit: wanted.clamp(1, PAGE_MESSAGES) })
            }
        }
    }

    /// Whether a page is under way.
    #[must_use]
    pub fn is_catching_up(&self) -> bool {
        self.phase != Phase::Live
    }

    /// Takes a message that arrived; gives what is to be shown.
    pub fn handle_live(&mut self, message: Message) -> Option<Message> {
        let Some(id) = message.id else { return Some(message) };
        if self.phase == Phase::Live {
            return self.show(id, message);
        }
        self.overflowed |= !self.held.push(id, message);
        None
    }

    /// Notes a message of our own, which the server has acknowledged behind all before it.
    pub fn handle_own(&mut self, id: MessageId) {
        self.seen.insert(id);
        if self.phase == Phase::Live {
            self.position = Some(self.position.unwrap_or_default().max(id));
        }
    }

    /// Takes a page; gives what is to be shown, and the next page to ask for. An entry without a
    /// number has no place and is left out.
    pub fn handle_page(
        &mut self,
        messages: Vec<Message>,
        more: bool,
    ) -> (Vec<Message>, Option<PageAsk>) {
        let numbered = messages.into_iter().filter_map(|message| Some((message.id?, message)));
        let page: BTreeMap<MessageId, Message> = numbered.collect();
        match self.phase {
            Phase::Live => (Vec::new(), None),
            Phase::Back { wanted } => self.handle_back(wanted, page, more),
            Phase::Forward => self.handle_forward(page, more),
        }
    }

    /// No page will come: what was read and held is to be shown, and what arrives from now on.
    pub fn give_up(&mut self) -> Vec<Message> {
        let mut all = self.back.take_all();
        all.extend(self.held.take_all());
        (self.phase, self.overflowed) = (Phase::Live, false);
        self.show_all(all)
    }

    fn handle_back(
        &mut self,
        wanted: u64,
        page: BTreeMap<MessageId, Message>,
        more: bool,
    ) -> (Vec<Message>, Option<PageAsk>) {
        if wanted == 0 {
            // Not noted as seen: what is committed just now may still arrive.
            let newest = page.last_key_value().map_or(MessageId::ZERO, |(id, _)| *id);
            return self.finish(newest, BTreeMap::new());
        }
        let oldest_before = self.back.messages.first_key_value().map(|(id, _)| *id);
        let has_room = page.into_iter().rev().all(|(id, message)| self.back.push(id, message));
        let count = self.back.messages.len() as u64;
        match self.back.messages.first_key_value().map(|(id, _)| *id) {
            Some(oldest) if more && has_room && count < wanted && oldest_before != Some(oldest) => {
                let limit = (wanted - count).min(PAGE_MESSAGES);
                (Vec::new(), Some(PageAsk { before: Some(oldest), after: None, limit }))
            }
            _ => {
                let mut all = self.back.take_all();
                while all.len() as u64 > wanted {
                    all.pop_first();
                }
                let newest = all.last_key_value().map_or(MessageId::ZERO, |(id, _)| *id);
                self.finish(newest, all)
            }
        }
    }

    fn handle_forward(
        &mut self,
        page: BTreeMap<MessageId, Message>,
        more: bool,
    ) -> (Vec<Message>, Option<PageAsk>) {
        let from = self.position.unwrap_or_default();
        let last = page.last_key_value().map_or(from, |(id, _)| *id);
        // A page that leads nowhere would be asked for again for ever.
        if !more || last <= from {
            return self.finish(last, page);
        }
        let mut all = self.held.take_up_to(last);
        all.extend(page);
        (self.show_all(all), Some(self.go_forward(last)))
    }

    /// The last page is there.
    fn finish(
        &mut self,
        last: MessageId,
        mut all: BTreeMap<MessageId, Message>,
    ) -> (Vec<Message>, Option<PageAsk>) {
        all.extend(self.held.take_all());
        let shown = self.show_all(all);
        let position = self.position.unwrap_or_default().max(last);
        self.position = Some(position);
        self.phase = Phase::Live;
        let again = take(&mut self.overflowed).then(|| self.go_forward(position));
        (shown, again)
    }

    fn go_forward(&mut self, after: MessageId) -> PageAsk {
        self.position = Some(after);
        self.phase = Phase::Forward;
        PageAsk { before: None, after: Some(after), limit: PAGE_MESSAGES }
    }

    fn show_all(&mut self, all: BTreeMap<MessageId, Message>) -> Vec<Message> {
        all.into_iter().filter_map(|(id, message)| self.show(id, message)).collect()
    }

    fn show(&mut self, id: MessageId, message: Message) -> Option<Message> {
        if !self.seen.insert(id) {
            return None;
        }
        self.position = Some(self.position.unwrap_or_default().max(id));
        Some(message)
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
