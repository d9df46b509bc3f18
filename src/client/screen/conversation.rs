//! One conversation: its lines in order, each once, and how far it is read.

use super::line::{Body, Drawing, Line};
use super::outbox::Pending;
use super::past::Wanted;
use super::scroll::End;
use super::text::Row;
use crate::client::bounds::{
    CONVERSATION_BYTES, CONVERSATION_LINES, PEOPLE, QUIET_CONVERSATION_BYTES,
    QUIET_CONVERSATION_LINES,
};
use crate::client::reader::Shown;
use crate::message::{MessageId, Name};
use std::collections::VecDeque;

/// Someone in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) is_online: bool,
    /// Whether it may moderate.
    pub(super) is_operator: bool,
}

/// What is known of the messages before the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Past {
    /// Nothing was asked for yet.
    #[default]
    Unknown,
    /// There is more.
    More,
    /// There is nothing.
    Complete,
    /// We may not read it.
    Closed,
}

/// A place in the lines that stays when others come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Anchor {
    key: MessageId,
    hidden: usize,
}

/// One conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    /// As the server is asked for it.
    pub(super) with: String,
    pub(super) kind: Shown,
    lines: Vec<Line>,
    /// How many bytes the lines take, about.
    bytes: usize,
    /// What we sent and the server has not answered.
    pub(super) pending: VecDeque<Pending>,
    pub(super) past: Past,
    /// How much of the past was asked for by name.
    pub(super) wanted: Option<Wanted>,
    /// Whether a page is asked for.
    pub(super) is_loading: bool,
    /// Whether we are in the room.
    pub(super) is_joined: bool,
    /// Where one was when it was made for a `/join` that is not answered yet.
    pub(super) came_from: Option<String>,
    /// Whether the server has said so on this connection.
    pub(super) is_member_here: bool,
    /// Whether the person is known to be connected.
    pub(super) is_online: Option<bool>,
    pub(super) topic: String,
    pub(super) people: Vec<Person>,
    pub(super) people_known: bool,
    /// How many messages of others were not read.
    pub(super) unread: usize,
    /// Whether there are more of them than were counted.
    pub(super) is_unread_more: bool,
    /// Up to here they are counted, whichever way they come.
    pub(super) counted: Option<MessageId>,
    /// Whether one of them is for us above all.
    pub(super) is_called: bool,
    /// The newest message that was here when the connection was lost.
    pub(super) known_at_loss: Option<MessageId>,
    /// Up to here all was read when someone looked at it last.
    read: Option<MessageId>,
    /// The same among the numbers of the server's messages.
    read_to: Option<MessageId>,
    anchor: Option<Anchor>,
    /// What was typed here and not sent.
    pub(super) draft: Vec<String>,
}

impl Conversation {
    pub(super) fn new(with: &str) -> Self {
        let kind = Shown::of(Some(with));
        Self {
            with: with.to_owned(),
            is_joined: kind == Shown::Common,
            kind,
            lines: Vec::new(),
            bytes: 0,
            pending: VecDeque::new(),
            past: Past::Unknown,
            wanted: None,
            is_loading: false,
            came_from: None,
            is_member_here: false,
            is_online: None,
            topic: String::new(),
            people: Vec::new(),
            people_known: false,
            unread: 0,
            is_unread_more: false,
            counted: None,
            is_called: false,
            known_at_loss: None,
            read: None,
            read_to: None,
            anchor: None,
            draft: Vec::new(),
        }
    }

    /// What it is sorted by: the common chat, rooms, people.
    pub(super) fn order(&self) -> (u8, String) {
        let kind = match self.kind {
            Shown::Common => 0,
            Shown::Room(_) => 1,
            Shown::User(_) => 2,
        };
        (kind, self.with.to_lowercase())
    }

    /// Whether a name means this conversation.
    pub(super) fn is_with(&self, with: &str) -> bool {
        match (&self.kind, Shown::of(Some(with))) {
            (Shown::Common, Shown::Common) => true,
            (Shown::Room(one), Shown::Room(other)) | (Shown::User(one), Shown::User(other)) => {
                *one == other
            }
            _ => false,
        }
    }

    // Lines.

    /// The number of the oldest message that is here.
    pub(super) fn oldest(&self) -> Option<MessageId> {
        self.lines.iter().find(|line| line.is_numbered).map(|line| line.key)
    }

    /// The number of the newest message that is here.
    pub(super) fn newest(&self) -> Option<MessageId> {
        self.lines.iter().rev().find(|line| line.is_numbered).map(|line| line.key)
    }

