//! What the server says, put where it belongs.

use super::chat::{Asking, Chat};
use super::conversation::{Conversation, Past, Person};
use super::line::{Body, Line};
use super::outbox::State;
use super::text::mentions;
use crate::client::answers;
use crate::client::ask::What;
use crate::client::bounds::{PEOPLE, ROOM_NAME_BYTES, ROOMS_KNOWN};
use crate::client::changing::Changed;
use crate::client::event::Event;
use crate::client::incoming::{Answer, Message};
use crate::client::listing::Listing;
use crate::client::missed::conversation;
use crate::client::mode::Turn;
use crate::client::outgoing::Asked;
use crate::client::reader::Shown;
use crate::client::words::Notice;
use crate::message::{MessageId, Name};
use log::Level;

impl Chat {
    pub(super) fn handle_answer(&mut self, turn: &mut Turn<'_>, asked: Asked, answer: Answer) {
        let changed = self.changing.handle_answer(turn, &mut self.entry, asked, &answer);
        if let Some(changed) = changed {
            if changed == Changed::LoggedIn {
                self.enter(turn);
            }
            return;
        }
        match asked {
            Asked::File(_) => self.files.handle_answer(turn, answer),
            Asked::Added(What::Ack) => self.acks.handle_answer(turn),
            Asked::Added(_) => self.handle_asked(turn, answer),
            Asked::Msg => self.handle_sent(turn, answer),
            Asked::Join => self.handle_joined(turn, answer),
            Asked::Leave => self.handle_left(turn, answer),
            _ if answer.is_error() => tell(turn, answer),
            _ => {}
        }
    }

    fn handle_sent(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        let Some((with, number)) = self.sent.pop_front() else { return };
        let Some(pending) = self.take_pending(&with, number) else { return };
        if answer.is_error() {
            self.tell_undelivered(turn.now, &with, &pending, false);
        } else {
            let message = Message {
                from: pending.from,
                text: pending.text,
                id: answer.id,
                ..Message::default()
            };
            let line = self.line(turn.now, &message);
            self.put(&with, Line { unix_micros: pending.unix_micros, ..line });
            let is_current = self.model.is_current(&with);
            if let Some(conversation) = self.model.find_mut(&with) {
                conversation.handle_own(self.entry.name(), is_current);
            }
        }
        if answer.is_error() || answer.code == 202 {
            let Answer { code, text, .. } = answer;
            let notice = Notice::Answer { code, text };
            let text = notice.text(self.language());
            self.tell_in(turn.now, &with, Body::Told(notice.level(), text));
        }
    }

    fn handle_joined(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        let Some(room) = self.joining.pop_front() else { return };
        let is_joined = !answer.is_error();
        if !is_joined && self.go_back_from(&room) {
            return tell(turn, answer);
        }
        if let Some(conversation) = self.model.open(&room) {
            conversation.came_from = None;
            conversation.is_joined = is_joined;
            conversation.people_known = false;
        }
        if is_joined && self.entry.is_user() {
            self.to_ask.push_back(Asking::Topic { with: room.clone() });
        }
        let Answer { code, text, .. } = answer;
        let notice = Notice::Answer { code, text };
        let text = notice.text(self.language());
        self.tell_in(turn.now, &room, Body::Told(notice.level(), text));
    }

    /// Takes a room away that was made for a `/join` and is refused, unless something was typed there
    /// meanwhile, which may not go anywhere else. False where it is still there.
    fn go_back_from(&mut self, room: &str) -> bool {
        let is_typed = !self.input.is_empty() && self.model.is_current(room);
        let Some(refused) = self.model.find_mut(room) else { return true };
        let Some(from) = refused.came_from.take() else { return false };
        let is_empty = refused.pending.is_empty() && refused.draft.is_empty();
        if is_typed || !is_empty || refused.messages() > 0 {
            return false;
        }
        self.switch(|chat| {
            if chat.model.is_current(room) && chat.model.find(&from).is_some() {
                chat.model.choose_with(&from);
            }
            chat.model.close(room);
        });
        true
    }

    fn handle_left(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        let Some(room) = self.leaving.pop_front() else { return };
        if !answer.is_error() {
            self.model.close(&room);
        }
        tell(turn, answer);
    }

    /// Puts a line of the server's in its place.
    fn put(&mut self, with: &str, line: Line) -> bool {
        let is_current = self.model.is_current(with);
        let Some(conversation) = self.model.open(with) else { return false };
        let is_new = if line.is_numbered {
            conversation.insert(line)
        } else {
            conversation.append(line.key, line.unix_micros, line.body);
            true
        };
        conversation.trim(is_current);
        is_new
    }

    // Messages.

    pub(super) fn handle_message(&mut self, turn: &mut Turn<'_>, message: Message) {
        if message.is_to_one() {
            self.acks.handle_shown(turn.now, &message);
        }
        let me = self.entry.name().to_owned();
        let with = conversation(&message, &me).to_owned();
        let line = self.line(turn.now, &message);
        let is_from_other = line.is_from_other(&me);
        let is_new = self.put(&with, line);
        if is_new && is_from_other {
            self.count(&with, &message, &me);
        }
        self.acks.send(turn);
    }

