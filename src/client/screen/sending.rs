//! What is sent, and when: messages in their order, and what the screen itself asks for.

use super::chat::{Asking, Chat};
use super::conversation::Conversation;
use super::outbox::{Pending, State};
use crate::client::ask::{Ask, What};
use crate::client::bounds::{
    OUTBOX_MESSAGES, PAGE_MESSAGES, REQUESTS_UNDER_WAY, SCREEN_ASKS, SCREEN_PAGE_MESSAGES,
};
use crate::client::mode::Turn;
use crate::client::outgoing::Request;
use crate::client::reader::Shown;
use crate::message::{MessageId, Now};

impl Chat {
    /// Sends what may be sent now, and shows what was told on the way.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        self.absorb(turn);
        self.settle_marks(turn.now);
        if !self.is_online() {
            return;
        }
        self.forget_who_is_here(turn.now);
        self.look();
        while self.asked.len() < SCREEN_ASKS
            && let Some(asking) = self.to_ask.pop_front()
        {
            turn.session.send(turn.now, &self.request(&asking));
            self.asked.push_back(asking);
        }
        self.send_outbox(turn);
    }

    fn send_outbox(&mut self, turn: &mut Turn<'_>) {
        while !self.is_returning
            && !self.changing.is_under_way()
            && turn.session.under_way() < REQUESTS_UNDER_WAY
            && let Some((with, number)) = self.outbox.pop_front()
        {
            let from = self.entry.name().to_owned();
            let Some(conversation) = self.model.find_mut(&with) else { continue };
            let after = conversation.newest();
            let pending = conversation.pending.iter_mut().find(|pending| pending.number == number);
            let Some(pending) = pending else { continue };
            pending.state = State::Sent;
            pending.from.clone_from(&from);
            pending.after = after;
            let (to, text) = (with.clone(), pending.text.clone());
            turn.session.send(turn.now, &Request::Msg { from, to, text, with_user: false });
            self.sent.push_back((with, number));
        }
    }

    /// Whether so many more messages may wait.
    pub(super) fn has_room(&self, messages: usize) -> bool {
        self.outbox.len() + messages <= OUTBOX_MESSAGES
    }

    /// Takes a message of ours in to be sent; false where too many wait.
    pub(super) fn post(&mut self, now: Now, to: &str, text: String) -> bool {
        if self.outbox.len() >= OUTBOX_MESSAGES {
            return false;
        }
        let from = self.entry.name().to_owned();
        let Some(conversation) = self.model.open(to) else { return false };
        self.number += 1;
        let number = self.number;
        let unix_micros = now.unix_micros;
        let state = State::Waiting;
        conversation.pending.push_back(Pending {
            number,
            from,
            text,
            unix_micros,
            state,
            after: None,
        });
        conversation.scroll_to_end();
        self.outbox.push_back((to.to_owned(), number));
        true
    }

    pub(super) fn set_state(&mut self, with: &str, number: u64, state: State) {
        let pending = self.model.find_mut(with).map(|conversation| conversation.pending.iter_mut());
        for pending in pending.into_iter().flatten().filter(|pending| pending.number == number) {
            pending.state = state;
        }
    }

    pub(super) fn take_pending(&mut self, with: &str, number: u64) -> Option<Pending> {
        let pending = &mut self.model.find_mut(with)?.pending;
        let place = pending.iter().position(|pending| pending.number == number)?;
        pending.remove(place)
    }

    pub(super) fn join(&mut self, turn: &mut Turn<'_>, room: String) {
        let user = self.entry.name().to_owned();
        turn.session.send(turn.now, &Request::Join { user, room: room.clone() });
        self.joining.push_back(room);
    }

    /// All rooms are heard of: those that we were in and are not in now are joined again, and what
    /// was typed meanwhile follows.
    pub(super) fn join_again(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.is_returning) {
            return;
        }
        let is_lost = |one: &&Conversation| {
            one.is_joined && !one.is_member_here && matches!(one.kind, Shown::Room(_))
        };
        let lost = self.model.all().iter().filter(is_lost);
        let rooms: Vec<String> = lost.map(|one| one.with.clone()).collect();
        for room in rooms {
            self.join(turn, room);
        }
    }

    fn request(&self, asking: &Asking) -> Request {
        let history = |with: &String, before: Option<MessageId>, limit| Ask {
            with: Some(with.clone()),
            before: before.map(|id| id.to_string()),
            limit: Some(limit),
            ..Ask::new(What::History)
        };
        let list = |what, after: &Option<String>| Ask {
            after: after.clone(),
            limit: Some(PAGE_MESSAGES),
            ..Ask::new(what)
        };
        match asking {
            Asking::Typed(ask) => ask.as_ref().clone(),
            Asking::Newest { with } => history(with, None, SCREEN_PAGE_MESSAGES),
            Asking::Older { with, before } => history(with, *before, SCREEN_PAGE_MESSAGES),
            Asking::Missed { with } => history(with, None, PAGE_MESSAGES),
            Asking::Unread { with, after } => {
                Ask { after: Some(after.to_string()), ..history(with, None, PAGE_MESSAGES) }
            }
            Asking::Rooms { after, .. } => list(What::Rooms, after),
            Asking::Topic { with } => Ask { room: Some(with.clone()), ..Ask::new(What::Topic) },
            Asking::Contacts { after } => list(What::GetContacts, after),
            Asking::People { with, after } if Shown::of(Some(with)) == Shown::Common => {
                list(What::Who, after)
            }
            Asking::People { with, after } => {
                Ask { room: Some(with.clone()), ..list(What::Members, after) }
            }
        }
        .request()
    }
}