    /// How many messages of the server's are here.
    pub(super) fn messages(&self) -> usize {
        self.lines.iter().filter(|line| line.is_numbered).count()
    }

    /// Whether a message of the server's is here.
    pub(super) fn has(&self, id: MessageId) -> bool {
        let place = self.lines.partition_point(|line| line.key < id);
        self.lines.get(place).is_some_and(|line| line.key == id && line.is_numbered)
    }

    /// Puts a message of the server's in its place; false where it is there already.
    pub(super) fn insert(&mut self, line: Line) -> bool {
        let place = self.lines.partition_point(|other| other.key < line.key);
        let known = self
            .lines
            .get(place)
            .is_some_and(|other| other.key == line.key && other.is_numbered && line.is_numbered);
        if !known {
            self.bytes += line.bytes();
            self.lines.insert(place, line);
        }
        !known
    }

    /// Puts a line without a number behind all others; `key` is its place by the clock.
    pub(super) fn append(&mut self, key: MessageId, unix_micros: u64, body: Body) {
        let last = self.lines.last().map_or(MessageId(i64::MIN), |line| line.key);
        let key = if key > last { key } else { last.next() };
        let line = Line { key, is_numbered: false, unix_micros, body };
        self.bytes += line.bytes();
        self.lines.push(line);
    }

    /// Forgets all lines before this one, and what is known of the past.
    pub(super) fn forget_before(&mut self, key: MessageId) {
        self.lines.retain(|line| line.key >= key);
        self.bytes = self.lines.iter().map(Line::bytes).sum();
        self.past = Past::More;
        self.anchor = None;
    }