    /// A message of someone else's has come in just now.
    fn count(&mut self, with: &str, message: &Message, me: &str) {
        let is_current = self.model.is_current(with);
        let Some(conversation) = self.model.find_mut(with) else { return };
        let is_direct = matches!(conversation.kind, Shown::User(_));
        let is_called = is_direct || mentions(&message.text, me);
        if !is_direct {
            // Whoever writes is there, whether or not the server tells who comes.
            conversation.person_came(&message.from);
        }
        let is_counted = message.id.is_some_and(|id| Some(id) <= conversation.counted);
        if !is_current && !is_counted {
            conversation.unread += 1;
            conversation.is_called |= is_called;
        }
        if is_called {
            self.alert += &self.wishes.attention.bytes(&message.from, &message.text);
        }
    }

    pub(super) fn handle_event_of(&mut self, turn: &mut Turn<'_>, event: &Event) {
        let me = Name::shown(self.entry.name());
        let room = match event {
            Event::Online { user } | Event::Offline { user } => {
                let is_online = matches!(event, Event::Online { .. });
                for conversation in self.model.iter_mut() {
                    conversation.person_is(user, is_online);
                }
                // In rooms the list of people says it.
                self.model.find(user).map(|one| one.with.clone())
            }
            Event::Status { user, .. } => self.model.find(user).map(|one| one.with.clone()),
            Event::Join { room, user } => {
                self.change(room, |conversation| conversation.person_came(user))
            }
            Event::Leave { room, user } => {
                self.change(room, |conversation| conversation.person_left(user))
            }
            Event::Kick { room, user, .. } => self.change(room, |conversation| {
                conversation.person_left(user);
                conversation.is_joined &= Name::shown(user) != me;
            }),
            Event::Topic { room, topic, .. } => {
                self.change(room, |conversation| conversation.topic.clone_from(topic))
            }
            Event::Destroy { room, .. } => self.change(room, |conversation| {
                conversation.is_joined = false;
                conversation.people.clear();
            }),
            Event::Invite { room, .. } => {
                self.note_room(room.clone());
                Some(self.model.to())
            }
            Event::Parted { .. } | Event::Shutdown => Some(self.model.to()),
        };
        if let Some(with) = room {
            let text = event.text(self.language());
            self.tell_in(turn.now, &with, Body::Event(text));
        }
    }

    /// Changes a room that is known; gives its name.
    fn change(&mut self, room: &str, change: impl FnOnce(&mut Conversation)) -> Option<String> {
        let conversation = self.model.find_mut(room)?;
        change(conversation);
        Some(conversation.with.clone())
    }

    // What was asked for.

    fn handle_asked(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        match self.asked.pop_front() {
            Some(Asking::Typed(ask)) => self.more = answers::show(turn, &ask, answer),
            Some(Asking::Newest { with } | Asking::Older { with, .. }) => {
                self.handle_page(turn, &with, answer);
            }
            Some(Asking::Missed { with }) => self.handle_missed(turn, &with, answer),
            Some(Asking::Unread { with, after }) => {
                self.handle_unread(turn, &with, after, answer);
            }
            Some(Asking::Rooms { pages, .. }) => self.handle_rooms(turn, pages, answer),
            Some(Asking::Topic { with }) => {
                let conversation = self.model.find_mut(&with);
                if let Some((conversation, topic)) = conversation.zip(answer.topic) {
                    conversation.topic = topic;
                }
            }
            Some(Asking::Contacts { .. }) => self.handle_contacts(answer),
            Some(Asking::People { with, after }) => {
                self.handle_people(&with, after.is_some(), answer)
            }
            None => {}
        }
    }

    /// Messages before the first line.
    fn handle_page(&mut self, turn: &mut Turn<'_>, with: &str, answer: Answer) {
        let Some(conversation) = self.model.find_mut(with) else { return };
        conversation.is_loading = false;
        if answer.is_error() {
            // A person who is no user has no past with us; that is no news.
            let is_nobody = answer.code == 404 && matches!(conversation.kind, Shown::User(_));
            conversation.past = if is_nobody { Past::Complete } else { Past::Closed };
            conversation.wanted = None;
            if !is_nobody {
                let Answer { code, text, .. } = answer;
                let text = Notice::HistoryRefused { code, text }.text(self.language());
                self.tell_in(turn.now, with, Body::Told(Level::Warn, text));
            }
            return;
        }
        conversation.past = if answer.more { Past::More } else { Past::Complete };
        self.put_all(turn, with, answer);
        self.pursue_past(turn.now, with);
    }

    fn put_all(&mut self, turn: &Turn<'_>, with: &str, answer: Answer) -> Vec<MessageId> {
        let Some(Listing::Messages(messages)) = answer.listing else { return Vec::new() };
        let mut new = Vec::new();
        for message in messages.iter().filter(|message| message.id.is_some()) {
            let line = self.line(turn.now, message);
            let (key, is_from_other) = (line.key, line.is_from_other(self.entry.name()));
            let Some(conversation) = self.model.find_mut(with) else { break };
            if conversation.insert(line) && is_from_other {
                new.push(key);
            }
        }
        new
    }