    /// Empties the screen; scrolling back brings the messages again.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.bytes = 0;
        self.past = if self.past == Past::Unknown { Past::Unknown } else { Past::More };
        (self.anchor, self.read) = (None, None);
    }

    /// Keeps no more than is worth it; the oldest lines go. Someone who reads further up keeps
    /// twice as much.
    pub(super) fn trim(&mut self, is_current: bool) {
        let (lines, bytes) = match (is_current, self.is_scrolled()) {
            (false, _) => (QUIET_CONVERSATION_LINES, QUIET_CONVERSATION_BYTES),
            (true, false) => (CONVERSATION_LINES, CONVERSATION_BYTES),
            (true, true) => (CONVERSATION_LINES * 2, CONVERSATION_BYTES * 2),
        };
        // Many go at once: each time the others have to move up.
        if self.lines.len() <= lines + lines / 4 && self.bytes <= bytes + bytes / 4 {
            return;
        }
        let (mut kept, mut kept_bytes) = (0, 0);
        for line in self.lines.iter().rev().take(lines) {
            if kept > 0 && kept_bytes + line.bytes() > bytes {
                break;
            }
            kept += 1;
            kept_bytes += line.bytes();
        }
        self.lines.drain(..self.lines.len() - kept);
        self.bytes = kept_bytes;
        self.past = Past::More;
        if let (Some(anchor), Some(first)) = (&mut self.anchor, self.lines.first())
            && anchor.key < first.key
        {
            *anchor = Anchor { key: first.key, hidden: 0 };
        }
    }

    /// Whether older messages may still be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.lines.len() < CONVERSATION_LINES && self.bytes < CONVERSATION_BYTES
    }

    /// The people who wrote here last, the latest first, each once.
    pub(super) fn writers(&self) -> Vec<&str> {
        let mut writers: Vec<&str> = Vec::new();
        for line in self.lines.iter().rev().take(200) {
            if let Body::Message { from, .. } = &line.body
                && !writers.contains(&from.as_str())
            {
                writers.push(from);
            }
        }
        writers
    }

    /// Whether a message of ours with this text came after a place.
    pub(super) fn has_own(&self, me: &str, text: &str, after: Option<MessageId>) -> bool {
        let is_it = |line: &Line| match &line.body {
            Body::Message { from, text: other } => line.is_numbered && from == me && other == text,
            _ => false,
        };
        self.lines.iter().rev().take_while(|line| Some(line.key) > after).any(is_it)
    }

    // Reading.

    /// Someone looks at it: everything is read from now on.
    pub(super) fn handle_read(&mut self) {
        (self.unread, self.is_unread_more, self.is_called) = (0, false, false);
    }

    /// Nobody looks at it any more: what comes is new.
    pub(super) fn handle_left(&mut self) {
        self.handle_read();
        self.read_to = self.newest().max(self.read_to);
        self.read = self.lines.last().map(|line| line.key);
        (self.anchor, self.wanted) = (None, None);
    }

    /// It was read up to here before this client began.
    pub(super) fn begin_at(&mut self, read: MessageId) {
        self.read.get_or_insert(read);
        self.read_to.get_or_insert(read);
    }

    /// Up to where it is read, as far as is known.
    pub(super) fn read_to(&self, is_current: bool) -> Option<MessageId> {
        let seen = self.newest().filter(|_| is_current && !self.is_scrolled());
        seen.max(self.read_to)
    }

    /// How many messages were not read, as it is shown.
    pub(super) fn unread_text(&self) -> String {
        match (self.unread, self.is_unread_more) {
            (0, _) => String::new(),
            (unread, true) => format!("{unread}+"),
            (unread, false) => unread.to_string(),
        }
    }

    /// What follows is new though someone looks.
    pub(super) fn mark_read(&mut self) {
        self.read = self.lines.last().map(|line| line.key);
    }

    // The view.

    /// The rows of a line, with what stands above it.
    fn rows_of(&self, drawing: &Drawing, place: usize) -> Vec<Row> {
        let Some(line) = self.lines.get(place) else {
            let pending = self.pending.get(place - self.lines.len());
            return pending.map(|pending| pending.rows(drawing)).unwrap_or_default();
        };
        let before = place.checked_sub(1).and_then(|place| self.lines.get(place));
        let mut rows = Vec::new();
        if place == 0 && self.past == Past::Complete {
            rows.push(drawing.beginning());
        }
        let day = |line: &Line| drawing.at(line.unix_micros).date();
        if before.is_some_and(|before| day(before) != day(line)) {
            rows.push(drawing.day(line.unix_micros));
        }
        if self.is_first_new(place, line, &drawing.me) {
            rows.push(drawing.news());
        }
        rows.extend(drawing.rows(line));
        rows
    }

    /// Whether a line is the first message of someone else's that was not read. Our own before it,
    /// and events, are no news.
    fn is_first_new(&self, place: usize, line: &Line, me: &str) -> bool {
        let Some(read) = self.read.filter(|read| line.key > *read && line.is_from_other(me)) else {
            return false;
        };
        let mut before = self.lines.get(..place).unwrap_or_default().iter().rev();
        let ends_search = |other: &&Line| {
            let is_told = matches!(other.body, Body::Told(..));
            other.key <= read || is_told || other.is_from_other(me)
        };
        before.find(ends_search).is_some_and(|other| other.key <= read)
    }

    /// We have written here: what was there was seen, and nothing that follows while someone looks
    /// is news.
    pub(super) fn handle_own(&mut self, me: &str, is_current: bool) {
        let has_news = self
            .lines
            .iter()
            .any(|line| self.read.is_some_and(|read| line.key > read) && line.is_from_other(me));
        if !has_news && is_current {
            self.read = None;
        }
    }

    fn len(&self) -> usize {
        self.lines.len() + self.pending.len()
    }

    fn end(&self) -> End {
        let Some(anchor) = self.anchor else { return End::of_all(self.len()) };
        let lines = self.lines.partition_point(|line| line.key <= anchor.key);
        End { lines, hidden: anchor.hidden }
    }

    fn set_end(&mut self, end: Option<End>) {
        let line = end.and_then(|end| self.lines.get(end.lines.checked_sub(1)?));
        self.anchor = end
            .filter(|end| *end != End::of_all(self.len()))
            .zip(line)
            .map(|(end, line)| Anchor { key: line.key, hidden: end.hidden });
    }

    /// Whether the newest line is out of the view.
    pub(super) const fn is_scrolled(&self) -> bool {
        self.anchor.is_some()
    }

    /// Shows what is so many rows above; true where the first line is so near that what is before
    /// it will be wanted soon.
    pub(super) fn scroll_up(&mut self, drawing: &Drawing, rows: usize, height: usize) -> bool {
        let of = |place| self.rows_of(drawing, place).len();
        let (end, _) = self.end().up(rows, height, of);
        let (_, is_near) = end.up(height * 2, height, of);
        self.set_end(Some(end));
        is_near
    }

    /// Shows what is so many rows below.
    pub(super) fn scroll_down(&mut self, drawing: &Drawing, rows: usize) {
        let of = |place| self.rows_of(drawing, place).len();
        let end = self.end().down(rows, self.len(), of);
        self.set_end(end);
    }

    /// Shows the newest line.
    pub(super) const fn scroll_to_end(&mut self) {
        self.anchor = None;
    }

    /// Shows the first of so many newest messages at the top, if that is not the end anyway.
    pub(super) fn scroll_to_newest(&mut self, drawing: &Drawing, messages: usize, height: usize) {
        let numbered = self.lines.iter().enumerate().rev().filter(|(_, line)| line.is_numbered);
        let Some((first, _)) = numbered.take(messages).last() else { return };
        self.scroll_to(drawing, first, height);
    }

    /// Shows the last line from its beginning on, if it is too long to be shown whole.
    pub(super) fn scroll_to_last(&mut self, drawing: &Drawing, height: usize) {
        if let Some(last) = self.lines.len().checked_sub(1) {
            self.scroll_to(drawing, last, height);
        }
    }

    fn scroll_to(&mut self, drawing: &Drawing, first: usize, height: usize) {
        let of = |place| self.rows_of(drawing, place).len();
        let end = End::of_all(first).down(height, self.len(), of);
        self.set_end(end);
    }

    /// The rows of the view, the last of them at its end; fewer than `height` where there are no
    /// more.
    pub(super) fn view(&self, drawing: &Drawing, height: usize) -> Vec<Row> {
        let End { mut lines, hidden } = self.end();
        let mut rows: VecDeque<Row> = VecDeque::new();
        while lines > 0 && rows.len() < height + hidden {
            lines -= 1;
            for row in self.rows_of(drawing, lines).into_iter().rev() {
                rows.push_front(row);
            }
        }
        rows.truncate(rows.len().saturating_sub(hidden));
        let above = rows.len().saturating_sub(height);
        rows.into_iter().skip(above).collect()
    }

    // People.

    /// Someone came in.
    pub(super) fn person_came(&mut self, name: &str) {
        let key = Name::shown(name);
        let is_full = self.people.len() >= PEOPLE;
        match self.people.iter_mut().find(|person| Name::shown(&person.name) == key) {
            Some(person) => person.is_online = true,
            None if is_full => return,
            None => self.people.push(Person {
                name: name.to_owned(),
                is_online: true,
                is_operator: false,
            }),
        }
        self.sort_people();
    }

    /// Someone is no longer one of them.
    pub(super) fn person_left(&mut self, name: &str) {
        let key = Name::shown(name);
        self.people.retain(|person| Name::shown(&person.name) != key);
    }

    /// Someone of them has connected or gone.
    pub(super) fn person_is(&mut self, name: &str, is_online: bool) {
        let key = Name::shown(name);
        if let Shown::User(with) = &self.kind
            && *with == key
        {
            self.is_online = Some(is_online);
        }
        for person in self.people.iter_mut().filter(|person| Name::shown(&person.name) == key) {
            person.is_online = is_online;
        }
        self.sort_people();
    }

    /// Who is there first, and by name.
    pub(super) fn sort_people(&mut self) {
        self.people.sort_by_cached_key(|person| (!person.is_online, person.name.to_lowercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Body {
        Body::Event("x".repeat(bytes))
    }

    fn filled(lines: usize, bytes: usize) -> Conversation {
        let mut conversation = Conversation::new("#all");
        for number in 0..lines {
            conversation.append(MessageId(i64::try_from(number).unwrap()), 0, text(bytes));
        }
        conversation
    }

    #[test]
    fn the_oldest_lines_go_by_number_and_by_size() {
        let mut many = filled(CONVERSATION_LINES * 2, 0);
        many.trim(true);
        assert_eq!(many.lines.len(), CONVERSATION_LINES);
        assert_eq!(many.lines.last().map(|line| line.key), Some(MessageId(19_999)));
        many.trim(false);
        assert_eq!((many.lines.len(), many.past), (QUIET_CONVERSATION_LINES, Past::More));
        let mut large = filled(40, 1024 * 1024);
        large.trim(true);
        assert_eq!(large.lines.len(), 15);
        assert_eq!(large.bytes, large.lines.iter().map(Line::bytes).sum::<usize>());
        large.trim(false);
        assert_eq!(large.lines.len(), 1, "the newest one stays however long it is");
    }

    #[test]
    fn who_reads_above_keeps_more_but_not_all() {
        let mut conversation = filled(CONVERSATION_LINES * 2, 0);
        conversation.set_end(Some(End { lines: 5, hidden: 0 }));
        conversation.trim(true);
        assert_eq!(conversation.lines.len(), CONVERSATION_LINES * 2);
        for _ in 0..CONVERSATION_LINES {
            conversation.append(MessageId(0), 0, text(0));
        }
        conversation.trim(true);
        assert_eq!(conversation.lines.len(), CONVERSATION_LINES * 2);
        assert_eq!(conversation.end(), End { lines: 1, hidden: 0 });
    }
}