    /// The newest messages of a conversation whose messages were shown before the connection was
    /// lost: they join on, or else what was shown before is forgotten and can be scrolled to.
    fn handle_missed(&mut self, turn: &mut Turn<'_>, with: &str, answer: Answer) {
        // What has arrived since joins on to what is on this page.
        let known = self.model.find_mut(with).and_then(|one| one.known_at_loss.take());
        let (is_error, more) = (answer.is_error(), answer.more);
        let first = match &answer.listing {
            Some(Listing::Messages(page)) => page.iter().filter_map(|message| message.id).min(),
            _ => None,
        };
        let new = self.put_all(turn, with, answer);
        let is_current = self.model.is_current(with);
        if let Some(conversation) = self.model.find_mut(with) {
            if let (true, Some(first), Some(known)) = (more, first, known)
                && first > known
            {
                conversation.forget_before(first);
            }
            let missed = new.iter().filter(|key| known.is_none_or(|known| **key > known)).count();
            if !is_current {
                conversation.unread += missed;
                conversation.is_called |= missed > 0 && matches!(conversation.kind, Shown::User(_));
            }
        }
        self.resolve(turn, with, is_error);
    }

    /// What was sent and not answered is among the messages that the server keeps, or was lost.
    fn resolve(&mut self, turn: &mut Turn<'_>, with: &str, is_unknown: bool) {
        let me = self.entry.name().to_owned();
        let Some(conversation) = self.model.find_mut(with) else { return };
        let pending = std::mem::take(&mut conversation.pending);
        let (unsure, rest) = pending.into_iter().partition(|one| one.state == State::Unsure);
        conversation.pending = rest;
        let unsure: std::collections::VecDeque<super::outbox::Pending> = unsure;
        for pending in unsure {
            let is_there = self.model.find(with).is_some_and(|conversation| {
                conversation.has_own(&me, &pending.text, pending.after)
            });
            if is_unknown || !is_there {
                self.tell_undelivered(turn.now, with, &pending, is_unknown);
            }
        }
    }

    fn handle_rooms(&mut self, turn: &mut Turn<'_>, pages: u32, answer: Answer) {
        let more = answer.more;
        let after = answer.listing.as_ref().and_then(Listing::last_name).map(str::to_owned);
        if let Some(Listing::Rooms(rooms)) = answer.listing {
            for room in rooms {
                if room.is_member
                    && let Some(conversation) = self.model.open(&room.name)
                {
                    conversation.is_joined = true;
                    conversation.is_member_here = true;
                    conversation.topic = room.topic;
                }
                self.note_room(room.name);
            }
        }
        if more && after.is_some() && pages > 1 {
            return self.to_ask.push_front(Asking::Rooms { after, pages: pages - 1 });
        }
        self.join_again(turn);
    }

    fn note_room(&mut self, room: String) {
        if self.rooms.len() < ROOMS_KNOWN && room.len() <= ROOM_NAME_BYTES {
            self.rooms.insert(room);
        }
    }

    fn handle_contacts(&mut self, answer: Answer) {
        let (more, before) = (answer.more, self.model.all().len());
        let after = answer.listing.as_ref().and_then(Listing::last_name).map(str::to_owned);
        if let Some(Listing::Names(names)) = answer.listing {
            for name in names.iter().filter(|name| !name.starts_with('#')) {
                self.model.open(name);
            }
        }
        // A list that leads to nobody new would be asked for again for ever.
        if more && after.is_some() && self.model.all().len() > before {
            self.to_ask.push_back(Asking::Contacts { after });
        }
    }

    fn handle_people(&mut self, with: &str, goes_on: bool, answer: Answer) {
        let more = answer.more;
        let after = answer.listing.as_ref().and_then(Listing::last_name).map(str::to_owned);
        let people: Vec<Person> = match answer.listing {
            Some(Listing::Members(rows)) => rows
                .into_iter()
                .map(|row| Person {
                    is_online: row.is_online,
                    is_operator: matches!(row.role.as_str(), "owner" | "op"),
                    name: row.name,
                })
                .collect(),
            Some(Listing::Users(rows)) => rows
                .into_iter()
                .map(|row| Person { name: row.name, is_online: true, is_operator: false })
                .collect(),
            _ => return,
        };
        if Shown::of(Some(with)) == Shown::Common {
            // Who is connected is known of all people by this.
            for person in &people {
                self.model.iter_mut().for_each(|one| one.person_is(&person.name, true));
            }
        }
        let Some(conversation) = self.model.find_mut(with) else { return };
        if !goes_on {
            conversation.people.clear();
        }
        let is_new = !people.is_empty();
        conversation.people.extend(people);
        conversation.people.truncate(PEOPLE);
        conversation.sort_people();
        if more && is_new && after.is_some() && conversation.people.len() < PEOPLE {
            self.to_ask.push_back(Asking::People { with: with.to_owned(), after });
        }
    }
}

fn tell(turn: &mut Turn<'_>, answer: Answer) {
    let Answer { code, text, .. } = answer;
    turn.screen.notice(&Notice::Answer { code, text });
}
